// SPDX-License-Identifier: Apache-2.0
/* What write-flash, verify-flash and merge-bin make of the words and files on a command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bytes.h"
#include "gather.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Two bytes at 0x1100, two at 0x1180, two at 0x8000. */
#define HEX ":021100001122BA\n:021180003344F6\n:028000005566C3\n:00000001FF\n"

static const struct {
	const char *name;
	const char *content;
} files[] = {
	{ "app.bin", "application" },
	{ "boot.bin", "boot" },
	{ "parts.txt", HEX },
	{ "broken.hex", ":021100001122BA\n" },
	{ "colon.bin", ":no digits here" },
};

struct playground {
	char folder[64];
};

static void put_file(const struct playground *playground, const char *name, const void *bytes, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", playground->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

/* One block of four bytes at 0x3000 for an ESP32-C3. */
static void put_uf2(const struct playground *playground)
{
	static const uint32_t head[] = { 0x0A324655, 0x9E5D5157, 0x2000, 0x3000, 4, 0, 1, 0xD42BA06C };
	uint8_t block[512] = { 0 };

	for (size_t i = 0; i < COUNT(head); i++) {
		ff_put_le32(block + 4 * i, head[i]);
	}
	memcpy(block + 32, "data", 4);
	ff_put_le32(block + 508, 0x0AB16F30);
	put_file(playground, "c3.uf2", block, sizeof(block));
}

static int set_up(void **state)
{
	struct playground *playground = calloc(1, sizeof(*playground));

	assert_non_null(playground);
	snprintf(playground->folder, sizeof(playground->folder), "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(playground->folder));
	strcat(playground->folder, "/");
	for (size_t i = 0; i < COUNT(files); i++) {
		put_file(playground, files[i].name, files[i].content, strlen(files[i].content));
	}
	put_uf2(playground);
	*state = playground;
	return 0;
}

static int tear_down(void **state)
{
	struct playground *playground = *state;
	char path[128];

	for (size_t i = 0; i <= COUNT(files); i++) {
		snprintf(path, sizeof(path), "%s%s", playground->folder, i < COUNT(files) ? files[i].name : "c3.uf2");
		unlink(path);
	}
	rmdir(playground->folder);
	free(playground);
	return 0;
}

static void take_words(struct ff_options *options, const struct playground *playground, const char *const *texts)
{
	for (options->word_count = 0; texts[options->word_count] != NULL; options->word_count++) {
		options->words[options->word_count] =
			(struct ff_option_word){ .text = texts[options->word_count], .folder = playground->folder };
	}
}

static enum ff_status gather(struct ff_images *images, const struct playground *playground, const char *const *texts,
			     enum ff_take_purpose purpose, struct ff_error *error)
{
	struct ff_options options = { .baud = 0 };

	take_words(&options, playground, texts);
	return ff_gather(images, &options, purpose, error);
}

static void assert_image(const struct ff_image *image, uint32_t offset, uint64_t size, const char *name)
{
	assert_int_equal(image->offset, offset);
	assert_int_equal(image->size, size);
	assert_string_equal(image->name, name);
}

static void test_gather__takes_pairs_and_files_with_their_own_offsets(void **state)
{
	const char *const words[] = { "0x20000", "app.bin", "parts.txt", "65536", "boot.bin", NULL };
	struct ff_images images = { .count = 0 };

	assert_int_equal(gather(&images, *state, words, FF_TAKE_TO_WRITE, NULL), FF_OK);
	assert_int_equal(images.count, 4);
	assert_image(&images.items[0], 0x20000, 11, "app.bin");
	assert_non_null(images.items[0].path);
	assert_image(&images.items[1], 0x1000, 0x182, "parts.txt @ 0x1000");
	assert_image(&images.items[2], 0x8000, 2, "parts.txt @ 0x8000");
	assert_image(&images.items[3], 0x10000, 4, "boot.bin");
	ff_images_release(&images);
}

/* 0xFF where the file says nothing. */
static void test_gather__fills_the_sectors_of_a_write(void **state)
{
	const char *const words[] = { "0", "parts.txt", NULL };
	struct ff_images images = { .count = 0 };

	assert_int_equal(gather(&images, *state, words, FF_TAKE_TO_WRITE, NULL), FF_OK);
	for (size_t i = 0; i < images.items[0].size; i++) {
		uint8_t expected = 0xFF;

		if (i / 2 == 0x100 / 2 || i / 2 == 0x180 / 2) {
			expected = (uint8_t)(i % 2 * 0x11 + (i < 0x180 ? 0x11 : 0x33));
		}
		assert_int_equal(images.items[0].bytes[i], expected);
	}
	ff_images_release(&images);
}

static void test_gather__merges_sectors_from_their_first_byte(void **state)
{
	const char *const words[] = { "parts.txt", NULL };
	struct ff_images images = { .count = 0 };

	assert_int_equal(gather(&images, *state, words, FF_TAKE_TO_MERGE, NULL), FF_OK);
	assert_int_equal(images.count, 2);
	assert_image(&images.items[0], 0x1100, 0x82, "parts.txt @ 0x1100");
	assert_image(&images.items[1], 0x8000, 2, "parts.txt @ 0x8000");
	ff_images_release(&images);
}

static void test_gather__compares_just_what_a_file_says(void **state)
{
	const char *const words[] = { "parts.txt", NULL };
	struct ff_images images = { .count = 0 };

	assert_int_equal(gather(&images, *state, words, FF_TAKE_TO_COMPARE, NULL), FF_OK);
	assert_int_equal(images.count, 3);
	assert_image(&images.items[0], 0x1100, 2, "parts.txt @ 0x1100");
	assert_image(&images.items[1], 0x1180, 2, "parts.txt @ 0x1180");
	assert_memory_equal(images.items[1].bytes, "\x33\x44", 2);
	ff_images_release(&images);
}

static void test_gather__checks_the_family_of_a_uf2_file(void **state)
{
	const char *const words[] = { "c3.uf2", NULL };
	struct ff_images images = { .count = 0 };
	struct ff_options options = { .chip = "esp32c3" };
	struct ff_error error = FF_ERROR_NONE;

	take_words(&options, *state, words);
	assert_int_equal(ff_gather(&images, &options, FF_TAKE_TO_WRITE, &error), FF_OK);
	assert_image(&images.items[0], 0x3000, 4, "c3.uf2 @ 0x3000");
	ff_images_release(&images);
	options.chip = "esp32";
	assert_int_equal(ff_gather(&images, &options, FF_TAKE_TO_WRITE, &error), FF_ERR_WRONG_CHIP);
	assert_non_null(strstr(error.text, "c3.uf2 @ 0x3000 is for ESP32-C3"));
	ff_images_release(&images);
	options.force = true;
	assert_int_equal(ff_gather(&images, &options, FF_TAKE_TO_WRITE, NULL), FF_OK);
	ff_images_release(&images);
}

static void test_gather__refuses_bad_words(void **state)
{
	static const struct {
		const char *words[5];
		enum ff_status status;
		const char *reason;
	} cases[] = {
		{ { NULL }, FF_ERR_ARGUMENT, "no files" },
		{ { "0x0", "missing.bin" }, FF_ERR_ARGUMENT, "missing.bin: No such file" },
		{ { "0x1001", "app.bin" }, FF_ERR_ALIGNMENT, "app.bin" },
		{ { "0x0", "app.bin", "0x0", "boot.bin" }, FF_ERR_OVERLAP, "boot.bin" },
		{ { "0x1000", "app.bin", "parts.txt" }, FF_ERR_OVERLAP, "parts.txt @ 0x1000" },
		{ { "app.bin", "0x0" }, FF_ERR_ARGUMENT, "app.bin' is not a flash offset" },
		{ { "colon.bin" }, FF_ERR_ARGUMENT, "colon.bin' is not a flash offset" },
		{ { "0x0", "app.bin", "0x10000" }, FF_ERR_ARGUMENT, "'0x10000' has no file behind it" },
		{ { "0x0", "broken.hex" }, FF_ERR_FORMAT, "broken.hex: Intel HEX, line 1: the end record is missing" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ff_images images = { .count = 0 };
		struct ff_error error = FF_ERROR_NONE;

		assert_int_equal(gather(&images, *state, cases[i].words, FF_TAKE_TO_WRITE, &error), cases[i].status);
		if (strstr(error.text, cases[i].reason) == NULL) {
			fail_msg("case %zu: '%s' does not say '%s'", i, error.text, cases[i].reason);
		}
		ff_images_release(&images);
	}
}

/* Only a whole record head makes a colon Intel HEX. */
static void test_gather__takes_a_colon_for_plain_bytes(void **state)
{
	const char *const words[] = { "0", "colon.bin", NULL };
	struct ff_images images = { .count = 0 };

	assert_int_equal(gather(&images, *state, words, FF_TAKE_TO_WRITE, NULL), FF_OK);
	assert_image(&images.items[0], 0, 15, "colon.bin");
	ff_images_release(&images);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gather__takes_pairs_and_files_with_their_own_offsets, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_gather__fills_the_sectors_of_a_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gather__merges_sectors_from_their_first_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gather__compares_just_what_a_file_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gather__checks_the_family_of_a_uf2_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gather__refuses_bad_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gather__takes_a_colon_for_plain_bytes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
