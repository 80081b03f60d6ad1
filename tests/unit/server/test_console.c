// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console.h"

static int set_up(void **state)
{
	struct ff_console *console = calloc(1, sizeof(*console));
	*state = console;
	return ff_console_init(console) == FF_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	ff_console_release(*state);
	free(*state);
	return 0;
}

static void test_console__hands_out_what_comes_after_the_reader(void **state)
{
	struct ff_console *console = *state;
	uint8_t bytes[16];
	ff_console_write(console, (const uint8_t *)"before", 6);
	uint64_t position = ff_console_end(console);
	assert_int_equal(ff_console_read(console, &position, bytes, sizeof(bytes)), 0);
	ff_console_write(console, (const uint8_t *)"after", 5);
	assert_int_equal(ff_console_read(console, &position, bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "after", 5);
	assert_int_equal(ff_console_read(console, &position, bytes, sizeof(bytes)), 0);
}

static void test_console__readers_do_not_disturb_each_other(void **state)
{
	struct ff_console *console = *state;
	uint8_t bytes[4];
	uint64_t first = 0;
	uint64_t second = 0;
	ff_console_write(console, (const uint8_t *)"abcdef", 6);
	assert_int_equal(ff_console_read(console, &first, bytes, 4), 4);
	assert_memory_equal(bytes, "abcd", 4);
	assert_int_equal(ff_console_read(console, &second, bytes, 2), 2);
	assert_memory_equal(bytes, "ab", 2);
	assert_int_equal(ff_console_read(console, &first, bytes, 4), 2);
	assert_memory_equal(bytes, "ef", 2);
}

static void test_console__slow_reader_loses_the_oldest_bytes(void **state)
{
	struct ff_console *console = *state;
	uint64_t position = 0;
	static uint8_t bytes[FF_CONSOLE_SIZE + 1];
	for (uint32_t i = 0; i < FF_CONSOLE_SIZE + 3; i++) {
		uint8_t byte = (uint8_t)(i % 251);
		ff_console_write(console, &byte, 1);
	}
	assert_int_equal(ff_console_read(console, &position, bytes, sizeof(bytes)), FF_CONSOLE_SIZE);
	assert_int_equal(position, FF_CONSOLE_SIZE + 3);
	for (uint32_t i = 0; i < FF_CONSOLE_SIZE; i++) {
		assert_int_equal(bytes[i], (i + 3) % 251);
	}
}

static void test_console__keeps_the_end_of_a_write_larger_than_itself(void **state)
{
	struct ff_console *console = *state;
	static uint8_t large[3 * FF_CONSOLE_SIZE + 7];
	static uint8_t bytes[FF_CONSOLE_SIZE];
	for (size_t i = 0; i < sizeof(large); i++) {
		large[i] = (uint8_t)(i % 253);
	}
	uint64_t position = 0;
	ff_console_write(console, (const uint8_t *)"x", 1);
	ff_console_write(console, large, sizeof(large));
	assert_int_equal(ff_console_read(console, &position, bytes, sizeof(bytes)), FF_CONSOLE_SIZE);
	assert_memory_equal(bytes, large + sizeof(large) - FF_CONSOLE_SIZE, FF_CONSOLE_SIZE);
	assert_int_equal(position, ff_console_end(console));
}

static void test_console__leaves_room_for_the_reader_that_is_followed(void **state)
{
	struct ff_console *console = *state;
	static uint8_t block[FF_CONSOLE_SIZE];
	assert_int_equal(ff_console_room(console, 4096), 4096);
	assert_false(ff_console_follow(console, 0));
	ff_console_write(console, block, FF_CONSOLE_SIZE - 100);
	assert_int_equal(ff_console_room(console, 4096), 100);
	ff_console_write(console, block, 100);
	assert_int_equal(ff_console_room(console, 4096), 0);
	/* It has read: whoever waits for that is to be told once. */
	assert_true(ff_console_follow(console, 1000));
	assert_false(ff_console_follow(console, 1000));
	assert_int_equal(ff_console_room(console, 4096), 1000);
	assert_true(ff_console_unfollow(console));
	assert_int_equal(ff_console_room(console, 4096), 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_console__hands_out_what_comes_after_the_reader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_console__readers_do_not_disturb_each_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_console__slow_reader_loses_the_oldest_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_console__leaves_room_for_the_reader_that_is_followed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_console__keeps_the_end_of_a_write_larger_than_itself, set_up,
						tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
