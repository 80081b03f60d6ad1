// SPDX-License-Identifier: Apache-2.0
/* The access server's end of RFC 2217: bytes in, bytes and requests out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access.h"

enum { IAC = 255, DONT = 254, DO = 253, WONT = 252, WILL = 251, SB = 250, SE = 240 };
#define SUB(...) IAC, SB, 44, __VA_ARGS__, IAC, SE
#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })
#define SIGNATURE "farflashd lab1"
#define MODEM (FF_COMPORT_MODEM_CTS | FF_COMPORT_MODEM_DSR)

struct end {
	struct ff_access access;
	uint8_t data[4096];
	size_t data_size;
	uint8_t sent[8192];
	size_t sent_size;
	unsigned requests;
	enum ff_comport_code code;
	uint32_t value;
	unsigned agreed;
};

static void on_data(void *context, const uint8_t *bytes, size_t size)
{
	struct end *end = context;
	assert_true(size <= sizeof(end->data) - end->data_size);
	memcpy(end->data + end->data_size, bytes, size);
	end->data_size += size;
}

static void on_request(void *context, enum ff_comport_code code, uint32_t value)
{
	struct end *end = context;
	end->requests++;
	end->code = code;
	end->value = value;
}

static void on_agreed(void *context)
{
	((struct end *)context)->agreed++;
}

static void on_send(void *context, const uint8_t *bytes, size_t size)
{
	struct end *end = context;
	assert_true(size <= sizeof(end->sent) - end->sent_size);
	memcpy(end->sent + end->sent_size, bytes, size);
	end->sent_size += size;
}

static const struct ff_access_events events = { on_data, on_request, on_agreed, on_send };

static int set_up(void **state)
{
	struct end *end = calloc(1, sizeof(*end));
	*state = end;
	ff_access_init(&end->access, &events, end, SIGNATURE, MODEM);
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void receive(struct end *end, const uint8_t *bytes, size_t size)
{
	end->sent_size = 0;
	ff_access_receive(&end->access, bytes, size);
}

static void assert_sent(struct end *end, const uint8_t *bytes, size_t size)
{
	assert_int_equal(end->sent_size, size);
	assert_memory_equal(end->sent, bytes, size);
	end->sent_size = 0;
}

static void agree(struct end *end)
{
	receive(end, BYTES(IAC, WILL, 44));
	assert_true(end->access.agreed);
	end->sent_size = 0;
}

static void test_access__waits_for_the_client_to_begin(void **state)
{
	struct end *end = *state;
	assert_int_equal(end->sent_size, 0);
	receive(end, BYTES(IAC, DO, 0, IAC, WILL, 0, IAC, DO, 3));
	assert_sent(end, BYTES(IAC, WILL, 0, IAC, DO, 0, IAC, WILL, 3));
	assert_false(end->access.agreed);
}

static void test_access__agrees_once_and_tells_the_modem_lines(void **state)
{
	struct end *end = *state;
	receive(end, BYTES(IAC, WILL, 44, IAC, WILL, 44));
	assert_sent(end, BYTES(IAC, DO, 44, SUB(107, MODEM)));
	assert_int_equal(end->agreed, 1);
}

static void test_access__agrees_when_it_is_asked_to_be_the_server(void **state)
{
	struct end *end = *state;
	receive(end, BYTES(IAC, DO, 44));
	assert_sent(end, BYTES(IAC, WILL, 44, SUB(107, MODEM)));
	assert_int_equal(end->agreed, 1);
}

static void test_access__does_not_loop_over_other_options(void **state)
{
	struct end *end = *state;
	for (int i = 0; i < 1000; i++) {
		ff_access_receive(&end->access, BYTES(IAC, DO, 24, IAC, WILL, 31, IAC, WONT, 31, IAC, DONT, 24));
	}
	assert_sent(end, BYTES(IAC, WONT, 24, IAC, DONT, 31));
}

static void test_access__answers_nothing_before_the_option_is_agreed(void **state)
{
	struct end *end = *state;
	receive(end, BYTES(SUB(1, 0, 0, 0, 0), SUB(0)));
	assert_int_equal(end->sent_size, 0);
	assert_int_equal(end->requests, 0);
}

static void test_access__signature(void **state)
{
	struct end *end = *state;
	agree(end);
	receive(end, BYTES(SUB(0)));
	uint8_t wanted[] = { IAC, SB,  44,  100, 'f', 'a', 'r', 'f', 'l', 'a',
			     's', 'h', 'd', ' ', 'l', 'a', 'b', '1', IAC, SE };
	assert_sent(end, wanted, sizeof(wanted));
	/* The client's own needs no answer. */
	receive(end, BYTES(SUB(0, 'm', 'e')));
	assert_int_equal(end->sent_size, 0);
}

static void test_access__hands_settings_to_its_owner(void **state)
{
	struct end *end = *state;
	agree(end);
	receive(end, BYTES(SUB(1, 0, 0x2D, 0xC6, 0xC0)));
	assert_int_equal(end->code, FF_COMPORT_SET_BAUDRATE);
	assert_int_equal(end->value, 3000000);
	ff_access_reply(&end->access, FF_COMPORT_SET_BAUDRATE, 0x00FF00FF);
	assert_sent(end, BYTES(SUB(101, 0, IAC, IAC, 0, IAC, IAC)));
	static const uint8_t codes[] = { 2, 3, 4, 5, 12 };
	for (size_t i = 0; i < sizeof(codes); i++) {
		receive(end, BYTES(SUB(codes[i], 9)));
		assert_int_equal(end->requests, i + 2);
		assert_int_equal(end->code, codes[i]);
		assert_int_equal(end->value, 9);
		ff_access_reply(&end->access, end->code, 1);
		assert_sent(end, BYTES(SUB(codes[i] + 100, 1)));
	}
}

static void test_access__polls_are_answered_with_the_last_state(void **state)
{
	struct end *end = *state;
	agree(end);
	receive(end, BYTES(SUB(7), SUB(6), SUB(7, 0), SUB(6, 0)));
	assert_sent(end, BYTES(SUB(107, MODEM), SUB(106, 0x60), SUB(107, MODEM), SUB(106, 0x60)));
	ff_access_tell_modem(&end->access, FF_COMPORT_MODEM_DCD);
	receive(end, BYTES(SUB(7)));
	assert_sent(end, BYTES(SUB(107, FF_COMPORT_MODEM_DCD)));
}

static void test_access__modem_lines_are_told_with_their_deltas(void **state)
{
	struct end *end = *state;
	agree(end);
	ff_access_tell_modem(&end->access, MODEM);
	assert_int_equal(end->sent_size, 0);
	ff_access_tell_modem(&end->access, FF_COMPORT_MODEM_DSR | FF_COMPORT_MODEM_RI);
	assert_sent(end, BYTES(SUB(107, FF_COMPORT_MODEM_DSR | FF_COMPORT_MODEM_RI | FF_COMPORT_MODEM_DELTA_CTS)));
	ff_access_tell_modem(&end->access, FF_COMPORT_MODEM_DSR);
	assert_sent(end, BYTES(SUB(107, FF_COMPORT_MODEM_DSR | FF_COMPORT_MODEM_TRAILING_RI)));
}

static void test_access__masks_choose_what_is_told(void **state)
{
	struct end *end = *state;
	agree(end);
	ff_access_tell_line(&end->access, FF_COMPORT_LINE_BREAK); /* masked from the start */
	assert_int_equal(end->sent_size, 0);
	receive(end, BYTES(SUB(10, 0x12), SUB(11, 0x20)));
	assert_sent(end, BYTES(SUB(110, 0x12), SUB(111, 0x20)));
	ff_access_tell_line(&end->access, FF_COMPORT_LINE_BREAK | FF_COMPORT_LINE_PARITY);
	assert_sent(end, BYTES(SUB(106, FF_COMPORT_LINE_BREAK)));
	ff_access_tell_modem(&end->access, FF_COMPORT_MODEM_DSR); /* CTS went */
	assert_int_equal(end->sent_size, 0);
	ff_access_tell_modem(&end->access, 0);
	assert_sent(end, BYTES(SUB(107, 0)));
	receive(end, BYTES(SUB(11, IAC, IAC)));
	assert_sent(end, BYTES(SUB(111, IAC, IAC)));
}

static void test_access__suspend_and_resume(void **state)
{
	struct end *end = *state;
	agree(end);
	receive(end, BYTES(SUB(8)));
	assert_true(end->access.suspended);
	receive(end, BYTES(SUB(9)));
	assert_false(end->access.suspended);
	assert_int_equal(end->sent_size, 0);
	/* Without the option nobody could resume. */
	receive(end, BYTES(SUB(8), IAC, WONT, 44));
	assert_false(end->access.suspended);
}

static void test_access__every_byte_passes_both_ways(void **state)
{
	struct end *end = *state;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;
		ff_access_receive(&end->access, byte == IAC ? (const uint8_t[]){ IAC, IAC } : &byte,
				  byte == IAC ? 2 : 1);
	}
	assert_int_equal(end->data_size, 256);
	for (unsigned i = 0; i < 256; i++) {
		assert_int_equal(end->data[i], i);
	}
	ff_access_send_data(&end->access, BYTES(1, IAC, 2));
	assert_sent(end, BYTES(1, IAC, IAC, 2));
}

static void test_access__survives_what_broken_clients_send(void **state)
{
	struct end *end = *state;
	static uint8_t endless[4000];
	agree(end);
	memset(endless, 'x', sizeof(endless));
	receive(end, BYTES(IAC, SE, IAC, 241, IAC, IAC)); /* FF F0 in the middle of nothing */
	assert_int_equal(end->data_size, 1);
	receive(end,
		BYTES(SUB(1, 9), SUB(1, 1, 2, 3), SUB(1, 1, 2, 3, 4, 5), SUB(3), SUB(12, 1, 2), SUB(99), SUB(5, 1, 2)));
	receive(end, BYTES(SUB(101, 0, 0, 0, 1), SUB(105, 8), IAC, SB, IAC, SE, IAC, SB, 44, IAC, SE));
	receive(end, BYTES(IAC, SB, 44, 1));
	for (int i = 0; i < 100; i++) {
		receive(end, endless, sizeof(endless));
	}
	receive(end, BYTES(IAC, SE));
	assert_int_equal(end->requests, 0);
	assert_int_equal(end->sent_size, 0);
	/* Broken off in the middle of a request, which goes on as another one. */
	receive(end, BYTES(IAC, SB, 44, 3, IAC, SB, 44, 3, 2, IAC, SE));
	assert_int_equal(end->requests, 1);
	assert_int_equal(end->value, 2);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_access__waits_for_the_client_to_begin),
		WITH(test_access__agrees_once_and_tells_the_modem_lines),
		WITH(test_access__agrees_when_it_is_asked_to_be_the_server),
		WITH(test_access__does_not_loop_over_other_options),
		WITH(test_access__answers_nothing_before_the_option_is_agreed),
		WITH(test_access__signature),
		WITH(test_access__hands_settings_to_its_owner),
		WITH(test_access__polls_are_answered_with_the_last_state),
		WITH(test_access__modem_lines_are_told_with_their_deltas),
		WITH(test_access__masks_choose_what_is_told),
		WITH(test_access__suspend_and_resume),
		WITH(test_access__every_byte_passes_both_ways),
		WITH(test_access__survives_what_broken_clients_send),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
