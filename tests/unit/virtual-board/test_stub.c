// SPDX-License-Identifier: Apache-2.0
/* The stub as the sources of esp-flasher-stub 1.1 describe it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "bench.h"
#include "model.h"

static struct bench bench;

static int close_bench(void **state)
{
	(void)state;
	bench_close(&bench);
	return 0;
}

static void open_stub(const char *chip)
{
	bench_open(&bench, chip, false);
	bench_start_stub(&bench);
}

static uint8_t cell(uint32_t address)
{
	uint8_t byte;
	ff_nor_read(bench.nor, address, &byte, 1);
	return byte;
}

/* ---- recognition ---- */

static void test_stub__runs_when_the_bytes_are_its_own(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_upload_stub(&bench, 'a', BENCH_STUB_ENTRY);
	bench_expect_hex(&bench, 0xC0, 1, 6, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0xC0, 'O', 'H', 'A', 'I', 0xC0);
}

static void test_stub__other_bytes_run_off(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_upload_stub(&bench, 'b', BENCH_STUB_ENTRY);
	bench_expect_hex(&bench, 0xC0, 1, 6, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_wait(&bench, 60000 * MS);
	bench_expect_silence(&bench);
	ff_soc_stop(bench.soc);
	ff_soc_start(bench.soc, true, bench.now);
	bench_wait(&bench, 100 * MS);
	assert_true(bench_printed(&bench, "waiting for download"));
}

static void test_stub__another_entry_is_another_program(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	bench_upload_stub(&bench, 'a', BENCH_STUB_ENTRY + 2);
	bench_drop(&bench);
	bench_wait(&bench, 100 * MS);
	assert_true(bench_printed(&bench, "RAM application at 0x40090006"));
}

/* esp-flasher-stub 1.1, command_handler.c: it takes RUN_USER_CODE, and neither answers nor does anything. */
static void test_stub__run_user_code_changes_nothing(void **state)
{
	(void)state;
	open_stub("esp8266");
	bench_send(&bench, 0xD3, NULL, 0, 0);
	bench_wait(&bench, 2000 * MS);
	bench_expect_silence(&bench);
	bench_words(&bench, 0x0A, 0x3FF00050);
	assert_int_equal(bench.out[2], 0x0A);
}

static void test_stub__is_gone_after_a_reset(void **state)
{
	(void)state;
	open_stub("esp32");
	ff_soc_stop(bench.soc);
	ff_soc_start(bench.soc, true, bench.now);
	bench_wait(&bench, 100 * MS);
	bench_drop(&bench);
	bench_words(&bench, 0x06, 0, BENCH_STUB_ENTRY); /* RAM is empty again */
	bench_drop(&bench);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_expect_silence(&bench);
}

static void test_stub__files_of_other_chips_are_not_looked_at(void **state)
{
	(void)state;
	bench_open(&bench, "esp32", false);
	struct ff_known_stubs stubs;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_known_stubs_load(&stubs, ff_model_find("esp32c3"), 3, bench.dir, &error), FF_OK);
	assert_int_equal(stubs.count, 0);
	ff_known_stubs_release(&stubs);
}

/* esptool 5.3 runs another stub on an ESP32-P4 from v3.0 on. */
static void test_stub__p4_has_one_for_each_kind_of_its_revisions(void **state)
{
	(void)state;
	static const struct {
		const char *file;
		uint32_t serves, not_served;
	} rows[] = { { "esp32p4-rev1", 199, 300 }, { "esp32p4", 300, 299 } };
	for (size_t i = 0; i < 2; i++) {
		bench_open(&bench, "esp32", false);
		char from[128], to[128];
		snprintf(from, sizeof(from), "%s/esp32.json", bench.dir);
		snprintf(to, sizeof(to), "%s/%s.json", bench.dir, rows[i].file);
		assert_int_equal(rename(from, to), 0);
		struct ff_known_stubs stubs;
		struct ff_error error = FF_ERROR_NONE;
		const struct ff_model *p4 = ff_model_find("esp32p4");
		assert_int_equal(ff_known_stubs_load(&stubs, p4, rows[i].serves, bench.dir, &error), FF_OK);
		assert_int_equal(stubs.count, 1);
		ff_known_stubs_release(&stubs);
		assert_int_equal(ff_known_stubs_load(&stubs, p4, rows[i].not_served, bench.dir, &error), FF_OK);
		assert_int_equal(stubs.count, 0);
		assert_int_equal(remove(to), 0);
		bench_close(&bench);
	}
	bench_open(&bench, "esp32", false);
}

static void test_stub__broken_file_is_named(void **state)
{
	(void)state;
	static const char *const contents[] = {
		"not json",
		"[]",
		"{\"entry\": 1}",
		"{\"entry\": 1, \"text\": \"####\", \"text_start\": 2}",
		"{\"entry\": -1, \"text\": \"ZGF0YQ==\", \"text_start\": 2}",
		"{\"entry\": 1, \"text\": \"ZGF0YQ==\", \"text_start\": 2, \"data\": \"ZGF0YQ==\"}",
	};
	bench_open(&bench, "esp32", false);
	char path[128];
	snprintf(path, sizeof(path), "%s/esp8266.json", bench.dir);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		fputs(contents[i], file);
		fclose(file);
		struct ff_known_stubs stubs;
		struct ff_error error = FF_ERROR_NONE;
		assert_int_equal(ff_known_stubs_load(&stubs, ff_model_find("esp8266"), 0, bench.dir, &error),
				 FF_ERR_FORMAT);
		assert_non_null(strstr(error.text, "esp8266.json"));
	}
}

/* ---- replies ---- */

static void test_stub__sync_has_the_value_zero(void **state)
{
	(void)state;
	static const uint8_t reply[] = { 0xC0, 1, 8, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0 };
	uint8_t sync[36] = { 7, 7, 0x12, 0x20 };
	memset(sync + 4, 0x55, 32);
	open_stub("esp32");
	bench_send(&bench, 0x08, sync, sizeof(sync), 0);
	assert_int_equal(bench.out_size, 8 * sizeof(reply));
	assert_memory_equal(bench.out + 7 * sizeof(reply), reply, sizeof(reply));
}

static void test_stub__names_its_errors(void **state)
{
	(void)state;
	open_stub("esp32");
	bench_send(&bench, 0x7F, NULL, 0, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x7F, 2, 0, 0, 0, 0, 0, 0xC3, 0, 0xC0);
	bench_send(&bench, 0x14, NULL, 0, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x14, 2, 0, 0, 0, 0, 0, 0xFF, 0, 0xC0);
	bench_block(&bench, 0x03, "data", 4, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x03, 2, 0, 0, 0, 0, 0, 0xC6, 0, 0xC0);
	bench_words(&bench, 0x02, 4, 1);
	bench_expect_hex(&bench, 0xC0, 1, 0x02, 2, 0, 0, 0, 0, 0, 0xDB, 0xDC, 0, 0xC0);
	bench_words(&bench, 0x02, 4, 1, 4, 0);
	bench_drop(&bench);
	bench_words(&bench, 0x03, 4, 0, 0, 0, 0x61746164); /* "data", its checksum missing */
	bench_expect_hex(&bench, 0xC0, 1, 0x03, 2, 0, 0, 0, 0, 0, 0xC1, 0, 0xC0);
	bench_feed(&bench, "\xC0\x00\x0A\x05\x00\x00\x00\x00\x00\x00\x10\x00\x40\xC0", 14); /* 5 announced, 4 sent */
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 2, 0, 0, 0, 0, 0, 0xDB, 0xDC, 0, 0xC0);
}

static void test_stub__security_info_of_a_c3_has_two_status_bytes(void **state)
{
	(void)state;
	open_stub("esp32c3");
	bench_send(&bench, 0x14, NULL, 0, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x14, 0x16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 5, 0, 0, 0, 3,
			 0, 0, 0, 0, 0, 0xC0);
}

static void test_stub__md5_is_binary(void **state)
{
	(void)state;
	open_stub("esp32");
	ff_nor_program(bench.nor, 0x2001, (const uint8_t *)"zzz", 3);
	bench_words(&bench, 0x13, 0x2001, 3, 0, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x13, 0x12, 0, 0, 0, 0, 0, 0xF3, 0xAB, 0xB8, 0x6B, 0xD3, 0x4C, 0xF4, 0xD5,
			 0x26, 0x98, 0xF1, 0x4C, 0x0D, 0xA1, 0xDC, 0x60, 0, 0, 0xC0);
}

/* ---- writing ---- */

static void test_stub__error_of_a_write_comes_with_the_next_command(void **state)
{
	(void)state;
	static uint8_t sector[0x1000];
	open_stub("esp32");
	bench_words(&bench, 0x0B, 0, 0x10000, 0x10000, 0x1000, 0x100, 0xFFFF); /* "64 KB" */
	bench_words(&bench, 0x02, 0x2000, 2, 0x1000, 0xF000);
	bench_block(&bench, 0x03, sector, sizeof(sector), 0);
	bench_drop(&bench);
	bench_block(&bench, 0x03, sector, sizeof(sector), 1);
	bench_expect_hex(&bench, 0xC0, 1, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0); /* acknowledged all the same */
	bench_words(&bench, 0x09, 0x3FFB0000, 1, 0xFFFFFFFF, 0);
	bench_expect_hex(&bench, 0xC0, 1, 9, 2, 0, 0, 0, 0, 0, 0xC4, 0, 0xC0);
	bench_words(&bench, 0x0A, 0x3FFB0000); /* was not carried out, and the error is gone */
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0);
}

static void test_stub__begin_past_the_end_is_refused_at_once(void **state)
{
	(void)state;
	open_stub("esp32");
	bench_words(&bench, 0x02, 0x1000, 1, 0x1000, BENCH_FLASH_SIZE);
	bench_expect_hex(&bench, 0xC0, 1, 2, 2, 0, 0, 0, 0, 0, 0xC4, 0, 0xC0);
}

static void test_stub__end_is_refused_while_bytes_are_missing(void **state)
{
	(void)state;
	open_stub("esp32");
	bench_words(&bench, 0x02, 8, 2, 4, 0x10000);
	bench_block(&bench, 0x03, "farf", 4, 0);
	bench_drop(&bench);
	bench_words(&bench, 0x04, 1);
	bench_expect_hex(&bench, 0xC0, 1, 4, 2, 0, 0, 0, 0, 0, 0xDB, 0xDC, 0, 0xC0);
	bench_words(&bench, 0x04, 1, 0); /* not four bytes */
	bench_expect_hex(&bench, 0xC0, 1, 4, 2, 0, 0, 0, 0, 0, 0xDB, 0xDC, 0, 0xC0);
	bench_block(&bench, 0x03, "lash", 4, 1);
	bench_drop(&bench);
	bench_words(&bench, 0x04, 1);
	bench_expect_hex(&bench, 0xC0, 1, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	bench_words(&bench, 0x04, 1);
	bench_expect_hex(&bench, 0xC0, 1, 4, 2, 0, 0, 0, 0, 0, 0xC6, 0, 0xC0);
	assert_int_equal(cell(0x10007), 'h');
}

static void test_stub__writes_a_repeated_block_twice(void **state)
{
	(void)state;
	open_stub("esp32");
	bench_words(&bench, 0x02, 8, 2, 4, 0x10000);
	bench_block(&bench, 0x03, "farf", 4, 0);
	bench_block(&bench, 0x03, "farf", 4, 0);
	assert_int_equal(cell(0x10004), 'f');
	assert_int_equal(cell(0x10007), 'f');
}

static void test_stub__skips_the_erase_of_blank_sectors_until_one_is_not(void **state)
{
	(void)state;
	uint8_t zeros[0x1000] = { 0 };
	open_stub("esp32");
	ff_nor_program(bench.nor, 0x11000, zeros, sizeof(zeros));
	bench_words(&bench, 0x02, 0x3000, 3, 0x1000, 0x10000);
	for (uint32_t i = 0; i < 3; i++) {
		bench_block(&bench, 0x03, zeros, sizeof(zeros), i);
	}
	assert_int_equal(cell(0x12FFF), 0);
	/* A flash that is not blank is erased whatever it holds. */
	bench_words(&bench, 0x02, 0x3000, 3, 0x1000, 0x10000);
	bench_block(&bench, 0x03, (const uint8_t *)"new!", 4, 0);
	assert_int_equal(cell(0x10000), 'n');
	assert_int_equal(cell(0x10004), 0xFF);
}

static void test_stub__inflates_over_several_windows(void **state)
{
	(void)state;
	static uint8_t plain[100000], packed[110000];
	uLongf size = sizeof(packed);
	for (size_t i = 0; i < sizeof(plain); i++) {
		plain[i] = (uint8_t)(i * i >> 7);
	}
	assert_int_equal(compress2(packed, &size, plain, sizeof(plain), 9), Z_OK);
	open_stub("esp32");
	uint32_t blocks = (uint32_t)(size + 0x3FF) / 0x400;
	bench_words(&bench, 0x10, sizeof(plain), blocks, 0x400, 0x20000);
	for (uint32_t i = 0; i < blocks; i++) {
		uint32_t run = (uint32_t)size - i * 0x400;
		bench_drop(&bench);
		bench_block(&bench, 0x11, packed + i * 0x400, run < 0x400 ? run : 0x400, i);
		bench_expect_hex(&bench, 0xC0, 1, 0x11, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	}
	bench_words(&bench, 0x12, 1);
	bench_expect_hex(&bench, 0xC0, 1, 0x12, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	static uint8_t found[sizeof(plain)];
	ff_nor_read(bench.nor, 0x20000, found, sizeof(found));
	assert_memory_equal(found, plain, sizeof(plain));
	assert_int_equal(cell(0x20000 + sizeof(plain)), 0xFF);
}

static void test_stub__bad_stream_is_told_at_the_end(void **state)
{
	(void)state;
	open_stub("esp32");
	bench_words(&bench, 0x10, 0x1000, 1, 0x400, 0x20000);
	bench_drop(&bench);
	bench_block(&bench, 0x11, "UUUUUUUU", 8, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x11, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	bench_words(&bench, 0x12, 1);
	bench_expect_hex(&bench, 0xC0, 1, 0x12, 2, 0, 0, 0, 0, 0, 0xC7, 0, 0xC0);
}

/* Sends `size` bytes of a stream of 256 plain bytes as blocks of `block`, and expects the end to be answered so. */
static void assert_stream_end(const uint8_t *packed, uint32_t size, uint32_t block, uint8_t code)
{
	bench_words(&bench, 0x10, 256, (size + block - 1) / block, block, 0x10000);
	for (uint32_t i = 0; i * block < size; i++) {
		uint32_t run = size - i * block;
		bench_block(&bench, 0x11, packed + i * block, run < block ? run : block, i);
	}
	bench_drop(&bench);
	bench_words(&bench, 0x12, 1);
	bench_expect_hex(&bench, 0xC0, 1, 0x12, 2, 0, 0, 0, 0, 0, code, 0, 0xC0);
}

static void test_stub__looks_at_the_checksum_of_a_stream_in_one_block_only(void **state)
{
	(void)state;
	uint8_t plain[256] = { 'q' }, packed[600];
	uLongf size = sizeof(packed);
	assert_int_equal(compress2(packed, &size, plain, sizeof(plain), 0), Z_OK);
	packed[size - 1] ^= 1;
	open_stub("esp32");
	assert_stream_end(packed, (uint32_t)size, 0x400, 0xC7);
	assert_stream_end(packed, (uint32_t)size, 64, 0);
}

static void test_stub__finds_a_cut_stream_when_all_announced_has_come(void **state)
{
	(void)state;
	uint8_t plain[256] = { 'q' }, packed[600];
	uLongf size = sizeof(packed);
	assert_int_equal(compress2(packed, &size, plain, sizeof(plain), 0), Z_OK);
	open_stub("esp32");
	assert_stream_end(packed, 100, 100, 0xC7);
}

static void test_stub__erases_regions_of_whole_sectors(void **state)
{
	(void)state;
	uint8_t zeros[0x3000] = { 0 };
	open_stub("esp32");
	ff_nor_program(bench.nor, 0x10000, zeros, sizeof(zeros));
	bench_words(&bench, 0xD1, 0x11000, 0x800);
	bench_expect_hex(&bench, 0xC0, 1, 0xD1, 2, 0, 0, 0, 0, 0, 0xDB, 0xDC, 0, 0xC0);
	bench_words(&bench, 0xD1, 0x11000, 0x1000);
	bench_expect_hex(&bench, 0xC0, 1, 0xD1, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	assert_int_equal(cell(0x10FFF), 0);
	assert_true(ff_nor_is_blank(bench.nor, 0x11000, 0x1000));
	assert_int_equal(cell(0x12000), 0);
	bench_send(&bench, 0xD0, NULL, 0, 0);
	assert_true(ff_nor_is_blank(bench.nor, 0, BENCH_FLASH_SIZE));
}

/* ---- reading ---- */

static void acknowledge(uint32_t total)
{
	uint8_t frame[6] = {
		0xC0, (uint8_t)total, (uint8_t)(total >> 8), (uint8_t)(total >> 16), (uint8_t)(total >> 24), 0xC0
	};
	bench_feed(&bench, frame, sizeof(frame));
}

static void test_stub__reads_one_packet_per_acknowledgement(void **state)
{
	(void)state;
	open_stub("esp32");
	ff_nor_program(bench.nor, 0x1001, (const uint8_t *)"zzz", 3);
	bench_words(&bench, 0xD2, 0x1001, 3, 2, 64);
	bench_expect_hex(&bench, 0xC0, 1, 0xD2, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0xC0, 'z', 'z', 0xC0);
	acknowledge(2);
	bench_expect_hex(&bench, 0xC0, 'z', 0xC0);
	acknowledge(3);
	bench_expect_hex(&bench, 0xC0, 0xF3, 0xAB, 0xB8, 0x6B, 0xD3, 0x4C, 0xF4, 0xD5, 0x26, 0x98, 0xF1, 0x4C, 0x0D,
			 0xA1, 0xDC, 0x60, 0xC0);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 2, 0, 0x83, 0x1D, 0xF0, 0, 0, 0, 0xC0);
}

static void test_stub__reads_up_to_the_end_of_the_flash(void **state)
{
	(void)state;
	open_stub("esp32");
	bench_words(&bench, 0xD2, BENCH_FLASH_SIZE - 3, 3, 2, 64);
	acknowledge(2);
	bench_drop(&bench);
	acknowledge(3);
	assert_int_equal(bench.out_size, 1 + 16 + 1);
	bench_drop(&bench);
	bench_words(&bench, 0xD2, BENCH_FLASH_SIZE - 1, 2, 2, 64);
	bench_expect_hex(&bench, 0xC0, 1, 0xD2, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 2, 0, 0, 0, 0, 0, 0xC4, 0, 0xC0);
}

static void test_stub__refuses_packets_above_4_kb_at_the_next_command(void **state)
{
	(void)state;
	open_stub("esp32");
	bench_words(&bench, 0xD2, 0, 0x4000, 0x2000, 64);
	bench_expect_hex(&bench, 0xC0, 1, 0xD2, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	bench_words(&bench, 0x0A, 0x40001000);
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 2, 0, 0, 0, 0, 0, 0xDB, 0xDC, 0, 0xC0);
}

/* ---- time ---- */

static void test_stub__acknowledges_before_it_writes(void **state)
{
	(void)state;
	static uint8_t zeros[0x4000];
	bench_open(&bench, "esp32", true);
	bench_start_stub(&bench);
	ff_nor_program(bench.nor, 0x10000, zeros, 4);
	bench_words(&bench, 0x02, 0x8000, 2, 0x4000, 0x10000);
	bench_wait(&bench, 500 * MS);
	bench_drop(&bench);
	int64_t begin = bench.now;
	bench_block(&bench, 0x03, zeros, sizeof(zeros), 0);
	bench_expect_hex(&bench, 0xC0, 1, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	assert_true(bench.sent_at - begin < 1 * MS);
	/* The next block is received meanwhile, but its turn comes after the write: 4 sectors (the first erased before)
	 * and 64 pages are some 160 ms. */
	bench_block(&bench, 0x03, zeros, sizeof(zeros), 1);
	bench_wait(&bench, 150 * MS);
	bench_expect_silence(&bench);
	bench_wait(&bench, 30 * MS);
	bench_expect_hex(&bench, 0xC0, 1, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0xC0);
	assert_in_range(bench.sent_at - begin, 150 * MS, 180 * MS);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stub__runs_when_the_bytes_are_its_own),
		TEST(test_stub__other_bytes_run_off),
		TEST(test_stub__another_entry_is_another_program),
		TEST(test_stub__run_user_code_changes_nothing),
		TEST(test_stub__is_gone_after_a_reset),
		TEST(test_stub__files_of_other_chips_are_not_looked_at),
		TEST(test_stub__p4_has_one_for_each_kind_of_its_revisions),
		TEST(test_stub__broken_file_is_named),
		TEST(test_stub__sync_has_the_value_zero),
		TEST(test_stub__names_its_errors),
		TEST(test_stub__security_info_of_a_c3_has_two_status_bytes),
		TEST(test_stub__md5_is_binary),
		TEST(test_stub__error_of_a_write_comes_with_the_next_command),
		TEST(test_stub__begin_past_the_end_is_refused_at_once),
		TEST(test_stub__end_is_refused_while_bytes_are_missing),
		TEST(test_stub__writes_a_repeated_block_twice),
		TEST(test_stub__skips_the_erase_of_blank_sectors_until_one_is_not),
		TEST(test_stub__inflates_over_several_windows),
		TEST(test_stub__bad_stream_is_told_at_the_end),
		TEST(test_stub__looks_at_the_checksum_of_a_stream_in_one_block_only),
		TEST(test_stub__finds_a_cut_stream_when_all_announced_has_come),
		TEST(test_stub__erases_regions_of_whole_sectors),
		TEST(test_stub__reads_one_packet_per_acknowledgement),
		TEST(test_stub__reads_up_to_the_end_of_the_flash),
		TEST(test_stub__refuses_packets_above_4_kb_at_the_next_command),
		TEST(test_stub__acknowledges_before_it_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
