// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "input.h"

#define ME 7
#define OTHER 8

static int set_up(void **state)
{
	struct ff_input *input = calloc(1, sizeof(*input));
	*state = input;
	return ff_input_init(input) == FF_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	ff_input_release(*state);
	free(*state);
	return 0;
}

static void put_text(struct ff_input *input, uint64_t source, const char *text)
{
	assert_int_equal(ff_input_put_bytes(input, source, (const uint8_t *)text, strlen(text)), strlen(text));
}

static void put_baud(struct ff_input *input, uint32_t tag, uint32_t baud)
{
	struct ff_input_command command = { .kind = FF_INPUT_BAUD, .value = baud };
	assert_true(ff_input_put(input, ME, tag, &command));
}

static void assert_text(struct ff_input *input, const char *text)
{
	struct ff_input_item item;
	const uint8_t *bytes = NULL;
	assert_true(ff_input_front(input, &item, &bytes));
	assert_int_equal(item.command.kind, FF_INPUT_BYTES);
	assert_int_equal(item.size, strlen(text));
	assert_memory_equal(bytes, text, item.size);
	ff_input_consume(input, item.size);
}

static void finish(struct ff_input *input, enum ff_input_kind kind, enum ff_status status)
{
	struct ff_input_item item;
	const uint8_t *bytes = NULL;
	assert_true(ff_input_front(input, &item, &bytes));
	assert_int_equal(item.command.kind, kind);
	ff_input_finish(input, status);
}

static void test_input__keeps_bytes_and_commands_in_order(void **state)
{
	struct ff_input *input = *state;
	put_text(input, ME, "at ");
	put_text(input, ME, "first");
	put_baud(input, 1, 9600);
	put_text(input, ME, "then");
	assert_text(input, "at first");
	finish(input, FF_INPUT_BAUD, FF_OK);
	assert_text(input, "then");
	assert_true(ff_input_is_empty(input));
}

static void test_input__tells_what_came_of_each_command(void **state)
{
	struct ff_input *input = *state;
	struct ff_input_done done;
	put_text(input, ME, "x");
	put_baud(input, 11, 9600);
	put_baud(input, 12, 1);
	assert_false(ff_input_collect(input, &done));
	assert_text(input, "x");
	finish(input, FF_INPUT_BAUD, FF_OK);
	finish(input, FF_INPUT_BAUD, FF_ERR_UNSUPPORTED);
	assert_true(ff_input_collect(input, &done));
	assert_int_equal(done.tag, 11);
	assert_int_equal(done.status, FF_OK);
	assert_true(ff_input_collect(input, &done));
	assert_int_equal(done.tag, 12);
	assert_int_equal(done.source, ME);
	assert_int_equal(done.status, FF_ERR_UNSUPPORTED);
	assert_false(ff_input_collect(input, &done));
}

static void test_input__is_bounded_and_says_when_there_is_room(void **state)
{
	struct ff_input *input = *state;
	static uint8_t block[FF_INPUT_SIZE + 1];
	assert_true(ff_input_has_room(input, FF_INPUT_SIZE, FF_INPUT_ITEMS));
	assert_int_equal(ff_input_put_bytes(input, ME, block, sizeof(block)), FF_INPUT_SIZE);
	assert_false(ff_input_has_room(input, 1, 1));
	assert_int_equal(ff_input_put_bytes(input, ME, block, 1), 0);
	/* Not for each byte, but as soon as half of it is free. */
	assert_false(ff_input_consume(input, 1));
	assert_true(ff_input_consume(input, FF_INPUT_SIZE / 2));
	assert_false(ff_input_consume(input, 1));
	assert_true(ff_input_has_room(input, FF_INPUT_SIZE / 2, 1));
}

static void test_input__commands_are_bounded_until_they_are_collected(void **state)
{
	struct ff_input *input = *state;
	struct ff_input_command command = { .kind = FF_INPUT_PURGE_RX };
	struct ff_input_done done;
	for (uint32_t i = 0; i < FF_INPUT_ITEMS; i++) {
		assert_true(ff_input_put(input, ME, i, &command));
	}
	assert_false(ff_input_put(input, ME, 0, &command));
	assert_int_equal(ff_input_put_bytes(input, ME, (const uint8_t *)"x", 1), 0);
	finish(input, FF_INPUT_PURGE_RX, FF_OK);
	assert_false(ff_input_put(input, ME, 0, &command));
	assert_true(ff_input_collect(input, &done));
	assert_true(ff_input_put(input, ME, 0, &command));
}

static void test_input__runs_go_round_the_ring_in_pieces(void **state)
{
	struct ff_input *input = *state;
	static uint8_t block[FF_INPUT_SIZE];
	struct ff_input_item item;
	const uint8_t *bytes = NULL;
	assert_int_equal(ff_input_put_bytes(input, ME, block, FF_INPUT_SIZE - 2), FF_INPUT_SIZE - 2);
	assert_true(ff_input_front(input, &item, &bytes));
	ff_input_consume(input, item.size);
	put_text(input, ME, "round");
	assert_text(input, "ro");
	assert_text(input, "und");
}

static void test_input__drops_the_bytes_of_one_source_and_no_commands(void **state)
{
	struct ff_input *input = *state;
	put_text(input, OTHER, "stays");
	put_text(input, ME, "goes");
	put_baud(input, 1, 9600);
	put_text(input, ME, "goes too");
	ff_input_drop(input, ME);
	put_text(input, ME, "new");
	assert_text(input, "stays");
	finish(input, FF_INPUT_BAUD, FF_OK);
	assert_text(input, "new");
	assert_true(ff_input_is_empty(input));
	assert_true(ff_input_has_room(input, FF_INPUT_SIZE, 1));
}

static void test_input__remembers_the_line_and_its_status(void **state)
{
	struct ff_input *input = *state;
	struct ff_line line;
	struct ff_line_status status = { .modem = FF_MODEM_CTS };
	ff_input_line(input, &line);
	assert_int_equal(line.baud, FF_CONSOLE_BAUD);
	assert_int_equal(line.format.data_bits, 8);
	line.baud = 3000000;
	ff_input_set_line(input, &line);
	line.baud = 0;
	ff_input_line(input, &line);
	assert_int_equal(line.baud, 3000000);
	assert_true(ff_input_set_status(input, &status));
	assert_false(ff_input_set_status(input, &status));
	status.breaks++;
	assert_true(ff_input_set_status(input, &status));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void test_input__a_barred_source_is_dropped_to_the_last_command(void **state)
{
	struct ff_input *input = *state;
	struct ff_input_item item;
	const uint8_t *bytes = NULL;
	put_text(input, ME, "gone");
	put_baud(input, 1, 9600);
	put_text(input, OTHER, "left behind by one who has gone");
	ff_input_bar(input, ME);
	put_text(input, ME, "never there"); /* as if there were room */
	put_baud(input, 2, 9600);
	put_text(input, OTHER, "next");
	assert_true(ff_input_front(input, &item, &bytes));
	assert_true(item.dropped && item.command.kind == FF_INPUT_BAUD);
	finish(input, FF_INPUT_BAUD, FF_ERR_CANCELLED);
	finish(input, FF_INPUT_PURGE_TX, FF_OK);
	assert_true(ff_input_front(input, &item, &bytes));
	assert_false(item.dropped);
	finish(input, FF_INPUT_RESTORE, FF_OK);
	assert_true(ff_input_front(input, &item, &bytes));
	assert_true(item.dropped && item.tag == 2);
	finish(input, FF_INPUT_BAUD, FF_ERR_CANCELLED);
	assert_text(input, "next");
	assert_true(ff_input_is_empty(input));
	ff_input_bar(input, FF_INPUT_NOBODY); /* nothing waits, so nothing is restored */
	assert_true(ff_input_is_empty(input));
	put_text(input, ME, "still barred");
	assert_true(ff_input_is_empty(input));
	ff_input_bar(input, OTHER);
	finish(input, FF_INPUT_PURGE_TX, FF_OK);
	finish(input, FF_INPUT_RESTORE, FF_OK);
	put_text(input, ME, "barred by an earlier lease");
	put_text(input, OTHER, "barred, too");
	assert_true(ff_input_is_empty(input));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_input__keeps_bytes_and_commands_in_order),
		WITH(test_input__tells_what_came_of_each_command),
		WITH(test_input__is_bounded_and_says_when_there_is_room),
		WITH(test_input__commands_are_bounded_until_they_are_collected),
		WITH(test_input__runs_go_round_the_ring_in_pieces),
		WITH(test_input__drops_the_bytes_of_one_source_and_no_commands),
		WITH(test_input__a_barred_source_is_dropped_to_the_last_command),
		WITH(test_input__remembers_the_line_and_its_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
