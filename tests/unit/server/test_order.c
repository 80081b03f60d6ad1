// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "durations.h"
#include "order.h"

#define SECOND ((int64_t)1000000)
#define MOST 64
#define SEQUENCES 300
#define STEPS 200

static void test_order__priority_goes_before_age(void **state)
{
	(void)state;
	struct ff_order old = ff_order_of(0, 10 * SECOND, 1);
	struct ff_order urgent = ff_order_of(1, 20 * SECOND, 2);
	assert_true(ff_order_before(&urgent, &old));
	assert_false(ff_order_before(&old, &urgent));
}

static void test_order__the_older_of_equals_is_first(void **state)
{
	(void)state;
	struct ff_order old = ff_order_of(-3, 10 * SECOND, 7);
	struct ff_order young = ff_order_of(-3, 11 * SECOND, 6);
	struct ff_order twin = ff_order_of(-3, 10 * SECOND, 8);
	assert_true(ff_order_before(&old, &young));
	assert_true(ff_order_before(&old, &twin));
	assert_false(ff_order_before(&twin, &old));
	assert_false(ff_order_before(&old, &old));
}

static void test_order__a_head_start_ends(void **state)
{
	(void)state;
	struct ff_order low = ff_order_of(FF_ORDER_LOWEST, 0, 1);
	int64_t start = (FF_ORDER_HIGHEST - FF_ORDER_LOWEST) * FF_ORDER_STEP_US;
	struct ff_order within = ff_order_of(FF_ORDER_HIGHEST, start - 1, 2);
	struct ff_order behind = ff_order_of(FF_ORDER_HIGHEST, start, 3);
	assert_true(ff_order_before(&within, &low));
	assert_true(ff_order_before(&low, &behind));
}

/* A queue that is never empty, in which things come and are served at random. */
struct crowd {
	struct waiting {
		struct ff_order order;
		int priority;
		int64_t since_us;
	} waiting[MOST];
	size_t count;
	uint64_t last_number;
	int64_t now_us;
};

static void come(struct crowd *crowd)
{
	if (crowd->count < MOST) {
		int priority = FF_ORDER_LOWEST + rand() % (FF_ORDER_HIGHEST - FF_ORDER_LOWEST + 1);
		crowd->waiting[crowd->count++] = (struct waiting){
			.order = ff_order_of(priority, crowd->now_us, ++crowd->last_number),
			.priority = priority,
			.since_us = crowd->now_us,
		};
	}
}

/* Whoever is passed over has a lower priority, or is younger, or the other has waited for all that its priority lacks. */
static void check(const struct crowd *crowd, const struct waiting *served)
{
	for (size_t i = 0; i < crowd->count; i++) {
		const struct waiting *other = &crowd->waiting[i];
		int64_t older_us = other->since_us - served->since_us; /* how much longer the served one has waited */
		int lacks = other->priority - served->priority;
		assert_true(older_us >= lacks * FF_ORDER_STEP_US);
		if (lacks == 0) {
			assert_true(older_us > 0 || (older_us == 0 && served->order.number < other->order.number));
		}
	}
}

static void serve(struct crowd *crowd)
{
	size_t first = 0;
	for (size_t i = 1; i < crowd->count; i++) {
		first = ff_order_before(&crowd->waiting[i].order, &crowd->waiting[first].order) ? i : first;
	}
	struct waiting served = crowd->waiting[first];
	crowd->waiting[first] = crowd->waiting[--crowd->count];
	check(crowd, &served);
}

static void test_order__nobody_starves(void **state)
{
	(void)state;
	const int64_t longest = (FF_ORDER_HIGHEST - FF_ORDER_LOWEST) * FF_ORDER_STEP_US;
	for (unsigned seed = 1; seed <= SEQUENCES; seed++) {
		struct crowd crowd = { .count = 0 };
		srand(seed);
		for (int step = 0; step < STEPS; step++) {
			crowd.now_us += rand() % (100 * SECOND);
			for (int i = rand() % 4; i > 0; i--) {
				come(&crowd);
			}
			if (crowd.count > 0 && rand() % 2) {
				serve(&crowd);
			}
		}
		/* Nothing that comes when the head start is over goes before those who are there. */
		crowd.now_us += longest + 1;
		struct ff_order late = ff_order_of(FF_ORDER_HIGHEST, crowd.now_us, crowd.last_number + 1);
		for (size_t i = 0; i < crowd.count; i++) {
			assert_true(ff_order_before(&crowd.waiting[i].order, &late));
		}
	}
}

static void test_durations__median_of_the_last(void **state)
{
	(void)state;
	struct ff_durations durations = { .count = { 0 } };
	assert_int_equal(ff_durations_median(&durations, 3), -1);
	assert_int_equal(ff_durations_median(&durations, FF_DURATIONS_KINDS), -1);
	ff_durations_note(&durations, 3, 500);
	assert_int_equal(ff_durations_median(&durations, 3), 500);
	ff_durations_note(&durations, 3, 100);
	ff_durations_note(&durations, 3, 9000);
	assert_int_equal(ff_durations_median(&durations, 3), 500);
	assert_int_equal(ff_durations_median(&durations, 2), -1);
	for (int i = 0; i < FF_DURATIONS_KEPT; i++) {
		ff_durations_note(&durations, 3, 40 + i);
	}
	assert_int_equal(ff_durations_median(&durations, 3), 40 + FF_DURATIONS_KEPT / 2);
	ff_durations_note(&durations, 3, -1);
	ff_durations_note(&durations, FF_DURATIONS_KINDS, 1);
	assert_int_equal(ff_durations_median(&durations, 3), 40 + FF_DURATIONS_KEPT / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order__priority_goes_before_age),
		cmocka_unit_test(test_order__the_older_of_equals_is_first),
		cmocka_unit_test(test_order__a_head_start_ends),
		cmocka_unit_test(test_order__nobody_starves),
		cmocka_unit_test(test_durations__median_of_the_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
