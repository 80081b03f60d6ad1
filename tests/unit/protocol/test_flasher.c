// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_flasher_fixture.h"

static void test_flasher__opens_and_tells_the_board(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32C3, true);
	const struct ff_board_info *info = ff_flasher_info(fixture->flasher);
	assert_string_equal(info->chip, "ESP32-C3");
	assert_int_equal(info->flash_id, 0x1440EF);
	assert_int_equal(info->flash_size, 1024 * 1024);
	assert_int_equal(info->crystal_mhz, 40);
	assert_int_equal(info->baud, 115200);
	static const enum ff_phase expected[] = { FF_PHASE_RESET, FF_PHASE_SYNC, FF_PHASE_STUB, FF_PHASE_SYNC };
	assert_int_equal(fixture->order_count, 4);
	assert_memory_equal(fixture->order, expected, sizeof(expected));
	fixture_close();
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
		fixture_open(kind, stub);
		assert_int_equal(fixture_write(&options, &report, NULL), FF_OK);
		bool deflated = !options.no_compress && (kind != CHIP_ESP8266 || stub);
		assert_int_equal(report.bytes, FIXTURE_SIZE);
		assert_int_equal(report.verified, !options.no_verify);
		assert_true(deflated ? report.wire_bytes < FIXTURE_SIZE * 3 / 4
				     : report.wire_bytes == FIXTURE_SIZE + 3);
		assert_int_equal(chip_count(&fixture->chip, 0x10), deflated);
		assert_int_equal(chip_count(&fixture->chip, 0x13), report.verified);
		assert_int_equal(chip_count(&fixture->chip, 0x04) + chip_count(&fixture->chip, 0x12), stub);
		assert_memory_equal(fixture->chip.flash + 0x10000, fixture->image, FIXTURE_SIZE);
		fixture_close();
		if (i < 11) {
			chip_release(&fixture->chip);
		}
	}
}

#define PART_SIZE 0x10000 /* whole blocks of the flash */

/* An image as it goes over the wire. */
struct kept {
	uint8_t bytes[2 * FIXTURE_SIZE];
	size_t size;
};

static enum ff_status keep(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct kept *kept = context;
	(void)error;
	assert_true(size <= sizeof(kept->bytes) - kept->size);
	memcpy(kept->bytes + kept->size, bytes, size);
	kept->size += size;
	return FF_OK;
}

static enum ff_status read_kept(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	const struct kept *kept = context;
	(void)error;
	assert_true(offset <= kept->size && size <= kept->size - offset);
	memcpy(bytes, kept->bytes + offset, size);
	return FF_OK;
}

/* The image itself need not be read any more; and what is kept is not believed either. */
static void test_flasher__writes_what_was_deflated_before(void **state)
{
	(void)state;
	static struct kept kept, longer;
	struct ff_region region = fixture_region(0x10000, FIXTURE_SIZE);
	struct ff_region part = fixture_region(0x10000, PART_SIZE);
	struct ff_measure measure, ignored;
	struct ff_write_report report = { 0 };
	struct ff_error error = FF_ERROR_NONE;
	kept.size = longer.size = 0;
	assert_int_equal(ff_source_measure(&part.source, &(struct ff_sink){ keep, &kept }, &measure, NULL), FF_OK);
	assert_int_equal(ff_source_measure(&region.source, &(struct ff_sink){ keep, &longer }, &ignored, NULL), FF_OK);
	assert_int_equal(kept.size, measure.wire);
	struct ff_source deflated = { .size = kept.size, .read = read_kept, .context = &kept };
	part.source.measure = &measure;
	part.source.deflated = &deflated;
	fixture_open(CHIP_ESP32, true);
	fixture->reads = 0;
	assert_int_equal(ff_flasher_write(fixture->flasher, &part, 1, NULL, &report, NULL), FF_OK);
	assert_in_range(fixture->reads, 0, 8); /* its header is looked at */
	assert_int_equal(report.wire_bytes, measure.wire);
	assert_true(report.verified);
	fixture_expect_image(0x10000, PART_SIZE);

	kept.bytes[kept.size / 2] ^= 0x10;
	assert_int_equal(ff_flasher_write(fixture->flasher, &part, 1, NULL, NULL, &error), FF_ERR_IO);
	assert_non_null(strstr(error.text, "cannot send"));

	/* Nothing behind the region is touched, whatever comes out of it. */
	error = (struct ff_error)FF_ERROR_NONE;
	memset(fixture->chip.flash + 0x10000 + PART_SIZE, 0x55, 4096);
	deflated = (struct ff_source){ .size = longer.size, .read = read_kept, .context = &longer };
	measure.wire = (uint32_t)longer.size;
	assert_int_equal(ff_flasher_write(fixture->flasher, &part, 1, NULL, NULL, &error), FF_ERR_IO);
	assert_non_null(strstr(error.text, "larger"));
	for (size_t i = 0; i < 4096; i++) {
		assert_int_equal(fixture->chip.flash[0x10000 + PART_SIZE + i], 0x55);
	}
	fixture_close();
}

/* What was measured once is read once for each write, and is not believed. */
static void test_flasher__writes_what_was_measured(void **state)
{
	(void)state;
	struct ff_region region = fixture_region(0x10000, FIXTURE_SIZE);
	struct ff_measure measure;
	struct ff_write_report report = { 0 };
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_source_measure(&region.source, NULL, &measure, NULL), FF_OK);
	fixture_open(CHIP_ESP32, true);
	assert_int_equal(ff_flasher_write(fixture->flasher, &region, 1, NULL, NULL, NULL), FF_OK);
	unsigned reads = fixture->reads;
	region.source.measure = &measure;
	fixture->reads = 0;
	assert_int_equal(ff_flasher_write(fixture->flasher, &region, 1, NULL, &report, NULL), FF_OK);
	assert_in_range(fixture->reads, reads / 3, reads * 2 / 3);
	assert_int_equal(report.wire_bytes, measure.wire);
	assert_true(report.verified);
	fixture_expect_image(0x10000, FIXTURE_SIZE);

	measure.md5[0] ^= 1;
	assert_int_equal(ff_flasher_write(fixture->flasher, &region, 1, NULL, NULL, &error), FF_ERR_IO);
	assert_non_null(strstr(error.text, "changed"));
	fixture_close();
}

static void test_flasher__writes_several_regions(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	fixture->order_count = 0;
	struct ff_region regions[] = { fixture_region(0x1000, 7), fixture_region(0x8000, 0x1000),
				       fixture_region(0x10000, FIXTURE_SIZE) };
	struct ff_write_report report = { 0 };
	assert_int_equal(ff_flasher_write(fixture->flasher, regions, 3, NULL, &report, NULL), FF_OK);
	assert_int_equal(report.bytes, 7 + 0x1000 + FIXTURE_SIZE);
	fixture_expect_image(0x1000, 7);
	fixture_expect_image(0x8000, 0x1000);
	fixture_expect_image(0x10000, FIXTURE_SIZE);
	static const enum ff_phase expected[] = { FF_PHASE_PREPARE, FF_PHASE_WRITE, FF_PHASE_VERIFY };
	assert_int_equal(fixture->order_count, 3);
	assert_memory_equal(fixture->order, expected, sizeof(expected));
	assert_int_equal(fixture->last.done, fixture->last.total);
	assert_int_equal(fixture->last.total, report.bytes);
	/* 7 random bytes do not get smaller, but a plain block would be filled up to 16 KiB. */
	assert_int_equal(chip_count(&fixture->chip, 0x02), 0);
	fixture_close();
}

static void test_flasher__stays_without_reset_at_the_old_rate(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture->chip.stub = true; /* one that was left running */
	assert_int_equal(fixture_try_open(FF_BEFORE_NO_RESET, false, 460800, NULL), FF_OK);
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
	fixture_open(CHIP_ESP32, true);
	unsigned calls = fixture->chip.script.line_calls;
	assert_int_equal(ff_flasher_leave(fixture->flasher, FF_AFTER_HARD_RESET, NULL), FF_OK);
	assert_int_equal(fixture->last.phase, FF_PHASE_REBOOT);
	assert_true(ff_flasher_phase_times(fixture->flasher)[FF_PHASE_SYNC] > 0);
	fixture_close();
	assert_int_equal(fixture->chip.script.line_calls, calls + 1);
}

static void test_flasher__ports_without_lines_are_only_synced(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture->chip.script.transport.has_lines = false;
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, true, 0, NULL), FF_OK);
	assert_int_equal(fixture->chip.script.line_calls, 0);
	assert_int_equal(fixture_write(NULL, NULL, NULL), FF_OK);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_flasher_close(fixture->flasher, FF_AFTER_HARD_RESET, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "control lines"));
}

static void test_flasher__fixed_rate_is_kept(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture->chip.script.transport.fixed_baud = true;
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, true, 921600, NULL), FF_OK);
	assert_int_equal(chip_count(&fixture->chip, 0x0F), 0);
	assert_non_null(strstr(fixture->log, "staying at 115200 baud"));
	fixture_close();
}

static void test_flasher__goes_on_without_a_stub_file(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, false, 0, NULL), FF_OK);
	assert_false(ff_flasher_info(fixture->flasher)->stub);
	assert_non_null(strstr(fixture->log, "esp32.json"));
	fixture_close();
}

/* esptool 5.3 cmds.py, run_stub(). */
static void test_flasher__secure_boot_bars_the_stub_of_the_c3(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	fixture->chip.flags = 1;
	fixture_put_stub("esp32c3", "{\"entry\": 1, \"text\": \"Zm9vYmFy\", \"text_start\": 1074429952}");
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, false, 0, NULL), FF_OK);
	assert_false(ff_flasher_info(fixture->flasher)->stub);
	assert_int_equal(chip_count(&fixture->chip, 0x05), 0);
	fixture_close();
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

static void test_flasher__tells_the_security_state(void **state)
{
	(void)state;
	static const uint8_t keys[] = { 7, 9, 10, 0, 4, 5, 8, 12 };
	struct ff_security_info security;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	fixture->chip.flags = FF_SECURITY_BOOT | FF_SECURITY_ICACHE_OFF;
	memcpy(fixture->chip.keys, keys, sizeof(keys));
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, true, 0, NULL), FF_OK);
	assert_int_equal(ff_flasher_security_info(fixture->flasher, &security, NULL), FF_OK);
	assert_int_equal(security.flags, 0x401);
	assert_int_equal(security.crypt_count, 7);
	assert_memory_equal(security.key_purposes, keys + 1, 7);
	assert_true(security.has_id);
	assert_int_equal(security.chip_id, 5);
	assert_int_equal(security.api_version, 3);
	fixture_close();
}

static void test_flasher__old_chips_tell_no_security_state(void **state)
{
	(void)state;
	struct ff_security_info security = { .flags = 77 };
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP32, true);
	assert_int_equal(ff_flasher_security_info(fixture->flasher, &security, &error), FF_ERR_UNSUPPORTED);
	assert_int_equal(security.flags, 77);
	assert_non_null(strstr(error.text, "ESP32"));
	fixture_close();
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
	fixture_put_stub("esp32", "0123456789");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_flasher__opens_and_tells_the_board),
		TEST(test_flasher__writes_and_verifies),
		TEST(test_flasher__writes_what_was_deflated_before),
		TEST(test_flasher__writes_what_was_measured),
		TEST(test_flasher__writes_several_regions),
		TEST(test_flasher__stays_without_reset_at_the_old_rate),
		TEST(test_flasher__leave_tells_the_time_of_the_reboot),
		TEST(test_flasher__ports_without_lines_are_only_synced),
		TEST(test_flasher__fixed_rate_is_kept),
		TEST(test_flasher__goes_on_without_a_stub_file),
		TEST(test_flasher__secure_boot_bars_the_stub_of_the_c3),
		TEST(test_flasher__resets_boards),
		TEST(test_flasher__tells_the_security_state),
		TEST(test_flasher__old_chips_tell_no_security_state),
		TEST(test_flasher__null_is_harmless_to_close),
		TEST(test_flasher__phases_have_names),
		TEST(test_source__reads_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
