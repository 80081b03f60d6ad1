// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"

static struct bench bench;

static int close_bench(void **state)
{
	(void)state;
	bench_close(&bench);
	return 0;
}

/* Presses the reset button. */
static void reset(bool download)
{
	ff_soc_stop(bench.soc);
	bench_drop(&bench);
	ff_soc_start(bench.soc, download, bench.now);
}

/* A header and one segment, as "Firmware Image Format" has them. */
static void put_image(uint32_t at, size_t header_size)
{
	static const uint8_t header[24] = { 0xE9, 1, 2, 0x20, 0x34, 0x12, 0x08, 0x40 };
	static const uint8_t segment[8] = { 0x00, 0x10, 0xFB, 0x3F, 0x40, 0x00, 0x00, 0x00 };
	ff_nor_program(bench.nor, at, header, header_size);
	ff_nor_program(bench.nor, at + (uint32_t)header_size, segment, sizeof(segment));
}

static void test_boot__esp32_waits_for_a_download(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	reset(true);
	bench_wait(&bench, 20 * MS);
	assert_true(bench_printed(&bench, "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x3 "
					  "(DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n"));
}

static void test_boot__esp32_starts_the_image_at_1000(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	put_image(0x1000, 24);
	reset(false);
	bench_wait(&bench, 20 * MS);
	assert_true(bench_printed(&bench, "boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"));
	assert_true(bench_printed(&bench, "load:0x3ffb1000,len:64\r\nentry 0x40081234\r\n"));
	assert_false(bench_printed(&bench, "hello"));
	bench_wait(&bench, 100 * MS);
	assert_true(bench_printed(&bench, "hello\r\n"));
	bench_drop(&bench);
	bench_wait(&bench, 2000 * MS);
	bench_expect(&bench, "hello: 1 s\r\nhello: 2 s\r\n", 24);
}

static void test_boot__c3_and_esp8266_start_the_image_at_0(void **state)
{
	(void)state;
	bench_open(&bench, "esp32c3", false);
	put_image(0, 24);
	reset(false);
	bench_wait(&bench, 100 * MS);
	assert_true(bench_printed(&bench, "ESP-ROM:esp32c3-api1-20210207"));
	assert_true(bench_printed(&bench, "hello\r\n"));
	bench_close(&bench);
	bench_open(&bench, "esp8266", false);
	put_image(0, 8);
	reset(false);
	bench_wait(&bench, 100 * MS);
	assert_true(bench_printed(&bench, "ets Jan  8 2013,rst cause:2, boot mode:(3,"));
	assert_true(bench_printed(&bench, "load 0x3ffb1000, len 64, room 16 \r\n"));
	assert_true(bench_printed(&bench, "hello\r\n"));
}

static void test_boot__empty_flash_loops(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	reset(false);
	bench_wait(&bench, 100 * MS);
	assert_true(bench_printed(&bench, "invalid header: 0xffffffff\r\ninvalid header: 0xffffffff\r\n"));
	assert_false(bench_printed(&bench, "RTCWDT"));
	bench_wait(&bench, 2000 * MS);
	assert_true(bench_printed(&bench, "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13"));
	assert_false(bench_printed(&bench, "hello"));
}

static void test_boot__empty_esp8266_says_so_once(void **state)
{
	(void)state;
	bench_open(&bench, "esp8266", false);
	reset(false);
	bench_wait(&bench, 5000 * MS);
	static const char log[] = "\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,7)\r\n\r\nets_main.c \r\n";
	bench_expect(&bench, log, sizeof(log) - 1);
}

static void test_boot__watchdog_samples_io0_again(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	reset(false);
	bench.io0_low = true;
	bench_wait(&bench, 1500 * MS);
	assert_true(bench_printed(&bench, "boot:0x3 (DOWNLOAD_BOOT"));
}

static void test_boot__application_answers_its_console(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	put_image(0x1000, 24);
	reset(false);
	bench_wait(&bench, 100 * MS);
	bench_drop(&bench);
	bench_feed(&bench, "help\r\n", 6);
	bench_expect(&bench, "echo: help\r\n", 12);
}

static void test_boot__esp8266_prints_its_log_at_74880(void **state)
{
	(void)state;
	bench_open(&bench, "esp8266", false);
	put_image(0, 8);
	reset(false);
	bench_wait(&bench, 20 * MS);
	assert_int_equal(ff_soc_tune(bench.soc, 115200), 74880);
	bench_wait(&bench, 100 * MS);
	assert_int_equal(ff_soc_tune(bench.soc, 115200), 115200);
}

static void test_boot__held_in_reset_it_is_silent(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	ff_soc_stop(bench.soc);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_wait(&bench, 5000 * MS);
	bench_expect_silence(&bench);
}

/* ---- programs in RAM ---- */

static void load_program(const char *chip)
{
	bench_open(&bench, chip, false);
	bench_words(&bench, 0x05, 16, 2, 8, 0x40081000);
	bench_block(&bench, 0x07, "ABCDEFGH", 8, 0);
	bench_block(&bench, 0x07, "IJKLMNOP", 8, 1);
	bench_drop(&bench);
}

static void test_boot__program_in_ram_says_where_it_runs(void **state)
{
	(void)state;
	load_program("esp32");
	bench_words(&bench, 0x06, 0, 0x4008100C);
	bench_expect_hex(&bench, 0xC0, 1, 6, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	bench_wait(&bench, 100 * MS);
	assert_true(bench_printed(&bench, "RAM application at 0x4008100c\r\nhello\r\n"));
	bench_drop(&bench);
	bench_wait(&bench, 1000 * MS);
	assert_true(bench_printed(&bench, "hello: 1 s\r\n"));
	assert_false(bench_printed(&bench, "RAM application"));
	put_image(0x1000, 24);
	reset(false);
	bench_wait(&bench, 100 * MS);
	assert_false(bench_printed(&bench, "RAM application"));
}

static void test_boot__jump_beside_the_program_runs_off(void **state)
{
	(void)state;
	static const uint32_t entries[] = { 0x40080FFF, 0x40081010, 0 };
	for (size_t i = 0; i < 3; i++) {
		load_program("esp32c3");
		bench_words(&bench, 0x06, 0, entries[i]);
		bench_drop(&bench);
		bench_wait(&bench, 2000 * MS);
		bench_expect_silence(&bench);
		bench_close(&bench);
	}
	load_program("esp8266");
	bench_words(&bench, 0x06, 1, 0x40081000); /* 1: no jump */
	bench_drop(&bench);
	bench_sync(&bench);
	assert_int_not_equal(bench.out_size, 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_boot__esp32_waits_for_a_download),
		TEST(test_boot__esp32_starts_the_image_at_1000),
		TEST(test_boot__c3_and_esp8266_start_the_image_at_0),
		TEST(test_boot__empty_flash_loops),
		TEST(test_boot__empty_esp8266_says_so_once),
		TEST(test_boot__watchdog_samples_io0_again),
		TEST(test_boot__application_answers_its_console),
		TEST(test_boot__esp8266_prints_its_log_at_74880),
		TEST(test_boot__held_in_reset_it_is_silent),
		TEST(test_boot__program_in_ram_says_where_it_runs),
		TEST(test_boot__jump_beside_the_program_runs_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
