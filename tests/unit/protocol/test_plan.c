// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan.h"

#define MB (1024 * 1024)

/* An image header for `id`, from `min` on and up to `max`, as ESP-IDF writes it. */
struct header {
	uint8_t bytes[24];
};

static struct header make_header(uint16_t id, uint8_t old, uint16_t min, uint16_t max)
{
	return (struct header){ {
		0xE9,
		1,
		2,
		0x20,
		0,
		4,
		8,
		0x40,
		0xEE,
		0,
		0,
		0,
		(uint8_t)id,
		(uint8_t)(id >> 8),
		old,
		(uint8_t)min,
		(uint8_t)(min >> 8),
		(uint8_t)max,
		(uint8_t)(max >> 8),
		0,
		0,
		0,
		0,
		1,
	} };
}

/* A source of `size` bytes of FF with a header at `at`. */
struct content {
	struct header header;
	uint64_t at;
};

static enum ff_status read_content(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)error;
	const struct content *content = context;
	memset(bytes, 0xFF, size);
	assert_int_equal(offset % 4096, content->at % 4096);
	if (offset == content->at) {
		memcpy(bytes, content->header.bytes, size < 24 ? size : 24);
	}
	return FF_OK;
}

static struct ff_region make_region(uint32_t offset, uint64_t size, const char *name)
{
	return (struct ff_region){ .offset = offset, .source = { .size = size, .read = read_content }, .name = name };
}

static void expect_refusal(const struct ff_region *regions, size_t count, uint32_t flash_size, enum ff_status expected,
			   const char *first_word, const char *second_word)
{
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_check_regions(regions, count, flash_size, &error), expected);
	assert_int_equal(error.status, expected);
	assert_non_null(strstr(error.text, first_word));
	assert_non_null(strstr(error.text, second_word));
}

static void test_plan__accepts_what_fits(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_region regions[] = {
		make_region(0x10000, 0x1001, "app"),
		make_region(0x1000, 0x6FFF, "boot"),
		make_region(0x12000, 4 * MB - 0x12000, "rest"),
	};
	assert_int_equal(ff_check_regions(regions, 3, 4 * MB, &error), FF_OK);
	const struct ff_region last = make_region(0xFFFFF000, 0x1000, NULL);
	assert_int_equal(ff_check_regions(&last, 1, 0, &error), FF_OK);
}

static void test_plan__counts(void **state)
{
	(void)state;
	static struct ff_region regions[FF_MAX_REGIONS + 1];
	for (uint32_t i = 0; i <= FF_MAX_REGIONS; i++) {
		regions[i] = make_region(i * 0x1000, 1, NULL);
	}
	expect_refusal(regions, 0, 0, FF_ERR_ARGUMENT, "0 images", "64");
	expect_refusal(regions, FF_MAX_REGIONS + 1, 0, FF_ERR_ARGUMENT, "65 images", "64");
	assert_int_equal(ff_check_regions(regions, FF_MAX_REGIONS, 0, NULL), FF_OK);
}

static void test_plan__refuses_an_empty_region(void **state)
{
	(void)state;
	const struct ff_region regions[] = { make_region(0, 1, "boot.bin"), make_region(0x1000, 0, "app.bin") };
	expect_refusal(regions, 2, 0, FF_ERR_EMPTY, "app.bin", "empty");
}

static void test_plan__refuses_an_unaligned_offset(void **state)
{
	(void)state;
	const struct ff_region region = make_region(0x10001, 16, "app.bin");
	expect_refusal(&region, 1, 0, FF_ERR_ALIGNMENT, "app.bin", "0x10001");
}

static void test_plan__refuses_what_does_not_fit(void **state)
{
	(void)state;
	const struct ff_region too_long = make_region(0x3FF000, 0x1001, "app.bin");
	expect_refusal(&too_long, 1, 4 * MB, FF_ERR_TOO_LARGE, "app.bin", "4 MB");
	const struct ff_region beyond = make_region(0x400000, 1, "app.bin");
	expect_refusal(&beyond, 1, 4 * MB, FF_ERR_TOO_LARGE, "0x400000", "4 MB");
	const struct ff_region huge = make_region(0xFFFFF000, 0x1001, "app.bin");
	expect_refusal(&huge, 1, 0, FF_ERR_TOO_LARGE, "app.bin", "4096 MB");
	const struct ff_region endless = make_region(0x1000, UINT64_MAX, "app.bin");
	expect_refusal(&endless, 1, 512 * 1024, FF_ERR_TOO_LARGE, "app.bin", "512 KB");
}

static void test_plan__refuses_regions_in_one_sector(void **state)
{
	(void)state;
	const struct ff_region inside[] = { make_region(0x1000, 0x9000, "boot.bin"),
					    make_region(0x8000, 16, "table.bin") };
	expect_refusal(inside, 2, 0, FF_ERR_OVERLAP, "boot.bin", "table.bin");
	const struct ff_region same[] = { make_region(0x1000, 1, NULL), make_region(0x1000, 1, NULL) };
	expect_refusal(same, 2, 0, FF_ERR_OVERLAP, "region 1", "region 2");
	/* Neither byte overlaps, but the erase of the one would take the end of the other. */
	const struct ff_region sector[] = { make_region(0x2000, 1, "b"), make_region(0x1000, 0x1001, "a") };
	expect_refusal(sector, 2, 0, FF_ERR_OVERLAP, "0x1000", "sector");
	const struct ff_region neighbours[] = { make_region(0x2000, 1, "b"), make_region(0x1000, 0x1000, "a") };
	assert_int_equal(ff_check_regions(neighbours, 2, 0, NULL), FF_OK);
}

static enum ff_status check_image(struct content content, uint32_t offset, uint64_t size, const char *chip,
				  unsigned revision, struct ff_error *error)
{
	struct ff_region region = make_region(offset, size, "app.bin");
	region.source.context = &content;
	return ff_plan_check_images(&region, 1, ff_chip_by_name(chip), revision, true, error);
}

static void test_plan__refuses_an_image_for_another_chip(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	struct content c3 = { make_header(5, 0, 0, 0xFFFF), 0 };
	assert_int_equal(check_image(c3, 0x10000, 4096, "ESP32-C3", 4, &error), FF_OK);
	assert_int_equal(check_image(c3, 0x10000, 4096, "ESP32", 300, &error), FF_ERR_WRONG_CHIP);
	assert_non_null(strstr(error.text, "app.bin"));
	assert_non_null(strstr(error.text, "ESP32-C3"));
	assert_non_null(strstr(error.text, "an ESP32:"));
	assert_non_null(strstr(error.text, "force"));
	assert_int_equal(check_image(c3, 0, 4096, "ESP8266", 0, NULL), FF_ERR_WRONG_CHIP);

	struct content unknown = { make_header(4711, 0, 0, 0xFFFF), 0 };
	ff_error_clear(&error);
	assert_int_equal(check_image(unknown, 0x10000, 4096, "ESP32", 300, &error), FF_ERR_WRONG_CHIP);
	assert_non_null(strstr(error.text, "4711"));
}

/* A merged file begins at 0 with FF, and the ESP32's bootloader is 4 KB into it. */
static void test_plan__looks_into_merged_files(void **state)
{
	(void)state;
	struct content merged = { make_header(5, 0, 0, 0xFFFF), 0x1000 };
	assert_int_equal(check_image(merged, 0, 0x20000, "ESP32", 300, NULL), FF_ERR_WRONG_CHIP);
	assert_int_equal(check_image(merged, 0, 0x1010, "ESP32", 300, NULL), FF_OK); /* too short for a header there */
}

static void test_plan__data_passes(void **state)
{
	(void)state;
	struct content data = { .at = 0 };
	assert_int_equal(check_image(data, 0x10000, 4096, "ESP32", 300, NULL), FF_OK);
	assert_int_equal(check_image(data, 0x10000, 5, "ESP32", 300, NULL), FF_OK);
}

/* esptool 5.3 cmds.py, write_flash(). Revisions are major * 100 + minor. */
static void test_plan__refuses_a_revision(void **state)
{
	(void)state;
	static const struct {
		uint16_t id;
		const char *chip;
		uint8_t old;
		uint16_t min;
		uint16_t max;
		unsigned revision;
		enum ff_status expected;
	} cases[] = {
		{ 0, "ESP32", 0, 301, 0xFFFF, 300, FF_ERR_WRONG_REVISION },
		{ 0, "ESP32", 0, 301, 0xFFFF, 301, FF_OK },
		{ 0, "ESP32", 0, 0, 199, 300, FF_ERR_WRONG_REVISION },
		{ 0, "ESP32", 0, 0, 399, 300, FF_OK },
		{ 0, "ESP32", 3, 0, 0, 200, FF_ERR_WRONG_REVISION }, /* from before the full fields: the major one */
		{ 0, "ESP32", 3, 0, 0, 300, FF_OK },
		{ 0, "ESP32", 3, 0, 0xFFFF, 200, FF_ERR_WRONG_REVISION }, /* only the old field is set */
		{ 0, "ESP32", 3, 100, 0xFFFF, 200, FF_OK },               /* the full field wins */
		{ 5, "ESP32-C3", 3, 0, 0, 2, FF_ERR_WRONG_REVISION },     /* the C3's old field is the minor one */
		{ 5, "ESP32-C3", 3, 0, 0, 3, FF_OK },
		{ 5, "ESP32-C3", 3, 0, 0, 103, FF_OK },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct content content = { make_header(cases[i].id, cases[i].old, cases[i].min, cases[i].max), 0 };
		assert_int_equal(check_image(content, 0x10000, 4096, cases[i].chip, cases[i].revision, NULL),
				 cases[i].expected);
	}
	struct ff_error error = FF_ERROR_NONE;
	struct content content = { make_header(0, 0, 399, 0xFFFF), 0 };
	assert_int_equal(check_image(content, 0, 4096, "ESP32", 301, &error), FF_ERR_WRONG_REVISION);
	assert_non_null(strstr(error.text, "v3.99"));
	assert_non_null(strstr(error.text, "v3.1"));
	assert_non_null(strstr(error.text, "force"));
}

static void test_plan__does_not_judge_an_unknown_revision(void **state)
{
	(void)state;
	struct content content = { make_header(9, 0, 200, 0xFFFF), 0 };
	struct ff_region region = make_region(0x10000, 4096, NULL);
	region.source.context = &content;
	assert_int_equal(ff_plan_check_images(&region, 1, ff_chip_by_name("ESP32-S3"), 0, false, NULL), FF_OK);
}

static enum ff_status read_nothing(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)context;
	(void)offset;
	(void)bytes;
	(void)size;
	return ff_error_set(error, FF_ERR_IO, "the disk is gone");
}

static void test_plan__passes_on_what_a_source_says(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_region region = make_region(0, 4096, "app.bin");
	region.source.read = read_nothing;
	assert_int_equal(ff_plan_check_images(&region, 1, ff_chip_by_name("ESP32"), 0, true, &error), FF_ERR_IO);
	assert_string_equal(error.text, "the disk is gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan__accepts_what_fits),
		cmocka_unit_test(test_plan__counts),
		cmocka_unit_test(test_plan__refuses_an_empty_region),
		cmocka_unit_test(test_plan__refuses_an_unaligned_offset),
		cmocka_unit_test(test_plan__refuses_what_does_not_fit),
		cmocka_unit_test(test_plan__refuses_regions_in_one_sector),
		cmocka_unit_test(test_plan__refuses_an_image_for_another_chip),
		cmocka_unit_test(test_plan__looks_into_merged_files),
		cmocka_unit_test(test_plan__data_passes),
		cmocka_unit_test(test_plan__refuses_a_revision),
		cmocka_unit_test(test_plan__does_not_judge_an_unknown_revision),
		cmocka_unit_test(test_plan__passes_on_what_a_source_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
