// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "images.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A folder with what the tests need: app.bin (5000 bytes), boot.bin (100 bytes), empty.bin, and the folder sub. */
struct playground {
	char folder[64];
};

static void make_file(const struct playground *playground, const char *name, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", playground->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	for (size_t i = 0; i < size; i++) {
		fputc((int)(i & 0xff), file);
	}
	fclose(file);
}

static int set_up(void **state)
{
	struct playground *playground = calloc(1, sizeof(*playground));
	char path[128];

	assert_non_null(playground);
	snprintf(playground->folder, sizeof(playground->folder), "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(playground->folder));
	strcat(playground->folder, "/");
	make_file(playground, "app.bin", 5000);
	make_file(playground, "boot.bin", 100);
	make_file(playground, "empty.bin", 0);
	snprintf(path, sizeof(path), "%ssub", playground->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	*state = playground;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "app.bin", "boot.bin", "empty.bin" };
	struct playground *playground = *state;
	char path[128];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s%s", playground->folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%ssub", playground->folder);
	rmdir(path);
	rmdir(playground->folder);
	free(playground);
	return 0;
}

static enum ff_status gather(struct ff_images *images, const struct playground *playground, const char *const *texts,
			     struct ff_error *error)
{
	struct ff_option_word words[8];
	size_t count = 0;
	enum ff_status status;

	for (; texts[count] != NULL; count++) {
		words[count] = (struct ff_option_word){ .text = texts[count], .folder = playground->folder };
	}
	status = ff_images_add_words(images, words, count, error);
	return status == FF_OK ? ff_images_check(images, error) : status;
}

static void test_images__measures_the_files(void **state)
{
	const struct playground *playground = *state;
	const char *const words[] = { "0x10000", "app.bin", "0", "./sub/../boot.bin", NULL };
	struct ff_images images = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;
	uint8_t bytes[200];

	assert_int_equal(gather(&images, playground, words, &error), FF_OK);
	assert_int_equal(images.count, 2);
	assert_int_equal(images.items[0].offset, 0x10000);
	assert_int_equal(images.items[0].size, 5000);
	assert_int_equal(images.items[1].offset, 0);
	assert_string_equal(images.items[1].name, "boot.bin");
	assert_int_equal(ff_images_size(&images), 5100);
	assert_int_equal(ff_images_peek(&images.items[1], bytes, sizeof(bytes)), 100);
	assert_int_equal(bytes[99], 99);
	ff_images_release(&images);
}

static void test_images__refuses_bad_input(void **state)
{
	static const struct {
		const char *words[7];
		enum ff_status status;
		const char *reason;
	} cases[] = {
		{ { "0x0", "missing.bin" }, FF_ERR_ARGUMENT, "missing.bin: No such file" },
		{ { "0x0", "sub" }, FF_ERR_ARGUMENT, "sub is not a regular file" },
		{ { "0x0", "empty.bin" }, FF_ERR_EMPTY, "empty.bin" },
		{ { "0x1001", "app.bin" }, FF_ERR_ALIGNMENT, "app.bin" },
		{ { "0x0", "app.bin", "0x1000", "boot.bin" }, FF_ERR_OVERLAP, "boot.bin" },
		{ { "0xfffff000", "app.bin" }, FF_ERR_TOO_LARGE, "app.bin" },
		{ { "app.bin", "0x0" }, FF_ERR_ARGUMENT, "'app.bin' is not a flash offset" },
		{ { "0x0", "app.bin", "0x10000" }, FF_ERR_ARGUMENT, "'0x10000' has no file behind it" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ff_images images = { .count = 0 };
		struct ff_error error = FF_ERROR_NONE;

		assert_int_equal(gather(&images, *state, cases[i].words, &error), cases[i].status);
		if (strstr(error.text, cases[i].reason) == NULL) {
			fail_msg("case %zu: '%s' does not say '%s'", i, error.text, cases[i].reason);
		}
		ff_images_release(&images);
	}
}

static void test_images__opens_files_and_bytes(void **state)
{
	const struct playground *playground = *state;
	uint8_t *memory = malloc(16);
	struct ff_images images = { .count = 0 };
	struct ff_region regions[FF_MAX_REGIONS] = { { .offset = 0 } };
	struct ff_error error = FF_ERROR_NONE;
	uint8_t bytes[16];

	assert_non_null(memory);
	memcpy(memory, "0123456789abcdef", 16);
	assert_int_equal(ff_images_add_file(&images, 0x1000, playground->folder, "boot.bin", &error), FF_OK);
	assert_int_equal(ff_images_add_bytes(&images, 0x2000, "a.hex @ 0x2000", memory, 4, memory, &error), FF_OK);
	assert_int_equal(ff_images_add_bytes(&images, 0x3000, "a.hex @ 0x3000", memory + 8, 8, NULL, &error), FF_OK);
	assert_int_equal(ff_images_check(&images, &error), FF_OK);
	assert_int_equal(ff_images_size(&images), 112);
	assert_int_equal(ff_images_peek(&images.items[2], bytes, 6), 6);
	assert_memory_equal(bytes, "89abcd", 6);
	assert_int_equal(ff_images_peek(&images.items[1], bytes, sizeof(bytes)), 4);
	assert_int_equal(ff_images_open(&images, regions, &error), FF_OK);
	assert_string_equal(regions[2].name, "a.hex @ 0x3000");
	for (size_t i = 0; i < images.count; i++) {
		const struct ff_source *source = &regions[i].source;

		assert_int_equal(source->size, images.items[i].size);
		assert_int_equal(source->read(source->context, source->size - 2, bytes, 2, &error), FF_OK);
		assert_int_not_equal(source->read(source->context, source->size - 2, bytes, 3, NULL), FF_OK);
	}
	assert_memory_equal(bytes, "ef", 2);
	ff_images_close(&images, regions);
	ff_images_release(&images);
}

static void test_images__bounds_their_number(void **state)
{
	struct ff_images images = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;

	(void)state;
	for (uint32_t i = 0; i < FF_MAX_REGIONS; i++) {
		uint8_t *memory = malloc(1);

		assert_int_equal(ff_images_add_bytes(&images, i << 12, "x", memory, 1, memory, &error), FF_OK);
	}
	assert_int_equal(ff_images_add_bytes(&images, 0, "x", NULL, 1, malloc(1), &error), FF_ERR_ARGUMENT);
	assert_int_equal(ff_images_add_file(&images, 0, NULL, "x", &error), FF_ERR_ARGUMENT);
	ff_images_release(&images);
}

static void test_images__takes_what_a_build_lists(void **state)
{
	const struct playground *playground = *state;
	struct ff_flasher_args args = { .files = { { .offset = 0x1000, .path = (char *)"boot.bin" },
						   { .offset = 0x10000, .path = (char *)"app.bin" } },
					.count = 2 };
	struct ff_images images = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;

	assert_int_equal(ff_images_add_build(&images, &args, playground->folder, &error), FF_OK);
	assert_int_equal(ff_images_check(&images, &error), FF_OK);
	assert_int_equal(images.items[0].size, 100);
	assert_int_equal(images.items[1].size, 5000);
	ff_images_release(&images);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_images__measures_the_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_images__refuses_bad_input, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_images__opens_files_and_bytes, set_up, tear_down),
		cmocka_unit_test(test_images__bounds_their_number),
		cmocka_unit_test_setup_teardown(test_images__takes_what_a_build_lists, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
