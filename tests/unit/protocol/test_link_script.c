// SPDX-License-Identifier: Apache-2.0
#include "test_link_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"

#define END 0xC0
#define ESC 0xDB

static enum ff_status script_read(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
				  struct ff_error *error)
{
	struct script *script = self;
	size_t count = script->to_host_size - script->to_host_at;
	if (count == 0) {
		if (script->silence != FF_OK) {
			return ff_error_set(error, script->silence, "the port went away");
		}
		ff_sleep_until(deadline_us);
		return ff_error_set(error, FF_ERR_TIMEOUT, "nothing came");
	}
	count = count < capacity ? count : capacity;
	count = script->piece > 0 && script->piece < count ? script->piece : count;
	memcpy(bytes, script->to_host + script->to_host_at, count);
	script->to_host_at += count;
	*got = count;
	return FF_OK;
}

static void end_frame(struct script *script)
{
	bool whole = script->inside && script->frame_size > 0;
	size_t size = script->frame_size;
	script->inside = !whole;
	script->frame_size = 0;
	if (whole) {
		if (script->on_frame) {
			script->on_frame(script, script->frame, size);
		}
		script->wire_size = 0;
	}
}

static void take_byte(struct script *script, uint8_t byte)
{
	assert_true(script->wire_size < SCRIPT_BYTES && script->frame_size < SCRIPT_BYTES);
	script->wire[script->wire_size++] = byte;
	if (byte == END) {
		end_frame(script);
	} else if (script->escaped) {
		script->frame[script->frame_size++] = byte == 0xDC ? END : ESC;
		script->escaped = false;
	} else if (byte == ESC) {
		script->escaped = true;
	} else if (script->inside) {
		script->frame[script->frame_size++] = byte;
	}
}

static enum ff_status script_write(void *self, const uint8_t *bytes, size_t size, int64_t deadline_us,
				   struct ff_error *error)
{
	struct script *script = self;
	(void)deadline_us;
	if (script->refusal != FF_OK) {
		return ff_error_set(error, script->refusal, "the port went away");
	}
	for (size_t i = 0; i < size; i++) {
		take_byte(script, bytes[i]);
	}
	return FF_OK;
}

static enum ff_status script_drain(void *self, int64_t deadline_us, struct ff_error *error)
{
	(void)self;
	(void)deadline_us;
	(void)error;
	return FF_OK;
}

static enum ff_status script_discard(void *self, int64_t deadline_us, struct ff_error *error)
{
	struct script *script = self;
	(void)deadline_us;
	(void)error;
	script->discards++;
	script->to_host_at = script->to_host_size;
	return FF_OK;
}

static enum ff_status script_set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	struct script *script = self;
	(void)deadline_us;
	(void)error;
	script->baud = baud;
	return FF_OK;
}

static enum ff_status script_set_lines(void *self, const struct ff_line_step *steps, size_t count,
				       struct ff_error *error)
{
	struct script *script = self;
	(void)error;
	script->line_calls++;
	for (size_t i = 0; i < count; i++) {
		assert_true(script->step_count < SCRIPT_STEPS);
		script->steps[script->step_count++] = steps[i];
	}
	return FF_OK;
}

static int script_poll_fd(void *self)
{
	(void)self;
	return -1;
}

static void script_close(void *self)
{
	struct script *script = self;
	script->closed = true;
}

void script_init(struct script *script, script_frame on_frame, void *context)
{
	static const struct ff_transport_ops ops = {
		.read = script_read,
		.write = script_write,
		.drain = script_drain,
		.discard = script_discard,
		.set_baud = script_set_baud,
		.set_lines = script_set_lines,
		.poll_fd = script_poll_fd,
		.close = script_close,
	};
	memset(script, 0, sizeof(*script));
	script->transport = (struct ff_transport){ .ops = &ops, .self = script, .has_lines = true };
	script->on_frame = on_frame;
	script->context = context;
	script->baud = 115200;
}

void script_put(struct script *script, const void *bytes, size_t size)
{
	bool taken = script->to_host_at == script->to_host_size;
	if (taken || size > SCRIPT_BYTES - script->to_host_size) {
		script->to_host_size -= script->to_host_at;
		memmove(script->to_host, script->to_host + script->to_host_at, script->to_host_size);
		script->to_host_at = 0;
	}
	assert_true(size <= SCRIPT_BYTES - script->to_host_size);
	memcpy(script->to_host + script->to_host_size, bytes, size);
	script->to_host_size += size;
}

void script_put_frame(struct script *script, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;
	script_put(script, "\xC0", 1);
	for (size_t i = 0; i < size; i++) {
		if (p[i] == END) {
			script_put(script, "\xDB\xDC", 2);
		} else if (p[i] == ESC) {
			script_put(script, "\xDB\xDD", 2);
		} else {
			script_put(script, p + i, 1);
		}
	}
	script_put(script, "\xC0", 1);
}

void script_put_reply(struct script *script, uint8_t opcode, uint32_t value, const void *payload, size_t payload_size,
		      const void *tail, size_t tail_size)
{
	uint8_t frame[256] = { 0x01, opcode, (uint8_t)(payload_size + tail_size) };
	assert_true(payload_size + tail_size < sizeof(frame) - 8);
	for (int i = 0; i < 4; i++) {
		frame[4 + i] = (uint8_t)(value >> 8 * i);
	}
	if (payload_size > 0) {
		memcpy(frame + 8, payload, payload_size);
	}
	memcpy(frame + 8 + payload_size, tail, tail_size);
	script_put_frame(script, frame, 8 + payload_size + tail_size);
}
