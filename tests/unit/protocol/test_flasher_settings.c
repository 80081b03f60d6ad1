// SPDX-License-Identifier: Apache-2.0
/* --flash-mode, --flash-freq and --flash-size on their way into a bootloader's header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "test_flasher_fixture.h"

#define SEGMENT 30000
#define BODY 30048 /* 24 + 8 + SEGMENT, padded for the checksum in the last of 16 bytes */
#define SIZE 30500 /* what lies behind the image is not the image's */

static const uint8_t header[24] = { 0xE9, 1, 2, 0x20, 0, 0, 8, 0x40, 0xEE, [18] = 0xFF, [17] = 0xFF, [23] = 1 };

static void put_digest(uint8_t *bytes)
{
	assert_int_equal(EVP_Digest(bytes, BODY, bytes + BODY, NULL, EVP_sha256(), NULL), 1);
}

/* A whole ESP32 image (DIO, 40 MHz, 4 MB) in front of the fixture's noise. */
static void make_bootloader(void)
{
	uint8_t *image = fixture->image;
	uint8_t sum = 0xEF;
	memcpy(image, header, sizeof(header));
	memcpy(image + 24, (const uint8_t[]){ 0, 0, 8, 0x40, SEGMENT & 0xFF, SEGMENT >> 8, 0, 0 }, 8);
	for (size_t i = 32; i < 32 + SEGMENT; i++) {
		sum ^= image[i];
	}
	memset(image + 32 + SEGMENT, 0, BODY - 32 - SEGMENT);
	image[BODY - 1] = sum;
	put_digest(image);
}

static struct ff_write_report written; /* of the last write */

static enum ff_status write_so(const struct ff_write_options *options, uint32_t offset, struct ff_error *error)
{
	struct ff_region region = fixture_region(offset, SIZE);
	struct ff_write_report report = { 0 };
	fixture->notes[0] = '\0';
	enum ff_status status = ff_flasher_write(fixture->flasher, &region, 1, options, &report, error);
	assert_int_equal(report.verified, status == FF_OK);
	written = report;
	return status;
}

static enum ff_status write_at(uint32_t offset, const char *mode, const char *freq, const char *size,
			       struct ff_error *error)
{
	const struct ff_write_options options = { .flash_mode = mode, .flash_freq = freq, .flash_size = size };
	return write_so(&options, offset, error);
}

/* The image as it was built, but with these two bytes and a digest that fits. */
static void expect_settings(uint32_t offset, uint8_t mode, uint8_t size_freq)
{
	uint8_t expected[SIZE];
	memcpy(expected, fixture->image, SIZE);
	if (expected[2] != mode || expected[3] != size_freq) {
		expected[2] = mode;
		expected[3] = size_freq;
		put_digest(expected);
	}
	assert_memory_equal(fixture->chip.flash + offset, expected, SIZE);
	assert_int_equal(written.patched, memcmp(expected, fixture->image, SIZE) != 0);
	if (written.patched) {
		uint8_t sha256[32];
		assert_int_equal(EVP_Digest(expected, SIZE, sha256, NULL, EVP_sha256(), NULL), 1);
		assert_int_equal(written.patched_region, 0);
		assert_memory_equal(written.patched_sha256, sha256, sizeof(sha256));
	}
}

static uint32_t told_size(void)
{
	unsigned count = chip_count(&fixture->chip, 0x0B);
	return chip_find(&fixture->chip, 0x0B, count - 1)->words[1];
}

static void test_settings__go_into_the_header(void **state)
{
	(void)state;
	for (int stub = 0; stub < 2; stub++) {
		fixture_open(CHIP_ESP32, stub);
		make_bootloader();
		assert_int_equal(write_at(0x1000, "qio", "80m", "1MB", NULL), FF_OK);
		expect_settings(0x1000, 0, 0x0F);
		assert_non_null(strstr(fixture->notes, "app.bin: its header gets the flash settings qio, 80m, 1MB"));
		assert_int_equal(write_at(0x1000, "keep", "26m", NULL, NULL), FF_OK);
		expect_settings(0x1000, 2, 0x21);
		assert_int_equal(write_at(0x1000, "dio", "40m", "4MB", NULL), FF_OK);
		expect_settings(0x1000, 2, 0x20);
		assert_string_equal(fixture->notes, ""); /* nothing to change */
		fixture_close();
		if (stub == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_settings__verify_compares_with_what_was_written(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	make_bootloader();
	struct ff_region region = fixture_region(0x1000, SIZE);
	struct ff_verify_options options = { .flash_mode = "dout", .flash_size = "detect" };
	assert_int_equal(write_at(0x1000, "dout", NULL, "detect", NULL), FF_OK);
	expect_settings(0x1000, 3, 0x00);
	assert_int_equal(ff_flasher_verify(fixture->flasher, &region, 1, &options, NULL, NULL), FF_OK);
	assert_int_equal(ff_flasher_verify(fixture->flasher, &region, 1, NULL, NULL, NULL), FF_ERR_VERIFY);
	fixture_close();
}

static void test_settings__only_where_the_bootloader_lies(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	make_bootloader();
	assert_int_equal(write_at(0x10000, "qio", "80m", "1MB", NULL), FF_OK);
	expect_settings(0x10000, 2, 0x20);
	assert_string_equal(fixture->notes, "");
	fixture_close();
}

static void test_settings__leave_what_is_no_whole_image(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	make_bootloader();
	fixture->image[1000] ^= 1;
	assert_int_equal(write_at(0x1000, "qio", NULL, NULL, NULL), FF_OK);
	expect_settings(0x1000, 2, 0x20);
	assert_non_null(strstr(fixture->notes, "app.bin: its flash settings stay as they are: the image is damaged"));
	fixture->image[0] = 0;
	assert_int_equal(write_at(0x1000, "qio", NULL, NULL, NULL), FF_OK);
	expect_settings(0x1000, 2, 0x20);
	assert_non_null(strstr(fixture->notes, "not a firmware image"));
	fixture_close();
}

/* A changed image would have no signature. */
static void test_settings__leave_signed_bootloaders(void **state)
{
	(void)state;
	/* Forced, because it has no signature either. */
	static const struct ff_write_options options = {
		.flash_mode = "qio", .flash_freq = "80m", .flash_size = "1MB", .force = true
	};
	chip_init(&fixture->chip, CHIP_ESP32);
	chip_set_register(&fixture->chip, 0x3FF5A00C, 1U << 15);
	chip_set_register(&fixture->chip, 0x3FF5A014, 1U << 20);
	chip_set_register(&fixture->chip, 0x3FF6607C, 1U << 31); /* v3.0 */
	chip_set_register(&fixture->chip, 0x3FF5A018, 1U << 5);  /* secure boot v2 */
	fixture_open_chip(true);
	make_bootloader();
	assert_int_equal(write_so(&options, 0x1000, NULL), FF_OK);
	expect_settings(0x1000, 2, 0x20);
	assert_non_null(strstr(fixture->notes, "secure boot is on"));
	assert_int_equal(ff_flasher_info(fixture->flasher)->secure_boot, FF_SECURE_BOOT_V2);
	fixture_close();
}

static void test_settings__refuse_words_before_anything_is_erased(void **state)
{
	(void)state;
	static const char *const words[][4] = { { "fast", NULL, NULL, "--flash-mode 'fast'" },
						{ NULL, "48m", NULL, "--flash-freq '48m'" },
						{ NULL, NULL, "3MB", "--flash-size '3MB'" } };
	fixture_open(CHIP_ESP32, true);
	for (size_t i = 0; i < 3; i++) {
		struct ff_error error = FF_ERROR_NONE;
		assert_int_equal(write_at(0x1000, words[i][0], words[i][1], words[i][2], &error), FF_ERR_ARGUMENT);
		assert_non_null(strstr(error.text, words[i][3]));
	}
	assert_int_equal(chip_count(&fixture->chip, 0x02) + chip_count(&fixture->chip, 0x10), 0);
	fixture_close();
}

static void test_settings__a_size_is_told_to_the_loader(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	unsigned told = chip_count(&fixture->chip, 0x0B);
	assert_int_equal(told_size(), 1024 * 1024);
	assert_int_equal(write_at(0x10000, NULL, NULL, "keep", NULL), FF_OK);
	assert_int_equal(write_at(0x10000, NULL, NULL, "detect", NULL), FF_OK);
	assert_int_equal(chip_count(&fixture->chip, 0x0B), told);
	assert_int_equal(write_at(0x10000, NULL, NULL, "16MB", NULL), FF_OK);
	assert_int_equal(told_size(), 16 * 1024 * 1024);
	/* The next one wants it as it is. */
	assert_int_equal(write_at(0x10000, NULL, NULL, NULL, NULL), FF_OK);
	assert_int_equal(told_size(), 1024 * 1024);
	fixture_close();
}

static void test_settings__a_size_survives_trouble(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, false);
	fixture->chip.refuse_data = 2;
	fixture->chip.refuse_status = 0x0106;
	assert_int_equal(write_at(0x10000, NULL, NULL, "2MB", NULL), FF_OK);
	assert_int_equal(told_size(), 2 * 1024 * 1024);
	fixture_close();
}

static void test_settings__a_small_size_bounds_the_write(void **state)
{
	(void)state;
	struct ff_region region = fixture_region(0xFF000, 0x1001);
	struct ff_write_options options = { .flash_size = "2MB" };
	fixture_open(CHIP_ESP8266, true);
	assert_int_equal(ff_flasher_write(fixture->flasher, &region, 1, &options, NULL, NULL), FF_ERR_TOO_LARGE);
	region = fixture_region(0x40000, 0x1000);
	options.flash_size = "256KB";
	assert_int_equal(ff_flasher_write(fixture->flasher, &region, 1, &options, NULL, NULL), FF_ERR_TOO_LARGE);
	options.flash_size = "512KB";
	assert_int_equal(ff_flasher_write(fixture->flasher, &region, 1, &options, NULL, NULL), FF_OK);
	fixture_close();
}

static void test_settings__sources_may_fail(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP32, true);
	make_bootloader();
	fixture->fails_from = 20000;
	assert_int_equal(write_at(0x1000, "qio", NULL, NULL, &error), FF_ERR_IO);
	assert_non_null(strstr(error.text, "app.bin"));
	assert_int_equal(chip_count(&fixture->chip, 0x10), 0);
	fixture_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_settings__go_into_the_header),
		TEST(test_settings__verify_compares_with_what_was_written),
		TEST(test_settings__only_where_the_bootloader_lies),
		TEST(test_settings__leave_what_is_no_whole_image),
		TEST(test_settings__leave_signed_bootloaders),
		TEST(test_settings__refuse_words_before_anything_is_erased),
		TEST(test_settings__a_size_is_told_to_the_loader),
		TEST(test_settings__a_size_survives_trouble),
		TEST(test_settings__a_small_size_bounds_the_write),
		TEST(test_settings__sources_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
