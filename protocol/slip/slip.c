// SPDX-License-Identifier: Apache-2.0
#include "slip.h"

void ff_slip_decoder_init(struct ff_slip_decoder *decoder, uint8_t *buffer, size_t capacity)
{
	*decoder = (struct ff_slip_decoder){ .bytes = buffer, .capacity = capacity };
}

void ff_slip_decoder_reset(struct ff_slip_decoder *decoder)
{
	decoder->size = 0;
	decoder->state = FF_SLIP_OUTSIDE;
	decoder->reported = false;
}

static void fail(struct ff_slip_decoder *decoder, enum ff_slip_fault fault)
{
	decoder->fault = fault;
	decoder->state = FF_SLIP_SKIPPING;
}

static void keep(struct ff_slip_decoder *decoder, uint8_t byte)
{
	if (decoder->size == decoder->capacity) {
		fail(decoder, FF_SLIP_FAULT_OVERFLOW);
		return;
	}
	decoder->bytes[decoder->size++] = byte;
	decoder->state = FF_SLIP_INSIDE;
}

static enum ff_slip_event end_frame(struct ff_slip_decoder *decoder)
{
	switch (decoder->state) {
	case FF_SLIP_OUTSIDE:
		decoder->state = FF_SLIP_INSIDE;
		return FF_SLIP_NONE;
	case FF_SLIP_INSIDE:
		if (decoder->size == 0) {
			return FF_SLIP_NONE;
		}
		decoder->state = FF_SLIP_OUTSIDE;
		decoder->reported = true;
		return FF_SLIP_FRAME;
	case FF_SLIP_ESCAPED:
		decoder->fault = FF_SLIP_FAULT_ESCAPE;
		break;
	case FF_SLIP_SKIPPING:
		break;
	}
	decoder->state = FF_SLIP_INSIDE;
	decoder->size = 0;
	return FF_SLIP_BAD;
}

static void take_byte(struct ff_slip_decoder *decoder, uint8_t byte)
{
	switch (decoder->state) {
	case FF_SLIP_OUTSIDE:
		decoder->stray++;
		break;
	case FF_SLIP_INSIDE:
		if (byte == FF_SLIP_ESC) {
			decoder->state = FF_SLIP_ESCAPED;
		} else {
			keep(decoder, byte);
		}
		break;
	case FF_SLIP_ESCAPED:
		if (byte == FF_SLIP_ESC_END) {
			keep(decoder, FF_SLIP_END);
		} else if (byte == FF_SLIP_ESC_ESC) {
			keep(decoder, FF_SLIP_ESC);
		} else {
			fail(decoder, FF_SLIP_FAULT_ESCAPE);
		}
		break;
	case FF_SLIP_SKIPPING:
		break;
	}
}

enum ff_slip_event ff_slip_decode(struct ff_slip_decoder *decoder, const uint8_t *input, size_t size, size_t *consumed)
{
	if (decoder->reported) {
		decoder->reported = false;
		decoder->size = 0;
	}
	for (size_t i = 0; i < size; i++) {
		if (input[i] != FF_SLIP_END) {
			take_byte(decoder, input[i]);
			continue;
		}
		enum ff_slip_event event = end_frame(decoder);
		if (event != FF_SLIP_NONE) {
			*consumed = i + 1;
			return event;
		}
	}
	*consumed = size;
	return FF_SLIP_NONE;
}

static void append(struct ff_slip_encoder *encoder, uint8_t byte)
{
	if (encoder->size == encoder->capacity) {
		encoder->overflow = true;
		return;
	}
	encoder->out[encoder->size++] = byte;
}

void ff_slip_begin(struct ff_slip_encoder *encoder, uint8_t *out, size_t capacity)
{
	*encoder = (struct ff_slip_encoder){ .out = out, .capacity = capacity };
	append(encoder, FF_SLIP_END);
}

void ff_slip_put(struct ff_slip_encoder *encoder, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		switch (bytes[i]) {
		case FF_SLIP_END:
			append(encoder, FF_SLIP_ESC);
			append(encoder, FF_SLIP_ESC_END);
			break;
		case FF_SLIP_ESC:
			append(encoder, FF_SLIP_ESC);
			append(encoder, FF_SLIP_ESC_ESC);
			break;
		default:
			append(encoder, bytes[i]);
		}
	}
}

size_t ff_slip_end(struct ff_slip_encoder *encoder)
{
	append(encoder, FF_SLIP_END);
	return encoder->overflow ? 0 : encoder->size;
}

size_t ff_slip_encode(uint8_t *out, size_t capacity, const uint8_t *bytes, size_t size)
{
	struct ff_slip_encoder encoder;
	ff_slip_begin(&encoder, out, capacity);
	ff_slip_put(&encoder, bytes, size);
	return ff_slip_end(&encoder);
}
