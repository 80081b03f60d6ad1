// SPDX-License-Identifier: Apache-2.0
/* Headers by hand, from esptool 5.3 bin_image.py and ESP-IDF's "App Image Format" page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "imageheader.h"

/* E9, 3 segments, DIO, 4 MB 40 MHz, entry 403808D4; WP EE, pins 0; chip 5, min rev 3, min full 3, max full 199;
 * reserved; digest. */
static const uint8_t c3[] = {
	0xE9, 0x03, 0x02, 0x20, 0xD4, 0x08, 0x38, 0x40, 0xEE, 0x00, 0x00, 0x00,
	0x05, 0x00, 0x03, 0x03, 0x00, 0xC7, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
};

/* E9, 1 segment, entry 40100004; the segment goes to 40100000. */
static const uint8_t esp8266[] = {
	0xE9, 0x01, 0x02, 0x40, 0x04, 0x00, 0x10, 0x40, 0x00, 0x00, 0x10, 0x40,
	0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static void test_imageheader__reads_an_esp32c3_header(void **state)
{
	(void)state;
	struct ff_imageheader image;
	assert_true(ff_imageheader_recognise(&image, c3, sizeof(c3)));
	assert_true(image.extended);
	assert_int_equal(image.chip_id, 5);
	assert_int_equal(image.min_revision_old, 3);
	assert_int_equal(image.min_revision, 3);
	assert_int_equal(image.max_revision, 199);
}

/* Its bytes 12 to 23 would make an ESP32-H2 image if the addresses were not looked at. */
static void test_imageheader__tells_an_esp8266_by_its_addresses(void **state)
{
	(void)state;
	struct ff_imageheader image;
	assert_true(ff_imageheader_recognise(&image, esp8266, sizeof(esp8266)));
	assert_false(image.extended);
	uint8_t bytes[sizeof(esp8266)];
	memcpy(bytes, esp8266, sizeof(bytes));
	bytes[0] = 0xEA; /* the ESP8266's second format: the first segment is flash, at address 0 */
	memset(bytes + 8, 0, 4);
	assert_true(ff_imageheader_recognise(&image, bytes, sizeof(bytes)));
	assert_false(image.extended);
}

static void test_imageheader__needs_the_whole_header(void **state)
{
	(void)state;
	struct ff_imageheader image;
	for (size_t size = 0; size < sizeof(c3); size++) {
		assert_false(ff_imageheader_recognise(&image, c3, size));
	}
}

static void test_imageheader__is_not_fooled_by_the_magic_byte(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint8_t value;
	} spoilt[] = {
		{ 0, 0xE8 },             /* magic */
		{ 1, 0 },                /* no segment */
		{ 1, 17 },               /* too many */
		{ 19, 1 },               /* reserved */
		{ 22, 0x80 }, { 23, 2 }, /* digest: 0 or 1 */
	};
	struct ff_imageheader image;
	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		uint8_t bytes[sizeof(c3)];
		memcpy(bytes, c3, sizeof(bytes));
		bytes[spoilt[i].at] = spoilt[i].value;
		assert_false(ff_imageheader_recognise(&image, bytes, sizeof(bytes)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_imageheader__reads_an_esp32c3_header),
		cmocka_unit_test(test_imageheader__tells_an_esp8266_by_its_addresses),
		cmocka_unit_test(test_imageheader__needs_the_whole_header),
		cmocka_unit_test(test_imageheader__is_not_fooled_by_the_magic_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
