// SPDX-License-Identifier: Apache-2.0
/* What goes wrong, and that nothing is erased or claimed then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_flasher_fixture.h"

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
	fixture_open(CHIP_ESP32, true);
	struct ff_region regions[] = { fixture_region(0x10000, 16), fixture_region(0xFF000, 0x1001) };
	expect_untouched(ff_flasher_write(fixture->flasher, regions, 2, NULL, NULL, &error), FF_ERR_TOO_LARGE);
	fixture->fails_from = 5000;
	expect_untouched(fixture_write(NULL, NULL, NULL), FF_ERR_IO);
	fixture->fails_from = SIZE_MAX;
	memcpy(fixture->image, c3, sizeof(c3));
	expect_untouched(fixture_write(NULL, NULL, NULL), FF_ERR_WRONG_CHIP);
	struct ff_write_options force = { .force = true };
	assert_int_equal(fixture_write(&force, NULL, NULL), FF_OK);
	fixture_close();
}

static void test_flasher__esp8266_rom_cannot_verify(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP8266, false);
	expect_untouched(fixture_write(NULL, NULL, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "stub"));
	fixture_close();
}

/* 0x10000 and one sector: the ROM takes the sector behind as well. */
static void test_flasher__esp8266_rom_would_spoil_its_neighbour(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_write_options options = { .no_verify = true };
	fixture_open(CHIP_ESP8266, false);
	struct ff_region upper_first[] = { fixture_region(0x11000, 16), fixture_region(0x10000, 16) };
	expect_untouched(ff_flasher_write(fixture->flasher, upper_first, 2, &options, NULL, &error),
			 FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "0x11000"));
	struct ff_region wraps[] = { fixture_region(0x0, 0x2000), fixture_region(0xFF000, 16) };
	expect_untouched(ff_flasher_write(fixture->flasher, wraps, 2, &options, NULL, NULL), FF_ERR_UNSUPPORTED);
	struct ff_region lower_first[] = { fixture_region(0x10000, 16), fixture_region(0x11000, 16) };
	assert_int_equal(ff_flasher_write(fixture->flasher, lower_first, 2, &options, NULL, NULL), FF_OK);
	assert_non_null(strstr(fixture->log, "also erases the sector at 0x12000"));
	fixture_close();
}

static unsigned count_in_log(const char *words)
{
	unsigned count = 0;
	for (const char *p = strstr(fixture->log, words); p; p = strstr(p + 1, words)) {
		count++;
	}
	return count;
}

/* Where nobody can say what of it is right, all of it is written again. */
static void test_flasher__starts_a_region_again(void **state)
{
	(void)state;
	static const struct ff_write_options options = { .no_verify = true };
	for (int stub = 0; stub < 2; stub++) {
		fixture_open(CHIP_ESP32, stub);
		fixture->chip.refuse_data = 2;
		fixture->chip.refuse_status = stub ? 0xC100 : 0x0107;
		assert_int_equal(fixture_write(&options, NULL, NULL), FF_OK);
		fixture_expect_image(0x10000, FIXTURE_SIZE);
		assert_int_equal(chip_count(&fixture->chip, 0x10), 2);
		assert_int_equal(chip_find(&fixture->chip, 0x11, 2)->words[1], 0); /* from sequence 0 */
		assert_int_equal(chip_count(&fixture->chip, 0x13), 0);
		assert_non_null(strstr(fixture->log, "trying again"));
		assert_int_equal(fixture->retries[FF_RETRY_STEP], stub + 1);
		assert_int_equal(fixture->retries[FF_RETRY_SYNC], stub + 1);
		fixture_close();
		if (stub == 0) {
			chip_release(&fixture->chip);
		}
	}
}

/* A quarter of the region at once, rounded to sectors, and each piece has to be right before the next begins. */
static void test_flasher__goes_on_in_pieces(void **state)
{
	(void)state;
	for (int stub = 0; stub < 2; stub++) {
		struct ff_write_report report = { 0 };
		fixture_open(CHIP_ESP32, stub);
		fixture->chip.refuse_data = 1;
		fixture->chip.refuse_status = stub ? 0xC100 : 0x0107;
		assert_int_equal(fixture_write(NULL, &report, NULL), FF_OK);
		fixture_expect_image(0x10000, FIXTURE_SIZE);
		assert_true(report.verified);
		assert_int_equal(report.bytes, FIXTURE_SIZE);
		assert_int_equal(count_in_log("going on at 0x10000 with pieces of 24 KiB"), 1);
		assert_int_equal(fixture->retries[FF_RETRY_WRITE], stub + 1);
		assert_int_equal(fixture->retries[FF_RETRY_SLOWER], 0);
		assert_int_equal(chip_count(&fixture->chip, 0x10), 1 + 5);
		assert_int_equal(chip_find(&fixture->chip, 0x10, 2)->words[3], 0x16000);
		/* Two questions about each piece before it is written, one after it, and one about the whole. */
		assert_int_equal(chip_count(&fixture->chip, 0x13), 5 * 3 + 1);
		assert_int_equal(fixture->last.done, fixture->last.total);
		assert_non_null(
			strstr(fixture->notes, "writing app.bin failed 1 time on the way, and went on in pieces"));
		fixture_close();
		fixture->log[0] = '\0';
		if (stub == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_flasher__pieces_that_are_right_stay(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	fixture->chip.refuse_data = 4; /* three blocks, deflated, are more than three pieces */
	fixture->chip.refuse_status = 0xC100;
	assert_int_equal(fixture_write(NULL, NULL, NULL), FF_OK);
	fixture_expect_image(0x10000, FIXTURE_SIZE);
	assert_int_equal(chip_count(&fixture->chip, 0x10), 1 + 2);
	assert_int_equal(chip_find(&fixture->chip, 0x10, 1)->words[3], 0x22000);
	fixture_close();
}

/* What got damaged without anybody's noticing is written again, smaller. */
static void test_flasher__a_piece_counts_with_its_md5_only(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	fixture->chip.refuse_data = 1;
	fixture->chip.refuse_status = 0xC100;
	fixture->chip.bad_md5 = 4; /* two before the first piece is written, two after it */
	assert_int_equal(fixture_write(NULL, NULL, NULL), FF_OK);
	fixture_expect_image(0x10000, FIXTURE_SIZE);
	assert_int_equal(count_in_log("what was written at 0x10000 was damaged on the way"), 1);
	assert_int_equal(count_in_log("going on at 0x10000 with pieces of 4 KiB"), 1);
	fixture_close();
}

static void test_flasher__cancel_in_the_middle_of_pieces(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	fixture->chip.refuse_data = 2;
	fixture->chip.refuse_status = 0xC100;
	fixture->cancel_at = 60000;
	assert_int_equal(fixture_write(NULL, NULL, NULL), FF_ERR_CANCELLED);
	assert_int_equal(count_in_log("going on at"), 1);
	assert_true(chip_count(&fixture->chip, 0x10) < 1 + 5);
	fixture_close();
}

/* Measuring a piece is no writing. */
static void test_flasher__pieces_count_when_they_are_written(void **state)
{
	(void)state;
	static const struct ff_write_options options = { .no_compress = true };
	fixture_open(CHIP_ESP32, true);
	fixture->chip.refuse_data = 1;
	fixture->chip.refuse_status = 0xC100;
	fixture->cancel_at = 2 * 24 * 1024 + 1; /* in the third piece */
	assert_int_equal(fixture_write(&options, NULL, NULL), FF_ERR_CANCELLED);
	assert_true(fixture->last.done >= fixture->cancel_at);
	assert_memory_equal(fixture->chip.flash + 0x10000, fixture->image, fixture->last.done);
	fixture_close();
}

/* The first block stays of the first try, and nothing gets in any more. */
static void test_flasher__gives_up_where_flash_fails(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP32, true);
	fixture->chip.refuse_data = 2;
	fixture->chip.refuse_ever_after = true;
	fixture->chip.refuse_status = 0xC400;
	assert_int_equal(fixture_write(NULL, NULL, &error), FF_ERR_REFUSED);
	assert_int_equal(error.status, FF_ERR_REFUSED);
	assert_int_equal(error.rom_code, 0xC400);
	assert_int_equal(count_in_log("; going on at"), 3);
	assert_int_equal(chip_count(&fixture->chip, 0x10), 4);
	/* The next write gets back into step first. */
	fixture->chip.refuse_data = 0;
	fixture->chip.refuse_ever_after = false;
	unsigned syncs = chip_count(&fixture->chip, 0x08);
	assert_int_equal(fixture_write(NULL, NULL, NULL), FF_OK);
	assert_int_equal(chip_count(&fixture->chip, 0x08), syncs + 1);
	fixture_close();
}

static void open_fast(bool stub)
{
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture_put_stub("esp32", "{\"entry\": 1, \"text\": \"Zm9vYmFy\", \"text_start\": 1074429952}");
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, !stub, 921600, NULL), FF_OK);
	assert_int_equal(ff_flasher_info(fixture->flasher)->baud, 921600);
}

static void test_flasher__noise_at_a_high_rate_slows_it_down(void **state)
{
	(void)state;
	for (int stub = 0; stub < 2; stub++) {
		open_fast(stub);
		fixture->chip.noisy_above = 230400;
		assert_int_equal(fixture_write(NULL, NULL, NULL), FF_OK);
		fixture_expect_image(0x10000, FIXTURE_SIZE);
		assert_int_equal(count_in_log("going on at 0x10000"), 4); /* twice at 921600 and 460800 each */
		assert_int_equal(ff_flasher_info(fixture->flasher)->baud, 230400);
		assert_int_equal(fixture->chip.script.baud, 230400);
		assert_non_null(strstr(fixture->log, "at 921600 baud; going on at 460800"));
		assert_non_null(strstr(fixture->log, "at 460800 baud; going on at 230400"));
		fixture_close();
		assert_int_equal(fixture->chip.script.baud, 115200);
		fixture->log[0] = '\0';
		if (stub == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_flasher__slowing_down_ends_at_the_initial_rate(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	open_fast(true);
	fixture->chip.noisy_above = 300;
	assert_int_equal(fixture_write(NULL, NULL, &error), FF_ERR_REFUSED);
	assert_int_equal(chip_count(&fixture->chip, 0x10), 2 + 2 + 2 + 4);
	assert_int_equal(ff_flasher_info(fixture->flasher)->baud, 115200);
	assert_int_equal(fixture->chip.script.baud, 115200);
	fixture_close();
}

static void test_flasher__flash_that_fails_is_no_noise(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	open_fast(true);
	fixture->chip.refuse_data = 2;
	fixture->chip.refuse_ever_after = true;
	fixture->chip.refuse_status = 0xC400;
	assert_int_equal(fixture_write(NULL, NULL, &error), FF_ERR_REFUSED);
	assert_int_equal(chip_count(&fixture->chip, 0x10), 4);
	assert_int_equal(ff_flasher_info(fixture->flasher)->baud, 921600);
	fixture_close();
}

static void test_flasher__rate_without_an_answer_is_lowered(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture->chip.deaf_above = 230400;
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, true, 921600, NULL), FF_OK);
	assert_int_equal(ff_flasher_info(fixture->flasher)->baud, 230400);
	assert_non_null(strstr(fixture->log, "does not answer at 921600 baud"));
	fixture_close();
}

static void test_flasher__lost_board_ends_at_once(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP32, true);
	fixture->chip.lose_data = 2;
	int64_t start = ff_now_us();
	assert_int_equal(fixture_write(NULL, NULL, &error), FF_ERR_LOST);
	assert_true(ff_now_us() - start < 2000000);
	assert_string_equal(error.text, "the port went away");
	fixture_close();
}

static void test_flasher__one_wrong_md5_is_asked_again(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32, true);
	fixture->chip.bad_md5 = 1;
	assert_int_equal(fixture_write(NULL, NULL, NULL), FF_OK);
	fixture_close();
}

static void test_flasher__bad_flash_fails_the_verification(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP32, true);
	fixture->chip.bad_cell = 0x10100;
	fixture->image[0x100] = 0xFF;
	assert_int_equal(fixture_write(NULL, NULL, &error), FF_ERR_VERIFY);
	assert_non_null(strstr(error.text, "app.bin at 0x10000"));
	assert_int_equal(chip_count(&fixture->chip, 0x10), 1);
	fixture_close();
}

static void test_flasher__image_that_changes_is_noticed(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP32, true);
	fixture->changes_at_read = 12; /* in the second pass, which takes 7 reads like the first */
	assert_int_equal(fixture_write(NULL, NULL, &error), FF_ERR_IO);
	assert_non_null(strstr(error.text, "app.bin"));
	assert_non_null(strstr(error.text, "changed"));
	fixture_close();
}

static void test_flasher__cancel_in_mid_write(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP32, true);
	fixture->cancel_at = 1;
	assert_int_equal(fixture_write(NULL, NULL, &error), FF_ERR_CANCELLED);
	assert_int_equal(error.status, FF_ERR_CANCELLED);
	assert_true(fixture->chip.data_count < 4);
	unsigned calls = fixture->chip.script.line_calls;
	fixture_close(); /* still resets the board */
	assert_int_equal(fixture->chip.script.line_calls, calls + 1);
}

static void test_flasher__broken_stub_file_is_an_error(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture_put_stub("esp32", "{");
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, false, 0, &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, "esp32.json"));
	/* The board was reset into its loader; now it is reset out of it. */
	const struct script *script = &fixture->chip.script;
	assert_int_equal(script->line_calls, 2);
	assert_int_equal(script->steps[script->step_count - 2].rts, 1);
	assert_int_equal(script->steps[script->step_count - 2].dtr, 0);
	assert_int_equal(script->steps[script->step_count - 1].rts, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_flasher__refuses_before_it_erases),
		TEST(test_flasher__esp8266_rom_cannot_verify),
		TEST(test_flasher__esp8266_rom_would_spoil_its_neighbour),
		TEST(test_flasher__starts_a_region_again),
		TEST(test_flasher__goes_on_in_pieces),
		TEST(test_flasher__pieces_that_are_right_stay),
		TEST(test_flasher__a_piece_counts_with_its_md5_only),
		TEST(test_flasher__cancel_in_the_middle_of_pieces),
		TEST(test_flasher__pieces_count_when_they_are_written),
		TEST(test_flasher__gives_up_where_flash_fails),
		TEST(test_flasher__noise_at_a_high_rate_slows_it_down),
		TEST(test_flasher__slowing_down_ends_at_the_initial_rate),
		TEST(test_flasher__flash_that_fails_is_no_noise),
		TEST(test_flasher__rate_without_an_answer_is_lowered),
		TEST(test_flasher__lost_board_ends_at_once),
		TEST(test_flasher__one_wrong_md5_is_asked_again),
		TEST(test_flasher__bad_flash_fails_the_verification),
		TEST(test_flasher__image_that_changes_is_noticed),
		TEST(test_flasher__cancel_in_mid_write),
		TEST(test_flasher__broken_stub_file_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
