// SPDX-License-Identifier: Apache-2.0
/* Who waits for a board that is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "wanters.h"

static bool has_lost_board(void *context)
{
	struct ff_board_view view;
	ff_worker_view(*(struct ff_worker **)context, &view);
	return view.state == FF_BOARD_LOST;
}

static void lose_board(struct ff_wanters *all, int at)
{
	ff_fake_port_set_open_status(&all->ports[at], FF_ERR_NOT_FOUND);
	ff_fake_port_unplug(&all->ports[at]);
	ff_fake_port_wait(&all->ports[at], has_lost_board, &all->boards[at]);
}

/* Nobody who comes later gets past one who waits for a lost board, and his time counts from its return. */
static void test_dispatch__a_lost_board_is_waited_for(void **state)
{
	struct ff_wanters *all = *state;
	lose_board(all, 0);
	struct ff_wanter *patient = ff_wanters_make(all, 0, 0);
	patient->wish.lost_until_us = ff_deadline_ms(3600000);
	patient->wish.deadline_us = 0;
	ff_wanters_add(patient);
	struct ff_wanter *later = ff_wanters_want(all, 0, 0);
	struct ff_wanter *elsewhere = ff_wanters_want(all, 1, 0);
	ff_wanters_wait_got(all, 1);
	assert_int_equal(all->got[0], elsewhere->number);
	ff_fake_port_set_open_status(&all->ports[0], FF_OK);
	ff_wanters_allow(all, 3);
	ff_wanters_wait_got(all, 3);
	assert_int_equal(all->got[1], patient->number);
	assert_int_equal(all->got[2], later->number);
	assert_int_equal(patient->end, FF_OK);
}

/* Its failure says then that the board is lost. */
static void test_dispatch__a_lost_board_is_not_waited_for_for_ever(void **state)
{
	struct ff_wanters *all = *state;
	lose_board(all, 0);
	struct ff_wanter *patient = ff_wanters_make(all, 0, 0);
	patient->wish.lost_until_us = ff_deadline_ms(50);
	ff_wanters_add(patient);
	ff_wanters_wait_got(all, 1);
	assert_ptr_equal(patient->board, all->boards[0]);
	assert_true(ff_now_us() >= patient->wish.lost_until_us);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ff_wanters_set_up, ff_wanters_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_dispatch__a_lost_board_is_waited_for),
		TEST(test_dispatch__a_lost_board_is_not_waited_for_for_ever),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
