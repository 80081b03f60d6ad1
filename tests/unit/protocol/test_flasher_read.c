// SPDX-License-Identifier: Apache-2.0
/* Reading flash: every byte once, in order, and none that was damaged on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_flasher_fixture.h"

#define CONTENT_AT 0x1234
#define CONTENT_SIZE 70001

/* What the sink got. */
struct collected {
	uint8_t bytes[CHIP_FLASH_SIZE];
	size_t size;
	size_t full_at; /* refuses more than this */
};

static struct collected collected;

static enum ff_status collect(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct collected *to = context;
	assert_true(to->size + size <= sizeof(to->bytes));
	if (to->size + size > to->full_at) {
		return ff_error_set(error, FF_ERR_NO_SPACE, "the disk is full");
	}
	memcpy(to->bytes + to->size, bytes, size);
	to->size += size;
	return FF_OK;
}

static enum ff_status read_flash(uint32_t offset, uint32_t size, struct ff_error *error)
{
	static const struct ff_sink sink = { .write = collect, .context = &collected };
	collected.size = 0;
	fixture->order_count = 0; /* progress starts from 0 with each of them */
	return ff_flasher_read(fixture->flasher, offset, size, &sink, error);
}

static void open_with_content(enum chip_kind kind, bool stub)
{
	fixture_open(kind, stub);
	memcpy(fixture->chip.flash + CONTENT_AT, fixture->image, FIXTURE_SIZE);
	collected.full_at = sizeof(collected.bytes);
}

static void expect_content(void)
{
	assert_int_equal(collected.size, CONTENT_SIZE);
	assert_memory_equal(collected.bytes, fixture->image, CONTENT_SIZE);
	assert_int_equal(fixture->last.phase, FF_PHASE_READ);
	assert_int_equal(fixture->last.done, CONTENT_SIZE);
	assert_int_equal(fixture->last.total, CONTENT_SIZE);
}

static void test_read__through_the_stub(void **state)
{
	(void)state;
	static const enum chip_kind kinds[] = { CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32C3 };
	for (unsigned i = 0; i < 3; i++) {
		open_with_content(kinds[i], true);
		assert_int_equal(read_flash(CONTENT_AT, CONTENT_SIZE, NULL), FF_OK);
		expect_content();
		const struct chip_command *command = chip_find(&fixture->chip, 0xD2, 0);
		assert_int_equal(command->words[0], CONTENT_AT);
		assert_int_equal(command->words[2], 4096); /* packet */
		assert_int_equal(command->words[3], 1);    /* window */
		fixture_close();
		if (i < 2) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_read__through_the_rom(void **state)
{
	(void)state;
	open_with_content(CHIP_ESP32, false);
	assert_int_equal(read_flash(CONTENT_AT, CONTENT_SIZE, NULL), FF_OK);
	expect_content();
	assert_int_equal(chip_count(&fixture->chip, 0x0E), (CONTENT_SIZE + 63) / 64);
	assert_int_equal(chip_find(&fixture->chip, 0x0E, 1)->words[0], CONTENT_AT + 64);
	assert_int_equal(chip_find(&fixture->chip, 0x0E, CONTENT_SIZE / 64)->words[1], CONTENT_SIZE % 64);
	/* Its answers are as unprotected as a stub's packets. */
	assert_int_equal(chip_count(&fixture->chip, 0x13), 2);
	fixture_close();
}

static void test_read__the_last_byte_of_the_flash(void **state)
{
	(void)state;
	open_with_content(CHIP_ESP32C3, true);
	fixture->chip.flash[CHIP_FLASH_SIZE - 1] = 0xC0;
	assert_int_equal(read_flash(CHIP_FLASH_SIZE - 1, 1, NULL), FF_OK);
	assert_int_equal(collected.size, 1);
	assert_int_equal(collected.bytes[0], 0xC0);
	fixture_close();
}

static void expect_refusal(uint32_t offset, uint32_t size, enum ff_status expected, const char *word)
{
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(read_flash(offset, size, &error), expected);
	assert_int_equal(error.status, expected);
	assert_non_null(strstr(error.text, word));
	assert_int_equal(collected.size, 0);
	assert_int_equal(chip_count(&fixture->chip, 0xD2) + chip_count(&fixture->chip, 0x0E), 0);
}

static void test_read__refuses_what_cannot_be_read(void **state)
{
	(void)state;
	open_with_content(CHIP_ESP8266, false);
	expect_refusal(0, 16, FF_ERR_UNSUPPORTED, "ESP8266");
	expect_refusal(0, 0, FF_ERR_ARGUMENT, "0");
	expect_refusal(CHIP_FLASH_SIZE - 1, 2, FF_ERR_TOO_LARGE, "0x100000");
	expect_refusal(UINT32_MAX, 2, FF_ERR_TOO_LARGE, "0xffffffff");
	fixture_close();
}

static void test_read__damaged_pieces_are_read_again(void **state)
{
	(void)state;
	open_with_content(CHIP_ESP32, true);
	fixture->chip.damage_packet = 3;
	fixture->chip.damage_end = 4;
	assert_int_equal(read_flash(CONTENT_AT, CONTENT_SIZE, NULL), FF_OK);
	expect_content();
	/* Smaller ones from then on, until some were good. */
	assert_int_equal(chip_find(&fixture->chip, 0xD2, 0)->words[1], 0x10000);
	assert_int_equal(chip_find(&fixture->chip, 0xD2, 1)->words[0], CONTENT_AT);
	assert_int_equal(chip_find(&fixture->chip, 0xD2, 1)->words[1], 0x4000);
	assert_int_equal(chip_find(&fixture->chip, 0xD2, 2)->words[0], CONTENT_AT + 0x4000);
	assert_non_null(strstr(fixture->log, "going on"));
	fixture_close();
}

static void test_read__short_packet_is_no_packet(void **state)
{
	(void)state;
	open_with_content(CHIP_ESP32C3, true);
	fixture->chip.cut_packet = 2;
	assert_int_equal(read_flash(CONTENT_AT, CONTENT_SIZE, NULL), FF_OK);
	expect_content();
	assert_non_null(strstr(fixture->log, "4095 bytes"));
	fixture_close();
}

static void test_read__goes_on_where_it_stopped(void **state)
{
	(void)state;
	open_with_content(CHIP_ESP32, true);
	fixture->chip.damage_packet = 17; /* the first of the second piece */
	fixture->chip.damage_end = 19;
	assert_int_equal(read_flash(CONTENT_AT, CONTENT_SIZE, NULL), FF_OK);
	expect_content();
	assert_int_equal(chip_find(&fixture->chip, 0xD2, 1)->words[0], CONTENT_AT + 0x10000);
	assert_int_equal(chip_find(&fixture->chip, 0xD2, 2)->words[0], CONTENT_AT + 0x10000);
	fixture_close();
}

static void test_read__gives_up_after_eight_failures(void **state)
{
	(void)state;
	open_with_content(CHIP_ESP32, true);
	fixture->chip.damage_packet = 1;
	fixture->chip.damage_end = UINT32_MAX;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(read_flash(CONTENT_AT, CONTENT_SIZE, &error), FF_ERR_PROTOCOL);
	assert_non_null(strstr(error.text, "MD5"));
	assert_int_equal(chip_count(&fixture->chip, 0xD2), 8);
	assert_int_equal(chip_find(&fixture->chip, 0xD2, 7)->words[1], 1024);
	assert_int_equal(collected.size, 0);
	/* And the board still works. */
	fixture->chip.damage_end = 0;
	assert_int_equal(read_flash(CONTENT_AT, CONTENT_SIZE, NULL), FF_OK);
	expect_content();
	fixture_close();
}

static void test_read__pieces_get_smaller_and_larger(void **state)
{
	(void)state;
	open_with_content(CHIP_ESP32, true);
	fixture->chip.damage_packet = 1;
	fixture->chip.damage_end = 23; /* 16 packets, 4, 1 and 1: four pieces */
	fixture->chip.cut_packet = 27; /* the first that is larger again */
	assert_int_equal(read_flash(CONTENT_AT, CONTENT_SIZE, NULL), FF_OK);
	expect_content();
	static const uint32_t expected[] = { 0x10000, 0x4000, 0x1000, 1024, 1024, 1024, 1024,
					     1024,    2048,   1024,   1024, 1024, 1024, 2048 };
	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_int_equal(chip_find(&fixture->chip, 0xD2, i)->words[1], expected[i]);
	}
	fixture_close();
}

static void test_read__noise_at_a_high_rate_slows_it_down(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture_put_stub("esp32", "{\"entry\": 1, \"text\": \"Zm9vYmFy\", \"text_start\": 1074429952}");
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, false, 921600, NULL), FF_OK);
	memcpy(fixture->chip.flash + CONTENT_AT, fixture->image, FIXTURE_SIZE);
	collected.full_at = sizeof(collected.bytes);
	fixture->chip.noisy_above = 460800;
	assert_int_equal(read_flash(CONTENT_AT, CONTENT_SIZE, NULL), FF_OK);
	expect_content();
	assert_int_equal(ff_flasher_info(fixture->flasher)->baud, 460800);
	fixture_close();
}

static void test_read__full_disk_ends_it(void **state)
{
	(void)state;
	open_with_content(CHIP_ESP32, true);
	collected.full_at = 0x10000;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(read_flash(0, 0x30000, &error), FF_ERR_NO_SPACE);
	assert_string_equal(error.text, "the disk is full");
	assert_int_equal(chip_count(&fixture->chip, 0xD2), 2);
	fixture_close();
}

static void test_read__is_cancelled(void **state)
{
	(void)state;
	open_with_content(CHIP_ESP32, true);
	fixture->cancel_at = 0x8000;
	assert_int_equal(read_flash(0, CHIP_FLASH_SIZE, NULL), FF_ERR_CANCELLED);
	assert_int_equal(collected.size, 0);
	/* The stub still waits for an acknowledgement; the next work gets it out of that. */
	fixture->cancel_at = 0;
	assert_int_equal(read_flash(CONTENT_AT, CONTENT_SIZE, NULL), FF_OK);
	expect_content();
	fixture_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read__through_the_stub),
		TEST(test_read__through_the_rom),
		TEST(test_read__the_last_byte_of_the_flash),
		TEST(test_read__refuses_what_cannot_be_read),
		TEST(test_read__damaged_pieces_are_read_again),
		TEST(test_read__short_packet_is_no_packet),
		TEST(test_read__goes_on_where_it_stopped),
		TEST(test_read__gives_up_after_eight_failures),
		TEST(test_read__pieces_get_smaller_and_larger),
		TEST(test_read__noise_at_a_high_rate_slows_it_down),
		TEST(test_read__full_disk_ends_it),
		TEST(test_read__is_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
