// SPDX-License-Identifier: Apache-2.0
/* Vectors written by hand from Espressif's "Serial Protocol" page, and replies as the mask ROMs of an ESP32 (July 29
 * 2019) and an ESP32-C3 (February 7 2021) gave them in an emulator: what concerns the flash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <zlib.h>

#include "bench.h"

static struct bench bench;

static int close_bench(void **state)
{
	(void)state;
	bench_close(&bench);
	return 0;
}

static void fill_flash(uint8_t value)
{
	uint8_t page[4096];
	memset(page, value, sizeof(page));
	for (uint32_t at = 0; at < BENCH_FLASH_SIZE; at += sizeof(page)) {
		ff_nor_program(bench.nor, at, page, sizeof(page));
	}
}

static uint8_t cell(uint32_t address)
{
	uint8_t byte;
	ff_nor_read(bench.nor, address, &byte, 1);
	return byte;
}
/* ---- flash ---- */

static void test_rom__flash_needs_attaching(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_words(&bench, 0x02, 0x1000, 4, 0x400, 0x10000);
	bench_expect_hex(&bench, 0xC0, 1, 2, 4, 0, 0, 0, 0, 0, 1, 6, 0, 0, 0xC0);
}

static void test_rom__takes_the_flash_for_2_mb_unless_told(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_words(&bench, 0x0D, 0, 0);
	bench_drop(&bench);
	bench_words(&bench, 0x02, 0x1000, 4, 0x400, 0x200000);
	bench_expect_hex(&bench, 0xC0, 1, 2, 4, 0, 0, 0, 0, 0, 1, 6, 0, 0, 0xC0);
	bench_words(&bench, 0x0B, 0, BENCH_FLASH_SIZE, 0x10000, 0x1000, 0x100, 0xFFFF);
	bench_drop(&bench);
	bench_words(&bench, 0x02, 0x1000, 4, 0x400, 0x200000);
	bench_expect_hex(&bench, 0xC0, 1, 2, 4, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0xC0);
}

static void test_rom__begin_has_an_exact_length(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_attach(&bench);
	bench_words(&bench, 0x02, 0x1000, 4, 0x400, 0x10000, 0);
	bench_expect_hex(&bench, 0xC0, 1, 2, 4, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0xC0);
	bench_close(&bench);
	bench_open(&bench, "esp32c3", false);
	bench_attach(&bench);
	bench_words(&bench, 0x02, 0x1000, 4, 0x400, 0x10000);
	bench_expect_hex(&bench, 0xC0, 1, 2, 4, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0xC0);
	bench_words(&bench, 0x02, 0x1000, 4, 0x400, 0x10000, 0);
	bench_expect_hex(&bench, 0xC0, 1, 2, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0xC0);
}

static void test_rom__begin_erases_whole_sectors_and_data_is_written(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	fill_flash(0);
	bench_attach(&bench);
	bench_words(&bench, 0x02, 0x1001, 5, 0x400, 0x10000);
	assert_int_equal(cell(0xFFFF), 0);
	assert_true(ff_nor_is_blank(bench.nor, 0x10000, 0x2000));
	assert_int_equal(cell(0x12000), 0);
	bench_drop(&bench);
	bench_block(&bench, 0x03, "farflash", 8, 0);
	bench_expect_hex(&bench, 0xC0, 1, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	assert_int_equal(cell(0x10000), 'f');
	assert_int_equal(cell(0x10007), 'h');
}

static void test_rom__reads_back_what_it_writes(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_attach(&bench);
	assert_true(ff_nor_break_cell(bench.nor, 0x10002, false));
	bench_words(&bench, 0x02, 0x1000, 4, 0x400, 0x10000);
	bench_drop(&bench);
	bench_block(&bench, 0x03, "farflash", 8, 0);
	bench_expect_hex(&bench, 0xC0, 1, 3, 4, 0, 0, 0, 0, 0, 1, 8, 0, 0, 0xC0);
}

static void test_rom__writes_to_unerased_flash_are_corrupt(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	ff_nor_program(bench.nor, 0x10004, (const uint8_t[]){ 0x0F, 0x0F }, 2);
	bench_attach(&bench);
	bench_words(&bench, 0x02, 0, 4, 0x400, 0x10000); /* nothing to erase */
	bench_block(&bench, 0x03, "\xFF\xFF\xFF\xFF\xF0\xF0\xFF\xFF", 8, 0);
	assert_int_equal(cell(0x10004), 0x00);
}

static void test_rom__inflates_to_flash_and_hashes_in_hex(void **state)
{
	(void)state;
	uint8_t plain[5000], packed[1000];
	uLongf size = sizeof(packed);
	memset(plain, 'z', sizeof(plain));
	assert_int_equal(compress(packed, &size, plain, sizeof(plain)), Z_OK);
	bench_open(&bench, "esp32", false);
	bench_attach(&bench);
	bench_words(&bench, 0x10, 0x2000, 1, 0x400, 0x10000);
	bench_drop(&bench);
	bench_block(&bench, 0x11, packed, (uint32_t)size, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	assert_int_equal(cell(0x10000), 'z');
	assert_int_equal(cell(0x10000 + 4999), 'z');
	assert_int_equal(cell(0x10000 + 5000), 0xFF);
	bench_words(&bench, 0x13, 0x10000, 3, 0, 0);
	static const char md5_of_zzz[] = "f3abb86bd34cf4d52698f14c0da1dc60";
	assert_int_equal(bench.out_size, 1 + 8 + 32 + 4 + 1);
	assert_memory_equal(bench.out + 9, md5_of_zzz, 32);
	assert_memory_equal(bench.out + 9 + 32, "\0\0", 2);
}

static void test_rom__tells_wrong_streams_from_wrong_checksums(void **state)
{
	(void)state;
	uint8_t packed[100];
	uLongf size = sizeof(packed);
	assert_int_equal(compress(packed, &size, (const uint8_t *)"farflash", 8), Z_OK);
	bench_open(&bench, "esp32", false);
	bench_attach(&bench);
	bench_words(&bench, 0x10, 0x1000, 1, 0x400, 0x10000);
	bench_drop(&bench);
	bench_block(&bench, 0x11, "UUUUUUUU", 8, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x11, 4, 0, 0, 0, 0, 0, 1, 0x0B, 0, 0, 0xC0);
	packed[size - 1] ^= 1;
	bench_words(&bench, 0x10, 0x1000, 1, 0x400, 0x10000);
	bench_drop(&bench);
	bench_block(&bench, 0x11, packed, (uint32_t)size, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x11, 4, 0, 0, 0, 0, 0, 1, 0x0C, 0, 0, 0xC0);
}

static void test_rom__slow_read_always_answers_64_bytes(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_attach(&bench);
	ff_nor_program(bench.nor, 0, (const uint8_t *)"boot", 4);
	bench_words(&bench, 0x0E, 0, 4);
	assert_int_equal(bench.out_size, 1 + 8 + 64 + 4 + 1);
	assert_memory_equal(bench.out, "\xC0\x01\x0E\x44\x00", 5);
	assert_memory_equal(bench.out + 9, "boot", 4);
	bench_drop(&bench);
	bench_words(&bench, 0x0E, 0, 65);
	assert_memory_equal(bench.out + 9 + 64, "\x01\x0A", 2);
}

static void test_rom__end_with_bytes_missing_leaves_all_the_same(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_attach(&bench);
	bench_words(&bench, 0x02, 0x800, 2, 0x400, 0x10000);
	bench_drop(&bench);
	bench_words(&bench, 0x04, 0);
	static const uint8_t refused[] = { 0xC0, 1, 4, 4, 0, 0, 0, 0, 0, 1, 6, 0, 0, 0xC0 };
	assert_memory_equal(bench.out, refused, sizeof(refused));
	assert_true(bench_printed(&bench, "invalid header: 0xffffffff"));
	bench_drop(&bench);
	bench_sync(&bench);
	bench_expect_silence(&bench);
}

static void test_rom__end_of_a_complete_download_resets(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_attach(&bench);
	bench_words(&bench, 0x02, 8, 1, 0x400, 0x10000);
	bench_block(&bench, 0x03, "farflash", 8, 0);
	bench_drop(&bench);
	bench_words(&bench, 0x04, 0);
	bench_expect_hex(&bench, 0xC0, 1, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0xC0, 0xC0);
	bench_wait(&bench, 50 * MS);
	assert_true(bench_printed(&bench, "rst:0x3 (SW_RESET),boot:0x3 (DOWNLOAD_BOOT"));
}
/* ---- the erase size of the ESP8266 ---- */

/* The sectors that one FLASH_BEGIN erases; the flash is written before. */
static uint32_t erased_sectors(uint32_t first, uint32_t asked)
{
	fill_flash(0);
	bench_words(&bench, 0x02, asked * 0x1000, 1, 0x400, first * 0x1000);
	bench_drop(&bench);
	uint32_t count = 0;
	for (uint32_t sector = 0; sector < BENCH_FLASH_SIZE / 0x1000; sector++) {
		bool blank = ff_nor_is_blank(bench.nor, sector * 0x1000, 0x1000);
		assert_true(!blank || sector == first + count);
		count += blank;
	}
	return count;
}

static void test_rom__esp8266_erases_the_head_twice_over(void **state)
{
	(void)state;
	static const struct {
		uint32_t first, asked, erased;
	} cases[] = {
		/* from a block's start: up to 16 sectors are all head */
		{ 0, 1, 2 },
		{ 0, 8, 16 },
		{ 0, 16, 32 },
		{ 0, 20, 36 },
		/* 6 sectors before the next block */
		{ 10, 3, 6 },
		{ 10, 6, 12 },
		{ 10, 20, 26 },
		{ 15, 1, 2 },
		{ 15, 30, 31 },
	};
	bench_open(&bench, "esp8266", false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(erased_sectors(cases[i].first, cases[i].asked), cases[i].erased);
	}
}

static void test_rom__esp32_erases_what_is_asked(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_attach(&bench);
	assert_int_equal(erased_sectors(0, 1), 1);
	assert_int_equal(erased_sectors(10, 20), 20);
}

/* ---- time ---- */

static void test_rom__erase_takes_datasheet_time_before_the_answer(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", true);
	bench_words(&bench, 0x0D, 0, 0);
	bench_wait(&bench, 100 * MS);
	bench_drop(&bench);
	int64_t begin = bench.now;
	bench_words(&bench, 0x02, 0x11000, 68, 0x400, 0x10000); /* a block and a sector */
	bench_wait(&bench, 200 * MS);
	bench_expect_hex(&bench, 0xC0, 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	assert_in_range(bench.sent_at - begin, 195 * MS, 196 * MS);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rom__flash_needs_attaching),
		TEST(test_rom__takes_the_flash_for_2_mb_unless_told),
		TEST(test_rom__begin_has_an_exact_length),
		TEST(test_rom__begin_erases_whole_sectors_and_data_is_written),
		TEST(test_rom__reads_back_what_it_writes),
		TEST(test_rom__writes_to_unerased_flash_are_corrupt),
		TEST(test_rom__inflates_to_flash_and_hashes_in_hex),
		TEST(test_rom__tells_wrong_streams_from_wrong_checksums),
		TEST(test_rom__slow_read_always_answers_64_bytes),
		TEST(test_rom__end_with_bytes_missing_leaves_all_the_same),
		TEST(test_rom__end_of_a_complete_download_resets),
		TEST(test_rom__esp8266_erases_the_head_twice_over),
		TEST(test_rom__esp32_erases_what_is_asked),
		TEST(test_rom__erase_takes_datasheet_time_before_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
