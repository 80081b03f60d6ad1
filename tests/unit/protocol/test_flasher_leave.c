// SPDX-License-Identifier: Apache-2.0
/* How a board is entered and left, and a port that goes away in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_flasher_fixture.h"

static const char stub_json[] = "{\"entry\": 1, \"text\": \"Zm9vYmFy\", \"text_start\": 1074429952}";

static enum ff_status open_with(const struct ff_connect_options *options, struct ff_error *error)
{
	struct ff_connect_options filled = *options;
	filled.attempts = filled.attempts ? filled.attempts : 1;
	filled.stub_dir = fixture->stub_dir;
	return ff_flasher_open(&fixture->flasher, &fixture->chip.script.transport, &filled, NULL, error);
}

static struct ff_line_step last_step(unsigned back)
{
	const struct script *script = &fixture->chip.script;
	assert_true(script->step_count > back);
	return script->steps[script->step_count - 1 - back];
}

static void expect_steps(size_t from, const struct ff_line_step *steps, size_t count)
{
	const struct script *script = &fixture->chip.script;
	assert_int_equal(script->step_count, from + count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(script->steps[from + i].dtr, steps[i].dtr);
		assert_int_equal(script->steps[from + i].rts, steps[i].rts);
	}
}

static void test_leave__own_sequences(void **state)
{
	(void)state;
	static const struct ff_line_step enter[] = { { 1, -1, 0 }, { -1, 1, 0 }, { 0, 0, 0 } };
	static const struct ff_line_step leave[] = { { -1, 1, 1 }, { -1, 0, 0 } };
	chip_init(&fixture->chip, CHIP_ESP32);
	char text[] = "D1|R1|U0,0";
	struct ff_connect_options options = { .no_stub = true,
					      .reset_sequence = text,
					      .hard_reset_sequence = "R1|W0.001|R0" };
	assert_int_equal(open_with(&options, NULL), FF_OK);
	memset(text, 'x', sizeof(text) - 1); /* it was copied */
	expect_steps(0, enter, 3);
	assert_int_equal(ff_flasher_close(fixture->flasher, FF_AFTER_HARD_RESET, NULL), FF_OK);
	expect_steps(3, leave, 2);
}

static void test_leave__bad_sequences_touch_nothing(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	chip_init(&fixture->chip, CHIP_ESP32);
	assert_int_equal(open_with(&(struct ff_connect_options){ .reset_sequence = "D7" }, &error), FF_ERR_ARGUMENT);
	assert_non_null(strstr(error.text, "D7"));
	assert_int_equal(open_with(&(struct ff_connect_options){ .hard_reset_sequence = "" }, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(fixture->chip.script.line_calls, 0);
	assert_int_equal(fixture->chip.command_count, 0);
	assert_int_equal(ff_board_run_sequence(&fixture->chip.script.transport, "D7", NULL), FF_ERR_ARGUMENT);
	assert_int_equal(ff_board_run_sequence(&fixture->chip.script.transport, "U1,0", NULL), FF_OK);
	assert_int_equal(last_step(0).dtr, 1);
}

static void test_leave__usb_reset_needs_lines(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	struct ff_connect_options options = { .no_stub = true, .before = FF_BEFORE_USB_RESET };
	fixture->chip.script.transport.has_lines = false;
	assert_int_equal(open_with(&options, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "no-reset"));
	fixture->chip.script.transport.has_lines = true;
	assert_int_equal(open_with(&options, NULL), FF_OK);
	assert_int_equal(fixture->chip.script.steps[1].dtr, 1);
	assert_int_equal(fixture->chip.script.steps[1].hold_ms, 100);
	fixture_close();
}

static void test_leave__no_sync_asks_nothing_first(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	struct ff_connect_options options = { .no_stub = true, .before = FF_BEFORE_NO_RESET_NO_SYNC };
	assert_int_equal(open_with(&options, NULL), FF_OK);
	assert_int_equal(fixture->chip.script.line_calls, 0);
	assert_int_equal(chip_count(&fixture->chip, 0x08), 0);
	assert_int_equal(fixture->chip.commands[0].opcode, 0x14);
	fixture_close();
}

static void test_leave__rom_is_told_to_run(void **state)
{
	(void)state;
	for (int run = 0; run < 2; run++) {
		fixture_open(CHIP_ESP32, false);
		unsigned calls = fixture->chip.script.line_calls;
		assert_int_equal(ff_flasher_check_leave(fixture->flasher, FF_AFTER_SOFT_RESET, NULL), FF_OK);
		if (run) {
			assert_int_equal(ff_flasher_run(fixture->flasher, NULL), FF_OK);
			assert_int_equal(ff_flasher_run(fixture->flasher, NULL), FF_ERR_ARGUMENT);
		} else {
			assert_int_equal(ff_flasher_leave(fixture->flasher, FF_AFTER_SOFT_RESET, NULL), FF_OK);
		}
		const struct chip_command *begin = chip_find(&fixture->chip, 0x02, 0);
		assert_int_equal(begin->words[0], 0);
		assert_int_equal(chip_find(&fixture->chip, 0x04, 0)->words[0], 1);
		fixture_close();
		assert_int_equal(fixture->chip.script.line_calls, calls);
		if (run == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void expect_refusal(enum ff_after after, const char *reason)
{
	struct ff_error error = FF_ERROR_NONE;
	size_t commands = fixture->chip.command_count;
	assert_int_equal(ff_flasher_check_leave(fixture->flasher, after, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, reason));
	ff_error_clear(&error);
	assert_int_equal(ff_flasher_leave(fixture->flasher, after, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, reason));
	assert_int_equal(fixture->chip.command_count, commands);
	fixture_close();
}

static void test_leave__stub_has_no_soft_reset(void **state)
{
	(void)state;
	fixture_open(CHIP_ESP32C3, true);
	expect_refusal(FF_AFTER_SOFT_RESET, "no stub");
}

static void test_leave__esp32_has_no_watchdog_reset(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP32, true);
	assert_int_equal(ff_flasher_run(fixture->flasher, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "no stub"));
	expect_refusal(FF_AFTER_WATCHDOG_RESET, "watchdog");
}

static void test_leave__port_without_lines_is_known_before(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32);
	fixture->chip.script.transport.has_lines = false;
	assert_int_equal(open_with(&(struct ff_connect_options){ .no_stub = true }, NULL), FF_OK);
	expect_refusal(FF_AFTER_HARD_RESET, "control lines");
}

/* esptool 5.3, targets/esp32c3.py, watchdog_reset(), without the last word, which would reach the application. */
static void test_leave__watchdog_of_the_c3(void **state)
{
	(void)state;
	static const uint32_t writes[][2] = { { 0x600080A8, 0x50D83AA1 },
					      { 0x60008094, 2000 },
					      { 0x60008090, 0xD0000102 } };
	for (int run = 0; run < 2; run++) {
		fixture_open(CHIP_ESP32C3, true);
		unsigned before = chip_count(&fixture->chip, 0x09);
		unsigned calls = fixture->chip.script.line_calls;
		enum ff_status status = run ? ff_flasher_run(fixture->flasher, NULL)
					    : ff_flasher_leave(fixture->flasher, FF_AFTER_WATCHDOG_RESET, NULL);
		assert_int_equal(status, FF_OK);
		assert_int_equal(chip_count(&fixture->chip, 0x09), before + 3);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(chip_find(&fixture->chip, 0x09, before + i)->words[0], writes[i][0]);
			assert_int_equal(chip_find(&fixture->chip, 0x09, before + i)->words[1], writes[i][1]);
		}
		fixture_close();
		assert_int_equal(fixture->chip.script.line_calls, calls);
		if (run == 0) {
			chip_release(&fixture->chip);
		}
	}
}

/* esp-flasher-stub 1.1 takes RUN_USER_CODE for nothing. */
static void test_leave__esp8266_stub_that_stays_is_noticed(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	fixture_open(CHIP_ESP8266, true);
	fixture->chip.ignored = 0xD3;
	assert_int_equal(ff_flasher_leave(fixture->flasher, FF_AFTER_SOFT_RESET, &error), FF_ERR_UNSUPPORTED);
	assert_int_equal(chip_count(&fixture->chip, 0xD3), 1);
	fixture_close();
}

/* ---- a port that goes away ---- */

static unsigned reopens;
static unsigned lines_lost;
static unsigned reads_lost;

static const struct ff_transport_ops *real_ops(void)
{
	static const struct ff_transport_ops *real;
	if (!real) {
		struct script script;
		script_init(&script, NULL, NULL);
		real = script.transport.ops;
	}
	return real;
}

static enum ff_status losing_lines(void *self, const struct ff_line_step *steps, size_t count, struct ff_error *error)
{
	enum ff_status status = real_ops()->set_lines(self, steps, count, error);
	if (lines_lost > 0) {
		lines_lost--;
		return ff_error_set(error, FF_ERR_LOST, "gone with the lines");
	}
	return status;
}

static enum ff_status losing_read(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
				  struct ff_error *error)
{
	if (reads_lost > 0) {
		reads_lost--;
		return ff_error_set(error, FF_ERR_LOST, "gone in silence");
	}
	return real_ops()->read(self, bytes, capacity, got, deadline_us, error);
}

static enum ff_status reopen(struct ff_transport *transport, int64_t deadline_us, struct ff_error *error)
{
	(void)deadline_us;
	(void)error;
	reopens++;
	transport->kind = FF_PORT_USB_OTG;
	return FF_OK;
}

static void lose(struct ff_transport_ops *ops, unsigned lines, unsigned reads)
{
	*ops = *real_ops();
	ops->set_lines = losing_lines;
	ops->read = losing_read;
	ops->reopen = reopen;
	reopens = 0;
	lines_lost = lines;
	reads_lost = reads;
	fixture->chip.script.transport.ops = ops;
}

static void test_leave__port_lost_in_the_reset_is_waited_for(void **state)
{
	(void)state;
	struct ff_transport_ops ops;
	for (unsigned when = 0; when < 2; when++) {
		chip_init(&fixture->chip, CHIP_ESP32C3);
		lose(&ops, when == 0, when == 1);
		assert_int_equal(open_with(&(struct ff_connect_options){ .no_stub = true }, NULL), FF_OK);
		assert_int_equal(reopens, 1);
		assert_int_equal(fixture->chip.script.line_calls, 1); /* not reset once more */
		fixture_close();
		assert_int_equal(last_step(1).hold_ms, 0); /* 200 ms are waited for elsewhere */
		assert_int_equal(last_step(0).rts, 0);
		if (when == 0) {
			chip_release(&fixture->chip);
		}
	}
}

static void test_leave__port_that_cannot_come_back_is_lost(void **state)
{
	(void)state;
	struct ff_transport_ops ops;
	struct ff_error error = FF_ERROR_NONE;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	lose(&ops, 1, 0);
	ops.reopen = NULL;
	assert_int_equal(open_with(&(struct ff_connect_options){ .no_stub = true }, &error), FF_ERR_LOST);
	assert_string_equal(error.text, "gone with the lines");
}

static void test_leave__chip_on_usb_may_take_its_port_along(void **state)
{
	(void)state;
	struct ff_transport_ops ops;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	lose(&ops, 0, 0);
	fixture->chip.script.transport.kind = FF_PORT_USB_JTAG;
	assert_int_equal(open_with(&(struct ff_connect_options){ .no_stub = true }, NULL), FF_OK);
	lines_lost = 1;
	assert_int_equal(ff_flasher_close(fixture->flasher, FF_AFTER_HARD_RESET, NULL), FF_OK);
}

/* In secure download mode the chip cannot say what it talks on; the port's ids do. */
static void test_leave__port_tells_the_block_size(void **state)
{
	(void)state;
	chip_init(&fixture->chip, CHIP_ESP32C3);
	fixture->chip.script.transport.kind = FF_PORT_USB_OTG;
	fixture_put_stub("esp32c3", stub_json);
	assert_int_equal(open_with(&(struct ff_connect_options){ .attempts = 1 }, NULL), FF_OK);
	assert_int_equal(chip_find(&fixture->chip, 0x05, 0)->words[2], 0x800);
	assert_int_equal(fixture_write(NULL, NULL, NULL), FF_OK);
	assert_int_equal(chip_find(&fixture->chip, 0x10, 0)->words[2], 0x800);
	fixture_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_leave__own_sequences),
		TEST(test_leave__bad_sequences_touch_nothing),
		TEST(test_leave__usb_reset_needs_lines),
		TEST(test_leave__no_sync_asks_nothing_first),
		TEST(test_leave__rom_is_told_to_run),
		TEST(test_leave__stub_has_no_soft_reset),
		TEST(test_leave__esp32_has_no_watchdog_reset),
		TEST(test_leave__port_without_lines_is_known_before),
		TEST(test_leave__watchdog_of_the_c3),
		TEST(test_leave__esp8266_stub_that_stays_is_noticed),
		TEST(test_leave__port_lost_in_the_reset_is_waited_for),
		TEST(test_leave__port_that_cannot_come_back_is_lost),
		TEST(test_leave__chip_on_usb_may_take_its_port_along),
		TEST(test_leave__port_tells_the_block_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
