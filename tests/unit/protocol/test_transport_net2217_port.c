// SPDX-License-Identifier: Apache-2.0
/* The RFC 2217 client against scripts of bytes: what it asks of the port. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <farflash/transport.h>

#include "clock.h"
#include "test_transport_rfc2217.h"

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
		PAUSE(20),
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

/* Wrong answers without end: the right one behind more of them than one read takes comes too late. */
static void test_net2217__set_baud_ends_in_a_flood_of_answers(void **state)
{
	(void)state;
	static uint8_t answers[8192];
	const uint8_t wrong[] = { SUB(101, BAUD_115200) };
	const uint8_t right[] = { SUB(101, BAUD_460800) };
	size_t size = 0;
	for (; size + sizeof(wrong) + sizeof(right) <= sizeof(answers); size += sizeof(wrong)) {
		memcpy(answers + size, wrong, sizeof(wrong));
	}
	memcpy(answers + size, right, sizeof(right));
	size += sizeof(right);
	const struct act acts[] = { { ACT_SEND, answers, size, 0 }, EXPECT(SUB(1, BAUD_460800)) };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	struct pollfd ready = { .fd = transport.ops->poll_fd(transport.self), .events = POLLIN };
	assert_int_equal(poll(&ready, 1, 5000), 1);
	assert_int_equal(set_baud(&transport, 460800, 0, NULL), FF_ERR_UNSUPPORTED);
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
	assert_true(done_us[1] - start_us >= 100 * 1000);
	assert_true(done_us[2] - start_us >= 150 * 1000);
	/* waiting for the first step's acknowledgements would have taken half a second */
	assert_true(done_us[1] - start_us < 600 * 1000);
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
	assert_true(second_us - first_us < 400 * 1000);
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
		EXPECT(SUB(12, 1), '?'),
		SEND(SUB(112, 1), '!'),
		EXPECT(SUB(12, 1)),
		PAUSE(200),
		SEND('o', 'l', 'd', SUB(112, 1), 'n', 'e', 'w'),
	};
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	assert_int_equal(transport.ops->discard(transport.self, ff_deadline_ms(10000), NULL), FF_OK);
	write_all(&transport, (const uint8_t *)"?", 1);
	uint8_t bytes[3];
	read_all(&transport, bytes, 1);
	assert_int_equal(transport.ops->discard(transport.self, ff_deadline_ms(10000), NULL), FF_OK);
	read_all(&transport, bytes, sizeof(bytes));
	assert_memory_equal(bytes, "new", 3);
	finish(&peer, &transport);
}

/* ---- what not every port has ---- */

static void test_net2217__passes_the_format_on(void **state)
{
	(void)state;
	const struct act acts[] = {
		AT_ONCE(SUB(2, 7)), SEND(SUB(102, 7)),  AT_ONCE(SUB(3, 3)), SEND(SUB(103, 3)),  AT_ONCE(SUB(4, 2)),
		SEND(SUB(104, 2)),  AT_ONCE(SUB(5, 3)), SEND(SUB(105, 3)),  AT_ONCE(SUB(2, 5)), SEND(SUB(102, 8)),
	};
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	struct ff_line_format format = { 7, FF_PARITY_EVEN, FF_STOP_BITS_2, FF_FLOW_HARDWARE };
	assert_int_equal(transport.port->set_format(transport.self, &format, ff_deadline_ms(5000), NULL), FF_OK);
	format.data_bits = 5;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(transport.port->set_format(transport.self, &format, ff_deadline_ms(5000), &error),
			 FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "SET-DATASIZE"));
	finish(&peer, &transport);
}

static void test_net2217__passes_break_and_purge_on(void **state)
{
	(void)state;
	const struct act acts[] = { AT_ONCE(SUB(5, 5)), SEND(SUB(105, 5)), AT_ONCE(SUB(5, 6)), SEND(SUB(105, 6)),
				    AT_ONCE(SUB(12, 2)) };
	struct peer peer;
	struct ff_transport transport;
	OPEN(&peer, &transport, acts);
	assert_int_equal(transport.port->set_break(transport.self, true, ff_deadline_ms(5000), NULL), FF_OK);
	assert_int_equal(transport.port->set_break(transport.self, false, ff_deadline_ms(5000), NULL), FF_OK);
	assert_int_equal(transport.port->discard_output(transport.self, NULL), FF_OK);
	finish(&peer, &transport);
}

static void test_net2217__tells_the_modem_lines_it_was_told(void **state)
{
	(void)state;
	const struct act acts[] = { AT_ONCE('?'), SEND(SUB(107, 0x91), '!') };
	struct peer peer;
	struct ff_transport transport;
	struct ff_line_status status;
	OPEN(&peer, &transport, acts);
	assert_int_equal(transport.port->status(transport.self, &status, NULL), FF_ERR_UNSUPPORTED);
	size_t done = 0;
	bool writable = true;
	assert_int_equal(transport.port->write_some(transport.self, (const uint8_t *)"?", 1, &done, &writable, NULL),
			 FF_OK);
	assert_int_equal(done, 1);
	assert_false(writable);
	uint8_t byte = 0;
	read_all(&transport, &byte, 1);
	assert_int_equal(transport.port->status(transport.self, &status, NULL), FF_OK);
	assert_int_equal(status.modem, FF_MODEM_CTS | FF_MODEM_DCD);
	finish(&peer, &transport);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_net2217__set_baud_waits_for_the_server),
		cmocka_unit_test(test_net2217__set_baud_escapes_the_rate),
		cmocka_unit_test(test_net2217__set_baud_takes_what_a_uart_can_live_with),
		cmocka_unit_test(test_net2217__set_baud_notices_another_rate),
		cmocka_unit_test(test_net2217__set_baud_looks_past_an_older_answer),
		cmocka_unit_test(test_net2217__set_baud_ends_at_its_deadline),
		cmocka_unit_test(test_net2217__set_baud_ends_in_a_flood_of_answers),
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
		cmocka_unit_test(test_net2217__passes_the_format_on),
		cmocka_unit_test(test_net2217__passes_break_and_purge_on),
		cmocka_unit_test(test_net2217__tells_the_modem_lines_it_was_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
