// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <farflash/flasher.h>

#include "test_loader_chip.h"

#define SIZE 100001

struct fixture {
	struct chip chip;
	struct ff_flasher *flasher;
	char stub_dir[32];
	uint8_t image[SIZE];
	size_t fails_from; /* source: reads from here on fail */
	unsigned changes_at_read;
	unsigned reads;
	struct ff_progress last;
	enum ff_phase order[64];
	size_t order_count;
	uint64_t cancel_at; /* bytes written; 0: never */
	char log[4096];
};

static struct fixture *fixture;

static int set_up(void **state)
{
	(void)state;
	fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	fixture->fails_from = SIZE_MAX;
	uint32_t seed = 7;
	for (size_t i = 0; i < SIZE; i++) {
		seed = seed * 1664525 + 1013904223;
		fixture->image[i] = i % 16 < 8 ? (uint8_t)(seed >> 24) : (uint8_t)(i / 16);
	}
	strcpy(fixture->stub_dir, "/tmp/ff-flasher-XXXXXX");
	assert_non_null(mkdtemp(fixture->stub_dir));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	static const char *const names[] = { "esp8266", "esp32", "esp32c3" };
	for (size_t i = 0; i < 3; i++) {
		char path[64];
		snprintf(path, sizeof(path), "%s/%s.json", fixture->stub_dir, names[i]);
		unlink(path);
	}
	rmdir(fixture->stub_dir);
	chip_release(&fixture->chip);
	free(fixture);
	return 0;
}

static void put_stub(const char *name, const char *json)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/%s.json", fixture->stub_dir, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(json, file);
	fclose(file);
}

static void on_progress(void *context, const struct ff_progress *progress)
{
	(void)context;
	if (fixture->order_count == 0 || progress->phase != fixture->last.phase) {
		bool has_address = progress->phase == FF_PHASE_WRITE || progress->phase == FF_PHASE_VERIFY;
		assert_true(progress->offset != 0 || !has_address);
		assert_true(fixture->order_count < 64);
		fixture->order[fixture->order_count++] = progress->phase;
	} else {
		assert_true(progress->done >= fixture->last.done);
	}
	assert_true(progress->total == 0 || progress->done <= progress->total);
	fixture->last = *progress;
}

static bool on_cancelled(void *context)
{
	(void)context;
	return fixture->cancel_at != 0 && fixture->last.phase == FF_PHASE_WRITE &&
	       fixture->last.done >= fixture->cancel_at;
}

static void on_log(void *context, enum ff_log_level level, const char *line)
{
	(void)context;
	(void)level;
	size_t used = strlen(fixture->log);
	snprintf(fixture->log + used, sizeof(fixture->log) - used, "%s\n", line);
}

static enum ff_status try_open(enum ff_before before, bool no_stub, uint32_t baud, struct ff_error *error)
{
	static const struct ff_log log = { .write = on_log, .level = FF_LOG_INFO };
	struct ff_observer observer = { .progress = on_progress, .cancelled = on_cancelled, .log = &log };
	struct ff_connect_options options = {
		.before = before, .attempts = 1, .baud = baud, .no_stub = no_stub, .stub_dir = fixture->stub_dir
	};
	return ff_flasher_open(&fixture->flasher, &fixture->chip.script.transport, &options, &observer, error);
}

static void open_board(enum chip_kind kind, bool stub)
{
	static const char *const names[] = { "esp8266", "esp32", "esp32c3" };
	chip_init(&fixture->chip, kind);
	fixture->order_count = 0;
	put_stub(names[kind], "{\"entry\": 1, \"text\": \"Zm9vYmFy\", \"text_start\": 1074429952}");
	assert_int_equal(try_open(FF_BEFORE_DEFAULT_RESET, !stub, 0, NULL), FF_OK);
	assert_int_equal(ff_flasher_info(fixture->flasher)->stub, stub);
}

static void close_board(void)
{
	assert_int_equal(ff_flasher_close(fixture->flasher, FF_AFTER_HARD_RESET, NULL), FF_OK);
}

static enum ff_status read_image(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)context;
	assert_true(offset + size <= SIZE);
	if (offset + size > fixture->fails_from) {
		return ff_error_set(error, FF_ERR_IO, "the disk is gone");
	}
	memcpy(bytes, fixture->image + offset, size);
	if (++fixture->reads == fixture->changes_at_read) {
		bytes[0] ^= 1;
	}
	return FF_OK;
}

static struct ff_region region_at(uint32_t offset, uint64_t size)
{
	return (struct ff_region){ .offset = offset,
				   .source = { .size = size, .read = read_image },
				   .name = "app.bin" };
}

static enum ff_status write_one(const struct ff_write_options *options, struct ff_write_report *report,
				struct ff_error *error)
{
	struct ff_region region = region_at(0x10000, SIZE);
	return ff_flasher_write(fixture->flasher, &region, 1, options, report, error);
}

static void expect_image(uint32_t offset, size_t size)
{
	assert_memory_equal(fixture->chip.flash + offset, fixture->image, size);
	assert_int_equal(fixture->chip.flash[offset - 1], 0x5A);
}

static void test_flasher__opens_and_tells_the_board(void **state)
{
	(void)state;
	open_board(CHIP_ESP32C3, true);
	const struct ff_board_info *info = ff_flasher_info(fixture->flasher);
	assert_string_equal(info->chip, "ESP32-C3");
	assert_int_equal(info->flash_id, 0x1440EF);
	assert_int_equal(info->flash_size, 1024 * 1024);
	assert_int_equal(info->crystal_mhz, 40);
	assert_int_equal(info->baud, 115200);
	static const enum ff_phase expected[] = { FF_PHASE_RESET, FF_PHASE_SYNC, FF_PHASE_STUB, FF_PHASE_SYNC };
	assert_int_equal(fixture->order_count, 4);
	assert_memory_equal(fixture->order, expected, sizeof(expected));
	close_board();
	assert_false(fixture->chip.script.closed);
}

static void test_flasher__writes_and_verifies(void **state)
{
	(void)state;
	static const enum chip_kind kinds[] = { CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32C3 };
	for (unsigned i = 0; i < 12; i++) {
		enum chip_kind kind = kinds[i / 4];
		bool stub = i & 1;
		struct ff_write_options options = { .no_compress = i & 2, .no_verify = kind == CHIP_ESP8266 && !stub };
		struct ff_write_report report = { 0 };
		open_board(kind, stub);
		assert_int_equal(write_one(&options, &report, NULL), FF_OK);
		bool deflated = !options.no_compress && (kind != CHIP_ESP8266 || stub);
		assert_int_equal(report.bytes, SIZE);
		assert_int_equal(report.verified, !options.no_verify);
		assert_true(deflated ? report.wire_bytes < SIZE * 3 / 4 : report.wire_bytes == SIZE + 3);
		assert_int_equal(chip_count(&fixture->chip, 0x10), deflated);
		assert_int_equal(chip_count(&fixture->chip, 0x13), report.verified);
		assert_int_equal(chip_count(&fixture->chip, 0x04) + chip_count(&fixture->chip, 0x12), stub);
		assert_memory_equal(fixture->chip.flash + 0x10000, fixture->image, SIZE);
		close_board();
		if (i < 11) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_flasher__writes_several_regions(void **state)
{
	(void)state;
	open_board(CHIP_ESP32, true);
	fixture->order_count = 0;
	struct ff_region regions[] = { region_at(0x1000, 7), region_at(0x8000, 0x1000), region_at(0x10000, SIZE) };
	struct ff_write_report report = { 0 };
	assert_int_equal(ff_flasher_write(fixture->flasher, regions, 3, NULL, &report, NULL), FF_OK);
	assert_int_equal(report.bytes, 7 + 0x1000 + SIZE);
	expect_image(0x1000, 7);
	expect_image(0x8000, 0x1000);
	expect_image(0x10000, SIZE);
	static const enum ff_phase expected[] = { FF_PHASE_PREPARE, FF_PHASE_WRITE, FF_PHASE_VERIFY };
	assert_int_equal(fixture->order_count, 3);
	assert_memory_equal(fixture->order, expected, sizeof(expected));
	assert_int_equal(fixture->last.done, fixture->last.total);
	assert_int_equal(fixture->last.total, report.bytes);
	/* 7 random bytes do not get smaller, so they go plain. */
	assert_int_equal(chip_count(&fixture->chip, 0x02), 1);
	close_board();
}

static void expect_untouched(enum ff_status status, enum ff_status expected)
{
	assert_int_equal(status, expected);
	assert_int_equal(chip_count(&fixture->chip, 0x10), 0);
	assert_int_equal(chip_count(&fixture->chip, 0x02), fixture->chip.kind == CHIP_ESP8266 && !fixture->chip.stub);
}

static void test_flasher__refuses_before_it_erases(void **state)
{
	(void)state;
	static const uint8_t c3[] = { 0xE9, 1, 2, 0x20, 0, 0,    0x38, 0x40, 0xEE, 0, 0, 0,
				      5,    0, 0, 0,    0, 0xFF, 0xFF, 0,    0,    0, 0, 1 };
	struct ff_error error = FF_ERROR_NONE;
	open_board(CHIP_ESP32, true);
	struct ff_region regions[] = { region_at(0x10000, 16), region_at(0xFF000, 0x1001) };
	expect_untouched(ff_flasher_write(fixture->flasher, regions, 2, NULL, NULL, &error), FF_ERR_TOO_LARGE);
	fixture->fails_from = 5000;
	expect_untouched(write_one(NULL, NULL, NULL), FF_ERR_IO);
	fixture->fails_from = SIZE_MAX;
	memcpy(fixture->image, c3, sizeof(c3));
	expect_untouched(write_one(NULL, NULL, NULL), FF_ERR_WRONG_CHIP);
	struct ff_write_options force = { .force = true };
	assert_int_equal(write_one(&force, NULL, NULL), FF_OK);
	close_board();
}

static void test_flasher__esp8266_rom_cannot_verify(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	open_board(CHIP_ESP8266, false);
	expect_untouched(write_one(NULL, NULL, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "stub"));
	close_board();
}

/* 0x10000 and one sector: the ROM takes the sector behind as well. */
static void test_flasher__esp8266_rom_would_spoil_its_neighbour(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_write_options options = { .no_verify = true };
	open_board(CHIP_ESP8266, false);
	struct ff_region upper_first[] = { region_at(0x11000, 16), region_at(0x10000, 16) };
	expect_untouched(ff_flasher_write(fixture->flasher, upper_first, 2, &options, NULL, &error),
			 FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "0x11000"));
	struct ff_region wraps[] = { region_at(0x0, 0x2000), region_at(0xFF000, 16) };
	expect_untouched(ff_flasher_write(fixture->flasher, wraps, 2, &options, NULL, NULL), FF_ERR_UNSUPPORTED);
	struct ff_region lower_first[] = { region_at(0x10000, 16), region_at(0x11000, 16) };
	assert_int_equal(ff_flasher_write(fixture->flasher, lower_first, 2, &options, NULL, NULL), FF_OK);
	assert_non_null(strstr(fixture->log, "also erases the sector at 0x12000"));
	close_board();
}

static void test_flasher__starts_a_region_again(void **state)
{
	(void)state;
	for (int stub = 0; stub < 2; stub++) {
		open_board(CHIP_ESP32, stub);
		fixture->chip.refuse_data = 2;
		fixture->chip.refuse_status = stub ? 0xC100 : 0x0107;
		assert_int_equal(write_one(NULL, NULL, NULL), FF_OK);
		expect_image(0x10000, SIZE);
		assert_int_equal(chip_count(&fixture->chip, 0x10), 2);
		assert_int_equal(chip_find(&fixture->chip, 0x11, 2)->words[1], 0); /* from sequence 0 */
		assert_non_null(strstr(fixture->log, "trying again (1 of 2)"));
		close_board();
		if (stub == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_flasher__gives_up_after_two_restarts(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	open_board(CHIP_ESP32, true);
	fixture->chip.refuse_data = 2;
	fixture->chip.refuse_ever_after = true;
	fixture->chip.refuse_status = 0xC400;
	assert_int_equal(write_one(NULL, NULL, &error), FF_ERR_REFUSED);
	assert_int_equal(error.status, FF_ERR_REFUSED);
	assert_int_equal(error.rom_code, 0xC400);
	assert_int_equal(chip_count(&fixture->chip, 0x10), 3);
	/* The next write gets back into step first. */
	fixture->chip.refuse_data = 0;
	fixture->chip.refuse_ever_after = false;
	unsigned syncs = chip_count(&fixture->chip, 0x08);
	assert_int_equal(write_one(NULL, NULL, NULL), FF_OK);
	assert_int_equal(chip_count(&fixture->chip, 0x08), syncs + 1);
	close_board();
}

static void test_flasher__lost_board_ends_at_once(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	open_board(CHIP_ESP32, true);
	fixture->chip.lose_data = 2;
	int64_t start = ff_now_us();
	assert_int_equal(write_one(NULL, NULL, &error), FF_ERR_LOST);
	assert_true(ff_now_us() - start < 2000000);
	assert_string_equal(error.text, "the port went away");
	close_board();
}

static void test_flasher__one_wrong_md5_is_asked_again(void **state)
{
	(void)state;
	open_board(CHIP_ESP32, true);
	fixture->chip.bad_md5 = 1;
	assert_int_equal(write_one(NULL, NULL, NULL), FF_OK);
	close_board();
}

static void test_flasher__bad_flash_fails_the_verification(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	open_board(CHIP_ESP32, true);
	fixture->chip.bad_cell = 0x10100;
	fixture->image[0x100] = 0xFF;
	assert_int_equal(write_one(NULL, NULL, &error), FF_ERR_VERIFY);
	assert_non_null(strstr(error.text, "app.bin at 0x10000"));
	assert_int_equal(chip_count(&fixture->chip, 0x10), 1);
	close_board();
}

static void test_flasher__image_that_changes_is_noticed(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	open_board(CHIP_ESP32, true);
	fixture->changes_at_read = 12; /* in the second pass, which takes 7 reads like the first */
	assert_int_equal(write_one(NULL, NULL, &error), FF_ERR_IO);
	assert_non_null(strstr(error.text, "app.bin"));
	assert_non_null(strstr(error.text, "changed"));
	close_board();
}

static void test_flasher__cancel_in_mid_write(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	open_board(CHIP_ESP32, true);
	fixture->cancel_at = 1;
	assert_int_equal(write_one(NULL, NULL, &error), FF_ERR_CANCELLED);
	assert_int_equal(error.status, FF_ERR_CANCELLED);
	assert_true(fixture->chip.data_count < 4);
	unsigned calls = fixture->chip.script.line_calls;
	close_board(); /* still resets the board */
	assert_int_equal(fixture->chip.script.line_calls, calls + 1);
}

static void test_flasher__stays_without_reset_at_the_old_rate(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture->chip.stub = true; /* one that was left running */
	assert_int_equal(try_open(FF_BEFORE_NO_RESET, false, 460800, NULL), FF_OK);
	assert_int_equal(fixture->chip.script.line_calls, 0);
	assert_int_equal(chip_count(&fixture->chip, 0x05), 0);
	assert_int_equal(ff_flasher_info(fixture->flasher)->baud, 460800);
	assert_int_equal(ff_flasher_close(fixture->flasher, FF_AFTER_NO_RESET, NULL), FF_OK);
	assert_int_equal(fixture->chip.script.line_calls, 0);
	assert_int_equal(chip_count(&fixture->chip, 0x0F), 2);
	assert_int_equal(chip_find(&fixture->chip, 0x0F, 1)->words[0], 115200);
	assert_int_equal(chip_find(&fixture->chip, 0x0F, 1)->words[1], 460800);
	assert_int_equal(fixture->chip.script.baud, 115200);
}

static void test_flasher__leave_tells_the_time_of_the_reboot(void **state)
{
	(void)state;
	open_board(CHIP_ESP32, true);
	unsigned calls = fixture->chip.script.line_calls;
	assert_int_equal(ff_flasher_leave(fixture->flasher, FF_AFTER_HARD_RESET, NULL), FF_OK);
	assert_int_equal(fixture->last.phase, FF_PHASE_REBOOT);
	assert_true(ff_flasher_phase_times(fixture->flasher)[FF_PHASE_SYNC] > 0);
	close_board();
	assert_int_equal(fixture->chip.script.line_calls, calls + 1);
}

static void test_flasher__ports_without_lines_are_only_synced(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture->chip.script.transport.has_lines = false;
	assert_int_equal(try_open(FF_BEFORE_DEFAULT_RESET, true, 0, NULL), FF_OK);
	assert_int_equal(fixture->chip.script.line_calls, 0);
	assert_int_equal(write_one(NULL, NULL, NULL), FF_OK);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_flasher_close(fixture->flasher, FF_AFTER_HARD_RESET, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "control lines"));
}

static void test_flasher__fixed_rate_is_kept(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture->chip.script.transport.fixed_baud = true;
	assert_int_equal(try_open(FF_BEFORE_DEFAULT_RESET, true, 921600, NULL), FF_OK);
	assert_int_equal(chip_count(&fixture->chip, 0x0F), 0);
	assert_non_null(strstr(fixture->log, "staying at 115200 baud"));
	close_board();
}

static void test_flasher__goes_on_without_a_stub_file(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	assert_int_equal(try_open(FF_BEFORE_DEFAULT_RESET, false, 0, NULL), FF_OK);
	assert_false(ff_flasher_info(fixture->flasher)->stub);
	assert_non_null(strstr(fixture->log, "esp32.json"));
	close_board();
}

static void test_flasher__broken_stub_file_is_an_error(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	chip_init(&fixture->chip, CHIP_ESP32);
	put_stub("esp32", "{");
	assert_int_equal(try_open(FF_BEFORE_DEFAULT_RESET, false, 0, &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, "esp32.json"));
	/* The board was reset into its loader; now it is reset out of it. */
	const struct script *script = &fixture->chip.script;
	assert_int_equal(script->line_calls, 2);
	assert_int_equal(script->steps[script->step_count - 2].rts, 1);
	assert_int_equal(script->steps[script->step_count - 2].dtr, 0);
	assert_int_equal(script->steps[script->step_count - 1].rts, 0);
}

/* esptool 5.3 cmds.py, run_stub(). */
static void test_flasher__secure_boot_bars_the_stub_of_the_c3(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	fixture->chip.flags = 1;
	put_stub("esp32c3", "{\"entry\": 1, \"text\": \"Zm9vYmFy\", \"text_start\": 1074429952}");
	assert_int_equal(try_open(FF_BEFORE_DEFAULT_RESET, false, 0, NULL), FF_OK);
	assert_false(ff_flasher_info(fixture->flasher)->stub);
	assert_int_equal(chip_count(&fixture->chip, 0x05), 0);
	close_board();
}

static void test_flasher__erases_the_chip(void **state)
{
	(void)state;
	for (int stub = 0; stub < 2; stub++) {
		open_board(CHIP_ESP32, stub);
		assert_int_equal(ff_flasher_erase_chip(fixture->flasher, NULL), FF_OK);
		assert_int_equal(fixture->last.phase, FF_PHASE_ERASE);
		assert_int_equal(fixture->last.done, CHIP_FLASH_SIZE);
		for (size_t i = 0; i < CHIP_FLASH_SIZE; i++) {
			assert_int_equal(fixture->chip.flash[i], 0xFF);
		}
		close_board();
		if (stub == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_flasher__resets_boards(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	struct script *script = &fixture->chip.script;
	assert_int_equal(ff_board_reset(&script->transport, NULL), FF_OK);
	assert_int_equal(script->steps[0].rts, 1);
	assert_int_equal(script->steps[0].hold_ms, 100);
	assert_int_equal(script->steps[script->step_count - 1].rts, 0);
	assert_int_equal(ff_board_enter_bootloader(&script->transport, NULL), FF_OK);
	assert_int_equal(script->line_calls, 2);
	script->transport.has_lines = false;
	assert_int_equal(ff_board_reset(&script->transport, NULL), FF_ERR_UNSUPPORTED);
	assert_int_equal(ff_board_enter_bootloader(&script->transport, NULL), FF_ERR_UNSUPPORTED);
}

static void test_flasher__null_is_harmless_to_close(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	assert_int_equal(ff_flasher_close(NULL, FF_AFTER_HARD_RESET, NULL), FF_OK);
}

static void test_flasher__phases_have_names(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	assert_string_equal(ff_phase_name(FF_PHASE_PREPARE), "prepare");
	assert_string_equal(ff_phase_name(FF_PHASE_REBOOT), "reboot");
	assert_string_equal(ff_phase_name(FF_PHASE_COUNT), "unknown");
}

static void test_source__reads_a_file(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	put_stub("esp32", "0123456789");
	char path[64];
	snprintf(path, sizeof(path), "%s/esp32.json", fixture->stub_dir);
	struct ff_source source = { 0 };
	struct ff_error error = FF_ERROR_NONE;
	uint8_t bytes[4];
	assert_int_equal(ff_source_open_file(&source, path, NULL), FF_OK);
	assert_int_equal(source.size, 10);
	assert_int_equal(source.read(source.context, 3, bytes, 4, NULL), FF_OK);
	assert_memory_equal(bytes, "3456", 4);
	assert_int_equal(source.read(source.context, 8, bytes, 4, &error), FF_ERR_IO);
	assert_non_null(strstr(error.text, "shorter"));
	ff_source_close(&source);
	ff_source_close(&source);
	assert_int_equal(ff_source_open_file(&source, "/nowhere/at/all", NULL), FF_ERR_NOT_FOUND);
	assert_int_equal(ff_source_open_file(&source, fixture->stub_dir, NULL), FF_ERR_IO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_flasher__opens_and_tells_the_board),
		TEST(test_flasher__writes_and_verifies),
		TEST(test_flasher__writes_several_regions),
		TEST(test_flasher__refuses_before_it_erases),
		TEST(test_flasher__esp8266_rom_cannot_verify),
		TEST(test_flasher__esp8266_rom_would_spoil_its_neighbour),
		TEST(test_flasher__starts_a_region_again),
		TEST(test_flasher__gives_up_after_two_restarts),
		TEST(test_flasher__lost_board_ends_at_once),
		TEST(test_flasher__one_wrong_md5_is_asked_again),
		TEST(test_flasher__bad_flash_fails_the_verification),
		TEST(test_flasher__image_that_changes_is_noticed),
		TEST(test_flasher__cancel_in_mid_write),
		TEST(test_flasher__stays_without_reset_at_the_old_rate),
		TEST(test_flasher__leave_tells_the_time_of_the_reboot),
		TEST(test_flasher__ports_without_lines_are_only_synced),
		TEST(test_flasher__fixed_rate_is_kept),
		TEST(test_flasher__goes_on_without_a_stub_file),
		TEST(test_flasher__broken_stub_file_is_an_error),
		TEST(test_flasher__secure_boot_bars_the_stub_of_the_c3),
		TEST(test_flasher__erases_the_chip),
		TEST(test_flasher__resets_boards),
		TEST(test_flasher__null_is_harmless_to_close),
		TEST(test_flasher__phases_have_names),
		TEST(test_source__reads_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
