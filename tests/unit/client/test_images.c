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

/* The paths belong at 0, 64 KiB, 128 KiB and so on. */
static enum ff_status add_all(struct ff_images *images, const struct playground *playground, const char *const *paths,
			      struct ff_error *error)
{
	enum ff_status status = FF_OK;

	for (uint32_t i = 0; paths[i] != NULL && status == FF_OK; i++) {
		status = ff_images_add_file(images, i << 16, playground->folder, paths[i], error);
	}
	return status == FF_OK ? ff_images_check(images, true, error) : status;
}

static void test_images__measures_the_files(void **state)
{
	const struct playground *playground = *state;
	const char *const paths[] = { "app.bin", "./sub/../boot.bin", NULL };
	struct ff_images images = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;

	assert_int_equal(add_all(&images, playground, paths, &error), FF_OK);
	assert_int_equal(images.count, 2);
	assert_int_equal(images.items[0].size, 5000);
	assert_int_equal(images.items[1].offset, 0x10000);
	assert_string_equal(images.items[1].name, "boot.bin");
	assert_int_equal(ff_images_size(&images), 5100);
	ff_images_release(&images);
}

static void test_images__refuses_bad_files(void **state)
{
	static const struct {
		const char *paths[3];
		enum ff_status status;
		const char *reason;
	} cases[] = {
		{ { "missing.bin" }, FF_ERR_ARGUMENT, "missing.bin: No such file" },
		{ { "app.bin", "sub" }, FF_ERR_ARGUMENT, "sub is not a regular file" },
		{ { "app.bin", "empty.bin" }, FF_ERR_EMPTY, "empty.bin is empty" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ff_images images = { .count = 0 };
		struct ff_error error = FF_ERROR_NONE;

		assert_int_equal(add_all(&images, *state, cases[i].paths, &error), cases[i].status);
		if (strstr(error.text, cases[i].reason) == NULL) {
			fail_msg("case %zu: '%s' does not say '%s'", i, error.text, cases[i].reason);
		}
		ff_images_release(&images);
	}
}

static void test_images__checks_offsets_for_a_write_only(void **state)
{
	uint8_t bytes[5000];
	struct ff_images images = { .items = { { .offset = 0x1001, .name = (char *)"a", .bytes = bytes, .size = 5000 },
					       { .offset = 0x1002, .name = (char *)"b", .bytes = bytes, .size = 1 } },
				    .count = 2 };
	struct ff_error error = FF_ERROR_NONE;

	(void)state;
	assert_int_equal(ff_images_check(&images, false, &error), FF_OK);
	assert_int_equal(ff_images_check(&images, true, NULL), FF_ERR_ALIGNMENT);
	images.items[0].offset = images.items[1].offset = 0x1000;
	assert_int_equal(ff_images_check(&images, true, NULL), FF_ERR_OVERLAP);
	images.items[1].offset = 0x4000;
	assert_int_equal(ff_images_check(&images, true, NULL), FF_OK);
	images.count = FF_MAX_REGIONS + 1;
	assert_int_equal(ff_images_check(&images, false, &error), FF_ERR_ARGUMENT);
	assert_non_null(strstr(error.text, "65 separate pieces"));
}

static void test_images__loads_files(void **state)
{
	const struct playground *playground = *state;
	struct ff_images images = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;

	assert_int_equal(ff_images_add_file(&images, 0, playground->folder, "boot.bin", &error), FF_OK);
	assert_int_equal(ff_images_load(&images, &error), FF_OK);
	assert_null(images.items[0].path);
	assert_int_equal(images.items[0].size, 100);
	assert_int_equal(images.items[0].bytes[99], 99);
	assert_int_equal(ff_images_load(&images, &error), FF_OK);
	assert_int_equal(ff_images_add_file(&images, 0, playground->folder, "empty.bin", &error), FF_OK);
	assert_int_equal(ff_images_load(&images, &error), FF_ERR_EMPTY);
	assert_non_null(strstr(error.text, "empty.bin: it is empty"));
	ff_images_release(&images);
}

static void test_images__knows_the_chip_of_a_uf2_file(void **state)
{
	struct ff_images images = { .items = { { .name = (char *)"app.bin" }, { .name = (char *)"app.uf2 @ 0x0" } },
				    .count = 2 };
	struct ff_error error = FF_ERROR_NONE;

	(void)state;
	assert_false(ff_images_name_chip(&images));
	assert_int_equal(ff_images_check_chip(&images, "ESP32", &error), FF_OK);
	images.items[1].uf2_family = 0xD42BA06C;
	assert_true(ff_images_name_chip(&images));
	assert_int_equal(ff_images_check_chip(&images, "esp32c3", &error), FF_OK);
	assert_int_equal(ff_images_check_chip(&images, "ESP32", &error), FF_ERR_WRONG_CHIP);
	assert_string_equal(error.text, "app.uf2 @ 0x0 is for ESP32-C3, not for the ESP32; --force goes on");
	images.items[1].uf2_family = 0x12345678;
	error = (struct ff_error)FF_ERROR_NONE;
	assert_int_equal(ff_images_check_chip(&images, "ESP32", &error), FF_ERR_WRONG_CHIP);
	assert_non_null(strstr(error.text, "unknown UF2 family 0x12345678"));
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
	assert_int_equal(ff_images_check(&images, true, &error), FF_OK);
	assert_int_equal(ff_images_size(&images), 112);
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
	for (uint32_t i = 0; i < FF_IMAGES_MAX; i++) {
		uint8_t *memory = malloc(1);

		assert_int_equal(ff_images_add_bytes(&images, i << 12, "x", memory, 1, memory, &error), FF_OK);
	}
	assert_int_equal(ff_images_add_bytes(&images, 0, "x", NULL, 1, malloc(1), &error), FF_ERR_ARGUMENT);
	assert_int_equal(ff_images_add_file(&images, 0, NULL, "x", &error), FF_ERR_ARGUMENT);
	ff_images_release(&images);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_images__measures_the_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_images__refuses_bad_files, set_up, tear_down),
		cmocka_unit_test(test_images__checks_offsets_for_a_write_only),
		cmocka_unit_test_setup_teardown(test_images__loads_files, set_up, tear_down),
		cmocka_unit_test(test_images__knows_the_chip_of_a_uf2_file),
		cmocka_unit_test_setup_teardown(test_images__opens_files_and_bytes, set_up, tear_down),
		cmocka_unit_test(test_images__bounds_their_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
