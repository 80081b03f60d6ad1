// SPDX-License-Identifier: Apache-2.0
/* Words of memory and registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_flasher_fixture.h"

#define ADDRESS 0x3FFB0000

static uint8_t collected[8192];
static size_t collected_size;
static size_t collected_max;

static enum ff_status collect(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)context;
	assert_true(collected_size + size <= sizeof(collected));
	if (collected_size + size > collected_max) {
		return ff_error_set(error, FF_ERR_NO_SPACE, "the disk is full");
	}
	memcpy(collected + collected_size, bytes, size);
	collected_size += size;
	return FF_OK;
}

static const struct ff_sink sink = { .write = collect };

static void open_board(enum chip_kind kind, bool stub)
{
	fixture_open(kind, stub);
	collected_size = 0;
	collected_max = sizeof(collected);
}

static void test_memory__reads_and_writes_words(void **state)
{
	(void)state;
	static const enum chip_kind kinds[] = { CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32C3 };
	for (unsigned i = 0; i < 6; i++) {
		uint32_t value = 0;
		open_board(kinds[i / 2], i & 1);
		chip_set_register(&fixture->chip, ADDRESS, 0xC0DBDDDC);
		assert_int_equal(ff_flasher_read_word(fixture->flasher, ADDRESS, &value, NULL), FF_OK);
		assert_int_equal(value, 0xC0DBDDDC);
		unsigned writes = chip_count(&fixture->chip, 0x09);
		assert_int_equal(ff_flasher_write_word(fixture->flasher, ADDRESS, 0x12345678, 0xFFFF, NULL), FF_OK);
		static const uint32_t expected[] = { ADDRESS, 0x12345678, 0xFFFF, 0 };
		const struct chip_command *command = chip_find(&fixture->chip, 0x09, writes);
		assert_int_equal(command->size, 16);
		assert_memory_equal(command->words, expected, sizeof(expected));
		fixture_close();
		if (i < 5) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_memory__dumps_words_in_order(void **state)
{
	(void)state;
	open_board(CHIP_ESP32, true);
	chip_set_register(&fixture->chip, ADDRESS, 0x04030201);
	chip_set_register(&fixture->chip, ADDRESS + 1028, 0xAABBCCDD);
	assert_int_equal(ff_flasher_read_memory(fixture->flasher, ADDRESS, 1032, &sink, NULL), FF_OK);
	assert_int_equal(collected_size, 1032);
	static const uint8_t first[] = { 1, 2, 3, 4, 0 };
	static const uint8_t last[] = { 0, 0xDD, 0xCC, 0xBB, 0xAA };
	assert_memory_equal(collected, first, sizeof(first));
	assert_memory_equal(collected + 1027, last, sizeof(last));
	assert_int_equal(fixture->last.phase, FF_PHASE_READ);
	assert_int_equal(fixture->last.done, 1032);
	fixture_close();
}

static void expect_refusal(uint32_t address, uint32_t size, enum ff_status expected)
{
	struct ff_error error = FF_ERROR_NONE;
	unsigned reads = chip_count(&fixture->chip, 0x0A);
	assert_int_equal(ff_flasher_read_memory(fixture->flasher, address, size, &sink, &error), expected);
	assert_int_equal(error.status, expected);
	assert_true(error.text[0] != '\0');
	assert_int_equal(chip_count(&fixture->chip, 0x0A), reads);
}

static void test_memory__refuses_what_is_no_word(void **state)
{
	(void)state;
	uint32_t value = 77;
	open_board(CHIP_ESP32, true);
	expect_refusal(ADDRESS, 0, FF_ERR_ARGUMENT);
	expect_refusal(ADDRESS, 6, FF_ERR_ARGUMENT);
	expect_refusal(ADDRESS + 2, 4, FF_ERR_ARGUMENT);
	expect_refusal(0xFFFFFFFC, 8, FF_ERR_TOO_LARGE);
	assert_int_equal(ff_flasher_read_word(fixture->flasher, ADDRESS + 1, &value, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(value, 77);
	unsigned writes = chip_count(&fixture->chip, 0x09);
	assert_int_equal(ff_flasher_write_word(fixture->flasher, ADDRESS + 1, 1, 1, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(chip_count(&fixture->chip, 0x09), writes);
	fixture_close();
}

static void test_memory__secure_download_mode_bars_it(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	fixture->chip.flags = 1 << 2;
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, false, 0, NULL), FF_OK);
	expect_refusal(ADDRESS, 4, FF_ERR_UNSUPPORTED);
	fixture_close();
}

static void test_memory__full_disk_ends_it(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	open_board(CHIP_ESP32, true);
	collected_max = 1024;
	assert_int_equal(ff_flasher_read_memory(fixture->flasher, ADDRESS, 4096, &sink, &error), FF_ERR_NO_SPACE);
	assert_string_equal(error.text, "the disk is full");
	fixture_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_memory__reads_and_writes_words),  TEST(test_memory__dumps_words_in_order),
		TEST(test_memory__refuses_what_is_no_word), TEST(test_memory__secure_download_mode_bars_it),
		TEST(test_memory__full_disk_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
