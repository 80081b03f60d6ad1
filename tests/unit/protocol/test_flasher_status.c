// SPDX-License-Identifier: Apache-2.0
/* The flash chip's status registers through a whole session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_flasher_fixture.h"

static void test_flash_status__reads_and_writes(void **state)
{
	(void)state;
	static const enum chip_kind kinds[] = { CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32C3 };
	for (unsigned i = 0; i < 6; i++) {
		uint32_t value = 0;
		fixture_open(kinds[i / 2], i & 1);
		fixture->chip.status[0] = 0x1C;
		assert_int_equal(ff_flasher_read_flash_status(fixture->flasher, 2, &value, NULL), FF_OK);
		assert_int_equal(value, 0x001C);
		assert_int_equal(ff_flasher_write_flash_status(fixture->flasher, 2, 0x0200, true, NULL), FF_OK);
		assert_int_equal(ff_flasher_read_flash_status(fixture->flasher, 3, &value, NULL), FF_OK);
		assert_int_equal(value, 0x000200);
		fixture_close();
		if (i < 5) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_flash_status__bad_arguments(void **state)
{
	(void)state;
	uint32_t value = 7;
	fixture_open(CHIP_ESP32, true);
	size_t commands = fixture->chip.command_count;
	assert_int_equal(ff_flasher_read_flash_status(fixture->flasher, 0, &value, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(ff_flasher_read_flash_status(fixture->flasher, 4, &value, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(ff_flasher_write_flash_status(fixture->flasher, 1, 0x100, false, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(ff_flasher_write_flash_status(fixture->flasher, 3, 0x1000000, false, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(value, 7);
	assert_int_equal(fixture->chip.command_count, commands);
	fixture_close();
}

static void test_flash_status__a_write_that_does_not_take_fails_once(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	uint32_t value = 0;
	fixture_open(CHIP_ESP32, true);
	fixture->chip.status_locked = true;
	assert_int_equal(ff_flasher_write_flash_status(fixture->flasher, 1, 0x1C, false, &error), FF_ERR_VERIFY);
	assert_non_null(strstr(error.text, "0x1c"));
	unsigned syncs = chip_count(&fixture->chip, 0x08);
	assert_int_equal(ff_flasher_read_flash_status(fixture->flasher, 1, &value, NULL), FF_OK);
	assert_int_equal(chip_count(&fixture->chip, 0x08), syncs); /* still in step */
	fixture_close();
}

static void test_flash_status__refused_in_secure_download_mode(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	uint32_t value = 0;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	fixture->chip.flags = FF_SECURITY_DOWNLOAD;
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, false, 0, NULL), FF_OK);
	size_t commands = fixture->chip.command_count;
	assert_int_equal(ff_flasher_read_flash_status(fixture->flasher, 2, &value, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "secure download mode"));
	assert_int_equal(ff_flasher_write_flash_status(fixture->flasher, 2, 0, false, NULL), FF_ERR_UNSUPPORTED);
	assert_int_equal(fixture->chip.command_count, commands);
	fixture_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_flash_status__reads_and_writes, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_flash_status__bad_arguments, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_flash_status__a_write_that_does_not_take_fails_once,
						fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_flash_status__refused_in_secure_download_mode, fixture_set_up,
						fixture_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
