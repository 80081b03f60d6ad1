// SPDX-License-Identifier: Apache-2.0
/* The RFC 2217 client against scripts of bytes, written by hand from RFC 854 and RFC 2217. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <farflash/transport.h>

#include "clock.h"
#include "test_transport_peer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define IAC 0xFF
#define WILL 0xFB
#define WONT 0xFC
#define DO 0xFD
#define DONT 0xFE

/* IAC SB COM-PORT ... IAC SE */
#define SUB(...) 0xFF, 0xFA, 0x2C, __VA_ARGS__, 0xFF, 0xF0

#define OFFERS IAC, WILL, 44, IAC, WILL, 0, IAC, DO, 0, IAC, WILL, 3, IAC, DO, 3
#define ACCEPTS IAC, DO, 44, IAC, DO, 0, IAC, WILL, 0, IAC, DO, 3, IAC, WILL, 3

#define BAUD_115200 0x00, 0x01, 0xC2, 0x00
#define BAUD_460800 0x00, 0x07, 0x08, 0x00

/* DTR? RTS? no flow control, 8 bits, no parity, 1 stop bit, 115200 baud */
#define SETTINGS SUB(5, 7), SUB(5, 10), SUB(5, 1), SUB(2, 8), SUB(3, 1), SUB(4, 1), SUB(1, BAUD_115200)
#define CONFIRMS SUB(105, 1), SUB(102, 8), SUB(103, 1), SUB(104, 1), SUB(101, BAUD_115200)
#define LINES_ARE(dtr, rts) SUB(105, (dtr) ? 8 : 9), SUB(105, (rts) ? 11 : 12)

#define DTR_ON SUB(5, 8)
#define DTR_OFF SUB(5, 9)
#define RTS_ON SUB(5, 11)
#define RTS_OFF SUB(5, 12)

/* A server that does everything right, its lines at rest. */
static const struct act good_open[] = {
	AT_ONCE(OFFERS),
	SEND(ACCEPTS),
	AT_ONCE(SETTINGS),
	SEND(LINES_ARE(0, 0), CONFIRMS),
};

/* One that does not tell about its lines, as those on pyserial. */
static const struct act silent_open[] = {
	AT_ONCE(OFFERS),
	SEND(ACCEPTS),
	AT_ONCE(SETTINGS),
	SEND(CONFIRMS),
};

static const struct ff_transport_options options = { .connect_timeout_ms = 3000 };

static void open_after(struct peer *peer, struct ff_transport *transport, const struct act *opening,
		       size_t opening_count, const struct act *acts, size_t count)
{
	struct ff_error error = FF_ERROR_NONE;
	peer_start(peer, "rfc2217://", opening, opening_count, acts, count);
	if (ff_transport_open(transport, peer->address, &options, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}

#define OPEN(peer, transport, acts) \
	open_after(peer, transport, good_open, COUNT(good_open), acts, sizeof(acts) / sizeof((acts)[0]))

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

static void write_all(struct ff_transport *transport, const uint8_t *bytes, size_t size)
{
	struct ff_error error = FF_ERROR_NONE;
	if (transport->ops->write(transport->self, bytes, size, ff_deadline_ms(5000), &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}

static void read_all(struct ff_transport *transport, uint8_t *bytes, size_t size)
{
	int64_t deadline = ff_deadline_ms(5000);
	for (size_t have = 0, got = 0; have < size; have += got) {
		struct ff_error error = FF_ERROR_NONE;
		if (transport->ops->read(transport->self, bytes + have, size - have, &got, deadline, &error) != FF_OK) {
			fail_msg("after %zu bytes: %s", have, error.text);
		}
		assert_in_range(got, 1, size - have);
	}
}

static void finish(struct peer *peer, struct ff_transport *transport)
{
	ff_transport_close(transport);
	peer_join(peer);
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
		AT_ONCE(OFFERS), PAUSE(400), SEND(ACCEPTS), AT_ONCE(SETTINGS), PAUSE(80), SEND(CONFIRMS),
	};
	struct peer peer;
	struct ff_transport transport;
	open_after(&peer, &transport, opening, COUNT(opening), NULL, 0);
	/* the slow start is not the round trip */
	assert_in_range(transport.latency_ms, 80, 399);
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
	assert_int_equal(error.status, FF_ERR_LOST);
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
	const struct act acts[] = { FLOOD(KILOBYTES), PAUSE(200), SWALLOW };
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

static void test_net2217__suspend_holds_data_back(void **state)
{
	(void)state;
	const struct act acts[] = { SEND(SUB(108), 's'), SILENT(150), SEND(SUB(109)), AT_ONCE('d', 'a', 't', 'a') };
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
	write_all(&transport, (const uint8_t *)"data", 4);
	finish(&peer, &transport);
}

/* ---- baud rate ---- */

static enum ff_status set_baud(struct ff_transport *transport, uint32_t baud, uint32_t ms, struct ff_error *error)
{
	return transport->ops->set_baud(transport->self, baud, ff_deadline_ms(ms), error);
}

static void test_net2217__set_baud_waits_for_the_server(void **state)
{
	(void)state;
	const struct act acts[] = { AT_ONCE(SUB(1, BAUD_460800)), PAUSE(100), SEND(SUB(101, BAUD_460800)) };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	int64_t start_us = ff_now_us();
	assert_int_equal(set_baud(&transport, 460800, 5000, NULL), FF_OK);
	assert_true(ff_now_us() - start_us >= 100 * 1000);
	finish(&peer, &transport);
}

static void test_net2217__set_baud_escapes_the_rate(void **state)
{
	(void)state;
	/* 0x0000FF78 = 65400 */
	const struct act acts[] = {
		AT_ONCE(SUB(1, 0, 0, IAC, IAC, 0x78)), SEND(SUB(101, 0, 0, IAC, IAC, 0x78)),
		AT_ONCE(SUB(1, 0, 0, IAC, IAC, 0x78)),
		SEND(SUB(101, 0, 0, IAC, 0x78)), /* as from a server that forgets to */
	};
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	assert_int_equal(set_baud(&transport, 65400, 5000, NULL), FF_OK);
	assert_int_equal(set_baud(&transport, 65400, 5000, NULL), FF_OK);
	finish(&peer, &transport);
}

static void test_net2217__set_baud_takes_what_a_uart_can_live_with(void **state)
{
	(void)state;
	/* 468571 = 1.7 % above 460800 */
	const struct act acts[] = { AT_ONCE(SUB(1, BAUD_460800)), SEND(SUB(101, 0x00, 0x07, 0x26, 0x5B)) };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	assert_int_equal(set_baud(&transport, 460800, 5000, NULL), FF_OK);
	finish(&peer, &transport);
}

static void test_net2217__set_baud_notices_another_rate(void **state)
{
	(void)state;
	const struct act acts[] = { AT_ONCE(SUB(1, BAUD_460800)), SEND(SUB(101, BAUD_115200)) };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(set_baud(&transport, 460800, 5000, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "it chose 115200"));
	finish(&peer, &transport);
}

static void test_net2217__set_baud_looks_past_an_older_answer(void **state)
{
	(void)state;
	const struct act acts[] = {
		AT_ONCE(SUB(1, BAUD_460800)),
		SEND(SUB(101, BAUD_115200)),
		PAUSE(50),
		SEND(SUB(101, BAUD_460800)),
	};
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	assert_int_equal(set_baud(&transport, 460800, 5000, NULL), FF_OK);
	finish(&peer, &transport);
}

static void test_net2217__set_baud_ends_at_its_deadline(void **state)
{
	(void)state;
	const struct act acts[] = { AT_ONCE(SUB(1, BAUD_460800)) };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(set_baud(&transport, 460800, 100, &error), FF_ERR_TIMEOUT);
	assert_non_null(strstr(error.text, "did not confirm 460800 baud"));
	assert_int_equal(set_baud(&transport, 49, 100, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(set_baud(&transport, 4000001, 100, NULL), FF_ERR_ARGUMENT);
	finish(&peer, &transport);
}

/* The server floods us and confirms behind 64 kB: what is newest survives. */
static void test_net2217__set_baud_gets_through_a_flood(void **state)
{
	(void)state;
	const struct act acts[] = {
		AT_ONCE(SUB(1, BAUD_460800)),
		FLOOD(64),
		SEND('e', 'n', 'd', SUB(101, BAUD_460800)),
	};
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	assert_int_equal(set_baud(&transport, 460800, 5000, NULL), FF_OK);
	static uint8_t bytes[40000];
	size_t have = 0, got = 0;
	while (transport.ops->read(transport.self, bytes + have, sizeof(bytes) - have, &got, 0, NULL) == FF_OK) {
		have += got;
	}
	assert_in_range(have, 16000, 33000);
	assert_memory_equal(bytes + have - 4, "xend", 4);
	finish(&peer, &transport);
}

/* ---- lines ---- */

static const struct ff_line_step classic[] = {
	{ .dtr = 0, .rts = 1, .hold_ms = 100 },
	{ .dtr = 1, .rts = 0, .hold_ms = 50 },
	{ .dtr = 0, .rts = -1, .hold_ms = 0 },
};

static enum ff_status set_lines(struct ff_transport *transport, const struct ff_line_step *steps, size_t count)
{
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = transport->ops->set_lines(transport->self, steps, count, &error);
	assert_int_equal(status, error.status);
	return status;
}

static void test_net2217__a_reset_sequence_is_pipelined(void **state)
{
	(void)state;
	const struct act acts[] = {
		AT_ONCE(DTR_OFF, RTS_ON),
		AT_ONCE(DTR_ON, RTS_OFF),
		AT_ONCE(DTR_OFF),
		PAUSE(100),
		SEND(SUB(105, 9), SUB(105, 11), SUB(105, 8), SUB(105, 12), SUB(105, 9)),
	};
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	int64_t start_us = ff_now_us();
	assert_int_equal(set_lines(&transport, classic, COUNT(classic)), FF_OK);
	assert_true(ff_now_us() - start_us >= 250 * 1000); /* with the acknowledgements */
	finish(&peer, &transport);
	const int64_t *done_us = peer.done_us + COUNT(good_open);
	/* Received, not sent: the first may be seen late by the peer's thread. Waiting for one acknowledgement would have
	 * taken half a second each. */
	assert_in_range(done_us[1] - done_us[0], 50 * 1000, 500 * 1000);
	assert_in_range(done_us[2] - done_us[1], 20 * 1000, 450 * 1000);
}

static void test_net2217__both_lines_move_without_passing_a_reset(void **state)
{
	(void)state;
	static const struct ff_line_step steps[] = {
		{ 0, 0, 0 }, { 1, 1, 20 }, { 0, 1, 20 }, { 1, 0, 20 }, { 0, 0, 20 }, { 0, 1, 20 }, { 0, 0, 0 },
	};
	const struct act acts[] = {
		EXPECT(RTS_OFF, DTR_OFF, DTR_ON, RTS_ON),
		AT_ONCE(DTR_OFF),
		AT_ONCE(DTR_ON, RTS_OFF),
		AT_ONCE(DTR_OFF),
		AT_ONCE(RTS_ON),
		AT_ONCE(RTS_OFF),
		SEND(SUB(105, 12), SUB(105, 9), SUB(105, 8), SUB(105, 11), SUB(105, 9), SUB(105, 8), SUB(105, 12),
		     SUB(105, 9), SUB(105, 11), SUB(105, 12)),
	};
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	assert_int_equal(set_lines(&transport, steps, COUNT(steps)), FF_OK);
	finish(&peer, &transport);
}

static void test_net2217__an_unknown_dtr_is_released_with_the_reset(void **state)
{
	(void)state;
	static const struct ff_line_step hard_reset[] = { { -1, 1, 50 }, { -1, 0, 0 } };
	const struct act acts[] = {
		AT_ONCE(DTR_OFF, RTS_ON), AT_ONCE(RTS_OFF), SEND(SUB(105, 9), SUB(105, 11), SUB(105, 12)),
		AT_ONCE(RTS_ON),          AT_ONCE(RTS_OFF), SEND(SUB(105, 11), SUB(105, 12)),
	};
	struct peer peer;
	struct ff_transport transport;
	open_after(&peer, &transport, silent_open, COUNT(silent_open), acts, COUNT(acts));
	assert_int_equal(set_lines(&transport, hard_reset, COUNT(hard_reset)), FF_OK);
	assert_int_equal(set_lines(&transport, hard_reset, COUNT(hard_reset)), FF_OK);
	finish(&peer, &transport);
}

static void test_net2217__missing_acknowledgements_cost_little_and_once(void **state)
{
	(void)state;
	static const struct ff_line_step once[] = { { 0, 1, 0 } };
	const struct act acts[] = { AT_ONCE(DTR_OFF, RTS_ON), AT_ONCE(DTR_OFF, RTS_ON) };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	int64_t start_us = ff_now_us();
	assert_int_equal(set_lines(&transport, once, 1), FF_OK);
	int64_t first_us = ff_now_us();
	assert_int_equal(set_lines(&transport, once, 1), FF_OK);
	int64_t second_us = ff_now_us();
	assert_in_range(first_us - start_us, 500 * 1000, 2000 * 1000);
	assert_true(second_us - first_us < first_us - start_us);
	finish(&peer, &transport);
}

static void test_net2217__a_server_lost_in_a_reset_is_noticed(void **state)
{
	(void)state;
	static const struct ff_line_step slow[] = { { 0, 1, 10000 } };
	const struct act acts[] = { AT_ONCE(DTR_OFF, RTS_ON), CLOSE };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	int64_t start_us = ff_now_us();
	assert_int_equal(set_lines(&transport, slow, 1), FF_ERR_LOST);
	assert_true(ff_now_us() - start_us < 5000 * 1000);
	finish(&peer, &transport);
}

static void test_net2217__steps_out_of_range_move_nothing(void **state)
{
	(void)state;
	static const struct ff_line_step bad[][1] = { { { 2, 0, 0 } }, { { 0, -2, 0 } }, { { 0, 0, 10001 } } };
	static const struct ff_line_step many[33];
	struct peer peer;
	struct ff_transport transport;
	open_after(&peer, &transport, good_open, COUNT(good_open), NULL, 0);
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(set_lines(&transport, bad[i], 1), FF_ERR_ARGUMENT);
	}
	assert_int_equal(set_lines(&transport, many, COUNT(many)), FF_ERR_ARGUMENT);
	finish(&peer, &transport);
}

/* ---- discard ---- */

static void test_net2217__discard_drops_all_before_the_acknowledgement(void **state)
{
	(void)state;
	const struct act acts[] = { SEND('o', 'l', 'd'), EXPECT(SUB(12, 1)),
				    SEND('s', 't', 'a', 'l', 'e', SUB(112, 1), 'n', 'e', 'w') };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	assert_int_equal(transport.ops->discard(transport.self, ff_deadline_ms(5000), NULL), FF_OK);
	uint8_t bytes[3];
	read_all(&transport, bytes, sizeof(bytes));
	assert_memory_equal(bytes, "new", 3);
	finish(&peer, &transport);
}

static void test_net2217__discard_does_not_hang_without_an_acknowledgement(void **state)
{
	(void)state;
	const struct act acts[] = { SEND('o', 'l', 'd'), EXPECT(SUB(12, 1), SUB(12, 1), '?'), SEND('n', 'e', 'w') };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	int64_t start_us = ff_now_us();
	assert_int_equal(transport.ops->discard(transport.self, ff_deadline_ms(10000), NULL), FF_OK);
	assert_true(ff_now_us() - start_us < 3000 * 1000);
	assert_int_equal(transport.ops->discard(transport.self, ff_deadline_ms(30), NULL), FF_OK);
	write_all(&transport, (const uint8_t *)"?", 1);
	uint8_t bytes[3];
	read_all(&transport, bytes, sizeof(bytes));
	assert_memory_equal(bytes, "new", 3);
	finish(&peer, &transport);
}

/* Forgetting once is forgiven with the next acknowledgement: then a slow one is waited for again. */
static void test_net2217__an_acknowledgement_restores_the_patience(void **state)
{
	(void)state;
	const struct act acts[] = {
		EXPECT(SUB(12, 1)), EXPECT(SUB(12, 1)), SEND(SUB(112, 1)),
		EXPECT(SUB(12, 1)), PAUSE(200),         SEND('o', 'l', 'd', SUB(112, 1), 'n', 'e', 'w'),
	};
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(transport.ops->discard(transport.self, ff_deadline_ms(10000), NULL), FF_OK);
	}
	uint8_t bytes[3];
	read_all(&transport, bytes, sizeof(bytes));
	assert_memory_equal(bytes, "new", 3);
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
		cmocka_unit_test(test_net2217__set_baud_waits_for_the_server),
		cmocka_unit_test(test_net2217__set_baud_escapes_the_rate),
		cmocka_unit_test(test_net2217__set_baud_takes_what_a_uart_can_live_with),
		cmocka_unit_test(test_net2217__set_baud_notices_another_rate),
		cmocka_unit_test(test_net2217__set_baud_looks_past_an_older_answer),
		cmocka_unit_test(test_net2217__set_baud_ends_at_its_deadline),
		cmocka_unit_test(test_net2217__set_baud_gets_through_a_flood),
		cmocka_unit_test(test_net2217__a_reset_sequence_is_pipelined),
		cmocka_unit_test(test_net2217__both_lines_move_without_passing_a_reset),
		cmocka_unit_test(test_net2217__an_unknown_dtr_is_released_with_the_reset),
		cmocka_unit_test(test_net2217__missing_acknowledgements_cost_little_and_once),
		cmocka_unit_test(test_net2217__a_server_lost_in_a_reset_is_noticed),
		cmocka_unit_test(test_net2217__steps_out_of_range_move_nothing),
		cmocka_unit_test(test_net2217__discard_drops_all_before_the_acknowledgement),
		cmocka_unit_test(test_net2217__discard_does_not_hang_without_an_acknowledgement),
		cmocka_unit_test(test_net2217__an_acknowledgement_restores_the_patience),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
