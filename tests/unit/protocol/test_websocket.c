// SPDX-License-Identifier: Apache-2.0
/* WebSockets: handshake and frames, against bytes from RFC 6455 and against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "handshake.h"
#include "websocket.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455, 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define MAX_MESSAGE 1000

struct heard {
	struct ff_websocket *websocket;
	unsigned messages;
	bool is_text;
	size_t size;
	uint8_t bytes[MAX_MESSAGE];
};

static void hear(void *context, bool is_text, const uint8_t *bytes, size_t size)
{
	struct heard *heard = context;
	assert_true(size <= sizeof(heard->bytes));
	heard->messages++;
	heard->is_text = is_text;
	heard->size = size;
	memcpy(heard->bytes, bytes, size);
}

static void begin(struct heard *heard, enum ff_websocket_role role)
{
	struct ff_error error = FF_ERROR_NONE;
	*heard = (struct heard){ .websocket = NULL };
	assert_int_equal(ff_websocket_new(&heard->websocket, role, MAX_MESSAGE, hear, heard, &error), FF_OK);
}

static enum ff_status feed(struct heard *heard, const void *bytes, size_t size)
{
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_websocket_receive(heard->websocket, bytes, size, &error);
	assert_int_equal(error.status, status);
	return status;
}

/* Everything that `from` has goes to `to`, in pieces of this size. */
static void carry(struct heard *from, struct heard *to, size_t piece)
{
	uint8_t bytes[64];
	size_t size;
	while ((size = ff_websocket_output(from->websocket, bytes, piece)) > 0) {
		assert_int_equal(feed(to, bytes, size), FF_OK);
	}
	assert_false(ff_websocket_has_output(from->websocket));
}

static void test_handshake__answers_a_key(void **state)
{
	(void)state;
	char accept[FF_HANDSHAKE_ACCEPT_SIZE];
	char key[FF_HANDSHAKE_KEY_SIZE];
	char other[FF_HANDSHAKE_KEY_SIZE];
	assert_true(ff_handshake_accept(KEY, accept));
	assert_string_equal(accept, ACCEPT);
	assert_true(ff_handshake_make_key(key));
	assert_true(ff_handshake_make_key(other));
	assert_true(ff_handshake_accept(key, accept));
	assert_string_not_equal(key, other);
	static const char *const bad[] = { "",
					   "dGhlIHNhbXBsZSBub25jZQ=",
					   "dGhlIHNhbXBsZSBub25jZQ==x",
					   "dGhlIHNhbXBsZSBub25jZ===",
					   "dGhlIHNhbXBsZSBub25j ZQ=",
					   "dGhlIHNhbXBsZSBub25jZQAA" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(ff_handshake_accept(bad[i], accept));
	}
}

static struct ff_handshake_answer read_answer(const char *head)
{
	struct ff_handshake_answer answer = { .status = 0 };
	struct ff_error error = FF_ERROR_NONE;
	size_t size = strlen(head);
	assert_int_equal(ff_handshake_head_size(head, size), size);
	assert_int_equal(ff_handshake_read(&answer, head, size, KEY, &error), FF_OK);
	return answer;
}

#define GOOD "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n"

static void test_handshake__reads_answers(void **state)
{
	(void)state;
	assert_true(read_answer(GOOD "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n").upgraded);
	assert_true(read_answer(GOOD "sec-websocket-accept:" ACCEPT " \t\r\n\r\n").upgraded);
	assert_false(read_answer(GOOD "\r\n").upgraded);
	assert_false(read_answer(GOOD "Sec-WebSocket-Accept: " KEY "\r\n\r\n").upgraded);
	assert_false(read_answer("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n")
			     .upgraded);
	assert_false(read_answer("HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
				 "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n")
			     .upgraded);
	struct ff_handshake_answer refusal = read_answer("HTTP/1.1 404 Not Found\r\nContent-Length: 123\r\n\r\n");
	assert_int_equal(refusal.status, 404);
	assert_true(refusal.has_length);
	assert_int_equal(refusal.length, 123);
	assert_false(read_answer("HTTP/1.1 404\r\nContent-Length: -1\r\n\r\n").has_length);
	assert_false(read_answer("HTTP/1.1 404\r\nContent-Length: 99999999999999999999\r\n\r\n").has_length);
}

static void test_handshake__knows_what_is_no_http(void **state)
{
	(void)state;
	static const char *const bad[] = { "\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 1x1 Hm\r\n\r\n",
					   "HTTP/1.1  101\r\n\r\n", "HTTP/1.1 1011\r\n\r\n" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ff_handshake_answer answer = { .status = 0 };
		struct ff_error error = FF_ERROR_NONE;
		assert_int_equal(ff_handshake_read(&answer, bad[i], strlen(bad[i]), KEY, &error), FF_ERR_PROTOCOL);
	}
	assert_int_equal(ff_handshake_head_size(GOOD, strlen(GOOD)), 0);
}

static void test_websocket__carries_messages_both_ways(void **state)
{
	(void)state;
	for (size_t piece = 1; piece <= 64; piece += 9) {
		struct heard client, server;
		uint8_t bytes[MAX_MESSAGE];
		begin(&client, FF_WEBSOCKET_CLIENT);
		begin(&server, FF_WEBSOCKET_SERVER);
		for (size_t size = 0; size <= MAX_MESSAGE; size += 125) {
			for (size_t i = 0; i < size; i++) {
				bytes[i] = (uint8_t)(i * 7 + size);
			}
			assert_true(ff_websocket_send(client.websocket, false, bytes, size));
			carry(&client, &server, piece);
			assert_false(server.is_text);
			assert_int_equal(server.size, size);
			assert_memory_equal(server.bytes, bytes, size);
			assert_true(ff_websocket_send(server.websocket, true, "gr\xc3\xbc\xc3\x9f", 7));
			carry(&server, &client, piece);
			assert_true(client.is_text);
			assert_int_equal(client.size, 7);
		}
		assert_int_equal(server.messages, 9);
		assert_int_equal(client.messages, 9);
		ff_websocket_free(client.websocket);
		ff_websocket_free(server.websocket);
	}
}

static void test_websocket__reads_the_examples(void **state)
{
	(void)state;
	struct heard server, client;
	begin(&server, FF_WEBSOCKET_SERVER);
	/* RFC 6455, 5.7: a masked and a fragmented "Hello". */
	assert_int_equal(feed(&server, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11), FF_OK);
	assert_memory_equal(server.bytes, "Hello", 5);
	begin(&client, FF_WEBSOCKET_CLIENT);
	assert_int_equal(feed(&client, "\x01\x03\x48\x65\x6c", 5), FF_OK);
	assert_int_equal(client.messages, 0);
	assert_int_equal(feed(&client, "\x80\x02\x6c\x6f", 4), FF_OK);
	assert_memory_equal(client.bytes, "Hello", 5);
	ff_websocket_free(server.websocket);
	ff_websocket_free(client.websocket);
}

static void test_websocket__answers_pings(void **state)
{
	(void)state;
	struct heard client, server;
	begin(&client, FF_WEBSOCKET_CLIENT);
	begin(&server, FF_WEBSOCKET_SERVER);
	ff_websocket_ping(client.websocket);
	carry(&client, &server, 64);
	assert_int_equal(ff_websocket_frames(server.websocket), 1);
	carry(&server, &client, 64);
	assert_int_equal(ff_websocket_frames(client.websocket), 1);
	assert_int_equal(client.messages + server.messages, 0);
	ff_websocket_free(client.websocket);
	ff_websocket_free(server.websocket);
}

static void test_websocket__closes_with_a_code_of_after_the_rfc(void **state)
{
	(void)state;
	for (size_t piece = 1; piece <= 64; piece += 21) {
		struct heard client, server;
		begin(&client, FF_WEBSOCKET_CLIENT);
		begin(&server, FF_WEBSOCKET_SERVER);
		ff_websocket_close(server.websocket, FF_WEBSOCKET_TRY_LATER, "too many");
		carry(&server, &client, piece);
		assert_int_equal(ff_websocket_close_code(client.websocket), FF_WEBSOCKET_TRY_LATER);
		assert_string_equal(ff_websocket_close_reason(client.websocket), "too many");
		carry(&client, &server, piece);
		assert_true(ff_websocket_is_over(client.websocket));
		assert_true(ff_websocket_is_over(server.websocket));
		assert_int_equal(feed(&client, "\xff", 1), FF_OK);
		ff_websocket_free(client.websocket);
		ff_websocket_free(server.websocket);
	}
}

static void test_websocket__closes_in_order(void **state)
{
	(void)state;
	struct heard client, server;
	begin(&client, FF_WEBSOCKET_CLIENT);
	begin(&server, FF_WEBSOCKET_SERVER);
	assert_int_equal(ff_websocket_close_code(client.websocket), FF_WEBSOCKET_NO_FRAME);
	assert_true(ff_websocket_send(server.websocket, false, "last", 4));
	ff_websocket_close(server.websocket, FF_WEBSOCKET_GOING_AWAY, "the server is stopping");
	assert_false(ff_websocket_send(server.websocket, false, "later", 5));
	carry(&server, &client, 5);
	assert_int_equal(client.messages, 1);
	assert_int_equal(ff_websocket_close_code(client.websocket), FF_WEBSOCKET_GOING_AWAY);
	assert_string_equal(ff_websocket_close_reason(client.websocket), "the server is stopping");
	assert_false(ff_websocket_is_over(server.websocket));
	carry(&client, &server, 64);
	assert_true(ff_websocket_is_over(client.websocket));
	assert_true(ff_websocket_is_over(server.websocket));
	assert_int_equal(ff_websocket_room(client.websocket), 0);
	assert_int_equal(feed(&client, "\xff\xff\xff", 3), FF_OK); /* what comes later does not matter */
	ff_websocket_free(client.websocket);
	ff_websocket_free(server.websocket);
}

static void test_websocket__refuses_what_is_against_the_protocol(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
		{ "\x82\x01x", 3 },                                      /* not masked */
		{ "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff....x", 15 }, /* endless */
		{ "\x82\xfe\x03\xe9....x", 9 },                          /* one more than the bound */
		{ "\x83\x80....", 6 },                                   /* unknown kind */
		{ "\xc2\x80....", 6 },                                   /* a bit of an extension */
		{ "\x89\xfe\x00\x7e....", 8 },                           /* a long ping */
		{ "\x80\x80....", 6 },                                   /* goes on with nothing */
		{ "\x81\x81\x00\x00\x00\x00\xff", 7 },                   /* no UTF-8 */
		{ "\x82\xfe\x00\x01....x", 9 },                          /* a length that is longer than need be */
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct heard server;
		uint8_t bytes[200];
		begin(&server, FF_WEBSOCKET_SERVER);
		if (feed(&server, bad[i].bytes, bad[i].size) != FF_ERR_PROTOCOL) {
			fail_msg("%zu was taken", i);
		}
		assert_int_equal(server.messages, 0);
		assert_true(ff_websocket_is_over(server.websocket));
		assert_true(ff_websocket_output(server.websocket, bytes, sizeof(bytes)) >= 2);
		assert_int_equal(bytes[0], 0x88); /* a close frame */
		assert_int_equal(feed(&server, "\x82\x80....", 6), FF_OK);
		assert_int_equal(server.messages, 0);
		ff_websocket_free(server.websocket);
	}
}

static void test_websocket__bounds_a_message_in_pieces(void **state)
{
	(void)state;
	struct heard client;
	uint8_t frame[4 + 126] = { 0x02, 126, 0, 126 };
	enum ff_status status = FF_OK;
	begin(&client, FF_WEBSOCKET_CLIENT);
	for (int i = 0; i < 20 && status == FF_OK; i++) {
		status = feed(&client, frame, sizeof(frame));
		frame[0] = 0x00;
	}
	assert_int_equal(status, FF_ERR_PROTOCOL);
	ff_websocket_free(client.websocket);
}

static void test_websocket__bounds_what_waits(void **state)
{
	(void)state;
	struct heard server;
	uint8_t *bytes = calloc(1, FF_WEBSOCKET_QUEUE_MAX + 1);
	uint8_t out[64];
	assert_non_null(bytes);
	begin(&server, FF_WEBSOCKET_SERVER);
	assert_false(ff_websocket_send(server.websocket, false, bytes, FF_WEBSOCKET_QUEUE_MAX + 1));
	assert_true(ff_websocket_send(server.websocket, false, bytes, FF_WEBSOCKET_QUEUE_MAX));
	assert_false(ff_websocket_send(server.websocket, false, bytes, 1));
	while (ff_websocket_output(server.websocket, out, sizeof(out)) > 0) {
	}
	assert_int_equal(ff_websocket_room(server.websocket), FF_WEBSOCKET_QUEUE_MAX);
	ff_websocket_free(server.websocket);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake__answers_a_key),
		cmocka_unit_test(test_handshake__reads_answers),
		cmocka_unit_test(test_handshake__knows_what_is_no_http),
		cmocka_unit_test(test_websocket__carries_messages_both_ways),
		cmocka_unit_test(test_websocket__reads_the_examples),
		cmocka_unit_test(test_websocket__answers_pings),
		cmocka_unit_test(test_websocket__closes_in_order),
		cmocka_unit_test(test_websocket__closes_with_a_code_of_after_the_rfc),
		cmocka_unit_test(test_websocket__refuses_what_is_against_the_protocol),
		cmocka_unit_test(test_websocket__bounds_a_message_in_pieces),
		cmocka_unit_test(test_websocket__bounds_what_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
