// SPDX-License-Identifier: Apache-2.0
/* The local end of a tunnel: what it answers, forwards and waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_tunnel_ends.h"

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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
