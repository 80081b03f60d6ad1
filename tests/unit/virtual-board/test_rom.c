// SPDX-License-Identifier: Apache-2.0
/* Vectors written by hand from Espressif's "Serial Protocol" page, and replies as the mask ROMs of an ESP32 (July 29
 * 2019) and an ESP32-C3 (February 7 2021) gave them in an emulator. */
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

/* The example of the protocol page, with its 46 bytes. */
static const uint8_t sync_frame[] = "\xC0\x00\x08\x24\x00\x00\x00\x00\x00\x07\x07\x12\x20"
				    "UUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUU\xC0";

static void attach(void)
{
	bench_words(&bench, 0x0D, 0, 0);
	bench_words(&bench, 0x0B, 0, BENCH_FLASH_SIZE, 0x10000, 0x1000, 0x100, 0xFFFF);
	bench_drop(&bench);
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

/* ---- replies ---- */

static void test_rom__answers_sync_eight_times(void **state)
{
	(void)state;
	static const uint8_t reply[] = { 0xC0, 1, 8, 4, 0, 7, 7, 0x12, 0x20, 0, 0, 0, 0, 0xC0 };
	bench_open(&bench, "esp32", false);
	bench_feed(&bench, sync_frame, sizeof(sync_frame) - 1);
	assert_int_equal(bench.out_size, 8 * sizeof(reply));
	for (size_t i = 0; i < 8; i++) {
		assert_memory_equal(bench.out + i * sizeof(reply), reply, sizeof(reply));
	}
}

static void test_rom__esp8266_has_two_status_bytes(void **state)
{
	(void)state;
	static const uint8_t reply[] = { 0xC0, 1, 8, 2, 0, 7, 7, 0x12, 0x20, 0, 0, 0xC0 };
	bench_open(&bench, "esp8266", false);
	bench_feed(&bench, sync_frame, sizeof(sync_frame) - 1);
	assert_int_equal(bench.out_size, 8 * sizeof(reply));
	assert_memory_equal(bench.out, reply, sizeof(reply));
}

static void test_rom__reads_the_magic_word(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 4, 0, 0x83, 0x1D, 0xF0, 0, 0, 0, 0, 0, 0xC0);
}

static void test_rom__repeats_the_last_value_and_the_last_error(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_words(&bench, 0x0B, 0, 0); /* SPI_SET_PARAMS wants six words */
	bench_drop(&bench);
	bench_words(&bench, 0x05, 64, 1, 64, 0x3FFE8000);
	bench_expect_hex(&bench, 0xC0, 1, 0x05, 4, 0, 0x83, 0x1D, 0xF0, 0, 0, 5, 0, 0, 0xC0);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 4, 0, 0x83, 0x1D, 0xF0, 0, 0, 0, 0, 0, 0xC0);
}

static void test_rom__unknown_command_is_an_error_of_the_last_known_one(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_send(&bench, 0xD0, NULL, 0, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0, 4, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0xC0);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_drop(&bench);
	bench_send(&bench, 0x14, NULL, 0, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 4, 0, 0x83, 0x1D, 0xF0, 0, 1, 5, 0, 0, 0xC0);
}

static void test_rom__unknown_command_after_sync_comes_eight_times(void **state)
{
	(void)state;
	static const uint8_t reply[] = { 0xC0, 1, 8, 4, 0, 7, 7, 0x12, 0x20, 1, 5, 0, 0, 0xC0 };
	bench_open(&bench, "esp32", false);
	bench_feed(&bench, sync_frame, sizeof(sync_frame) - 1);
	bench_drop(&bench);
	bench_send(&bench, 0xD0, NULL, 0, 0);
	assert_int_equal(bench.out_size, 8 * sizeof(reply));
	assert_memory_equal(bench.out + 7 * sizeof(reply), reply, sizeof(reply));
}

static void test_rom__esp8266_knows_no_later_commands(void **state)
{
	(void)state;
	static const uint8_t later[] = { 0x0B, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13, 0x14, 0xD0, 0xD2 };
	bench_open(&bench, "esp8266", false);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_drop(&bench);
	for (size_t i = 0; i < sizeof(later); i++) {
		bench_words(&bench, later[i], 0, 0, 0, 0, 0, 0);
		bench_expect_hex(&bench, 0xC0, 1, 0x0A, 2, 0, 0x01, 0xC1, 0xF0, 0xFF, 1, 5, 0xC0);
	}
}

static void test_rom__bad_address_kills_the_loader(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_words(&bench, 0x0A, 0x40001001);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_expect_silence(&bench);
}

static void test_rom__security_info_of_an_open_chip(void **state)
{
	(void)state;
	bench_open(&bench, "esp32c3", false);
	bench_send(&bench, 0x14, NULL, 0, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x14, 0x18, 0, 0, 0, 0, 0, /* flags */ 0, 0, 0, 0, /* crypt count */ 0,
			 /* purposes */ 0, 0, 0, 0, 0, 0, 12, /* chip */ 5, 0, 0, 0, /* revision */ 3, 0, 0, 0, 0, 0, 0,
			 0, 0xC0);
}

/* ---- registers ---- */

static void test_rom__write_reg_keeps_what_the_mask_leaves(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_words(&bench, 0x09, 0x3FFE8000, 0xC0DBC0DB, 0xFFFFFFFF, 0);
	bench_words(&bench, 0x09, 0x3FFE8000, 0x0000FFFF, 0x0000FF00, 0);
	bench_drop(&bench);
	bench_words(&bench, 0x0A, 0x3FFE8000);
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 4, 0, 0xDB, 0xDD, 0xFF, 0xDB, 0xDD, 0xDB, 0xDC, 0, 0, 0, 0, 0xC0);
}

static uint32_t read_reg(uint32_t address)
{
	bench_drop(&bench);
	bench_words(&bench, 0x0A, address);
	assert_true(bench.out_size >= 10);
	assert_int_equal(bench.out[1], 1);
	uint32_t value = 0;
	size_t at = 5;
	for (int i = 0; i < 4; i++) {
		uint8_t byte = bench.out[at++];
		if (byte == 0xDB) {
			byte = bench.out[at++] == 0xDC ? 0xC0 : 0xDB;
		}
		value |= (uint32_t)byte << (8 * i);
	}
	bench_drop(&bench);
	return value;
}

static void test_rom__mac_is_where_each_chip_has_it(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	assert_int_equal(read_reg(0x3FF5A004), 0xC4123456);
	assert_int_equal(read_reg(0x3FF5A008) & 0xFFFF, 0x240A);
	bench_close(&bench);
	bench_open(&bench, "esp32c3", false);
	assert_int_equal(read_reg(0x60008844), 0xC4123456);
	assert_int_equal(read_reg(0x60008848), 0x240A);
	bench_close(&bench);
	bench_open(&bench, "esp8266", false);
	assert_int_equal(read_reg(0x3FF00050), 0x56000000);
	assert_int_equal(read_reg(0x3FF00054), 0x1234);
	assert_int_equal(read_reg(0x3FF0005C), 0x240AC4);
}

/* The command of esptool's flash_id, by the registers of the ESP32. */
static uint32_t jedec_id(void)
{
	bench_words(&bench, 0x09, 0x3FF4202C, 23, 0xFFFFFFFF, 0);         /* 24 bits to read */
	bench_words(&bench, 0x09, 0x3FF4201C, 0x90000000, 0xFFFFFFFF, 0); /* command and data in */
	bench_words(&bench, 0x09, 0x3FF42024, 0x7000009F, 0xFFFFFFFF, 0); /* 8 bits: 9F */
	bench_words(&bench, 0x09, 0x3FF42080, 0, 0xFFFFFFFF, 0);
	bench_words(&bench, 0x09, 0x3FF42000, 1u << 18, 0xFFFFFFFF, 0);
	assert_int_equal(read_reg(0x3FF42000), 0);
	return read_reg(0x3FF42080);
}

static void test_rom__flash_answers_its_id_once_attached(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	assert_int_equal(jedec_id(), 0);
	attach();
	assert_int_equal(jedec_id(), 0x1640EF);
}

/* ---- RAM ---- */

static void test_rom__ram_blocks_land_one_after_the_other(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_words(&bench, 0x05, 8, 2, 4, 0x3FFE8000);
	bench_block(&bench, 0x07, "abcd", 4, 0);
	bench_block(&bench, 0x07, "efgh", 4, 1);
	assert_int_equal(read_reg(0x3FFE8000), 0x64636261);
	assert_int_equal(read_reg(0x3FFE8004), 0x68676665);
}

static void test_rom__bad_checksum_uses_up_the_block(void **state)
{
	(void)state;
	uint8_t block[20] = { 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'x', 'x', 'x', 'x' };
	bench_open(&bench, "esp32", false);
	bench_words(&bench, 0x05, 12, 3, 4, 0x3FFE8000);
	bench_block(&bench, 0x07, "abcd", 4, 0);
	bench_drop(&bench);
	bench_send(&bench, 0x07, block, sizeof(block), 0x12);
	bench_expect_hex(&bench, 0xC0, 1, 7, 4, 0, 0, 0, 0, 0, 1, 7, 0, 0, 0xC0);
	bench_block(&bench, 0x07, "efgh", 4, 1);
	bench_expect_hex(&bench, 0xC0, 1, 7, 4, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0xC0);
	bench_block(&bench, 0x07, "ijkl", 4, 2);
	bench_expect_hex(&bench, 0xC0, 1, 7, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0xC0);
	assert_int_equal(read_reg(0x3FFE8004), 0x6C6B6A69);
}

static void test_rom__block_size_ends_at_1800(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_words(&bench, 0x05, 0x1800, 1, 0x1800, 0x3FFE8000);
	bench_expect_hex(&bench, 0xC0, 1, 5, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	bench_words(&bench, 0x05, 0x1801, 1, 0x1801, 0x3FFE8000);
	bench_expect_hex(&bench, 0xC0, 1, 5, 4, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0xC0);
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
	attach();
	bench_words(&bench, 0x02, 0x1000, 4, 0x400, 0x10000, 0);
	bench_expect_hex(&bench, 0xC0, 1, 2, 4, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0xC0);
	bench_close(&bench);
	bench_open(&bench, "esp32c3", false);
	attach();
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
	attach();
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
	attach();
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
	attach();
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
	attach();
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
	attach();
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
	attach();
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
	attach();
	bench_words(&bench, 0x02, 0x800, 2, 0x400, 0x10000);
	bench_drop(&bench);
	bench_words(&bench, 0x04, 0);
	static const uint8_t refused[] = { 0xC0, 1, 4, 4, 0, 0, 0, 0, 0, 1, 6, 0, 0, 0xC0 };
	assert_memory_equal(bench.out, refused, sizeof(refused));
	assert_true(bench_printed(&bench, "invalid header: 0xffffffff"));
	bench_drop(&bench);
	bench_feed(&bench, sync_frame, sizeof(sync_frame) - 1);
	bench_expect_silence(&bench);
}

static void test_rom__end_of_a_complete_download_resets(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	attach();
	bench_words(&bench, 0x02, 8, 1, 0x400, 0x10000);
	bench_block(&bench, 0x03, "farflash", 8, 0);
	bench_drop(&bench);
	bench_words(&bench, 0x04, 0);
	bench_expect_hex(&bench, 0xC0, 1, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0xC0, 0xC0);
	bench_wait(&bench, 50 * MS);
	assert_true(bench_printed(&bench, "rst:0x3 (SW_RESET),boot:0x3 (DOWNLOAD_BOOT"));
}

static void test_rom__baud_changes_after_the_reply(void **state)
{
	(void)state;
	bench_open(&bench, "esp32c3", true);
	bench_feed(&bench, sync_frame, sizeof(sync_frame) - 1);
	bench_wait(&bench, 100 * MS);
	bench_drop(&bench);
	bench_words(&bench, 0x0F, 921600, 0);
	bench_wait(&bench, 10 * MS);
	bench_expect_hex(&bench, 0xC0, 1, 0x0F, 4, 0, 7, 7, 0x12, 0x20, 0, 0, 0, 0, 0xC0, 0xC0, 0xC0);
	assert_int_equal(ff_soc_tune(bench.soc, 115200), 921600);
}

static void test_rom__finds_the_rate_until_the_first_sync(void **state)
{
	(void)state;
	bench_open(&bench, "esp8266", false);
	assert_int_equal(ff_soc_tune(bench.soc, 230400), 230400);
	bench_feed(&bench, sync_frame, sizeof(sync_frame) - 1); /* at 115200 */
	assert_int_equal(ff_soc_tune(bench.soc, 230400), 115200);
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
	attach();
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
		TEST(test_rom__answers_sync_eight_times),
		TEST(test_rom__esp8266_has_two_status_bytes),
		TEST(test_rom__reads_the_magic_word),
		TEST(test_rom__repeats_the_last_value_and_the_last_error),
		TEST(test_rom__unknown_command_is_an_error_of_the_last_known_one),
		TEST(test_rom__unknown_command_after_sync_comes_eight_times),
		TEST(test_rom__esp8266_knows_no_later_commands),
		TEST(test_rom__bad_address_kills_the_loader),
		TEST(test_rom__security_info_of_an_open_chip),
		TEST(test_rom__write_reg_keeps_what_the_mask_leaves),
		TEST(test_rom__mac_is_where_each_chip_has_it),
		TEST(test_rom__flash_answers_its_id_once_attached),
		TEST(test_rom__ram_blocks_land_one_after_the_other),
		TEST(test_rom__bad_checksum_uses_up_the_block),
		TEST(test_rom__block_size_ends_at_1800),
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
		TEST(test_rom__baud_changes_after_the_reply),
		TEST(test_rom__finds_the_rate_until_the_first_sync),
		TEST(test_rom__esp8266_erases_the_head_twice_over),
		TEST(test_rom__esp32_erases_what_is_asked),
		TEST(test_rom__erase_takes_datasheet_time_before_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
