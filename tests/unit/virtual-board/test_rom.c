// SPDX-License-Identifier: Apache-2.0
/* Vectors written by hand from Espressif's "Serial Protocol" page, and replies as the mask ROMs of an ESP32 (July 29
 * 2019) and an ESP32-C3 (February 7 2021) gave them in an emulator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench.h"

static struct bench bench;

static int close_bench(void **state)
{
	(void)state;
	bench_close(&bench);
	return 0;
}

/* ---- replies ---- */

static void test_rom__answers_sync_eight_times(void **state)
{
	(void)state;
	static const uint8_t reply[] = { 0xC0, 1, 8, 4, 0, 7, 7, 0x12, 0x20, 0, 0, 0, 0, 0xC0 };
	bench_open(&bench, "esp32", false);
	bench_sync(&bench);
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
	bench_sync(&bench);
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
	bench_sync(&bench);
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
	bench_attach(&bench);
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
/* ---- the rate ---- */

static void test_rom__baud_changes_after_the_reply(void **state)
{
	(void)state;
	bench_open(&bench, "esp32c3", true);
	bench_sync(&bench);
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
	bench_sync(&bench); /* at 115200 */
	assert_int_equal(ff_soc_tune(bench.soc, 230400), 115200);
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
		TEST(test_rom__baud_changes_after_the_reply),
		TEST(test_rom__finds_the_rate_until_the_first_sync),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
