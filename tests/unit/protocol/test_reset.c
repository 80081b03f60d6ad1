// SPDX-License-Identifier: Apache-2.0
/* The sequences run through a model of the two transistors: EN is low only with RTS alone, IO0 only with DTR alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reset.h"

struct circuit {
	bool dtr;
	bool rts;
	unsigned reset_ms;      /* EN low in a row, up to now */
	unsigned longest_reset; /* before EN last rose */
	unsigned io0_low_ms;    /* since EN rose for good */
};

static void run(struct circuit *circuit, const struct ff_reset *reset)
{
	for (size_t i = 0; i < reset->count; i++) {
		const struct ff_line_step *step = &reset->steps[i];
		circuit->dtr = step->dtr < 0 ? circuit->dtr : step->dtr;
		circuit->rts = step->rts < 0 ? circuit->rts : step->rts;
		bool in_reset = circuit->rts && !circuit->dtr;
		bool io0_low = circuit->dtr && !circuit->rts;
		if (in_reset) {
			circuit->reset_ms += step->hold_ms;
			circuit->longest_reset = circuit->reset_ms;
			circuit->io0_low_ms = 0;
		} else {
			circuit->reset_ms = 0;
		}
		if (io0_low) {
			circuit->io0_low_ms += step->hold_ms;
		}
	}
}

static void test_reset__every_attempt_ends_in_the_loader(void **state)
{
	(void)state;
	bool slow_seen = false;
	for (unsigned attempt = 0; attempt < 8; attempt++) {
		const struct ff_reset *reset = ff_reset_to_loader(attempt);
		for (unsigned before = 0; before < 4; before++) { /* whatever the lines were */
			struct circuit circuit = { .dtr = before & 1, .rts = before & 2 };
			run(&circuit, reset);
			assert_int_equal(circuit.longest_reset, 100);
			assert_true(circuit.io0_low_ms >= 50);
			assert_false(circuit.dtr);
			assert_false(circuit.rts);
			slow_seen = slow_seen || circuit.io0_low_ms == 550;
		}
	}
	assert_true(slow_seen);
}

static void test_reset__attempts_alternate_short_and_long(void **state)
{
	(void)state;
	for (unsigned attempt = 0; attempt < 8; attempt++) {
		struct circuit circuit = { 0 };
		run(&circuit, ff_reset_to_loader(attempt));
		assert_int_equal(circuit.io0_low_ms, attempt % 2 == 0 ? 50 : 550);
	}
}

/* The first goes from EN low straight to IO0 low: passing through 1,1 would let EN rise with IO0 high. */
static void test_reset__first_attempt_moves_both_lines_at_once(void **state)
{
	(void)state;
	const struct ff_reset *reset = ff_reset_to_loader(0);
	bool was_reset = false;
	for (size_t i = 0; i < reset->count; i++) {
		const struct ff_line_step *step = &reset->steps[i];
		if (was_reset) {
			assert_int_equal(step->dtr, 1);
			assert_int_equal(step->rts, 0);
		}
		was_reset = step->dtr == 0 && step->rts == 1;
	}
}

static void test_reset__application_never_pulls_io0(void **state)
{
	(void)state;
	struct circuit circuit = { 0 };
	run(&circuit, ff_reset_to_application());
	assert_int_equal(circuit.longest_reset, 100);
	assert_int_equal(circuit.io0_low_ms, 0);
	assert_false(circuit.rts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset__every_attempt_ends_in_the_loader),
		cmocka_unit_test(test_reset__attempts_alternate_short_and_long),
		cmocka_unit_test(test_reset__first_attempt_moves_both_lines_at_once),
		cmocka_unit_test(test_reset__application_never_pulls_io0),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
