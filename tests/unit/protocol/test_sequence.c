// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <farflash/flasher.h>

#include "sequence.h"

static void expect(const char *text, const struct ff_line_step *steps, size_t count)
{
	struct ff_sequence sequence = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;
	if (ff_sequence_parse(&sequence, text, &error) != FF_OK) {
		fail_msg("%s: %s", text, error.text);
	}
	assert_int_equal(sequence.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(sequence.steps[i].dtr, steps[i].dtr);
		assert_int_equal(sequence.steps[i].rts, steps[i].rts);
		assert_int_equal(sequence.steps[i].hold_ms, steps[i].hold_ms);
	}
	assert_int_equal(ff_check_reset_sequence(text, NULL), FF_OK);
}

/* The one of esptool's manual. */
static void test_sequence__reads_the_classic_reset(void **state)
{
	(void)state;
	static const struct ff_line_step classic[] = {
		{ 0, -1, 0 }, { -1, 1, 100 }, { 1, -1, 0 }, { -1, 0, 50 }, { 0, -1, 0 },
	};
	expect("D0|R1|W0.1|D1|R0|W0.05|D0", classic, 5);
	expect(" d0 |r1|  W0.100|D1||R0|w.05|D0|", classic, 5);
}

static void test_sequence__reads_both_lines_at_once(void **state)
{
	(void)state;
	static const struct ff_line_step tight[] = {
		{ 0, 0, 0 }, { 1, 1, 0 }, { 0, 1, 100 }, { 1, 0, 50 }, { 0, 0, 0 }
	};
	expect("U0,0|U1,1|U0,1|W0.1|U1,0|W0.05|U0, 0", tight, 5);
}

static void test_sequence__reads_waits(void **state)
{
	(void)state;
	static const struct ff_line_step steps[] = { { -1, -1, 1000 }, { -1, 1, 10000 }, { -1, -1, 1 }, { -1, 0, 0 } };
	expect("W1|R1|W10.000|W0.0019|R0", steps, 4);
	expect("W1.|R1|W10|W.001|R0|W0", steps, 4);
}

static void test_sequence__refuses_what_is_wrong(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",       "|",          "W1",     "X1",      "D",       "D2",    "D10",
		"R-1",    "U1",         "U1,2",   "U1,1,1",  "U,",      "R1|W",  "R1|W.",
		"R1|W-1", "R1|W10.001", "R1|W11", "R1|W1e3", "R1|W1 2", "R1;R0", "R1|W99999999999999999999",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct ff_sequence sequence = { .count = 7 };
		struct ff_error error = FF_ERROR_NONE;
		if (ff_sequence_parse(&sequence, wrong[i], &error) != FF_ERR_ARGUMENT) {
			fail_msg("%s was taken", wrong[i]);
		}
		assert_true(strlen(error.text) > 10);
		assert_int_equal(sequence.count, 7);
	}
}

static void test_sequence__names_the_step(void **state)
{
	(void)state;
	struct ff_sequence sequence;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_sequence_parse(&sequence, "R1|Q7|R0", &error), FF_ERR_ARGUMENT);
	assert_non_null(strstr(error.text, "\"Q7\""));
}

static void test_sequence__is_bounded(void **state)
{
	(void)state;
	char text[4 * FF_RESET_SEQUENCE_SIZE] = "";
	struct ff_sequence sequence;
	for (int i = 0; i < FF_SEQUENCE_MAX_STEPS; i++) {
		strcat(text, i > 0 ? "|R1" : "R1");
	}
	assert_int_equal(ff_sequence_parse(&sequence, text, NULL), FF_OK);
	assert_int_equal(sequence.count, FF_SEQUENCE_MAX_STEPS);
	strcat(text, "|D0");
	assert_int_equal(ff_sequence_parse(&sequence, text, NULL), FF_ERR_ARGUMENT);
	memset(text, '|', FF_RESET_SEQUENCE_SIZE);
	memcpy(text, "R1", 2);
	text[FF_RESET_SEQUENCE_SIZE] = '\0';
	assert_int_equal(ff_sequence_parse(&sequence, text, NULL), FF_ERR_ARGUMENT);
	text[FF_RESET_SEQUENCE_SIZE - 1] = '\0';
	assert_int_equal(ff_sequence_parse(&sequence, text, NULL), FF_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence__reads_the_classic_reset),
		cmocka_unit_test(test_sequence__reads_both_lines_at_once),
		cmocka_unit_test(test_sequence__reads_waits),
		cmocka_unit_test(test_sequence__refuses_what_is_wrong),
		cmocka_unit_test(test_sequence__names_the_step),
		cmocka_unit_test(test_sequence__is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
