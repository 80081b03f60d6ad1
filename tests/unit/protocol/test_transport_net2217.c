// SPDX-License-Identifier: Apache-2.0
/* The RFC 2217 client against scripts of bytes: opening, and data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <farflash/transport.h>

#include "clock.h"
#include "test_transport_rfc2217.h"

/* Opens against a script that must fail, and answers the error. */
static struct ff_error refused_open(const struct act *acts, size_t count, uint32_t timeout_ms)
{
	struct peer peer;
	struct ff_transport transport = { .ops = NULL };
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_transport_options brief = { .connect_timeout_ms = timeout_ms };
	peer_start(&peer, "rfc2217://", acts, count, NULL, 0);
	int64_t start_us = ff_now_us();
	assert_int_not_equal(ff_transport_open(&transport, peer.address, &brief, &error), FF_OK);
	assert_null(transport.ops);
	/* one timeout to connect, one to agree, and the lingering close */
	assert_true(ff_now_us() - start_us < (2 * (int64_t)timeout_ms + 2000) * 1000);
	peer_join(&peer);
	return error;
}

/* ---- opening ---- */

static void test_net2217__opens_with_two_segments(void **state)
{
	(void)state;
	struct peer peer;
	struct ff_transport transport;
	open_after(&peer, &transport, good_open, COUNT(good_open), NULL, 0);
	assert_true(transport.has_lines);
	assert_false(transport.fixed_baud);
	finish(&peer, &transport);
}

static void test_net2217__open_releases_asserted_lines_rts_first(void **state)
{
	(void)state;
	const struct act opening[] = {
		AT_ONCE(OFFERS),           SEND(ACCEPTS),         AT_ONCE(SETTINGS), SEND(LINES_ARE(1, 1), CONFIRMS),
		AT_ONCE(RTS_OFF, DTR_OFF), SEND(LINES_ARE(0, 0)),
	};
	struct peer peer;
	struct ff_transport transport;
	open_after(&peer, &transport, opening, COUNT(opening), NULL, 0);
	finish(&peer, &transport);
}

/* esp_rfc2217_server takes an RTS release for the order to reset. */
static void test_net2217__open_leaves_unknown_lines_alone(void **state)
{
	(void)state;
	struct peer peer;
	struct ff_transport transport;
	open_after(&peer, &transport, silent_open, COUNT(silent_open), NULL, 0);
	finish(&peer, &transport);
}

static void test_net2217__accepts_a_server_that_offers_the_option_itself(void **state)
{
	(void)state;
	const struct act opening[] = {
		SEND(IAC, WILL, 44, IAC, WILL, 1),
		EXPECT(OFFERS),
		EXPECT(IAC, DO, 44, IAC, DO, 1),
		EXPECT(SETTINGS),
		SEND(CONFIRMS),
	};
	struct peer peer;
	struct ff_transport transport;
	open_after(&peer, &transport, opening, COUNT(opening), NULL, 0);
	finish(&peer, &transport);
}

static void test_net2217__refuses_unknown_options_once(void **state)
{
	(void)state;
	const struct act opening[] = {
		AT_ONCE(OFFERS),
		SEND(IAC, WILL, 31, IAC, DO, 24),
		EXPECT(IAC, DONT, 31, IAC, WONT, 24),
		SEND(IAC, WILL, 31, IAC, DO, 24, IAC, WILL, 31, IAC, DO, 24, ACCEPTS, IAC, DO, 44, IAC, WILL, 3),
		AT_ONCE(SETTINGS),
		SEND(CONFIRMS),
	};
	struct peer peer;
	struct ff_transport transport;
	open_after(&peer, &transport, opening, COUNT(opening), NULL, 0);
	finish(&peer, &transport);
}

static void test_net2217__waits_for_a_late_server(void **state)
{
	(void)state;
	const struct act opening[] = {
		AT_ONCE(OFFERS), PAUSE(1000), SEND(ACCEPTS), AT_ONCE(SETTINGS), PAUSE(80), SEND(CONFIRMS),
	};
	struct peer peer;
	struct ff_transport transport;
	open_after(&peer, &transport, opening, COUNT(opening), NULL, 0);
	/* the slow start is not the round trip */
	assert_in_range(transport.latency_ms, 80, 999);
	finish(&peer, &transport);
}

static void test_net2217__says_that_the_server_refuses(void **state)
{
	(void)state;
	const struct act acts[] = { AT_ONCE(OFFERS), SEND(IAC, DONT, 44) };
	struct ff_error error = refused_open(acts, COUNT(acts), 3000);
	assert_int_equal(error.status, FF_ERR_PROTOCOL);
	assert_non_null(strstr(error.text, "refuses RFC 2217"));
}

static void test_net2217__says_that_nobody_negotiates(void **state)
{
	(void)state;
	const struct act acts[] = { EXPECT(OFFERS), SEND('e', 't', 's', ' ', 'J', 'u', 'n', '\r', '\n') };
	struct ff_error error = refused_open(acts, COUNT(acts), 150);
	assert_int_equal(error.status, FF_ERR_PROTOCOL);
	assert_non_null(strstr(error.text, "use socket://"));
}

static void test_net2217__open_fails_without_a_confirmed_rate(void **state)
{
	(void)state;
	const struct act acts[] = { AT_ONCE(OFFERS), SEND(ACCEPTS), AT_ONCE(SETTINGS), SEND(SUB(102, 8)) };
	struct ff_error error = refused_open(acts, COUNT(acts), 150);
	assert_int_equal(error.status, FF_ERR_TIMEOUT);
	assert_non_null(strstr(error.text, "did not confirm 115200 baud"));
}

static void test_net2217__open_fails_if_the_port_cannot_do_8n1(void **state)
{
	(void)state;
	const struct act acts[] = {
		AT_ONCE(OFFERS),
		SEND(ACCEPTS),
		AT_ONCE(SETTINGS),
		SEND(SUB(102, 7), SUB(101, BAUD_115200)),
	};
	struct ff_error error = refused_open(acts, COUNT(acts), 3000);
	assert_int_equal(error.status, FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "SET-DATASIZE with 7"));
}

static void test_net2217__open_fails_when_the_server_hangs_up(void **state)
{
	(void)state;
	const struct act acts[] = { AT_ONCE(OFFERS), CLOSE };
	struct ff_error error = refused_open(acts, COUNT(acts), 3000);
	assert_int_equal(error.status, FF_ERR_BUSY);
	assert_non_null(strstr(error.text, "in use by another client"));
}

/* ---- data ---- */

static void test_net2217__escapes_both_ways(void **state)
{
	(void)state;
	const struct act acts[] = {
		AT_ONCE(0x00, IAC, IAC, 0x0D, 0x0A, IAC, IAC, IAC, IAC),
		SEND(0xC0, IAC, IAC, 0x00, SUB(107, 0x30), 0x0D, IAC, 0xF1, 0xC0),
	};
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	write_all(&transport, (const uint8_t[]){ 0x00, IAC, 0x0D, 0x0A, IAC, IAC }, 6);
	uint8_t bytes[5];
	read_all(&transport, bytes, sizeof(bytes));
	assert_memory_equal(bytes, ((const uint8_t[]){ 0xC0, IAC, 0x00, 0x0D, 0xC0 }), 5);
	finish(&peer, &transport);
}

static void test_net2217__keeps_data_that_came_with_the_negotiation(void **state)
{
	(void)state;
	const struct act opening[] = {
		AT_ONCE(OFFERS),
		SEND('a', ACCEPTS, 'b'),
		AT_ONCE(SETTINGS),
		SEND(CONFIRMS, 'c'),
	};
	struct peer peer;
	struct ff_transport transport;
	open_after(&peer, &transport, opening, COUNT(opening), NULL, 0);
	uint8_t bytes[3];
	read_all(&transport, bytes, sizeof(bytes));
	assert_memory_equal(bytes, "abc", 3);
	finish(&peer, &transport);
}

static void test_net2217__chatter_is_not_data(void **state)
{
	(void)state;
	const struct act acts[] = { SEND(IAC, 0xF1, SUB(107, 0x30), IAC, 0xF0) };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	uint8_t byte = 0;
	size_t got = 77;
	struct ff_error error = FF_ERROR_NONE;
	int64_t deadline = ff_deadline_ms(100);
	assert_int_equal(transport.ops->read(transport.self, &byte, 1, &got, deadline, &error), FF_ERR_TIMEOUT);
	assert_true(ff_now_us() >= deadline);
	assert_int_equal(got, 77);
	assert_int_equal(error.status, FF_ERR_TIMEOUT);
	assert_int_equal(transport.ops->read(transport.self, &byte, 1, &got, 0, NULL), FF_ERR_TIMEOUT);
	finish(&peer, &transport);
}

/* More than the transport's own buffer, and every byte escaped. */
static void test_net2217__large_writes_arrive_whole(void **state)
{
	(void)state;
	enum { SIZE = 20000 };
	static uint8_t plain[SIZE], wire[2 * SIZE];
	memset(plain, 0xFF, sizeof(plain));
	memset(wire, 0xFF, sizeof(wire));
	const struct act acts[] = { { ACT_EXPECT, wire, sizeof(wire), 0 }, EXPECT('.') };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	write_all(&transport, plain, sizeof(plain));
	write_all(&transport, (const uint8_t *)".", 1);
	finish(&peer, &transport);
}

/* A peer that talks much and takes little: the write ends in time, and what the peer said is all there. */
static void test_net2217__a_stuck_write_loses_no_input(void **state)
{
	(void)state;
	enum { KILOBYTES = 200 };
	const struct act acts[] = { FLOOD(KILOBYTES), PAUSE(1000), SWALLOW };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	size_t size = 32 << 20; /* more than any socket buffer */
	uint8_t *bytes = calloc(1, size);
	assert_non_null(bytes);
	struct ff_error error = FF_ERROR_NONE;
	int64_t deadline = ff_deadline_ms(150);
	assert_int_equal(transport.ops->write(transport.self, bytes, size, deadline, &error), FF_ERR_TIMEOUT);
	assert_in_range(ff_now_us() - deadline, 0, 3000 * 1000);
	assert_non_null(strstr(error.text, "takes no more bytes"));
	read_all(&transport, bytes, KILOBYTES * 1024);
	free(bytes);
	finish(&peer, &transport);
}

static void test_net2217__end_of_file_is_a_lost_board(void **state)
{
	(void)state;
	const struct act acts[] = { SEND('x'), CLOSE };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	uint8_t byte = 0;
	size_t got = 0;
	struct ff_error error = FF_ERROR_NONE;
	read_all(&transport, &byte, 1);
	assert_int_equal(transport.ops->read(transport.self, &byte, 1, &got, ff_deadline_ms(5000), &error),
			 FF_ERR_LOST);
	assert_non_null(strstr(error.text, "went away"));
	finish(&peer, &transport);
}

/* Only data is held back: the change of the rate goes through, and shows that nothing was sent before it. */
static void test_net2217__suspend_holds_data_back(void **state)
{
	(void)state;
	const struct act acts[] = {
		SEND(SUB(108), 's'),
		EXPECT(SUB(1, BAUD_460800)),
		SEND(SUB(101, BAUD_460800), SUB(109)),
		AT_ONCE('d', 'a', 't', 'a'),
	};
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	uint8_t byte = 0;
	read_all(&transport, &byte, 1); /* so the suspension has arrived */
	struct ff_error error = FF_ERROR_NONE;
	int64_t deadline = ff_deadline_ms(30);
	assert_int_equal(transport.ops->write(transport.self, &byte, 1, deadline, &error), FF_ERR_TIMEOUT);
	assert_non_null(strstr(error.text, "suspended"));
	assert_true(ff_now_us() >= deadline);
	assert_int_equal(transport.ops->set_baud(transport.self, 460800, ff_deadline_ms(5000), NULL), FF_OK);
	write_all(&transport, (const uint8_t *)"data", 4);
	finish(&peer, &transport);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_net2217__opens_with_two_segments),
		cmocka_unit_test(test_net2217__open_releases_asserted_lines_rts_first),
		cmocka_unit_test(test_net2217__open_leaves_unknown_lines_alone),
		cmocka_unit_test(test_net2217__accepts_a_server_that_offers_the_option_itself),
		cmocka_unit_test(test_net2217__refuses_unknown_options_once),
		cmocka_unit_test(test_net2217__waits_for_a_late_server),
		cmocka_unit_test(test_net2217__says_that_the_server_refuses),
		cmocka_unit_test(test_net2217__says_that_nobody_negotiates),
		cmocka_unit_test(test_net2217__open_fails_without_a_confirmed_rate),
		cmocka_unit_test(test_net2217__open_fails_if_the_port_cannot_do_8n1),
		cmocka_unit_test(test_net2217__open_fails_when_the_server_hangs_up),
		cmocka_unit_test(test_net2217__escapes_both_ways),
		cmocka_unit_test(test_net2217__keeps_data_that_came_with_the_negotiation),
		cmocka_unit_test(test_net2217__chatter_is_not_data),
		cmocka_unit_test(test_net2217__large_writes_arrive_whole),
		cmocka_unit_test(test_net2217__a_stuck_write_loses_no_input),
		cmocka_unit_test(test_net2217__end_of_file_is_a_lost_board),
		cmocka_unit_test(test_net2217__suspend_holds_data_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
