// SPDX-License-Identifier: Apache-2.0
/* The sequences run through a model of the two transistors: EN is low only with RTS alone, IO0 only with DTR alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reset.h"

static const struct ff_transport uart = { .kind = FF_PORT_UART, .has_lines = true };
static const struct ff_transport unknown = { .has_lines = true };
static const struct ff_transport jtag = { .kind = FF_PORT_USB_JTAG, .has_lines = true };
static const struct ff_transport otg = { .kind = FF_PORT_USB_OTG, .has_lines = true };
static const struct ff_transport cp2102c = { .kind = FF_PORT_UART, .has_lines = true, .keeps_dtr = true };

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
		const struct ff_reset *reset = ff_reset_to_loader(&uart, false, attempt);
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
		run(&circuit, ff_reset_to_loader(&uart, false, attempt));
		assert_int_equal(circuit.io0_low_ms, attempt % 2 == 0 ? 50 : 550);
	}
}

/* The first goes from EN low straight to IO0 low: passing through 1,1 would let EN rise with IO0 high. */
static void test_reset__first_attempt_moves_both_lines_at_once(void **state)
{
	(void)state;
	const struct ff_reset *reset = ff_reset_to_loader(&uart, false, 0);
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
	run(&circuit, ff_reset_to_application(&uart, false));
	assert_int_equal(circuit.longest_reset, 100);
	assert_int_equal(circuit.io0_low_ms, 0);
	assert_false(circuit.rts);
}

/* What the peripheral needs: IO0 low is seen before the reset, which ends with IO0 still remembered. */
static void expect_usb_jtag(const struct ff_reset *reset)
{
	bool io0_seen = false;
	bool reset_seen = false;
	int8_t dtr = 0;
	int8_t rts = 0;
	for (size_t i = 0; i < reset->count; i++) {
		const struct ff_line_step *step = &reset->steps[i];
		assert_false(dtr == 1 && rts == 0 && step->dtr == 0 && step->rts == 0); /* 1,0 goes through 1,1 */
		dtr = step->dtr;
		rts = step->rts;
		io0_seen = io0_seen || (dtr == 1 && rts == 0 && step->hold_ms == 100);
		reset_seen = reset_seen || (io0_seen && dtr == 0 && rts == 1 && step->hold_ms == 100);
	}
	assert_true(io0_seen && reset_seen);
	assert_int_equal(dtr, 0);
	assert_int_equal(rts, 0);
}

static void test_reset__usb_jtag_has_its_own(void **state)
{
	(void)state;
	for (unsigned attempt = 0; attempt < 3; attempt++) {
		expect_usb_jtag(ff_reset_to_loader(&jtag, false, attempt));
		expect_usb_jtag(ff_reset_to_loader(&uart, true, attempt)); /* asked for */
		assert_ptr_not_equal(ff_reset_to_loader(&otg, false, attempt),
				     ff_reset_to_loader(&jtag, false, attempt));
	}
}

/* Behind a network nobody knows, so every kind gets its turn within the default attempts. */
static void test_reset__unknown_port_tries_usb_jtag_too(void **state)
{
	(void)state;
	unsigned seen = 0;
	for (unsigned attempt = 0; attempt < 7; attempt++) {
		seen += ff_reset_to_loader(&unknown, false, attempt) == ff_reset_to_loader(&jtag, false, 0);
	}
	assert_int_equal(seen, 1);
	assert_ptr_equal(ff_reset_to_loader(&unknown, false, 0), ff_reset_to_loader(&uart, false, 0));
}

static void test_reset__some_adapters_keep_dtr(void **state)
{
	(void)state;
	for (unsigned attempt = 0; attempt < 4; attempt++) {
		struct circuit circuit = { 0 };
		run(&circuit, ff_reset_to_loader(&cp2102c, false, attempt));
		assert_int_equal(circuit.longest_reset, 100);
		assert_true(circuit.io0_low_ms >= 50);
		assert_true(circuit.dtr);
		assert_false(circuit.rts);
	}
	struct circuit circuit = { .dtr = true };
	run(&circuit, ff_reset_to_application(&cp2102c, false));
	assert_int_equal(circuit.longest_reset, 100);
	assert_true(circuit.dtr);
	assert_false(circuit.rts);
}

static void test_reset__usb_otg_takes_its_time(void **state)
{
	(void)state;
	const struct ff_reset *reset = ff_reset_to_application(&otg, true);
	struct circuit circuit = { 0 };
	run(&circuit, reset);
	assert_int_equal(circuit.longest_reset, 200);
	assert_int_equal(reset->steps[reset->count - 1].hold_ms, 200);
	assert_false(circuit.rts);
}

/* RTS falls once, with DTR asserted, and not on the way there from where the transport leaves it: up. */
static void test_reset__usb_otg_lets_rts_fall_once(void **state)
{
	(void)state;
	const struct ff_reset *reset = ff_reset_to_loader(&otg, false, 0);
	int8_t rts = 1;
	unsigned falls = 0;
	for (size_t i = 0; i < reset->count; i++) {
		const struct ff_line_step *step = &reset->steps[i];
		if (rts == 1 && step->rts == 0) {
			falls++;
			assert_int_equal(step->dtr, 1);
		}
		rts = step->rts;
	}
	assert_int_equal(falls, 1);
	assert_int_equal(reset->steps[0].rts, 1);
	assert_ptr_equal(ff_reset_to_loader(&otg, false, 3), reset);
	assert_ptr_not_equal(ff_reset_to_loader(&otg, true, 0), reset); /* usb-reset is USB-Serial-JTAG's */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset__every_attempt_ends_in_the_loader),
		cmocka_unit_test(test_reset__attempts_alternate_short_and_long),
		cmocka_unit_test(test_reset__first_attempt_moves_both_lines_at_once),
		cmocka_unit_test(test_reset__application_never_pulls_io0),
		cmocka_unit_test(test_reset__usb_jtag_has_its_own),
		cmocka_unit_test(test_reset__unknown_port_tries_usb_jtag_too),
		cmocka_unit_test(test_reset__some_adapters_keep_dtr),
		cmocka_unit_test(test_reset__usb_otg_takes_its_time),
		cmocka_unit_test(test_reset__usb_otg_lets_rts_fall_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
