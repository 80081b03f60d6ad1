// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nor.h"

#define SIZE (1u << 20)

struct file {
	char path[64];
};

static struct file new_file(void)
{
	struct file file = { "/tmp/farflash-nor-XXXXXX" };
	int fd = mkstemp(file.path);
	assert_true(fd >= 0);
	close(fd);
	unlink(file.path);
	return file;
}

static struct ff_nor *open_nor(const struct file *file)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_nor *nor;
	assert_int_equal(ff_nor_open(&nor, file->path, SIZE, &error), FF_OK);
	return nor;
}

static uint8_t cell(const struct ff_nor *nor, uint32_t address)
{
	uint8_t byte;
	ff_nor_read(nor, address, &byte, 1);
	return byte;
}

static void test_nor__new_file_is_erased(void **state)
{
	(void)state;
	struct file file = new_file();
	struct ff_nor *nor = open_nor(&file);
	assert_true(ff_nor_is_blank(nor, 0, SIZE));
	struct stat info;
	assert_int_equal(stat(file.path, &info), 0);
	assert_int_equal(info.st_size, SIZE);
	ff_nor_close(nor);
	unlink(file.path);
}

static void test_nor__program_only_clears_bits(void **state)
{
	(void)state;
	struct file file = new_file();
	struct ff_nor *nor = open_nor(&file);
	ff_nor_program(nor, 0x1000, (const uint8_t[]){ 0xF0, 0xAA }, 2);
	ff_nor_program(nor, 0x1000, (const uint8_t[]){ 0x3C, 0x55 }, 2);
	assert_int_equal(cell(nor, 0x1000), 0x30);
	assert_int_equal(cell(nor, 0x1001), 0x00);
	ff_nor_close(nor);
	unlink(file.path);
}

static void test_nor__erase_takes_whole_sectors(void **state)
{
	(void)state;
	struct file file = new_file();
	struct ff_nor *nor = open_nor(&file);
	for (uint32_t at = 0x0FFF; at <= 0x3000; at += 0x2001) {
		ff_nor_program(nor, at, (const uint8_t[]){ 0 }, 1);
	}
	ff_nor_program(nor, 0x1000, (const uint8_t[]){ 0 }, 1);
	ff_nor_program(nor, 0x2FFF, (const uint8_t[]){ 0 }, 1);
	ff_nor_erase(nor, 0x1000, 0x1001);
	assert_int_equal(cell(nor, 0x0FFF), 0x00);
	assert_true(ff_nor_is_blank(nor, 0x1000, 0x2000));
	assert_int_equal(cell(nor, 0x3000), 0x00);
	ff_nor_close(nor);
	unlink(file.path);
}

static void test_nor__addresses_wrap(void **state)
{
	(void)state;
	struct file file = new_file();
	struct ff_nor *nor = open_nor(&file);
	ff_nor_program(nor, SIZE - 1, (const uint8_t[]){ 1, 2 }, 2);
	assert_int_equal(cell(nor, SIZE - 1), 1);
	assert_int_equal(cell(nor, 0), 2);
	uint8_t both[2];
	ff_nor_read(nor, SIZE - 1, both, 2);
	assert_int_equal(both[1], 2);
	ff_nor_close(nor);
	unlink(file.path);
}

static void test_nor__file_shows_changes_at_once_and_keeps_them(void **state)
{
	(void)state;
	struct file file = new_file();
	struct ff_nor *nor = open_nor(&file);
	ff_nor_program(nor, 0x12345, (const uint8_t *)"far", 3);
	char found[4] = "";
	FILE *view = fopen(file.path, "rb");
	assert_non_null(view);
	fseek(view, 0x12345, SEEK_SET);
	assert_int_equal(fread(found, 1, 3, view), 3);
	fclose(view);
	assert_string_equal(found, "far");
	ff_nor_close(nor);
	nor = open_nor(&file);
	assert_int_equal(cell(nor, 0x12345), 'f');
	ff_nor_close(nor);
	unlink(file.path);
}

static void test_nor__rejects_a_file_of_another_size(void **state)
{
	(void)state;
	struct file file = new_file();
	ff_nor_close(open_nor(&file));
	struct ff_error error = FF_ERROR_NONE;
	struct ff_nor *nor = NULL;
	assert_int_equal(ff_nor_open(&nor, file.path, 2 * SIZE, &error), FF_ERR_ARGUMENT);
	assert_null(nor);
	assert_non_null(strstr(error.text, "1048576"));
	unlink(file.path);
}

static void test_nor__belongs_to_one_board(void **state)
{
	(void)state;
	struct file file = new_file();
	struct ff_nor *nor = open_nor(&file);
	struct ff_error error = FF_ERROR_NONE;
	struct ff_nor *second = NULL;
	assert_int_equal(ff_nor_open(&second, file.path, SIZE, &error), FF_ERR_BUSY);
	ff_nor_close(nor);
	ff_nor_close(open_nor(&file));
	unlink(file.path);
}

static void test_nor__rejects_sizes_that_no_chip_has(void **state)
{
	(void)state;
	static const uint32_t sizes[] = { 0, 1, 4096, 3u << 20, UINT32_MAX, 256u << 20 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct ff_error error = FF_ERROR_NONE;
		struct ff_nor *nor = NULL;
		assert_int_equal(ff_nor_open(&nor, "/nonexistent/flash", sizes[i], &error), FF_ERR_ARGUMENT);
	}
}

static void test_nor__broken_cell_refuses_once(void **state)
{
	(void)state;
	struct file file = new_file();
	struct ff_nor *nor = open_nor(&file);
	assert_true(ff_nor_break_cell(nor, 0x100, false));
	ff_nor_program(nor, 0x100, (const uint8_t[]){ 0xFF }, 1);
	ff_nor_program(nor, 0x100, (const uint8_t[]){ 0x12 }, 1);
	assert_int_equal(cell(nor, 0x100), 0xFF);
	ff_nor_program(nor, 0x100, (const uint8_t[]){ 0x12 }, 1);
	assert_int_equal(cell(nor, 0x100), 0x12);
	ff_nor_close(nor);
	unlink(file.path);
}

static void test_nor__broken_cell_refuses_always(void **state)
{
	(void)state;
	struct file file = new_file();
	struct ff_nor *nor = open_nor(&file);
	assert_true(ff_nor_break_cell(nor, 0x100, true));
	assert_false(ff_nor_break_cell(nor, SIZE, true));
	for (int i = 0; i < 3; i++) {
		ff_nor_program(nor, 0x0FF, (const uint8_t[]){ 1, 2, 3 }, 3);
		assert_int_equal(cell(nor, 0x100), 0xFF);
		assert_int_equal(cell(nor, 0x101), 3);
	}
	ff_nor_close(nor);
	unlink(file.path);
}

static void test_nor__jedec_id_tells_the_size(void **state)
{
	(void)state;
	struct file file = new_file();
	struct ff_nor *nor = open_nor(&file);
	/* EF 40 14: W25Q80, 1 MB */
	assert_int_equal(ff_nor_jedec_id(nor), 0x1440EF);
	ff_nor_close(nor);
	unlink(file.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nor__new_file_is_erased),
		cmocka_unit_test(test_nor__program_only_clears_bits),
		cmocka_unit_test(test_nor__erase_takes_whole_sectors),
		cmocka_unit_test(test_nor__addresses_wrap),
		cmocka_unit_test(test_nor__file_shows_changes_at_once_and_keeps_them),
		cmocka_unit_test(test_nor__rejects_a_file_of_another_size),
		cmocka_unit_test(test_nor__belongs_to_one_board),
		cmocka_unit_test(test_nor__rejects_sizes_that_no_chip_has),
		cmocka_unit_test(test_nor__broken_cell_refuses_once),
		cmocka_unit_test(test_nor__broken_cell_refuses_always),
		cmocka_unit_test(test_nor__jedec_id_tells_the_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
