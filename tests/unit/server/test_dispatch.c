// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "wanters.h"

static void test_dispatch__one_board_serves_in_order(void **state)
{
	struct ff_wanters *all = *state;
	ff_wanters_want(all, 0, 0);
	ff_wanters_wait_got(all, 1);
	struct ff_wanter *plain = ff_wanters_want(all, 0, 0);
	struct ff_wanter *low = ff_wanters_want(all, 0, -1);
	struct ff_wanter *high = ff_wanters_want(all, 0, 5);
	struct ff_wanter *next = ff_wanters_want(all, 0, 0);
	assert_int_equal(ff_wanters_position(all, high), 1);
	assert_int_equal(ff_wanters_position(all, plain), 2);
	assert_int_equal(ff_wanters_position(all, next), 3);
	assert_int_equal(ff_wanters_position(all, low), 4);
	assert_int_equal(ff_dispatch_waiting(all->dispatch, all->boards[0]), 4);
	assert_int_equal(ff_dispatch_waiting(all->dispatch, all->boards[1]), 0);
	ff_wanters_allow(all, 5);
	ff_wanters_wait_got(all, 5);
	assert_int_equal(all->got[1], high->number);
	assert_int_equal(all->got[2], plain->number);
	assert_int_equal(all->got[3], next->number);
	assert_int_equal(all->got[4], low->number);
	assert_int_equal(ff_wanters_position(all, low), 0);
}

/* Otherwise a board that becomes free after he came may go to somebody behind him. */
static void test_dispatch__who_comes_in_the_middle_of_a_round_has_his_place(void **state)
{
	struct ff_wanters *all = *state;
	struct ff_selector selectors[3];
	struct ff_wanter *first = ff_wanters_want_any(all, "new=yes", 0, &selectors[0]);
	struct ff_wanter *last = ff_wanters_want_any(all, "new=yes", 0, &selectors[1]);
	struct ff_wanter *high = first->brings = ff_wanters_make_any(all, "new=yes", 5, &selectors[2]);
	assert_int_equal(ff_dispatch_start(all->dispatch), FF_OK);
	ff_wanters_wait_got(all, 2); /* there are two such boards */
	assert_int_equal(all->got[0], first->number);
	assert_int_equal(all->got[1], high->number);
	assert_int_equal(ff_wanters_position(all, last), 1);
}

static void test_dispatch__any_board_that_matches(void **state)
{
	struct ff_wanters *all = *state;
	struct ff_selector selectors[4];
	ff_wanters_want_any(all, "new=yes", 0, &selectors[0]);
	ff_wanters_want_any(all, "new=yes", 0, &selectors[1]);
	ff_wanters_wait_got(all, 2);
	assert_ptr_not_equal(all->wanters[0].board, all->wanters[1].board);
	assert_ptr_not_equal(all->wanters[0].board, all->boards[2]);
	assert_ptr_not_equal(all->wanters[1].board, all->boards[2]);
	struct ff_wanter *third = ff_wanters_want_any(all, "new=yes", 0, &selectors[2]);
	struct ff_wanter *old = ff_wanters_want_any(all, "rack=1,!new", 0, &selectors[3]);
	ff_wanters_wait_got(all, 3);
	assert_ptr_equal(old->board, all->boards[2]);
	assert_int_equal(ff_wanters_position(all, third), 1);
	ff_wanters_allow(all, 3); /* whoever ends first */
	ff_wanters_wait_got(all, 4);
	assert_non_null(third->board);
}

/* Those who name a board and those who do not stand in one line. */
static void test_dispatch__a_selector_is_not_passed_over(void **state)
{
	struct ff_wanters *all = *state;
	struct ff_selector selector;
	ff_wanters_want(all, 2, 0);
	ff_wanters_wait_got(all, 1);
	struct ff_wanter *before = ff_wanters_want(all, 2, 0);
	struct ff_wanter *any = ff_wanters_want_any(all, "old", 0, &selector);
	struct ff_wanter *behind = ff_wanters_want(all, 2, 0);
	assert_int_equal(ff_wanters_position(all, before), 1);
	assert_int_equal(ff_wanters_position(all, any), 2);
	assert_int_equal(ff_wanters_position(all, behind), 3);
	ff_wanters_allow(all, 4);
	ff_wanters_wait_got(all, 4);
	assert_int_equal(all->got[1], before->number);
	assert_int_equal(all->got[2], any->number);
	assert_int_equal(all->got[3], behind->number);
}

static void test_dispatch__quarantine_keeps_from_those_who_do_not_insist(void **state)
{
	struct ff_wanters *all = *state;
	struct ff_selector selector;
	assert_int_equal(ff_quarantine_put(all->quarantine, "lab2", "ann", "smoke", NULL), FF_OK);
	struct ff_wanter *any = ff_wanters_want_any(all, "old", 0, &selector);
	ff_wanters_want(all, 2, 0);
	ff_wanters_wait_got(all, 1);
	assert_int_equal(all->got[0], 1);
	ff_wanters_allow(all, 2);
	assert_int_equal(ff_wanters_position(all, any), 1);
	bool was_in = false;
	assert_int_equal(ff_quarantine_end(all->quarantine, "lab2", &was_in, NULL), FF_OK);
	assert_true(was_in);
	ff_dispatch_kick(all->dispatch);
	ff_wanters_wait_got(all, 2);
	assert_ptr_equal(any->board, all->boards[2]);
}

static void test_dispatch__waits_no_longer_than_it_may(void **state)
{
	struct ff_wanters *all = *state;
	ff_wanters_want(all, 0, 0);
	ff_wanters_wait_got(all, 1);
	struct ff_wanter *brief = ff_wanters_make(all, 0, 0);
	brief->wish.deadline_us = ff_now_us() + 50000;
	ff_wanters_add(brief);
	struct ff_wanter *once = ff_wanters_make(all, 0, 0);
	once->wish.deadline_us = 0;
	ff_wanters_add(once);
	ff_wanters_wait_given_up(all, once);
	ff_wanters_wait_given_up(all, brief);
	assert_int_equal(brief->end, FF_ERR_NO_BOARD);
	assert_int_equal(ff_wanters_position(all, brief), 0);
	struct ff_wanter *lucky = ff_wanters_make(all, 1, 0);
	lucky->wish.deadline_us = 0; /* but the board is free */
	ff_wanters_add(lucky);
	ff_wanters_wait_got(all, 2);
	assert_ptr_equal(lucky->board, all->boards[1]);
}

static void test_dispatch__takes_back(void **state)
{
	struct ff_wanters *all = *state;
	struct ff_wanter *waiting[8];
	ff_wanters_want(all, 0, 0);
	ff_wanters_wait_got(all, 1);
	for (int i = 0; i < 8; i++) {
		waiting[i] = ff_wanters_want(all, 0, 0);
	}
	for (int i = 0; i < 8; i += 2) {
		assert_true(ff_dispatch_withdraw(all->dispatch, &waiting[i]->wish));
		assert_false(ff_dispatch_withdraw(all->dispatch, &waiting[i]->wish));
	}
	assert_int_equal(ff_wanters_position(all, waiting[7]), 4);
	ff_wanters_allow(all, 5);
	ff_wanters_wait_got(all, 5);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(all->got[1 + i], waiting[2 * i + 1]->number);
	}
	assert_false(ff_dispatch_withdraw(all->dispatch, &waiting[1]->wish));
}

static void test_dispatch__tells_when(void **state)
{
	struct ff_wanters *all = *state;
	struct ff_forecast forecast;
	ff_wanters_want(all, 0, 0);
	ff_wanters_wait_got(all, 1);
	struct ff_wanter *first = ff_wanters_want(all, 0, 0);
	struct ff_wanter *second = ff_wanters_want(all, 0, 0);
	ff_dispatch_forecast(all->dispatch, &first->wish, &forecast);
	assert_int_equal(forecast.start_ms, 0);
	ff_dispatch_took(all->dispatch, all->boards[0], FF_WANTER_KIND, 60000);
	struct ff_wanter *third = ff_wanters_want(all, 0, 0); /* makes the forecast anew */
	int64_t now_ms = ff_wall_ms();
	ff_dispatch_forecast(all->dispatch, &third->wish, &forecast);
	assert_int_equal(forecast.position, 3);
	assert_true(forecast.start_ms > now_ms + 170000 && forecast.start_ms < now_ms + 190000);
	ff_dispatch_forecast(all->dispatch, &second->wish, &forecast);
	assert_true(forecast.start_ms > now_ms + 110000 && forecast.start_ms < now_ms + 130000);
}

/* One that stops lets nobody in any more. */
static void test_dispatch__stops(void **state)
{
	struct ff_wanters *all = *state;
	ff_dispatch_stop(all->dispatch);
	struct ff_wanter *late = ff_wanters_make(all, 0, 0);
	assert_int_equal(ff_dispatch_add(all->dispatch, &late->wish), FF_ERR_CANCELLED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ff_wanters_set_up, ff_wanters_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_dispatch__one_board_serves_in_order),
		cmocka_unit_test_setup_teardown(test_dispatch__who_comes_in_the_middle_of_a_round_has_his_place,
						ff_wanters_set_up_at_rest, ff_wanters_tear_down),
		TEST(test_dispatch__any_board_that_matches),
		TEST(test_dispatch__a_selector_is_not_passed_over),
		TEST(test_dispatch__quarantine_keeps_from_those_who_do_not_insist),
		TEST(test_dispatch__waits_no_longer_than_it_may),
		TEST(test_dispatch__takes_back),
		TEST(test_dispatch__tells_when),
		TEST(test_dispatch__stops),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
