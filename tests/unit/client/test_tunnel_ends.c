// SPDX-License-Identifier: Apache-2.0
#include "test_tunnel_ends.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct ff_tunnel tunnel;
struct server server;
struct log client; /* what it has been sent */

void note(struct log *log, const void *bytes, size_t size)
{
	assert_true(size <= LOG_SIZE - log->size);
	memcpy(log->bytes + log->size, bytes, size);
	log->size += size;
}

/* ---- the server ---- */

static void on_data(void *context, const uint8_t *bytes, size_t size)
{
	struct server *self = context;
	note(&self->seen, bytes, size);
}

void finish(struct server *self)
{
	if (!self->waits) {
		return;
	}
	self->waits = false;
	if (self->code != FF_COMPORT_SET_BAUDRATE || self->value <= self->highest_baud) {
		self->line[self->code] = self->value;
	}
	ff_access_reply(&self->access, self->code, self->line[self->code]);
}

static void set(struct server *self, enum ff_comport_code code, uint32_t value)
{
	if (value == 0 || !ff_comport_value_known(code, value)) {
		ff_access_reply(&self->access, code, self->line[code]);
		return;
	}
	finish(self); /* in their order */
	if (value == self->line[code]) {
		ff_access_reply(&self->access, code, self->line[code]);
		return;
	}
	self->waits = true;
	self->code = code;
	self->value = value;
}

static void on_request(void *context, enum ff_comport_code code, uint32_t value)
{
	struct server *self = context;
	char text[32];
	int size = snprintf(text, sizeof(text), "{%u:%u}", (unsigned)code, (unsigned)value);
	note(&self->seen, text, (size_t)size);
	if (code == FF_COMPORT_PURGE_DATA) {
		ff_access_reply(&self->access, code, value);
	} else if (code != FF_COMPORT_SET_CONTROL) {
		set(self, code, value);
	} else {
		ff_access_reply(&self->access, code,
				value == FF_COMPORT_CONTROL_ASK_FLOW_IN ? FF_COMPORT_CONTROL_FLOW_IN_NONE
				: value == FF_COMPORT_CONTROL_ASK_BREAK ? FF_COMPORT_CONTROL_BREAK_OFF
				: value == FF_COMPORT_CONTROL_ASK_FLOW  ? FF_COMPORT_CONTROL_FLOW_NONE
									: value);
	}
}

static void on_agreed(void *context)
{
	(void)context;
}

static void on_send(void *context, const uint8_t *bytes, size_t size)
{
	struct server *self = context;
	assert_int_equal(ff_pipe_put(&self->pipe, bytes, size), size);
}

const struct ff_access_events server_events = { on_data, on_request, on_agreed, on_send };

/* ---- moving bytes ---- */

bool carry(struct ff_pipe *from, struct ff_pipe *to)
{
	uint8_t frame[FF_PIPE_FRAME_MAX];
	struct ff_error error = FF_ERROR_NONE;
	size_t size = ff_pipe_build(from, frame);
	if (size > 0 && ff_pipe_receive(to, frame, size, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
	return size > 0;
}

bool serve(size_t most)
{
	const uint8_t *bytes;
	size_t size = ff_pipe_peek(&server.pipe, &bytes);
	size = size < most ? size : most;
	ff_access_receive(&server.access, bytes, size);
	ff_pipe_consume(&server.pipe, size);
	return size > 0;
}

/* The client reads. */
void read_client(void)
{
	size_t size = tunnel.out_end - tunnel.out_at;
	note(&client, tunnel.out + tunnel.out_at, size);
	ff_tunnel_sent(&tunnel, size);
}

void settle(void)
{
	bool moved = true;
	while (moved) {
		moved = carry(&tunnel.pipe, &server.pipe);
		moved |= serve(SIZE_MAX);
		moved |= carry(&server.pipe, &tunnel.pipe);
		moved |= ff_tunnel_move(&tunnel);
		assert_int_equal(ff_tunnel_take(&tunnel, NULL, 0), 0);
		read_client();
	}
	assert_false(tunnel.broken);
}

void send_bytes(const void *bytes, size_t size)
{
	assert_int_equal(ff_tunnel_take(&tunnel, bytes, size), size);
}

void assert_log(struct log *log, const void *expected, size_t size)
{
	if (log->size != size || memcmp(log->bytes, expected, size) != 0) {
		for (size_t i = 0; i < log->size; i++) {
			print_error("%02x%s", log->bytes[i], i % 32 == 31 ? "\n" : " ");
		}
		fail_msg("got these %zu bytes instead of %zu", log->size, size);
	}
	log->size = 0;
}

/* Both are there; nothing has moved yet. */
void start(bool rfc2217)
{
	client.size = server.seen.size = 0;
	server.waits = false;
	server.highest_baud = 1000000;
	memset(server.line, 0, sizeof(server.line));
	server.line[FF_COMPORT_SET_BAUDRATE] = 115200;
	server.line[FF_COMPORT_SET_DATASIZE] = 8;
	server.line[FF_COMPORT_SET_PARITY] = FF_COMPORT_PARITY_NONE;
	server.line[FF_COMPORT_SET_STOPSIZE] = FF_COMPORT_STOP_1;
	ff_pipe_init(&server.pipe);
	ff_access_init(&server.access, &server_events, &server, "the server", 0xb0);
	ff_tunnel_init(&tunnel, rfc2217, "the local end");
}

/* Both ends have agreed, and the server has told what is so. */
int begin(void **state)
{
	(void)state;
	start(true);
	SEND(AGREE);
	settle();
	client.size = server.seen.size = 0;
	return 0;
}
