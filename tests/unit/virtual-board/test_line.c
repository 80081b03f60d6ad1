// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "circuit.h"
#include "fault.h"
#include "wire.h"

#define MS INT64_C(1000000)

/* ---- circuit ---- */

/* One change of the lines, as on the bench: what was due before it happens first. */
static enum ff_circuit_event set(struct ff_circuit *circuit, int dtr, int rts, int64_t at)
{
	enum ff_circuit_event before = ff_circuit_advance(circuit, at);
	enum ff_circuit_event now = ff_circuit_set(circuit, dtr, rts, at);
	return before != FF_CIRCUIT_NOTHING ? before : now;
}

static void test_circuit__bare_open_does_not_reset(void **state)
{
	(void)state;
	struct ff_circuit circuit;
	ff_circuit_init(&circuit);
	assert_int_equal(set(&circuit, 1, 0, 0), FF_CIRCUIT_NOTHING);
	assert_int_equal(set(&circuit, 1, 1, 50 * MS), FF_CIRCUIT_NOTHING);
	assert_int_equal(ff_circuit_advance(&circuit, 1000 * MS), FF_CIRCUIT_NOTHING);
	assert_true(circuit.en);
}

static void test_circuit__hard_reset_boots_the_application(void **state)
{
	(void)state;
	struct ff_circuit circuit;
	ff_circuit_init(&circuit);
	assert_int_equal(set(&circuit, 0, 1, 0), FF_CIRCUIT_RESET);
	assert_int_equal(set(&circuit, 0, 0, 100 * MS), FF_CIRCUIT_NOTHING);
	assert_int_equal(ff_circuit_advance(&circuit, 110 * MS - 1), FF_CIRCUIT_NOTHING);
	assert_int_equal(ff_circuit_advance(&circuit, 110 * MS), FF_CIRCUIT_BOOT);
	assert_int_equal(ff_circuit_advance(&circuit, 120 * MS), FF_CIRCUIT_NOTHING);
}

static void test_circuit__classic_reset_with_a_small_gap_enters_download(void **state)
{
	(void)state;
	struct ff_circuit circuit;
	ff_circuit_init(&circuit);
	assert_int_equal(set(&circuit, 0, 1, 0), FF_CIRCUIT_RESET);
	assert_int_equal(set(&circuit, 1, 1, 100 * MS), FF_CIRCUIT_NOTHING); /* EN begins to rise */
	assert_int_equal(set(&circuit, 1, 0, 109 * MS), FF_CIRCUIT_NOTHING); /* IO0 low just in time */
	assert_int_equal(ff_circuit_advance(&circuit, 110 * MS), FF_CIRCUIT_BOOT_DOWNLOAD);
	assert_int_equal(set(&circuit, 0, 0, 160 * MS), FF_CIRCUIT_NOTHING);
	assert_int_equal(ff_circuit_advance(&circuit, 500 * MS), FF_CIRCUIT_NOTHING);
}

static void test_circuit__classic_reset_with_a_large_gap_boots_the_application(void **state)
{
	(void)state;
	struct ff_circuit circuit;
	ff_circuit_init(&circuit);
	set(&circuit, 0, 1, 0);
	set(&circuit, 1, 1, 100 * MS);
	assert_int_equal(set(&circuit, 1, 0, 111 * MS), FF_CIRCUIT_BOOT);
}

static void test_circuit__tight_reset_enters_download(void **state)
{
	(void)state;
	struct ff_circuit circuit;
	ff_circuit_init(&circuit);
	set(&circuit, 0, 0, 0);
	set(&circuit, 1, 1, 0);
	assert_int_equal(set(&circuit, 0, 1, 0), FF_CIRCUIT_RESET);
	set(&circuit, 1, 0, 100 * MS);
	assert_int_equal(ff_circuit_advance(&circuit, 110 * MS), FF_CIRCUIT_BOOT_DOWNLOAD);
}

static void test_circuit__io0_is_sampled_when_en_has_risen(void **state)
{
	(void)state;
	struct ff_circuit circuit;
	ff_circuit_init(&circuit);
	set(&circuit, 0, 1, 0);
	set(&circuit, 1, 0, 100 * MS);
	set(&circuit, 0, 0, 105 * MS); /* released too early */
	assert_int_equal(ff_circuit_advance(&circuit, 115 * MS), FF_CIRCUIT_BOOT);
}

static void test_circuit__pulling_en_again_starts_its_rise_over(void **state)
{
	(void)state;
	struct ff_circuit circuit;
	ff_circuit_init(&circuit);
	assert_int_equal(set(&circuit, 0, 1, 0), FF_CIRCUIT_RESET);
	set(&circuit, 0, 0, 100 * MS);
	assert_int_equal(set(&circuit, 0, 1, 105 * MS), FF_CIRCUIT_NOTHING); /* still in reset: no second one */
	set(&circuit, 0, 0, 200 * MS);
	assert_int_equal(ff_circuit_advance(&circuit, 209 * MS), FF_CIRCUIT_NOTHING);
	assert_int_equal(ff_circuit_advance(&circuit, 210 * MS), FF_CIRCUIT_BOOT);
}

/* ---- wire ---- */

static size_t take_all(struct ff_wire *wire, int64_t now)
{
	struct ff_wire_byte byte;
	size_t count = 0;
	while (ff_wire_receive(wire, now, &byte)) {
		count++;
	}
	return count;
}

static void test_wire__paces_ten_bits_a_byte(void **state)
{
	(void)state;
	struct ff_wire wire;
	assert_int_equal(ff_wire_init(&wire, 4096, true), FF_OK);
	uint8_t bytes[2000] = { 0 };
	assert_int_equal(ff_wire_send(&wire, bytes, sizeof(bytes), 0, 115200, 115200), sizeof(bytes));
	assert_int_equal(take_all(&wire, 0), 0);
	assert_int_equal(take_all(&wire, 50 * MS), 576); /* 115200 / 10 * 0.05 */
	assert_int_equal(take_all(&wire, 100 * MS), 576);
	assert_int_equal(take_all(&wire, 1000 * MS), 2000 - 2 * 576);
	assert_int_equal(ff_wire_next_due(&wire), FF_WIRE_NEVER);
	ff_wire_release(&wire);
}

static void test_wire__late_sender_pays_only_for_its_own_bytes(void **state)
{
	(void)state;
	struct ff_wire wire;
	assert_int_equal(ff_wire_init(&wire, 64, true), FF_OK);
	ff_wire_send(&wire, (const uint8_t *)"a", 1, 0, 10000, 10000); /* 1 ms a byte */
	ff_wire_send(&wire, (const uint8_t *)"b", 1, 500 * MS, 10000, 10000);
	assert_int_equal(wire.busy_until, 501 * MS);
	ff_wire_release(&wire);
}

static void test_wire__wakes_at_the_end_or_after_a_slice(void **state)
{
	(void)state;
	struct ff_wire wire;
	assert_int_equal(ff_wire_init(&wire, 256, true), FF_OK);
	uint8_t bytes[100] = { 0 };
	ff_wire_send(&wire, bytes, 3, 0, 100000, 100000); /* 0.1 ms a byte */
	assert_int_equal(ff_wire_wake_time(&wire, MS), 300000);
	ff_wire_send(&wire, bytes, 100, 0, 100000, 100000);
	assert_int_equal(ff_wire_wake_time(&wire, 2 * MS), 100000 + 2 * MS);
	ff_wire_release(&wire);
}

static void test_wire__bytes_keep_the_rate_they_were_sent_at(void **state)
{
	(void)state;
	struct ff_wire wire;
	assert_int_equal(ff_wire_init(&wire, 64, false), FF_OK);
	ff_wire_send(&wire, (const uint8_t *)"ab", 2, 0, 115200, 115200);
	ff_wire_send(&wire, (const uint8_t *)"c", 1, 0, 921600, 921600);
	const uint8_t *bytes;
	uint32_t baud;
	assert_int_equal(ff_wire_arrived(&wire, 0, 64, &bytes, &baud), 2);
	assert_int_equal(baud, 115200);
	ff_wire_consume(&wire, 2);
	assert_int_equal(ff_wire_arrived(&wire, 0, 64, &bytes, &baud), 1);
	assert_int_equal(bytes[0], 'c');
	assert_int_equal(baud, 921600);
	ff_wire_release(&wire);
}

static void test_wire__takes_what_fits_and_wraps(void **state)
{
	(void)state;
	struct ff_wire wire;
	assert_int_equal(ff_wire_init(&wire, 8, false), FF_OK);
	struct ff_wire_byte byte;
	char next = 'a';
	char expected = 'a';
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 5; i++, next++) {
			assert_int_equal(ff_wire_send(&wire, (const uint8_t *)&next, 1, 0, 9600, 9600), 1);
		}
		while (ff_wire_receive(&wire, 0, &byte)) {
			assert_int_equal(byte.value, (uint8_t)expected++);
		}
	}
	assert_int_equal(ff_wire_send(&wire, (const uint8_t *)"0123456789", 10, 0, 9600, 9600), 8);
	assert_int_equal(ff_wire_room(&wire), 0);
	ff_wire_release(&wire);
}

static void test_wire__cut_loses_only_what_is_still_on_its_way(void **state)
{
	(void)state;
	struct ff_wire wire;
	assert_int_equal(ff_wire_init(&wire, 64, true), FF_OK);
	ff_wire_send(&wire, (const uint8_t *)"abcd", 4, 0, 10000, 10000);
	ff_wire_cut(&wire, 2 * MS);
	assert_int_equal(take_all(&wire, 1000 * MS), 2);
	ff_wire_release(&wire);
}

/* ---- faults ---- */

static void test_fault__rejects_what_is_not_one(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"drop",
		"drop:",
		"drop:2",
		"drop:-1",
		"drop:x",
		"drop:nan",
		"drop:0.1:zz",
		"hang",
		"hang:0",
		"hang:-5",
		"hang:12x",
		"seed:",
		"vanish:5:x",
		"reset:5:5",
		"badflash",
		"nonsense:1",
		"hang:5:always:again",
		"hang:99999999999999999999",
		"vanish:5:1:always:x",
		"delay",
		"delay:1.5",
		"pause:60001",
		"pause:-1",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ff_faults faults;
		struct ff_error error = FF_ERROR_NONE;
		ff_faults_init(&faults);
		assert_int_equal(ff_faults_add(&faults, bad[i], &error), FF_ERR_ARGUMENT);
		assert_int_equal(faults.trigger_count, 0);
	}
}

static struct ff_faults with(const char *spec)
{
	struct ff_faults faults;
	struct ff_error error = FF_ERROR_NONE;
	ff_faults_init(&faults);
	assert_int_equal(ff_faults_add(&faults, spec, &error), FF_OK);
	return faults;
}

static void test_fault__rates_hold_in_their_direction(void **state)
{
	(void)state;
	static uint8_t in[100000], out[200000];
	struct ff_faults faults = with("drop:0.01:rx");
	size_t came = ff_faults_apply(&faults, FF_RX, in, sizeof(in), out);
	assert_in_range(came, 98800, 99200);
	assert_int_equal(ff_faults_apply(&faults, FF_TX, in, sizeof(in), out), sizeof(in));
	faults = with("dup:0.01");
	came = ff_faults_apply(&faults, FF_TX, in, sizeof(in), out);
	assert_in_range(came, 100800, 101200);
	faults = with("corrupt:0.01");
	assert_int_equal(ff_faults_apply(&faults, FF_TX, in, sizeof(in), out), sizeof(in));
	size_t changed = 0;
	for (size_t i = 0; i < sizeof(in); i++) {
		changed += out[i] != 0;
	}
	assert_in_range(changed, 800, 1200);
}

static void test_fault__delays_hold_in_their_direction(void **state)
{
	(void)state;
	struct ff_faults faults = with("delay:0.01:tx");
	struct ff_error error = FF_ERROR_NONE;
	int64_t delay_ns = 1;
	unsigned delays = 0;
	assert_true(ff_faults_have_delay(&faults));
	assert_int_equal(ff_faults_delay(&faults, FF_RX, 100000, &delay_ns), 100000);
	assert_int_equal(delay_ns, 0);
	assert_int_equal(ff_faults_add(&faults, "pause:7", &error), FF_OK);
	for (size_t left = 100000; left > 0; delays += delay_ns > 0) {
		left -= ff_faults_delay(&faults, FF_TX, left, &delay_ns);
		assert_true(delay_ns == 7000000 || (delay_ns == 0 && left == 0));
	}
	assert_in_range(delays, 800, 1200);
	faults = with("drop:1");
	assert_false(ff_faults_have_delay(&faults));
}

static void test_wire__stall_holds_up_what_follows(void **state)
{
	(void)state;
	struct ff_wire wire;
	struct ff_wire_byte byte;
	assert_int_equal(ff_wire_init(&wire, 16, true), FF_OK);
	ff_wire_send(&wire, (const uint8_t *)"ab", 2, 100, 115200, 0);
	ff_wire_stall(&wire, 100, 50);
	ff_wire_send(&wire, (const uint8_t *)"cd", 2, 100, 115200, 0);
	assert_true(ff_wire_receive(&wire, 100, &byte) && ff_wire_receive(&wire, 100, &byte));
	assert_int_equal(byte.value, 'b');
	assert_false(ff_wire_receive(&wire, 149, &byte));
	assert_true(ff_wire_receive(&wire, 150, &byte) && ff_wire_receive(&wire, 150, &byte));
	assert_int_equal(byte.value, 'd');
	ff_wire_release(&wire);
}

static void test_fault__same_seed_same_faults(void **state)
{
	(void)state;
	uint8_t in[4096] = { 0 }, first[8192], second[8192];
	struct ff_faults one = with("corrupt:0.1");
	struct ff_faults two = with("corrupt:0.1");
	ff_faults_apply(&one, FF_RX, in, sizeof(in), first);
	ff_faults_apply(&two, FF_RX, in, sizeof(in), second);
	assert_memory_equal(first, second, sizeof(in));
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_faults_add(&two, "seed:7", &error), FF_OK);
	ff_faults_apply(&two, FF_RX, in, sizeof(in), second);
	assert_memory_not_equal(first, second, sizeof(in));
}

/* The counts at which a trigger fires within the first `bytes` bytes. */
static size_t fires(struct ff_faults *faults, size_t bytes, size_t *at, size_t max)
{
	size_t count = 0;
	for (size_t i = 1; i <= bytes; i++) {
		if (ff_faults_received(faults) && count < max) {
			at[count++] = i;
		}
	}
	return count;
}

static void test_fault__trigger_fires_once(void **state)
{
	(void)state;
	size_t at[4];
	struct ff_faults faults = with("hang:100");
	assert_int_equal(fires(&faults, 1000, at, 4), 1);
	assert_int_equal(at[0], 100);
}

static void test_fault__always_fires_again(void **state)
{
	(void)state;
	size_t at[4];
	struct ff_faults faults = with("reset:100:always");
	assert_int_equal(fires(&faults, 350, at, 4), 3);
	assert_int_equal(at[2], 300);
}

static void test_fault__vanish_has_a_duration(void **state)
{
	(void)state;
	struct ff_faults faults = with("vanish:0x10:2.5");
	assert_int_equal(faults.triggers[0].at, 16);
	assert_int_equal(faults.triggers[0].gone_ms, 2500);
	faults = with("vanish:10:always");
	assert_int_equal(faults.triggers[0].gone_ms, 1000);
	assert_true(faults.triggers[0].always);
}

static void test_fault__other_rates_are_noise(void **state)
{
	(void)state;
	struct ff_faults faults;
	ff_faults_init(&faults);
	unsigned same = 0;
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(ff_faults_hear(&faults, (uint8_t)i, 115200, 115200), (uint8_t)i);
		assert_int_equal(ff_faults_hear(&faults, (uint8_t)i, 0, 115200), (uint8_t)i);
		assert_int_equal(ff_faults_hear(&faults, (uint8_t)i, 115200, 117000), (uint8_t)i); /* 1.6 % */
		same += ff_faults_hear(&faults, (uint8_t)i, 74880, 115200) == (uint8_t)i;
	}
	assert_in_range(same, 0, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_circuit__bare_open_does_not_reset),
		cmocka_unit_test(test_circuit__hard_reset_boots_the_application),
		cmocka_unit_test(test_circuit__classic_reset_with_a_small_gap_enters_download),
		cmocka_unit_test(test_circuit__classic_reset_with_a_large_gap_boots_the_application),
		cmocka_unit_test(test_circuit__tight_reset_enters_download),
		cmocka_unit_test(test_circuit__io0_is_sampled_when_en_has_risen),
		cmocka_unit_test(test_circuit__pulling_en_again_starts_its_rise_over),
		cmocka_unit_test(test_wire__paces_ten_bits_a_byte),
		cmocka_unit_test(test_wire__late_sender_pays_only_for_its_own_bytes),
		cmocka_unit_test(test_wire__wakes_at_the_end_or_after_a_slice),
		cmocka_unit_test(test_wire__bytes_keep_the_rate_they_were_sent_at),
		cmocka_unit_test(test_wire__takes_what_fits_and_wraps),
		cmocka_unit_test(test_wire__cut_loses_only_what_is_still_on_its_way),
		cmocka_unit_test(test_fault__rejects_what_is_not_one),
		cmocka_unit_test(test_fault__rates_hold_in_their_direction),
		cmocka_unit_test(test_fault__delays_hold_in_their_direction),
		cmocka_unit_test(test_wire__stall_holds_up_what_follows),
		cmocka_unit_test(test_fault__same_seed_same_faults),
		cmocka_unit_test(test_fault__trigger_fires_once),
		cmocka_unit_test(test_fault__always_fires_again),
		cmocka_unit_test(test_fault__vanish_has_a_duration),
		cmocka_unit_test(test_fault__other_rates_are_noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
