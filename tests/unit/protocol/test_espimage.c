// SPDX-License-Identifier: Apache-2.0
/* Images written out by hand from "Firmware Image Format" of the esptool documentation; the SHA-256 of each was computed
 * with sha256sum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "espimage.h"
#include "settings.h"

#define C3_BODY 64

/* ESP32-C3: DIO, 4 MB, 40 MHz; revisions 0.3 to 1.99; 4 bytes of data at 3FC80000, 8 of code at 40380000. */
static const uint8_t c3[C3_BODY + 32] = {
	0xe9,
	0x02,
	0x02,
	0x20,
	0x00,
	0x00,
	0x38,
	0x40,
	0xee,
	0x00,
	0x00,
	0x00,
	0x05,
	0x00,
	0x03,
	0x03,
	0x00,
	0xc7,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x01,
	0x00,
	0x00,
	0xc8,
	0x3f,
	0x04,
	0x00,
	0x00,
	0x00,
	0x01,
	0x02,
	0x03,
	0x04,
	0x00,
	0x00,
	0x38,
	0x40,
	0x08,
	0x00,
	0x00,
	0x00,
	0x10,
	0x20,
	0x40,
	0x80,
	0xff,
	0x00,
	0xff,
	0xaa,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0xb1,
	/* SHA-256 */
	0x9a,
	0x01,
	0x59,
	0x74,
	0x31,
	0x92,
	0x18,
	0x1a,
	0xe0,
	0x14,
	0x94,
	0x68,
	0x67,
	0x82,
	0xb0,
	0x6e,
	0x71,
	0xf6,
	0x68,
	0x67,
	0xe9,
	0x13,
	0xcd,
	0x51,
	0x5a,
	0x3c,
	0x25,
	0x78,
	0x75,
	0x43,
	0x1d,
	0xe9,
};

/* Of the image above with bytes 2 and 3 as 00 3f: QIO, 8 MB, 80 MHz. */
static const uint8_t c3_digest_qio_8mb_80m[32] = {
	0x71, 0x7b, 0x95, 0xee, 0x9b, 0xe3, 0x39, 0xab, 0x07, 0x8b, 0xb5, 0x7e, 0xd5, 0x3d, 0x77, 0x6c,
	0xbf, 0x19, 0x98, 0x3e, 0xdd, 0x7c, 0x48, 0x0b, 0x6b, 0xd2, 0x4c, 0x43, 0x53, 0x91, 0x78, 0x98,
};

/* ESP8266: QIO, 4 MB, 40 MHz; 8 bytes of code. */
static const uint8_t esp8266[32] = {
	0xe9, 0x01, 0x00, 0x40, 0x04, 0x00, 0x10, 0x40, 0x00, 0x00, 0x10, 0x40, 0x08, 0x00, 0x00, 0x00,
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe7,
};

/* The same behind 16 bytes that stay in flash. */
static const uint8_t esp8266_v2[64] = {
	0xea, 0x04, 0x00, 0x30, 0x04, 0x00, 0x10, 0x40, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00,
	0x66, 0x6c, 0x61, 0x73, 0x68, 0x20, 0x70, 0x61, 0x72, 0x74, 0x20, 0x68, 0x65, 0x72, 0x65, 0x2e,
	0xe9, 0x01, 0x00, 0x40, 0x04, 0x00, 0x10, 0x40, 0x00, 0x00, 0x10, 0x40, 0x08, 0x00, 0x00, 0x00,
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe7,
};

static void test_espimage__reads_an_image(void **state)
{
	struct ff_espimage image;
	static const uint8_t no_drive[6];

	(void)state;
	assert_int_equal(ff_espimage_parse(&image, c3, sizeof(c3), NULL, NULL), FF_OK);
	assert_true(image.extended);
	assert_string_equal(image.chip->name, "ESP32-C3");
	assert_int_equal(image.version, 1);
	assert_int_equal(image.entry, 0x40380000);
	assert_int_equal(image.flash_mode, 2);
	assert_int_equal(image.flash_size, 2);
	assert_int_equal(image.flash_freq, 0);
	assert_int_equal(image.wp_pin, FF_ESPIMAGE_NO_WP_PIN);
	assert_memory_equal(image.drive, no_drive, 6);
	assert_int_equal(image.chip_id, 5);
	assert_int_equal(image.min_revision_old, 3);
	assert_int_equal(image.min_revision, 3);
	assert_int_equal(image.max_revision, 199);
	assert_int_equal(image.segment_count, 2);
	assert_int_equal(image.segments[0].address, 0x3fc80000);
	assert_int_equal(image.segments[0].size, 4);
	assert_int_equal(image.segments[0].at, 24);
	assert_int_equal(image.segments[1].address, 0x40380000);
	assert_int_equal(image.segments[1].size, 8);
	assert_int_equal(image.segments[1].at, 36);
	assert_int_equal(image.checksum, 0xb1);
	assert_int_equal(image.body_size, C3_BODY);
	assert_int_equal(image.size, sizeof(c3));
	assert_true(image.has_digest);
	assert_memory_equal(image.digest_of_body, c3 + C3_BODY, 32);
	assert_true(ff_espimage_is_whole(&image));
}

static void test_espimage__reads_an_esp8266_image(void **state)
{
	struct ff_espimage image;

	(void)state;
	assert_int_equal(ff_espimage_parse(&image, esp8266, sizeof(esp8266), NULL, NULL), FF_OK);
	assert_false(image.extended);
	assert_string_equal(image.chip->name, "ESP8266");
	assert_int_equal(image.version, 1);
	assert_int_equal(image.flash_size, 4);
	assert_int_equal(image.segment_count, 1);
	assert_int_equal(image.segments[0].at, 8);
	assert_int_equal(image.size, 32);
	assert_true(ff_espimage_is_whole(&image));
}

static void test_espimage__reads_version_2(void **state)
{
	struct ff_espimage image;

	(void)state;
	assert_int_equal(ff_espimage_parse(&image, esp8266_v2, sizeof(esp8266_v2), NULL, NULL), FF_OK);
	assert_int_equal(image.version, 2);
	assert_int_equal(image.flash_size, 4); /* the second header's */
	assert_int_equal(image.segment_count, 2);
	assert_false(image.segments[0].in_checksum);
	assert_int_equal(image.segments[1].at, 40);
	assert_true(ff_espimage_is_whole(&image));
}

static void test_espimage__tells_damage(void **state)
{
	struct ff_espimage image;
	uint8_t bytes[sizeof(c3)];

	(void)state;
	memcpy(bytes, c3, sizeof(c3));
	bytes[33] ^= 1; /* data */
	assert_int_equal(ff_espimage_parse(&image, bytes, sizeof(bytes), NULL, NULL), FF_OK);
	assert_int_equal(image.checksum_of_data, 0xb0);
	assert_false(ff_espimage_is_whole(&image));
	memcpy(bytes, c3, sizeof(c3));
	bytes[3] ^= 0x10; /* header: the checksum does not cover it */
	assert_int_equal(ff_espimage_parse(&image, bytes, sizeof(bytes), NULL, NULL), FF_OK);
	assert_int_equal(image.checksum_of_data, image.checksum);
	assert_false(ff_espimage_is_whole(&image));
}

static void test_espimage__ignores_what_follows(void **state)
{
	struct ff_espimage image;
	uint8_t bytes[sizeof(c3) + 100];

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	memcpy(bytes, c3, sizeof(c3));
	assert_int_equal(ff_espimage_parse(&image, bytes, sizeof(bytes), NULL, NULL), FF_OK);
	assert_int_equal(image.size, sizeof(c3));
	assert_true(ff_espimage_is_whole(&image));
}

/* Each prefix in memory of exactly its size, so that reading on is noticed. */
static void refuse_prefixes(const uint8_t *bytes, size_t size)
{
	for (size_t length = 0; length < size; length++) {
		struct ff_espimage image;
		struct ff_error error = FF_ERROR_NONE;
		uint8_t *copy = malloc(length + 1);

		assert_non_null(copy);
		memcpy(copy, bytes, length);
		uint8_t *exact = realloc(copy, length > 0 ? length : 1);
		assert_non_null(exact);
		assert_int_equal(ff_espimage_parse(&image, exact, length, NULL, &error),
				 length == 0 ? FF_ERR_EMPTY : FF_ERR_FORMAT);
		assert_non_null(strstr(error.text, length == 0 ? "empty" : "too early"));
		free(exact);
	}
}

static void test_espimage__refuses_what_ends_early(void **state)
{
	(void)state;
	refuse_prefixes(c3, sizeof(c3));
	refuse_prefixes(esp8266, sizeof(esp8266));
	refuse_prefixes(esp8266_v2, sizeof(esp8266_v2));
}

static void refuse_changed(const uint8_t *original, size_t size, size_t at, uint8_t value, const char *text)
{
	struct ff_espimage image;
	struct ff_error error = FF_ERROR_NONE;
	uint8_t bytes[128];

	memcpy(bytes, original, size);
	bytes[at] = value;
	assert_int_equal(ff_espimage_parse(&image, bytes, size, NULL, &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, text));
}

static void test_espimage__refuses_what_is_none(void **state)
{
	struct ff_espimage image;
	struct ff_error error = FF_ERROR_NONE;

	(void)state;
	refuse_changed(c3, sizeof(c3), 0, 0x7f, "begins with 0x7f");
	refuse_changed(c3, sizeof(c3), 1, 17, "17 segments");
	refuse_changed(c3, sizeof(c3), 31, 0xff, "segment 0 at byte 24 is not all there");
	refuse_changed(esp8266_v2, sizeof(esp8266_v2), 32, 0x00, "no second header at byte 32");
	assert_int_equal(
		ff_espimage_parse(&image, esp8266_v2, sizeof(esp8266_v2), ff_imagechip_by_name("esp32"), &error),
		FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, "only the ESP8266 has version 2"));
}

static void test_espimage__reads_unknown_chips(void **state)
{
	struct ff_espimage image;
	struct ff_espimage_app app;
	uint8_t bytes[sizeof(c3)];

	(void)state;
	memcpy(bytes, c3, sizeof(c3));
	bytes[13] = 0x77;
	assert_int_equal(ff_espimage_parse(&image, bytes, sizeof(bytes), NULL, NULL), FF_OK);
	assert_null(image.chip);
	assert_int_equal(image.chip_id, 0x7705);
	assert_false(ff_espimage_app(&app, &image, bytes));
}

/* esp_app_desc_t as the "App Image Format" page lays it out, as the only segment of an ESP32 image. */
static void test_espimage__finds_the_application(void **state)
{
	uint8_t bytes[24 + 8 + 256 + 16] = { 0xe9, 1, 2, 0x20 };
	uint8_t *app_desc = bytes + 32;
	struct ff_espimage image;
	struct ff_espimage_app app;

	(void)state;
	ff_put_le32(bytes + 24, 0x3f400020);
	ff_put_le32(bytes + 28, 256);
	ff_put_le32(app_desc, 0xabcd5432);
	ff_put_le32(app_desc + 4, 7);
	memcpy(app_desc + 16, "v1.2-abcdefghijklmnopqrstuvwxyz0", 32); /* fills its field: no zero behind it */
	memcpy(app_desc + 48, "blink\x1b[2J", 9);
	memcpy(app_desc + 80, "12:34:56", 8);
	memcpy(app_desc + 96, "Jan  2 2024", 11);
	memcpy(app_desc + 112, "v5.1.2", 6);
	memset(app_desc + 144, 0x5a, 32);
	ff_put_le16(app_desc + 176, 3);
	ff_put_le16(app_desc + 178, 199);
	app_desc[180] = 16;
	assert_int_equal(ff_espimage_parse(&image, bytes, sizeof(bytes), NULL, NULL), FF_OK);
	assert_true(ff_espimage_app(&app, &image, bytes));
	assert_int_equal(app.secure_version, 7);
	assert_string_equal(app.version, "v1.2-abcdefghijklmnopqrstuvwxyz0");
	assert_string_equal(app.project, "blink?[2J");
	assert_string_equal(app.time, "12:34:56");
	assert_string_equal(app.date, "Jan  2 2024");
	assert_string_equal(app.idf_version, "v5.1.2");
	assert_int_equal(app.elf_digest[31], 0x5a);
	assert_int_equal(app.min_efuse_revision, 3);
	assert_int_equal(app.max_efuse_revision, 199);
	assert_int_equal(app.mmu_page_size, 65536);
	app_desc[0] ^= 1;
	assert_false(ff_espimage_app(&app, &image, bytes));
}

/* esp_bootloader_desc_t as the "Bootloader Image Format" page lays it out. */
static void test_espimage__finds_the_bootloader(void **state)
{
	uint8_t bytes[24 + 8 + 80 + 16] = { 0xe9, 1, 2, 0x20 };
	uint8_t *desc = bytes + 32;
	struct ff_espimage image;
	struct ff_espimage_bootloader bootloader;

	(void)state;
	ff_put_le32(bytes + 24, 0x3fff0030);
	ff_put_le32(bytes + 28, 80);
	desc[0] = 0x50;
	ff_put_le32(desc + 4, 12);
	memcpy(desc + 8, "v5.2", 4);
	memcpy(desc + 40, "Apr 25 2023 00:13:32", 20);
	assert_int_equal(ff_espimage_parse(&image, bytes, sizeof(bytes), NULL, NULL), FF_OK);
	assert_true(ff_espimage_bootloader(&bootloader, &image, bytes));
	assert_int_equal(bootloader.version, 12);
	assert_string_equal(bootloader.idf_version, "v5.2");
	assert_string_equal(bootloader.date_time, "Apr 25 2023 00:13:32");
	desc[8] = 0; /* data that happens to begin with 0x50 */
	assert_false(ff_espimage_bootloader(&bootloader, &image, bytes));
}

static void test_settings__change_header_and_digest(void **state)
{
	const struct ff_imagechip *chip = ff_imagechip_by_name("esp32c3");
	const struct ff_settings settings = { "qio", "80m", "8MB" };
	uint8_t bytes[sizeof(c3) + 1];
	bool changed = false;

	(void)state;
	memcpy(bytes, c3, sizeof(c3));
	bytes[sizeof(c3)] = 0xa5;
	assert_int_equal(ff_settings_apply(&settings, chip, bytes, sizeof(bytes), &changed, NULL), FF_OK);
	assert_true(changed);
	assert_int_equal(bytes[2], 0x00);
	assert_int_equal(bytes[3], 0x3f);
	assert_memory_equal(bytes + 4, c3 + 4, C3_BODY - 4);
	assert_memory_equal(bytes + C3_BODY, c3_digest_qio_8mb_80m, 32);
	assert_int_equal(bytes[sizeof(c3)], 0xa5);
	assert_int_equal(ff_settings_apply(&settings, chip, bytes, sizeof(bytes), &changed, NULL), FF_OK);
	assert_false(changed);
}

static void test_settings__change_one_of_an_esp8266(void **state)
{
	const struct ff_imagechip *chip = ff_imagechip_by_name("ESP8266");
	const struct ff_settings settings = { "keep", NULL, "4mb-c1" };
	uint8_t bytes[sizeof(esp8266)];
	bool changed = false;

	(void)state;
	memcpy(bytes, esp8266, sizeof(bytes));
	assert_int_equal(ff_settings_apply(&settings, chip, bytes, sizeof(bytes), &changed, NULL), FF_OK);
	assert_true(changed);
	assert_int_equal(bytes[2], 0);
	assert_int_equal(bytes[3], 0x60);
	assert_memory_equal(bytes + 4, esp8266 + 4, sizeof(bytes) - 4);
}

static void refuse_settings(const char *mode, const char *freq, const char *size, const uint8_t *original,
			    size_t length, enum ff_status status, const char *text)
{
	const struct ff_settings settings = { mode, freq, size };
	struct ff_error error = FF_ERROR_NONE;
	uint8_t bytes[sizeof(c3)];
	bool changed = false;

	memcpy(bytes, original, length);
	assert_int_equal(ff_settings_apply(&settings, ff_imagechip_by_name("esp32c3"), bytes, length, &changed, &error),
			 status);
	assert_non_null(strstr(error.text, text));
	assert_memory_equal(bytes, original, length);
	assert_false(changed);
}

static void test_settings__leave_what_they_should(void **state)
{
	const struct ff_settings nothing = { "keep", "", NULL }, something = { "keep", "keep", "2MB" };
	uint8_t bytes[sizeof(c3)];

	(void)state;
	assert_true(ff_settings_keep(&nothing));
	assert_false(ff_settings_keep(&something));
	refuse_settings("fast", "40m", "4MB", c3, sizeof(c3), FF_ERR_ARGUMENT, "qio, qout, dio, dout, keep");
	refuse_settings("dio", "48m", "4MB", c3, sizeof(c3), FF_ERR_ARGUMENT, "--flash-freq '48m'");
	refuse_settings("dio", "40m", "512KB", c3, sizeof(c3), FF_ERR_ARGUMENT, "--flash-size '512KB'");
	memcpy(bytes, c3, sizeof(c3));
	bytes[12] = 0;
	refuse_settings("qio", "", "", bytes, sizeof(bytes), FF_ERR_WRONG_CHIP, "for ESP32, not for the ESP32-C3");
	memcpy(bytes, c3, sizeof(c3));
	bytes[63] ^= 1;
	refuse_settings("qio", "", "", bytes, sizeof(bytes), FF_ERR_FORMAT, "damaged");
}

static void test_imagechip__names_and_numbers(void **state)
{
	char names[64];

	(void)state;
	assert_ptr_equal(ff_imagechip_by_name("ESP32-S3"), ff_imagechip_by_id(9));
	assert_ptr_equal(ff_imagechip_by_name("esp32s3"), ff_imagechip_by_family(0xC47E5767));
	assert_null(ff_imagechip_by_name("esp32s"));
	assert_null(ff_imagechip_by_id(0x7777));
	assert_null(ff_imagechip_by_family(0));
	ff_memmap_names(ff_imagechip_by_id(0)->memory, 0x3fff0030, names, sizeof(names));
	assert_string_equal(names, "BYTE_ACCESSIBLE, DRAM, DIRAM_DRAM");
	ff_memmap_names(ff_imagechip_by_id(0)->memory, 0x3fff0030, names, 10);
	assert_string_equal(names, "BYTE_ACCE");
	ff_memmap_names(ff_imagechip_by_id(0)->memory, 0x90000000, names, sizeof(names));
	assert_string_equal(names, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_espimage__reads_an_image),
		cmocka_unit_test(test_espimage__reads_an_esp8266_image),
		cmocka_unit_test(test_espimage__reads_version_2),
		cmocka_unit_test(test_espimage__tells_damage),
		cmocka_unit_test(test_espimage__ignores_what_follows),
		cmocka_unit_test(test_espimage__refuses_what_ends_early),
		cmocka_unit_test(test_espimage__refuses_what_is_none),
		cmocka_unit_test(test_espimage__reads_unknown_chips),
		cmocka_unit_test(test_espimage__finds_the_application),
		cmocka_unit_test(test_espimage__finds_the_bootloader),
		cmocka_unit_test(test_settings__change_header_and_digest),
		cmocka_unit_test(test_settings__change_one_of_an_esp8266),
		cmocka_unit_test(test_settings__leave_what_they_should),
		cmocka_unit_test(test_imagechip__names_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
