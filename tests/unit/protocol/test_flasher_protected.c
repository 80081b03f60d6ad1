// SPDX-License-Identifier: Apache-2.0
/* Chips with secure boot or flash encryption: what they encrypt while it is written, and what is refused. The efuses as in
 * esptool 5.3 targets/esp32.py and esp32c3.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_flasher_fixture.h"

#define ESP32_WORD_0 0x3FF5A000
#define ESP32_WORD_5 0x3FF5A014
#define ESP32_WORD_6 0x3FF5A018
#define ESP32_CRYPT_ON (1U << 20)
#define ESP32_KEY_HIDDEN (1U << 16)
#define ESP32_NO_ENCRYPT (1U << 7)
#define ESP32_BOOT_V1 (1U << 4)
#define C3_WORD_0 0x60008830
#define C3_NO_ENCRYPT (1U << 20)

static const uint8_t esp32_header[24] = { 0xE9, 1, 2, 0x20, 0, 0, 8, 0x40, 0xEE, [18] = 0xFF, [17] = 0xFF };
static const uint8_t c3_header[24] = { 0xE9, 1, 2, 0x20, 0, 0, 0x38, 0x40, 0xEE, [12] = 5, [18] = 0xFF, [17] = 0xFF };

/* The first entry: nvs, 0x6000 bytes at 0x9000. */
static const uint8_t table[24] = { 0xAA, 0x50, 1, 2, 0, 0x90, 0, 0, 0, 0x60, 0, 0, 'n', 'v', 's' };

static void open_esp32(uint32_t word_0, uint32_t word_6, bool stub)
{
	chip_init(&fixture->chip, CHIP_ESP32);
	chip_set_register(&fixture->chip, ESP32_WORD_0, word_0);
	chip_set_register(&fixture->chip, ESP32_WORD_5, 0xF0000000);
	chip_set_register(&fixture->chip, ESP32_WORD_6, word_6);
	memcpy(fixture->image, esp32_header, sizeof(esp32_header));
	fixture_open_chip(stub);
}

/* With a key, and with encryption on or not. */
static void open_c3(bool on, uint32_t word_0, bool stub)
{
	chip_init(&fixture->chip, CHIP_ESP32C3);
	fixture->chip.keys[0] = on;
	fixture->chip.keys[1] = 4;
	chip_set_register(&fixture->chip, C3_WORD_0, word_0);
	memcpy(fixture->image, c3_header, sizeof(c3_header));
	fixture_open_chip(stub);
}

static enum ff_status write_to(uint32_t offset, bool encrypt, const struct ff_write_options *options,
			       struct ff_write_report *report, struct ff_error *error)
{
	struct ff_region region = fixture_region(offset, FIXTURE_SIZE);
	region.encrypt = encrypt;
	fixture->notes[0] = '\0';
	return ff_flasher_write(fixture->flasher, &region, 1, options, report, error);
}

/* Refused, with nothing erased, unless it is forced. */
static void expect_guard(uint32_t offset, bool encrypt, const char *why)
{
	static const struct ff_write_options force = { .force = true };
	struct ff_error error = FF_ERROR_NONE;
	unsigned begins = chip_count(&fixture->chip, 0x02) + chip_count(&fixture->chip, 0x10);
	assert_int_equal(write_to(offset, encrypt, NULL, NULL, &error), FF_ERR_PROTECTED);
	assert_non_null(strstr(error.text, why));
	assert_non_null(strstr(error.text, "nothing was erased"));
	assert_int_equal(chip_count(&fixture->chip, 0x02) + chip_count(&fixture->chip, 0x10), begins);
	assert_int_equal(write_to(offset, encrypt, &force, NULL, NULL), FF_OK);
}

/* The image, encrypted and padded to `unit`. */
static void expect_ciphertext(uint32_t offset, size_t unit)
{
	size_t size = (FIXTURE_SIZE + unit - 1) / unit * unit;
	for (size_t i = 0; i < size; i++) {
		uint8_t plain = i < FIXTURE_SIZE ? fixture->image[i] : 0xFF;
		assert_int_equal(fixture->chip.flash[offset + i], plain ^ CHIP_CIPHER);
	}
}

static void test_protected__esp32_encrypts_through_its_stub(void **state)
{
	(void)state;
	struct ff_write_report report = { 0 };
	open_esp32(ESP32_CRYPT_ON | ESP32_KEY_HIDDEN, 0, true);
	assert_int_equal(ff_flasher_info(fixture->flasher)->flash_encryption, FF_FLASH_ENCRYPTION_DEVELOPMENT);
	assert_int_equal(write_to(0x1000, true, NULL, &report, NULL), FF_OK);
	assert_int_equal(chip_find(&fixture->chip, 0x10, 0)->words[4], 1);
	assert_int_equal(chip_find(&fixture->chip, 0x10, 0)->words[0] % 32, 0);
	expect_ciphertext(0x1000, 32);
	assert_int_equal(chip_count(&fixture->chip, 0x12), 1);
	/* Nobody can compare it, and the report says so. */
	assert_int_equal(chip_count(&fixture->chip, 0x13), 0);
	assert_false(report.verified);
	assert_int_equal(report.unverified, FIXTURE_SIZE);
	assert_non_null(strstr(fixture->notes, "could not be verified"));
	fixture_close();
}

static void test_protected__later_chips_encrypt_through_their_rom(void **state)
{
	(void)state;
	for (int stub = 0; stub < 2; stub++) {
		open_c3(true, 0, stub);
		assert_int_equal(write_to(0x8000, true, NULL, NULL, NULL), FF_OK);
		/* A ROM gets it plain. */
		assert_int_equal(chip_count(&fixture->chip, 0x10), stub);
		const struct chip_command *begin = chip_find(&fixture->chip, stub ? 0x10 : 0x02, 0);
		assert_int_equal(begin->words[4], 1);
		assert_int_equal(begin->words[0], (FIXTURE_SIZE + 15) / 16 * 16);
		expect_ciphertext(0x8000, 16);
		fixture_close();
		if (stub == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_protected__only_the_plain_ones_are_verified(void **state)
{
	(void)state;
	struct ff_region regions[] = { fixture_region(0x4000, 5000), fixture_region(0x8000, 3000),
				       fixture_region(0x10000, 7) };
	struct ff_write_report report = { 0 };
	regions[0].encrypt = regions[2].encrypt = true;
	open_c3(true, 0, true);
	fixture->image[0] = 0; /* data: it may be plain */
	assert_int_equal(ff_flasher_write(fixture->flasher, regions, 3, NULL, &report, NULL), FF_OK);
	assert_int_equal(chip_count(&fixture->chip, 0x13), 1);
	assert_int_equal(chip_find(&fixture->chip, 0x13, 0)->words[0], 0x8000);
	assert_false(report.verified);
	assert_int_equal(report.unverified, 5007);
	assert_int_equal(report.bytes, 8007);
	assert_memory_equal(fixture->chip.flash + 0x8000, fixture->image, 3000);
	assert_int_equal(fixture->chip.flash[0x10000 + 15], 0xFF ^ CHIP_CIPHER);
	assert_int_equal(fixture->last.done, report.bytes);
	fixture_close();
}

static void test_protected__encrypts_again_after_trouble(void **state)
{
	(void)state;
	open_esp32(ESP32_CRYPT_ON | ESP32_KEY_HIDDEN, 0, true);
	fixture->chip.refuse_data = 2;
	fixture->chip.refuse_status = 0xC100;
	assert_int_equal(write_to(0x1000, true, NULL, NULL, NULL), FF_OK);
	assert_int_equal(chip_find(&fixture->chip, 0x10, 1)->words[4], 1);
	expect_ciphertext(0x1000, 32);
	fixture_close();
}

static void test_protected__some_loaders_cannot_encrypt(void **state)
{
	(void)state;
	static const struct ff_write_options force = { .force = true, .no_verify = true };
	struct ff_error error = FF_ERROR_NONE;
	open_esp32(ESP32_CRYPT_ON | ESP32_KEY_HIDDEN, 0, false);
	assert_int_equal(write_to(0x1000, true, &force, NULL, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "use the stub flasher"));
	fixture_close();
	chip_release(&fixture->chip);
	fixture_open(CHIP_ESP8266, true);
	ff_error_clear(&error);
	assert_int_equal(write_to(0x10000, true, &force, NULL, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "no flash encryption"));
	assert_int_equal(fixture->chip.flash[0x10000], 0x5A);
	fixture_close();
}

static void test_protected__encryption_needs_a_key(void **state)
{
	(void)state;
	static const struct ff_write_options ignore = { .ignore_encryption_efuses = true };
	open_esp32(0, 0, true);
	expect_guard(0x1000, true, "no key");
	assert_int_equal(write_to(0x1000, true, &ignore, NULL, NULL), FF_OK);
	chip_set_register(&fixture->chip, ESP32_WORD_0, ESP32_KEY_HIDDEN);
	chip_set_register(&fixture->chip, ESP32_WORD_5, 0x70000000);
	expect_guard(0x1000, true, "FLASH_CRYPT_CONFIG of this ESP32 is 0x7");
	assert_int_equal(write_to(0x1000, true, &ignore, NULL, NULL), FF_OK);
	assert_non_null(strstr(fixture->notes, "flash encryption is not on"));
	chip_set_register(&fixture->chip, ESP32_WORD_5, 0xF0000000);
	assert_int_equal(write_to(0x1000, true, NULL, NULL, NULL), FF_OK);
	chip_set_register(&fixture->chip, ESP32_WORD_6, ESP32_NO_ENCRYPT);
	assert_int_equal(write_to(0x1000, true, &ignore, NULL, NULL), FF_ERR_PROTECTED);
	expect_guard(0x1000, true, "forbids its loader to encrypt");
	fixture_close();
}

static void test_protected__plain_bootloaders_are_refused(void **state)
{
	(void)state;
	open_esp32(ESP32_CRYPT_ON | ESP32_KEY_HIDDEN, 0, true);
	expect_guard(0x1000, false, "plain bootloader");
	/* Another image will not start, but bricks nothing. */
	assert_int_equal(write_to(0x10000, false, NULL, NULL, NULL), FF_OK);
	assert_non_null(strstr(fixture->notes, "app.bin is a plain image, which will not start, because the flash is "
					       "encrypted: have the chip encrypt it (encrypt)"));
	/* A partition table is encrypted too, but not the data that it points to. */
	memcpy(fixture->image, table, sizeof(table));
	assert_int_equal(write_to(0x8000, false, NULL, NULL, NULL), FF_OK);
	assert_non_null(strstr(fixture->notes, "app.bin is a plain partition table, which will not be understood"));
	/* Data and what is encrypted already go their way. */
	fixture->image[0] = 0x77;
	assert_int_equal(write_to(0x1000, false, NULL, NULL, NULL), FF_OK);
	assert_int_equal(write_to(0x10000, false, NULL, NULL, NULL), FF_OK);
	assert_string_equal(fixture->notes, "");
	fixture_close();
}

static void test_protected__a_merged_file_hides_no_bootloader(void **state)
{
	(void)state;
	open_esp32(ESP32_CRYPT_ON | ESP32_KEY_HIDDEN, 0, true);
	memset(fixture->image, 0xFF, 0x1000);
	memcpy(fixture->image + 0x1000, esp32_header, sizeof(esp32_header));
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(write_to(0, false, NULL, NULL, &error), FF_ERR_PROTECTED);
	assert_non_null(strstr(error.text, "plain bootloader"));
	fixture_close();
}

static void test_protected__release_mode_takes_no_plain_data(void **state)
{
	(void)state;
	open_esp32(ESP32_CRYPT_ON | ESP32_KEY_HIDDEN, ESP32_NO_ENCRYPT, true);
	assert_int_equal(ff_flasher_info(fixture->flasher)->flash_encryption, FF_FLASH_ENCRYPTION_RELEASE);
	expect_guard(0x10000, false, "release mode");
	fixture->image[0] = 0;
	expect_guard(0x10000, false, "release mode");
	fixture_close();
	chip_release(&fixture->chip);
	open_c3(true, C3_NO_ENCRYPT, true);
	expect_guard(0x10000, false, "release mode");
	fixture_close();
}

static void test_protected__secure_download_mode_takes_no_plain_data(void **state)
{
	(void)state;
	static const struct ff_write_options options = { .no_verify = true };
	struct ff_error error = FF_ERROR_NONE;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	fixture->chip.keys[0] = 1;
	fixture->chip.flags = FF_SECURITY_DOWNLOAD;
	fixture_open_chip(false);
	assert_int_equal(ff_flasher_info(fixture->flasher)->flash_encryption, FF_FLASH_ENCRYPTION_ON);
	assert_int_equal(write_to(0x10000, false, &options, NULL, &error), FF_ERR_PROTECTED);
	assert_non_null(strstr(error.text, "secure download mode"));
	assert_int_equal(write_to(0x10000, true, NULL, NULL, NULL), FF_OK);
	expect_ciphertext(0x10000, 16);
	fixture_close();
}

static void test_protected__secure_boot_v1_keeps_its_bootloader(void **state)
{
	(void)state;
	open_esp32(0, ESP32_BOOT_V1, true);
	assert_int_equal(ff_flasher_info(fixture->flasher)->secure_boot, FF_SECURE_BOOT_V1);
	expect_guard(0x1000, false, "secure boot v1");
	expect_guard(0x7000, false, "secure boot v1");
	assert_int_equal(write_to(0x8000, false, NULL, NULL, NULL), FF_OK);
	fixture_close();
}

static void test_protected__erasing_is_refused(void **state)
{
	(void)state;
	static const struct ff_erase_options force = { .force = true };
	static const struct ff_write_options erase_all = { .erase_all = true };
	static const struct ff_write_options forced = { .erase_all = true, .force = true };
	static const uint32_t states[][2] = { { 0, ESP32_BOOT_V1 }, { ESP32_CRYPT_ON | ESP32_KEY_HIDDEN, 0 } };
	for (size_t i = 0; i < 2; i++) {
		struct ff_error error = FF_ERROR_NONE;
		open_esp32(states[i][0], states[i][1], true);
		assert_int_equal(ff_flasher_erase_chip(fixture->flasher, NULL, &error), FF_ERR_PROTECTED);
		assert_non_null(strstr(error.text, i == 0 ? "secure boot on" : "flash encryption on"));
		assert_int_equal(ff_flasher_erase_region(fixture->flasher, 0x10000, 0x1000, NULL, NULL),
				 FF_ERR_PROTECTED);
		fixture->image[0] = 0;
		assert_int_equal(write_to(0x10000, false, &erase_all, NULL, NULL), FF_ERR_PROTECTED);
		assert_int_equal(chip_count(&fixture->chip, 0xD0) + chip_count(&fixture->chip, 0xD1), 0);
		assert_int_equal(ff_flasher_erase_region(fixture->flasher, 0x10000, 0x1000, &force, NULL), FF_OK);
		assert_int_equal(write_to(0x10000, false, &forced, NULL, NULL), FF_OK);
		assert_int_equal(chip_count(&fixture->chip, 0xD0), 1);
		assert_int_equal(ff_flasher_erase_chip(fixture->flasher, &force, NULL), FF_OK);
		fixture_close();
		if (i == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_protected__erase_all_leaves_nothing_else(void **state)
{
	(void)state;
	static const struct ff_write_options erase_all = { .erase_all = true };
	for (int stub = 0; stub < 2; stub++) {
		fixture_open(CHIP_ESP32, stub);
		assert_int_equal(write_to(0x10000, false, &erase_all, NULL, NULL), FF_OK);
		static const enum ff_phase expected[] = { FF_PHASE_PREPARE, FF_PHASE_ERASE, FF_PHASE_WRITE,
							  FF_PHASE_VERIFY };
		assert_memory_equal(fixture->order + fixture->order_count - 4, expected, sizeof(expected));
		assert_int_equal(fixture->chip.flash[0], 0xFF);
		assert_int_equal(fixture->chip.flash[CHIP_FLASH_SIZE - 1], 0xFF);
		assert_memory_equal(fixture->chip.flash + 0x10000, fixture->image, FIXTURE_SIZE);
		fixture_close();
		if (stub == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_protected__notes_what_will_not_start(void **state)
{
	(void)state;
	open_esp32(0, 0, true);
	assert_int_equal(write_to(0x1000, false, NULL, NULL, NULL), FF_OK);
	assert_string_equal(fixture->notes, "");
	memcpy(fixture->image, table, sizeof(table));
	assert_int_equal(write_to(0x8000, false, NULL, NULL, NULL), FF_OK);
	assert_string_equal(fixture->notes, "");
	assert_int_equal(write_to(0x1000, false, NULL, NULL, NULL), FF_OK);
	assert_non_null(strstr(fixture->notes, "app.bin does not look like a bootloader"));
	fixture->image[0] = 0x77;
	assert_int_equal(write_to(0x1000, false, NULL, NULL, NULL), FF_OK);
	assert_non_null(
		strstr(fixture->notes, "does not look like a bootloader: if it is encrypted, it will not start"));
	/* Elsewhere anything may be data, and blank flash is no image. */
	assert_int_equal(write_to(0x10000, false, NULL, NULL, NULL), FF_OK);
	assert_string_equal(fixture->notes, "");
	memset(fixture->image, 0xFF, 64);
	assert_int_equal(write_to(0x1000, false, NULL, NULL, NULL), FF_OK);
	assert_string_equal(fixture->notes, "");
	fixture_close();
	chip_release(&fixture->chip);
	open_esp32(ESP32_CRYPT_ON | ESP32_KEY_HIDDEN, 0, true);
	fixture->image[0] = 0x77;
	assert_int_equal(write_to(0x1000, true, NULL, NULL, NULL), FF_OK);
	assert_non_null(strstr(fixture->notes, "encrypted twice"));
	fixture_close();
}

static void test_protected__ciphertext_cannot_be_compared(void **state)
{
	(void)state;
	struct ff_region region = fixture_region(0x1000, FIXTURE_SIZE);
	struct ff_error error = FF_ERROR_NONE;
	region.encrypt = true;
	open_c3(true, 0, true);
	assert_int_equal(ff_flasher_verify(fixture->flasher, &region, 1, NULL, NULL, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "app.bin"));
	fixture_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_protected__esp32_encrypts_through_its_stub),
		TEST(test_protected__later_chips_encrypt_through_their_rom),
		TEST(test_protected__only_the_plain_ones_are_verified),
		TEST(test_protected__encrypts_again_after_trouble),
		TEST(test_protected__some_loaders_cannot_encrypt),
		TEST(test_protected__encryption_needs_a_key),
		TEST(test_protected__plain_bootloaders_are_refused),
		TEST(test_protected__a_merged_file_hides_no_bootloader),
		TEST(test_protected__release_mode_takes_no_plain_data),
		TEST(test_protected__secure_download_mode_takes_no_plain_data),
		TEST(test_protected__secure_boot_v1_keeps_its_bootloader),
		TEST(test_protected__erasing_is_refused),
		TEST(test_protected__erase_all_leaves_nothing_else),
		TEST(test_protected__notes_what_will_not_start),
		TEST(test_protected__ciphertext_cannot_be_compared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
