// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pulse.h"

#define PATIENCE 1000

static void test_pulse__who_answers_is_fine(void **state)
{
	(void)state;
	struct ff_pulse pulse = { 0 };
	assert_int_equal(ff_pulse_ask(&pulse, 1, PATIENCE), FF_PULSE_ASKED);
	ff_pulse_answer(&pulse);
	assert_int_equal(ff_pulse_ask(&pulse, 5000, PATIENCE), FF_PULSE_ASKED);
}

static void test_pulse__who_does_not_is_stuck(void **state)
{
	(void)state;
	struct ff_pulse pulse = { 0 };
	assert_int_equal(ff_pulse_ask(&pulse, 1, PATIENCE), FF_PULSE_ASKED);
	assert_int_equal(ff_pulse_ask(&pulse, 1 + PATIENCE, PATIENCE), FF_PULSE_FINE);
	assert_int_equal(ff_pulse_ask(&pulse, 2 + PATIENCE, PATIENCE), FF_PULSE_STUCK);
	ff_pulse_answer(&pulse);
	assert_int_equal(ff_pulse_ask(&pulse, 3 + PATIENCE, PATIENCE), FF_PULSE_ASKED);
}

static void test_pulse__work_takes_its_time(void **state)
{
	(void)state;
	struct ff_pulse pulse = { 0 };
	assert_int_equal(ff_pulse_ask(&pulse, 1, PATIENCE), FF_PULSE_ASKED);
	ff_pulse_leave(&pulse);
	assert_int_equal(ff_pulse_ask(&pulse, 90000, PATIENCE), FF_PULSE_FINE);
	ff_pulse_return(&pulse);
	assert_int_equal(ff_pulse_ask(&pulse, 90001, PATIENCE), FF_PULSE_ASKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pulse__who_answers_is_fine),
		cmocka_unit_test(test_pulse__who_does_not_is_stuck),
		cmocka_unit_test(test_pulse__work_takes_its_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
