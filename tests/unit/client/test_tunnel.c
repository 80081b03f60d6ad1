// SPDX-License-Identifier: Apache-2.0
/* The local end of a tunnel between a client and a server that are both made here: the client is bytes by hand, the server
 * the access server's own state machine, behind a pipe that the test moves along or holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tunnel.h"

#define LOG_SIZE (1 << 20)
#define AGREE "\xff\xfb\x2c"
#define AGREED "\xff\xfd\x2c"
#define SUB(body) "\xff\xfa\x2c" body "\xff\xf0"
#define MODEM SUB("\x6b\xb0")

/* What somebody has seen, as bytes. */
struct log {
	size_t size;
	uint8_t bytes[LOG_SIZE];
};

/* The server's line answers as the real one does: what is so at once, a change when the test says so. */
struct server {
	struct ff_access access;
	struct ff_pipe pipe;
	struct log seen; /* data, and "{code:value}" for each request */
	uint32_t line[FF_COMPORT_CODE_COUNT];
	uint32_t highest_baud;
	bool waits; /* a change has been asked for */
	enum ff_comport_code code;
	uint32_t value;
};

static struct ff_tunnel tunnel;
static struct server server;
static struct log client; /* what it has been sent */

static void note(struct log *log, const void *bytes, size_t size)
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

static void finish(struct server *self)
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

static const struct ff_access_events events = { on_data, on_request, on_agreed, on_send };

/* ---- moving bytes ---- */

static bool carry(struct ff_pipe *from, struct ff_pipe *to)
{
	uint8_t frame[FF_PIPE_FRAME_MAX];
	struct ff_error error = FF_ERROR_NONE;
	size_t size = ff_pipe_build(from, frame);
	if (size > 0 && ff_pipe_receive(to, frame, size, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
	return size > 0;
}

static bool serve(size_t most)
{
	const uint8_t *bytes;
	size_t size = ff_pipe_peek(&server.pipe, &bytes);
	size = size < most ? size : most;
	ff_access_receive(&server.access, bytes, size);
	ff_pipe_consume(&server.pipe, size);
	return size > 0;
}

/* The client reads. */
static void read_client(void)
{
	size_t size = tunnel.out_end - tunnel.out_at;
	note(&client, tunnel.out + tunnel.out_at, size);
	ff_tunnel_sent(&tunnel, size);
}

static void settle(void)
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

static void send_bytes(const void *bytes, size_t size)
{
	assert_int_equal(ff_tunnel_take(&tunnel, bytes, size), size);
}

#define SEND(text) send_bytes(text, sizeof(text) - 1)

static void assert_log(struct log *log, const void *expected, size_t size)
{
	if (log->size != size || memcmp(log->bytes, expected, size) != 0) {
		for (size_t i = 0; i < log->size; i++) {
			print_error("%02x%s", log->bytes[i], i % 32 == 31 ? "\n" : " ");
		}
		fail_msg("got these %zu bytes instead of %zu", log->size, size);
	}
	log->size = 0;
}

#define ASSERT_CLIENT(text) (read_client(), assert_log(&client, text, sizeof(text) - 1))
#define ASSERT_SERVER(text) assert_log(&server.seen, text, sizeof(text) - 1)

/* Both are there; nothing has moved yet. */
static void start(bool rfc2217)
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
	ff_access_init(&server.access, &events, &server, "the server", 0xb0);
	ff_tunnel_init(&tunnel, rfc2217, "the local end");
}

/* Both ends have agreed, and the server has told what is so. */
static int begin(void **state)
{
	(void)state;
	start(true);
	SEND(AGREE);
	settle();
	client.size = server.seen.size = 0;
	return 0;
}

/* ---- what needs no board ---- */

static void test_tunnel__negotiates_without_the_server(void **state)
{
	(void)state;
	start(true);
	SEND("\xff\xfb\x2c\xff\xfd\x2c\xff\xfb\x18" SUB("\x00") SUB("\x07") SUB("\x0b\x10"));
	ASSERT_CLIENT(AGREED MODEM "\xff\xfb\x2c\xff\xfe\x18" SUB("\x64the local end") MODEM SUB("\x6f\x10"));
}

static void test_tunnel__asks_the_server_in_its_first_frame(void **state)
{
	(void)state;
	start(true);
	assert_true(carry(&tunnel.pipe, &server.pipe));
	assert_false(ff_pipe_has_frame(&tunnel.pipe));
	serve(SIZE_MAX);
	ASSERT_SERVER("{1:0}{2:0}{3:0}{4:0}{5:0}{5:13}{5:4}");
}

static void test_tunnel__answers_at_once_what_is_so(void **state)
{
	(void)state;
	SEND(SUB("\x01\x00\x01\xc2\x00") SUB("\x02\x08") SUB("\x03\x01") SUB("\x04\x01") SUB("\x05\x01")
		     SUB("\x05\x06"));
	ASSERT_CLIENT(SUB("\x65\x00\x01\xc2\x00") SUB("\x66\x08") SUB("\x67\x01") SUB("\x68\x01") SUB("\x69\x01")
			      SUB("\x69\x06"));
	settle();
	ASSERT_CLIENT("");
	ASSERT_SERVER("{1:115200}{2:8}{3:1}{4:1}{5:1}{5:6}");
}

static void test_tunnel__acknowledges_lines_at_once_and_keeps_their_order(void **state)
{
	(void)state;
	SEND(SUB("\x05\x09") "a" SUB("\x05\x0b") "b" SUB("\x05\x08") SUB("\x05\x0c") "c" SUB("\x05\x09"));
	ASSERT_CLIENT(SUB("\x69\x09") SUB("\x69\x0b") SUB("\x69\x08") SUB("\x69\x0c") SUB("\x69\x09"));
	settle();
	ASSERT_CLIENT("");
	ASSERT_SERVER("{5:9}a{5:11}b{5:8}{5:12}c{5:9}");
}

/* ---- what needs the board ---- */

static void test_tunnel__a_change_waits_for_the_board(void **state)
{
	(void)state;
	SEND(SUB("\x01\x00\x0e\x10\x00") "data" SUB("\x05\x09"));
	ASSERT_CLIENT(SUB("\x69\x09")); /* does not wait for the rate */
	settle();
	ASSERT_CLIENT("");
	finish(&server);
	settle();
	ASSERT_CLIENT(SUB("\x65\x00\x0e\x10\x00"));
	ASSERT_SERVER("{1:921600}data{5:9}");
	SEND(SUB("\x01\x00\x0e\x10\x00")); /* that is so now */
	ASSERT_CLIENT(SUB("\x65\x00\x0e\x10\x00"));
}

static void test_tunnel__a_change_that_fails_tells_what_is_so(void **state)
{
	(void)state;
	SEND(SUB("\x01\x00\x2d\xc6\xc0"));
	settle();
	finish(&server);
	settle();
	ASSERT_CLIENT(SUB("\x65\x00\x01\xc2\x00"));
}

static void test_tunnel__nothing_overtakes_a_change_of_its_kind(void **state)
{
	(void)state;
	/* 9600, back to 115200, a question: the server would answer the last at once. */
	static const char bytes[] =
		SUB("\x01\x00\x00\x25\x80") SUB("\x01\x00\x01\xc2\x00") SUB("\x01\x00\x00\x00\x00") "x";
	size_t taken = ff_tunnel_take(&tunnel, (const uint8_t *)bytes, sizeof(bytes) - 1);
	assert_int_equal(taken, sizeof(bytes) - 2);
	ASSERT_CLIENT("");
	settle();
	ASSERT_CLIENT(SUB("\x65\x00\x00\x25\x80"));
	finish(&server);
	settle();
	ASSERT_CLIENT(SUB("\x65\x00\x01\xc2\x00") SUB("\x65\x00\x01\xc2\x00"));
	SEND("x");
	settle();
	ASSERT_SERVER("{1:9600}{1:115200}{1:0}x");
}

static void test_tunnel__somebody_elses_change_is_noticed(void **state)
{
	(void)state;
	server.line[FF_COMPORT_SET_BAUDRATE] = 9600;
	SEND(SUB("\x01\x00\x01\xc2\x00")); /* believed to be so */
	ASSERT_CLIENT(SUB("\x65\x00\x01\xc2\x00"));
	settle();
	ASSERT_SERVER("{1:115200}"); /* but the server has heard of it */
	finish(&server);
	settle();
	ASSERT_CLIENT("");
	assert_int_equal(server.line[FF_COMPORT_SET_BAUDRATE], 115200);
}

static void test_tunnel__a_purge_is_exact(void **state)
{
	(void)state;
	ff_access_send_data(&server.access, (const uint8_t *)"on its way", 10);
	carry(&server.pipe, &tunnel.pipe);
	SEND(SUB("\x0c\x01") "go");
	ASSERT_CLIENT(SUB("\x70\x01"));
	ff_tunnel_move(&tunnel);
	ff_access_send_data(&server.access, (const uint8_t *)"old", 3);
	carry(&tunnel.pipe, &server.pipe);
	serve(SIZE_MAX);
	ff_access_send_data(&server.access, (const uint8_t *)"new", 3);
	settle();
	ASSERT_CLIENT("new");
	ASSERT_SERVER("{12:1}go");
	SEND(SUB("\x0c\x09") SUB("\x0c\x02")); /* one that does not exist, one of the other direction */
	ff_access_send_data(&server.access, (const uint8_t *)"kept", 4);
	settle();
	ASSERT_CLIENT(SUB("\x70\x09") SUB("\x70\x02") "kept");
	ASSERT_SERVER("{12:2}");
}

static void test_tunnel__line_and_modem_events_come_through(void **state)
{
	(void)state;
	SEND(SUB("\x0a\xff\xff"));
	ff_access_tell_modem(&server.access, 0x30);
	ff_access_tell_line(&server.access, FF_COMPORT_LINE_BREAK);
	settle();
	ASSERT_CLIENT(SUB("\x6e\xff\xff") SUB("\x6b\x38") SUB("\x6a\x10"));
}

/* ---- bytes ---- */

static void test_tunnel__every_byte_passes_both_ways(void **state)
{
	static uint8_t doubled[2 * 256];
	static uint8_t plain[256];
	size_t size = 0;
	for (unsigned rfc2217 = 0; rfc2217 < 2; rfc2217++) {
		begin(state);
		start(rfc2217);
		settle();
		client.size = server.seen.size = size = 0;
		for (unsigned i = 0; i < 256; i++) {
			plain[i] = doubled[size++] = (uint8_t)i;
			if (i == 255 && rfc2217) {
				doubled[size++] = (uint8_t)i;
			}
		}
		send_bytes(doubled, size);
		ff_access_send_data(&server.access, plain, sizeof(plain));
		settle();
		assert_log(&client, doubled, size);
		assert_log(&server.seen, plain, sizeof(plain));
	}
}

static void test_tunnel__suspended_output_stays_where_it_is(void **state)
{
	(void)state;
	static uint8_t bytes[FF_PIPE_RING];
	SEND(SUB("\x08"));
	for (unsigned i = 0; i < 4; i++) {
		size_t room = ff_pipe_room(&server.pipe);
		if (room > 0) {
			assert_int_equal(ff_pipe_put(&server.pipe, bytes, room), room);
		}
		settle();
	}
	ASSERT_CLIENT("");
	assert_int_equal(ff_pipe_room(&server.pipe), 0);
	SEND(SUB("\x09") "x"); /* the other direction goes on */
	settle();
	ASSERT_SERVER("x");
	assert_int_equal(client.size, FF_PIPE_RING);
}

/* ---- peers that want to do harm ---- */

static void test_tunnel__a_client_that_never_reads_is_bounded(void **state)
{
	(void)state;
	size_t taken;
	size_t all = 0;
	do {
		taken = ff_tunnel_take(&tunnel, (const uint8_t *)SUB("\x00") SUB("\x07"), 12);
		all += taken;
	} while (taken > 0);
	assert_false(tunnel.broken);
	assert_in_range(all, 1000, FF_TUNNEL_OUT_SIZE);
	settle();
	SEND("x");
}

static void test_tunnel__a_server_that_takes_nothing_is_bounded(void **state)
{
	(void)state;
	static uint8_t bytes[FF_PIPE_RING];
	memset(bytes, 0xff, sizeof(bytes));
	size_t taken = ff_tunnel_take(&tunnel, bytes, sizeof(bytes));
	assert_in_range(taken, FF_PIPE_RING / 2, FF_PIPE_RING - 1);
	assert_int_equal(ff_tunnel_take(&tunnel, (const uint8_t *)"x", 1), 0);
	assert_false(tunnel.broken);
	/* It still sends. */
	ff_access_send_data(&server.access, (const uint8_t *)"hello", 5);
	carry(&server.pipe, &tunnel.pipe);
	ff_tunnel_move(&tunnel);
	ASSERT_CLIENT("hello");
}

static void test_tunnel__a_server_that_asks_for_ever_is_bounded(void **state)
{
	(void)state;
	static uint8_t bytes[FF_PIPE_RING];
	for (size_t i = 0; i < 3000; i++) {
		memcpy(bytes + 3 * i, i % 2 ? "\xff\xfd\x2c" : "\xff\xfe\x2c", 3);
	}
	for (unsigned i = 0; i < 100 && !tunnel.broken; i++) {
		(void)!ff_pipe_put(&server.pipe, bytes, 9000);
		carry(&server.pipe, &tunnel.pipe);
		carry(&tunnel.pipe, &server.pipe);
		ff_tunnel_move(&tunnel);
		read_client();
	}
	assert_true(tunnel.broken);
}

static void test_tunnel__a_server_that_refuses_is_noticed(void **state)
{
	(void)state;
	start(true);
	assert_int_equal(ff_pipe_put(&server.pipe, (const uint8_t *)"\xff\xfe\x2c", 3), 3);
	carry(&server.pipe, &tunnel.pipe);
	ff_tunnel_move(&tunnel);
	assert_true(tunnel.refused);
}

/* Whatever the client sends, and however it is cut, the server sees what it would see of the client itself. */
static void run_at_random(unsigned seed)
{
	static const char *const pieces[] = { "abc",
					      SUB("\x05\x09"),
					      SUB("\x05\x0b"),
					      SUB("\x0c\x03"),
					      "\xff\xff",
					      SUB("\x02\x07"),
					      SUB("\x02\x08"),
					      SUB("\x03\x05"),
					      "\xff\xfb\x18",
					      SUB("\x05\x0c"),
					      SUB("\x05\x05"),
					      SUB("\x03\x09"),
					      "\xf0\xf0\xfb z",
					      SUB("\x01\x01\xff\xff\x01"),
					      SUB("\x0a\x01") };
	static struct server direct;
	static uint8_t bytes[65536];
	size_t size = 0;
	size_t at = 0;
	begin(NULL);
	srand(seed);
	for (unsigned i = 0; i < 1000; i++) {
		const char *piece = pieces[(size_t)rand() % (sizeof(pieces) / sizeof(pieces[0]))];
		size_t length = strlen(piece);
		memcpy(bytes + size, piece, length);
		size += length;
	}
	while (at < size) {
		size_t length = 1 + (size_t)rand() % 40;
		at += ff_tunnel_take(&tunnel, bytes + at, length < size - at ? length : size - at);
		if (rand() % 4 == 0) {
			settle();
		}
		if (server.waits && rand() % 4 == 0) {
			finish(&server);
		}
	}
	settle();
	memcpy(direct.line, server.line, sizeof(direct.line));
	direct.seen.size = 0;
	ff_pipe_init(&direct.pipe);
	ff_access_init(&direct.access, &events, &direct, "", 0);
	ff_access_receive(&direct.access, (const uint8_t *)AGREE, 3);
	for (at = 0; at < size; at += 100) {
		ff_access_receive(&direct.access, bytes + at, size - at < 100 ? size - at : 100);
		ff_pipe_init(&direct.pipe);
		server.waits = direct.waits = false;
	}
	assert_log(&server.seen, direct.seen.bytes, direct.seen.size);
}

static void test_tunnel__the_server_sees_what_the_client_sends(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 50; seed++) {
		run_at_random(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_tunnel__negotiates_without_the_server, begin),
		cmocka_unit_test_setup(test_tunnel__asks_the_server_in_its_first_frame, begin),
		cmocka_unit_test_setup(test_tunnel__answers_at_once_what_is_so, begin),
		cmocka_unit_test_setup(test_tunnel__acknowledges_lines_at_once_and_keeps_their_order, begin),
		cmocka_unit_test_setup(test_tunnel__a_change_waits_for_the_board, begin),
		cmocka_unit_test_setup(test_tunnel__a_change_that_fails_tells_what_is_so, begin),
		cmocka_unit_test_setup(test_tunnel__nothing_overtakes_a_change_of_its_kind, begin),
		cmocka_unit_test_setup(test_tunnel__somebody_elses_change_is_noticed, begin),
		cmocka_unit_test_setup(test_tunnel__a_purge_is_exact, begin),
		cmocka_unit_test_setup(test_tunnel__line_and_modem_events_come_through, begin),
		cmocka_unit_test_setup(test_tunnel__every_byte_passes_both_ways, begin),
		cmocka_unit_test_setup(test_tunnel__suspended_output_stays_where_it_is, begin),
		cmocka_unit_test_setup(test_tunnel__a_client_that_never_reads_is_bounded, begin),
		cmocka_unit_test_setup(test_tunnel__a_server_that_takes_nothing_is_bounded, begin),
		cmocka_unit_test_setup(test_tunnel__a_server_that_asks_for_ever_is_bounded, begin),
		cmocka_unit_test_setup(test_tunnel__a_server_that_refuses_is_noticed, begin),
		cmocka_unit_test_setup(test_tunnel__the_server_sees_what_the_client_sends, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
