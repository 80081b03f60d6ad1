// SPDX-License-Identifier: Apache-2.0
/* Erasing: exactly what was asked for, or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_flasher_fixture.h"

static void test_erase__erases_the_chip(void **state)
{
	(void)state;
	for (int stub = 0; stub < 2; stub++) {
		fixture_open(CHIP_ESP32, stub);
		assert_int_equal(ff_flasher_erase_chip(fixture->flasher, NULL, NULL), FF_OK);
		assert_int_equal(fixture->last.phase, FF_PHASE_ERASE);
		assert_int_equal(fixture->last.done, CHIP_FLASH_SIZE);
		for (size_t i = 0; i < CHIP_FLASH_SIZE; i++) {
			assert_int_equal(fixture->chip.flash[i], 0xFF);
		}
		fixture_close();
		if (stub == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void expect_erased(uint32_t from, uint32_t end)
{
	for (uint32_t at = 0; at < CHIP_FLASH_SIZE; at++) {
		assert_int_equal(fixture->chip.flash[at], at >= from && at < end ? 0xFF : 0x5A);
	}
}

static enum ff_status erase_region(uint32_t offset, uint32_t size, struct ff_error *error)
{
	fixture->order_count = 0; /* progress starts from 0 with each of them */
	return ff_flasher_erase_region(fixture->flasher, offset, size, NULL, error);
}

static void test_erase__a_region_in_steps(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	assert_int_equal(erase_region(0x3F000, 0x52000, NULL), FF_OK);
	expect_erased(0x3F000, 0x91000);
	/* Up to 256 KiB boundaries, so that whole blocks are erased at once. */
	static const uint32_t expected[][2] = { { 0x3F000, 0x1000 }, { 0x40000, 0x40000 }, { 0x80000, 0x11000 } };
	assert_int_equal(chip_count(&fixture->chip, 0xD1), 3);
	for (unsigned i = 0; i < 3; i++) {
		const struct chip_command *command = chip_find(&fixture->chip, 0xD1, i);
		assert_int_equal(command->size, 8);
		assert_memory_equal(command->words, expected[i], sizeof(expected[i]));
	}
	assert_int_equal(fixture->last.phase, FF_PHASE_ERASE);
	assert_int_equal(fixture->last.done, 0x52000);
	assert_int_equal(fixture->last.total, 0x52000);
	fixture_close();
}

static void test_erase__a_region_through_the_rom(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32C3, false);
	assert_int_equal(erase_region(0xFF000, 0x1000, NULL), FF_OK);
	expect_erased(0xFF000, 0x100000);
	const struct chip_command *command = chip_find(&fixture->chip, 0x02, 0);
	assert_int_equal(command->words[0], 0x1000);
	assert_int_equal(command->words[3], 0xFF000);
	fixture_close();
}

static void expect_refusal(uint32_t offset, uint32_t size, enum ff_status expected, const char *word)
{
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(erase_region(offset, size, &error), expected);
	assert_int_equal(error.status, expected);
	assert_non_null(strstr(error.text, word));
	expect_erased(0, 0);
}

static void test_erase__refuses_what_is_no_region(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	expect_refusal(0x1000, 0, FF_ERR_ARGUMENT, "0");
	expect_refusal(0x1004, 0x1000, FF_ERR_ALIGNMENT, "0x1004");
	expect_refusal(0x1000, 0x1001, FF_ERR_ALIGNMENT, "0x1001");
	expect_refusal(0xFF000, 0x2000, FF_ERR_TOO_LARGE, "0x100000");
	expect_refusal(0xFFFFF000, 0x2000, FF_ERR_TOO_LARGE, "0xfffff000");
	assert_int_equal(chip_count(&fixture->chip, 0xD1), 0);
	fixture_close();
}

/* Of one sector its ROM erases two. */
static void test_erase__esp8266_rom_erases_exactly_or_not_at_all(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP8266, false);
	unsigned begins = chip_count(&fixture->chip, 0x02); /* attaching the flash is one */
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(erase_region(0x10000, 0x1000, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "0x11000"));
	assert_int_equal(chip_count(&fixture->chip, 0x02), begins);
	/* Two sectors before a boundary are told as one; the odd one in an earlier step is no matter. */
	assert_int_equal(erase_region(0x10000, 0x2000, NULL), FF_OK);
	assert_int_equal(chip_find(&fixture->chip, 0x02, begins)->words[0], 0x1000);
	assert_int_equal(erase_region(0x3F000, 0x11000, NULL), FF_OK);
	assert_int_equal(chip_find(&fixture->chip, 0x02, begins + 1)->words[3], 0x3F000);
	assert_int_equal(chip_find(&fixture->chip, 0x02, begins + 2)->words[3], 0x40000);
	fixture_close();
}

static void test_erase__repeats_what_noise_may_have_spoilt(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	fixture->chip.refuse_erases = 2;
	assert_int_equal(erase_region(0x10000, 0x1000, NULL), FF_OK);
	assert_int_equal(chip_count(&fixture->chip, 0xD1), 3);
	expect_erased(0x10000, 0x11000);
	fixture->chip.refuse_erases = 3;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(erase_region(0x20000, 0x1000, &error), FF_ERR_REFUSED);
	assert_int_equal(error.rom_code, 0xC400);
	expect_erased(0x10000, 0x11000);
	/* And after that failure it works again. */
	assert_int_equal(erase_region(0x11000, 0x1000, NULL), FF_OK);
	expect_erased(0x10000, 0x12000);
	fixture_close();
}

static void test_erase__is_cancelled_between_two_steps(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	fixture->cancel_at = 1;
	assert_int_equal(erase_region(0x40000, 0x80000, NULL), FF_ERR_CANCELLED);
	expect_erased(0x40000, 0x80000);
	fixture->cancel_at = 0;
	fixture_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_erase__erases_the_chip),
		TEST(test_erase__a_region_in_steps),
		TEST(test_erase__a_region_through_the_rom),
		TEST(test_erase__refuses_what_is_no_region),
		TEST(test_erase__esp8266_rom_erases_exactly_or_not_at_all),
		TEST(test_erase__repeats_what_noise_may_have_spoilt),
		TEST(test_erase__is_cancelled_between_two_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
