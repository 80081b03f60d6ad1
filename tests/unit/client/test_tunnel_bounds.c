// SPDX-License-Identifier: Apache-2.0
/* The local end of a tunnel between peers that do not do their part, and at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_tunnel_ends.h"

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
	ff_access_init(&direct.access, &server_events, &direct, "", 0);
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
		cmocka_unit_test_setup(test_tunnel__a_client_that_never_reads_is_bounded, begin),
		cmocka_unit_test_setup(test_tunnel__a_server_that_takes_nothing_is_bounded, begin),
		cmocka_unit_test_setup(test_tunnel__a_server_that_asks_for_ever_is_bounded, begin),
		cmocka_unit_test_setup(test_tunnel__a_server_that_refuses_is_noticed, begin),
		cmocka_unit_test_setup(test_tunnel__the_server_sees_what_the_client_sends, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
