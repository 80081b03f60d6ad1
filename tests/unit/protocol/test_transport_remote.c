// SPDX-License-Identifier: Apache-2.0
/* The RFC 2217 client's buffers at their limits; what it says and hears is tested in test_transport_net2217. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "remote.h"

static struct ff_remote *remote_new(void)
{
	struct ff_remote *remote = malloc(sizeof(*remote));
	assert_non_null(remote);
	ff_remote_init(remote);
	return remote;
}

static void test_remote__requests_find_room_behind_unsent_data(void **state)
{
	(void)state;
	struct ff_remote *remote = remote_new();
	static uint8_t data[FF_REMOTE_OUTPUT_SIZE];
	memset(data, 0xFF, sizeof(data));
	size_t taken = ff_remote_put(remote, data, sizeof(data));
	assert_in_range(taken, 1, FF_REMOTE_OUTPUT_SIZE / 2);
	assert_int_equal(ff_remote_put(remote, data, sizeof(data)), 0);
	assert_int_equal(ff_remote_receivable(remote), 0);
	ff_remote_ask(remote, FF_COMPORT_SET_BAUDRATE, 0xFFFFFFFF);
	static const uint8_t request[] = { 0xFF, 0xFA, 0x2C, 0x01, 0xFF, 0xFF, 0xFF,
					   0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF0 };
	size_t end = remote->output_end;
	assert_int_equal(end - remote->output_at, 2 * taken + sizeof(request));
	assert_memory_equal(remote->output + end - sizeof(request), request, sizeof(request));
	free(remote);
}

/* Half a request would take the server's answers to everything after it along. */
static void test_remote__a_request_fits_whole_or_not_at_all(void **state)
{
	(void)state;
	struct ff_remote *remote = remote_new();
	size_t before = 1;
	for (unsigned i = 1; before != remote->output_end; i++) {
		before = remote->output_end;
		ff_remote_ask(remote, FF_COMPORT_SET_BAUDRATE, 0xFF00FF00);
		assert_true(remote->output_end == before || remote->output_end == before + 12);
		assert_int_equal(remote->requests[FF_COMPORT_SET_BAUDRATE].waiting, i);
	}
	assert_in_range(before, FF_REMOTE_OUTPUT_SIZE - 64, FF_REMOTE_OUTPUT_SIZE);
	/* room again: the rest moves to the front */
	ff_remote_sent(remote, 24);
	ff_remote_ask(remote, FF_COMPORT_SET_BAUDRATE, 0xFF00FF00);
	assert_int_equal(remote->output_end - remote->output_at, before - 12);
	free(remote);
}

static void test_remote__the_newest_input_survives(void **state)
{
	(void)state;
	struct ff_remote *remote = remote_new();
	static uint8_t block[1000], out[FF_REMOTE_INPUT_SIZE];
	for (size_t i = 0; i < 40; i++) {
		memset(block, (int)i, sizeof(block));
		ff_remote_receive(remote, block, sizeof(block));
	}
	assert_int_equal(remote->dropped, 40 * sizeof(block) - FF_REMOTE_INPUT_SIZE);
	assert_int_equal(ff_remote_input_room(remote), 0);
	assert_int_equal(ff_remote_take(remote, out, 1), 1);
	assert_int_equal(out[0], 7); /* 40000 - 32768 = 7232 */
	assert_int_equal(ff_remote_take(remote, out, sizeof(out)), FF_REMOTE_INPUT_SIZE - 1);
	assert_int_equal(out[FF_REMOTE_INPUT_SIZE - 2], 39);
	assert_int_equal(ff_remote_take(remote, out, sizeof(out)), 0);
	free(remote);
}

static void test_remote__purge_of_another_client_drops_nothing(void **state)
{
	(void)state;
	struct ff_remote *remote = remote_new();
	static const uint8_t wire[] = { 'a', 0xFF, 0xFA, 0x2C, 112, 1, 0xFF, 0xF0, 'b' };
	ff_remote_receive(remote, wire, sizeof(wire));
	uint8_t out[4];
	assert_int_equal(ff_remote_take(remote, out, sizeof(out)), 2);
	assert_memory_equal(out, "ab", 2);
	free(remote);
}

static void test_remote__an_old_acknowledgement_does_not_move_a_line_back(void **state)
{
	(void)state;
	struct ff_remote *remote = remote_new();
	static const uint8_t dtr_off[] = { 0xFF, 0xFA, 0x2C, 105, 9, 0xFF, 0xF0 };
	ff_remote_ask_lines(remote, 0, -1);
	ff_remote_ask_lines(remote, 1, -1);
	ff_remote_receive(remote, dtr_off, sizeof(dtr_off));
	assert_int_equal(remote->dtr, 1);
	assert_int_equal(remote->rts, -1);
	/* but the last word is the server's */
	ff_remote_receive(remote, dtr_off, sizeof(dtr_off));
	assert_int_equal(remote->dtr, 0);
	free(remote);
}

/* A server's echo of the client's own codes, or its nonsense, moves nothing. */
static void test_remote__ignores_what_no_server_says(void **state)
{
	(void)state;
	struct ff_remote *remote = remote_new();
	static const uint8_t wire[] = {
		0xFF, 0xFA, 0x2C, 5,    8,    0xFF, 0xF0,       /* the client's code */
		0xFF, 0xFA, 0x2C, 105,  0xFF, 0xF0,             /* no value */
		0xFF, 0xFA, 0x2C, 101,  1,    2,    0xFF, 0xF0, /* half a rate */
		0xFF, 0xFA, 0x18, 105,  8,    0xFF, 0xF0,       /* another option */
		0xFF, 0xFA, 0x2C, 0xFF, 0xF0,                   /* nothing */
	};
	ff_remote_receive(remote, wire, sizeof(wire));
	assert_int_equal(remote->dtr, -1);
	assert_false(remote->requests[FF_COMPORT_SET_BAUDRATE].answered);
	assert_false(remote->requests[FF_COMPORT_SET_CONTROL].answered);
	free(remote);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remote__requests_find_room_behind_unsent_data),
		cmocka_unit_test(test_remote__a_request_fits_whole_or_not_at_all),
		cmocka_unit_test(test_remote__the_newest_input_survives),
		cmocka_unit_test(test_remote__purge_of_another_client_drops_nothing),
		cmocka_unit_test(test_remote__an_old_acknowledgement_does_not_move_a_line_back),
		cmocka_unit_test(test_remote__ignores_what_no_server_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
