// SPDX-License-Identifier: Apache-2.0
/* Programs in RAM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_flasher_fixture.h"

#define MEM_BEGIN 0x05
#define MEM_END 0x06
#define MEM_DATA 0x07
#define ENTRY 0x40080004
#define STUB_AT 0x400A8000 /* where the fixture's stub has its six bytes */

static const uint8_t code[0x2000];

static enum ff_status load(const struct ff_ram_segment *segments, size_t count, uint32_t entry, struct ff_error *error)
{
	return ff_flasher_load_ram(fixture->flasher, segments, count, entry, error);
}

static void expect_words(uint8_t opcode, unsigned index, size_t count, const uint32_t *words)
{
	const struct chip_command *command = chip_find(&fixture->chip, opcode, index);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(command->words[i], words[i]);
	}
}

static void test_ram__loads_segments_and_starts_them(void **state)
{
	(void)state;
	static const struct ff_ram_segment segments[] = { { 0x40080000, code, 5 }, { 0x3FFB0000, code, sizeof(code) } };
	fixture_open(CHIP_ESP32, false);
	assert_int_equal(load(segments, 2, ENTRY, NULL), FF_OK);
	expect_words(MEM_BEGIN, 0, 4, (const uint32_t[]){ 8, 1, 0x1800, 0x40080000 });
	expect_words(MEM_BEGIN, 1, 4, (const uint32_t[]){ 0x2000, 2, 0x1800, 0x3FFB0000 });
	assert_int_equal(chip_count(&fixture->chip, MEM_DATA), 3);
	expect_words(MEM_DATA, 1, 2, (const uint32_t[]){ 0x1800, 0 });
	expect_words(MEM_DATA, 2, 2, (const uint32_t[]){ 0x800, 1 });
	expect_words(MEM_END, 0, 2, (const uint32_t[]){ 0, ENTRY });
	assert_int_equal(fixture->last.phase, FF_PHASE_REBOOT);
	/* The program runs, so the end of the session is silent. */
	size_t commands = fixture->chip.command_count;
	fixture_close();
	assert_int_equal(fixture->chip.command_count, commands);
}

static void test_ram__stays_clear_of_the_stub(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP32, true);
	unsigned before = chip_count(&fixture->chip, MEM_BEGIN);
	assert_int_equal(load(&(struct ff_ram_segment){ STUB_AT - 4, code, 8 }, 1, ENTRY, &error), FF_ERR_OVERLAP);
	assert_non_null(strstr(error.text, "stub flasher"));
	assert_int_equal(load(&(struct ff_ram_segment){ STUB_AT + 5, code, 4 }, 1, ENTRY, NULL), FF_ERR_OVERLAP);
	assert_int_equal(chip_count(&fixture->chip, MEM_BEGIN), before);
	assert_int_equal(load(&(struct ff_ram_segment){ STUB_AT - 8, code, 8 }, 1, ENTRY, NULL), FF_OK);
	fixture_close();
}

static void test_ram__refuses_what_makes_no_sense(void **state)
{
	(void)state;
	static const struct ff_ram_segment fine = { 0x40080000, code, 16 };
	static const struct ff_ram_segment both[] = { { 0x40080000, code, 16 }, { 0x4008000C, code, 16 } };
	static struct ff_ram_segment many[FF_MAX_RAM_SEGMENTS + 1];
	fixture_open(CHIP_ESP32, false);
	assert_int_equal(load(&fine, 1, 0, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(load(&fine, 0, ENTRY, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(load(many, FF_MAX_RAM_SEGMENTS + 1, ENTRY, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(load(&(struct ff_ram_segment){ 0x40080000, code, 0 }, 1, ENTRY, NULL), FF_ERR_EMPTY);
	assert_int_equal(load(&(struct ff_ram_segment){ 0xFFFFFFFC, code, 8 }, 1, ENTRY, NULL), FF_ERR_TOO_LARGE);
	assert_int_equal(load(both, 2, ENTRY, NULL), FF_ERR_OVERLAP);
	assert_int_equal(chip_count(&fixture->chip, MEM_BEGIN), 0);
	fixture_close();
}

static void test_ram__secure_download_mode_bars_it(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	fixture->chip.flags = 1 << 2;
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, false, 0, NULL), FF_OK);
	assert_int_equal(load(&(struct ff_ram_segment){ 0x40380000, code, 16 }, 1, 0x40380000, NULL),
			 FF_ERR_UNSUPPORTED);
	fixture_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ram__loads_segments_and_starts_them),
		TEST(test_ram__stays_clear_of_the_stub),
		TEST(test_ram__refuses_what_makes_no_sense),
		TEST(test_ram__secure_download_mode_bars_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
