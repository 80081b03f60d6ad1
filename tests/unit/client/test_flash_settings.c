// SPDX-License-Identifier: Apache-2.0
/* Headers written by hand from the image format's description ("Firmware Image Format", esptool's documentation). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash_settings.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* dio, 2MB, 40m, ESP32 (chip id 0). */
static const uint8_t esp32[16] = { 0xe9, 4, 2, 0x10, 0, 0, 8, 0x40, 0xee, 0, 0, 0, 0, 0, 0, 0 };
/* qio, 4MB, 80m, ESP32-C3 (chip id 5). */
static const uint8_t esp32c3[16] = { 0xe9, 4, 0, 0x2f, 0, 0, 0x38, 0x40, 0xee, 0, 0, 0, 5, 0, 0, 0 };
/* dio, 4MB, 80m written as 0, ESP32-C6 (chip id 13). */
static const uint8_t esp32c6[16] = { 0xe9, 4, 2, 0x20, 0, 0, 0x80, 0x40, 0xee, 0, 0, 0, 13, 0, 0, 0 };

static void test_flash_settings__agree(void **state)
{
	static const struct {
		struct ff_flash_settings settings;
		uint32_t offset;
		const uint8_t *header;
	} cases[] = {
		{ { "dio", "40m", "2MB" }, 0x1000, esp32 },
		{ { "DIO", "40M", "2mb" }, 0x1000, esp32 },
		{ { "keep", "keep", "keep" }, 0x1000, esp32 },
		{ { "", "", "detect" }, 0x1000, esp32 },
		{ { "qio", "80m", "4MB" }, 0x0, esp32c3 },
		{ { "dio", "80m", "4MB" }, 0x0, esp32c6 },
		/* an application is not touched, nor an image at another chip's offset */
		{ { "qio", "80m", "16MB" }, 0x10000, esp32 },
		{ { "dio", "40m", "2MB" }, 0x1000, esp32c3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[160] = "untouched";

		assert_false(ff_flash_settings_differ(&cases[i].settings, cases[i].offset, cases[i].header, 16, text,
						      sizeof(text)));
		assert_string_equal(text, "untouched");
	}
}

static void test_flash_settings__differ(void **state)
{
	static const struct {
		struct ff_flash_settings settings;
		uint32_t offset;
		const uint8_t *header;
		const char *says;
	} cases[] = {
		{ { "qio", "40m", "2MB" }, 0x1000, esp32, "with --flash-mode qio;" },
		{ { "dio", "80m", "2MB" }, 0x1000, esp32, "with --flash-freq 80m;" },
		{ { "", "keep", "4MB" }, 0x1000, esp32, "with --flash-size 4MB;" },
		{ { "dio", "40m", "16MB" }, 0x0, esp32c3, "with --flash-mode dio --flash-freq 40m --flash-size 16MB;" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[160] = "";

		assert_true(ff_flash_settings_differ(&cases[i].settings, cases[i].offset, cases[i].header, 16, text,
						     sizeof(text)));
		assert_non_null(strstr(text, cases[i].says));
	}
}

static void test_flash_settings__ignores_what_is_no_bootloader(void **state)
{
	const struct ff_flash_settings settings = { "qio", "80m", "4MB" };
	uint8_t header[16];
	char text[160];

	(void)state;
	assert_false(ff_flash_settings_differ(&settings, 0x1000, esp32, 15, text, sizeof(text)));
	memcpy(header, esp32, sizeof(header));
	header[0] = 0xea;
	assert_false(ff_flash_settings_differ(&settings, 0x1000, header, 16, text, sizeof(text)));
	memcpy(header, esp32, sizeof(header));
	header[13] = 0x7f; /* a chip that nobody knows */
	assert_false(ff_flash_settings_differ(&settings, 0x1000, header, 16, text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flash_settings__agree),
		cmocka_unit_test(test_flash_settings__differ),
		cmocka_unit_test(test_flash_settings__ignores_what_is_no_bootloader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
