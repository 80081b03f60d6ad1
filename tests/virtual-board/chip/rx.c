// SPDX-License-Identifier: Apache-2.0
#include "rx.h"

#define END 0xC0
#define ESC 0xDB
#define ESC_END 0xDC
#define ESC_ESC 0xDD

void ff_rx_init(struct ff_rx *rx, enum ff_rx_kind kind)
{
	for (size_t i = 0; i < 2; i++) {
		rx->buffers[i].size = 0;
		rx->buffers[i].complete = rx->buffers[i].broken = false;
	}
	rx->filling = rx->handling = 0;
	rx->armed = true;
	rx->kind = kind;
	rx->state = FF_RX_OUTSIDE;
	rx->size = 0;
}

static bool is_taken(const struct ff_rx_buffer *buffer)
{
	return buffer->complete || buffer->broken;
}

/* Once a frame is finished nothing is received until the main loop arms a buffer again. */
static void finish(struct ff_rx *rx, bool good)
{
	struct ff_rx_buffer *buffer = &rx->buffers[rx->filling];
	buffer->size = rx->size;
	buffer->complete = good;
	buffer->broken = !good;
	rx->armed = false;
	rx->state = FF_RX_OUTSIDE;
	rx->size = 0;
}

static void put(struct ff_rx *rx, uint8_t byte)
{
	if (rx->size < FF_RX_FRAME_MAX) {
		rx->buffers[rx->filling].bytes[rx->size++] = byte;
	} else if (rx->kind == FF_RX_STUB) {
		finish(rx, false);
	}
}

static void end(struct ff_rx *rx)
{
	if (rx->size > 0) {
		finish(rx, true);
	} else if (rx->kind == FF_RX_STUB) {
		/* Nothing between two ENDs: its start is still to come. The ROM takes the second END for the start. */
		rx->state = FF_RX_OUTSIDE;
	}
}

void ff_rx_byte(struct ff_rx *rx, uint8_t byte)
{
	switch (rx->state) {
	case FF_RX_OUTSIDE:
		if (byte == END && rx->armed) {
			rx->size = 0;
			rx->state = FF_RX_INSIDE;
		}
		break;
	case FF_RX_INSIDE:
		if (byte == END) {
			end(rx);
		} else if (byte == ESC) {
			rx->state = FF_RX_ESCAPED;
		} else {
			put(rx, byte);
		}
		break;
	case FF_RX_ESCAPED:
		rx->state = FF_RX_INSIDE;
		if (byte == ESC_END) {
			put(rx, END);
		} else if (byte == ESC_ESC) {
			put(rx, ESC);
		} else if (rx->kind == FF_RX_ROM) {
			put(rx, byte);
		} else {
			finish(rx, false);
		}
		break;
	}
}

/* Picks a buffer to receive into, if one is free. */
static void arm(struct ff_rx *rx)
{
	if (!is_taken(&rx->buffers[rx->filling])) {
		rx->armed = true;
		return;
	}
	unsigned other = 1 - rx->filling;
	if (rx->kind == FF_RX_STUB && !is_taken(&rx->buffers[other])) {
		rx->filling = other;
		rx->armed = true;
	}
}

bool ff_rx_pending(const struct ff_rx *rx)
{
	return is_taken(&rx->buffers[0]) || is_taken(&rx->buffers[1]);
}

const uint8_t *ff_rx_poll(struct ff_rx *rx, size_t *size)
{
	/* The older frame is in the buffer that is not being filled. */
	unsigned order[2] = { 1 - rx->filling, rx->filling };
	for (size_t i = 0; i < 2; i++) {
		if (rx->buffers[order[i]].broken) {
			rx->buffers[order[i]].broken = false;
			arm(rx);
			break;
		}
	}
	for (size_t i = 0; i < 2; i++) {
		struct ff_rx_buffer *buffer = &rx->buffers[order[i]];
		if (buffer->complete) {
			rx->handling = order[i];
			arm(rx);
			*size = buffer->size;
			return buffer->bytes;
		}
	}
	return NULL;
}

const uint8_t *ff_rx_handled(const struct ff_rx *rx, size_t *size)
{
	*size = rx->buffers[rx->handling].size;
	return rx->buffers[rx->handling].bytes;
}

void ff_rx_release(struct ff_rx *rx)
{
	struct ff_rx_buffer *buffer = &rx->buffers[rx->handling];
	if (!is_taken(buffer)) {
		return;
	}
	buffer->complete = buffer->broken = false;
	if (rx->kind == FF_RX_ROM) {
		arm(rx);
	}
}
