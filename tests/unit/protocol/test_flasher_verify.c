// SPDX-License-Identifier: Apache-2.0
/* Comparing flash with files: every region gets its own answer, and nothing is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_flasher_fixture.h"

static void put(uint32_t offset, size_t size)
{
	memcpy(fixture->chip.flash + offset, fixture->image, size);
}

static enum ff_status verify(const struct ff_region *regions, size_t count, bool *same, struct ff_error *error)
{
	fixture->order_count = 0;
	return ff_flasher_verify(fixture->flasher, regions, count, NULL, same, error);
}

static void test_verify__every_loader_with_md5(void **state)
{
	(void)state;
	static const struct {
		enum chip_kind kind;
		bool stub;
	} loaders[] = { { CHIP_ESP8266, true },
			{ CHIP_ESP32, true },
			{ CHIP_ESP32, false },
			{ CHIP_ESP32C3, true },
			{ CHIP_ESP32C3, false } };
	for (size_t i = 0; i < 5; i++) {
		struct ff_region region = fixture_region(0x1003, FIXTURE_SIZE);
		bool same = false;
		fixture_open(loaders[i].kind, loaders[i].stub);
		put(0x1003, FIXTURE_SIZE);
		assert_int_equal(verify(&region, 1, &same, NULL), FF_OK);
		assert_true(same);
		static const enum ff_phase expected[] = { FF_PHASE_PREPARE, FF_PHASE_VERIFY };
		assert_int_equal(fixture->order_count, 2);
		assert_memory_equal(fixture->order, expected, sizeof(expected));
		assert_int_equal(fixture->last.done, FIXTURE_SIZE);
		/* Exactly the file's bytes, whatever lies behind them. */
		assert_int_equal(chip_find(&fixture->chip, 0x13, 0)->words[0], 0x1003);
		assert_int_equal(chip_find(&fixture->chip, 0x13, 0)->words[1], FIXTURE_SIZE);
		fixture_close();
		if (i < 4) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_verify__names_what_differs(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	struct ff_region regions[] = { fixture_region(0x1000, 300), fixture_region(0x8000, 500),
				       fixture_region(0x10000, 700), fixture_region(0x20000, 900) };
	regions[1].name = "table.bin";
	regions[3].name = NULL;
	put(0x1000, 300);
	put(0x8000, 500);
	put(0x10000, 700);
	put(0x20000, 900);
	fixture->chip.flash[0x8000 + 499] ^= 1;
	fixture->chip.flash[0x20000] ^= 0x80;
	bool same[4] = { false };
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(verify(regions, 4, same, &error), FF_ERR_VERIFY);
	assert_true(same[0] && !same[1] && same[2] && !same[3]);
	assert_non_null(strstr(error.text, "2 of 4"));
	assert_non_null(strstr(error.text, "table.bin at 0x8000"));
	assert_non_null(strstr(error.text, "0x20000"));
	assert_null(strstr(error.text, "0x1000,"));
	/* A difference is no trouble: the board is still in step. */
	unsigned syncs = chip_count(&fixture->chip, 0x08);
	assert_int_equal(verify(regions, 1, NULL, NULL), FF_OK);
	assert_int_equal(chip_count(&fixture->chip, 0x08), syncs);
	fixture_close();
}

static void test_verify__one_wrong_answer_may_be_noise(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32C3, true);
	struct ff_region region = fixture_region(0x1000, 300);
	put(0x1000, 300);
	fixture->chip.bad_md5 = 1;
	assert_int_equal(verify(&region, 1, NULL, NULL), FF_OK);
	fixture->chip.bad_md5 = 2;
	assert_int_equal(verify(&region, 1, NULL, NULL), FF_ERR_VERIFY);
	fixture_close();
}

static void expect_refusal(const struct ff_region *regions, size_t count, enum ff_status expected)
{
	bool same[2] = { true, true };
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(verify(regions, count, same, &error), expected);
	assert_int_equal(error.status, expected);
	assert_true(error.text[0] != '\0');
	assert_true(same[0] && same[1]);
	assert_int_equal(chip_count(&fixture->chip, 0x13), 0);
}

static void test_verify__refuses_what_cannot_be_compared(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	struct ff_region regions[] = { fixture_region(0x1000, 16), fixture_region(CHIP_FLASH_SIZE - 15, 16) };
	expect_refusal(regions, 0, FF_ERR_ARGUMENT);
	expect_refusal(regions, FF_MAX_REGIONS + 1, FF_ERR_ARGUMENT);
	expect_refusal(regions, 2, FF_ERR_TOO_LARGE);
	regions[1] = fixture_region(UINT32_MAX, 16);
	expect_refusal(regions, 2, FF_ERR_TOO_LARGE);
	regions[1] = fixture_region(0x1000, 0);
	expect_refusal(regions, 2, FF_ERR_EMPTY);
	fixture->fails_from = 8;
	expect_refusal(regions, 1, FF_ERR_IO);
	fixture_close();
}

static void test_verify__esp8266_rom_cannot(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP8266, false);
	struct ff_region region = fixture_region(0x1000, 16);
	expect_refusal(&region, 1, FF_ERR_UNSUPPORTED);
	fixture_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_verify__every_loader_with_md5),
		TEST(test_verify__names_what_differs),
		TEST(test_verify__one_wrong_answer_may_be_noise),
		TEST(test_verify__refuses_what_cannot_be_compared),
		TEST(test_verify__esp8266_rom_cannot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
