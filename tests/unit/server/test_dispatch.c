// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "dispatch.h"
#include "fake_port.h"

#define BOARDS 3
#define WISHES 64
#define KIND 1

struct fixture;

/* Somebody who wants a board, and works there until told to stop. */
struct wanter {
	struct ff_wish wish;
	struct ff_task task;
	struct fixture *fixture;
	int number;
	struct wanter *brings;   /* who comes while it is offered a board; NULL: nobody */
	struct ff_worker *board; /* that it has got */
	enum ff_status end;      /* FF_OK: not given up */
};

struct fixture {
	struct ff_fake_port ports[BOARDS];
	struct ff_worker *boards[BOARDS];
	struct ff_quarantine *quarantine;
	struct ff_dispatch *dispatch;
	struct ff_boards *all;
	struct wanter wanters[WISHES];
	int count;

	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int got[WISHES]; /* their numbers in the order in which they got boards */
	int got_count;
	int ended;
	int allowed; /* how many of them may have ended */
};

static struct wanter *of_task(struct ff_task *task)
{
	return (struct wanter *)((char *)task - offsetof(struct wanter, task));
}

static enum ff_status work(struct ff_task *task, struct ff_transport *transport, struct ff_error *error)
{
	(void)transport;
	(void)error;
	struct fixture *fixture = of_task(task)->fixture;
	pthread_mutex_lock(&fixture->mutex);
	while (fixture->ended >= fixture->allowed) {
		pthread_cond_wait(&fixture->changed, &fixture->mutex);
	}
	fixture->ended++;
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->mutex);
	return FF_OK;
}

static void finished(struct ff_task *task, enum ff_status status, const struct ff_error *error)
{
	(void)task;
	(void)status;
	(void)error;
}

static const struct ff_task_ops task_ops = { .run = work, .finished = finished };

static bool offer(struct ff_wish *wish, struct ff_worker *board)
{
	struct wanter *wanter = (struct wanter *)((char *)wish - offsetof(struct wanter, wish));
	struct fixture *fixture = wanter->fixture;
	pthread_mutex_lock(&fixture->mutex);
	wanter->board = board;
	fixture->got[fixture->got_count++] = wanter->number;
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->mutex);
	if (wanter->brings) {
		assert_int_equal(ff_dispatch_add(fixture->dispatch, &wanter->brings->wish), FF_OK);
	}
	enum ff_status status =
		wish->board ? ff_worker_post(board, &wanter->task) : ff_worker_post_if_free(board, &wanter->task);
	assert_int_equal(status, FF_OK);
	return true;
}

static void give_up(struct ff_wish *wish, enum ff_status status)
{
	struct wanter *wanter = (struct wanter *)((char *)wish - offsetof(struct wanter, wish));
	pthread_mutex_lock(&wanter->fixture->mutex);
	wanter->end = status;
	pthread_cond_broadcast(&wanter->fixture->changed);
	pthread_mutex_unlock(&wanter->fixture->mutex);
}

static const struct ff_wish_ops wish_ops = { .offer = offer, .give_up = give_up };

static bool is_idle(struct ff_worker *board)
{
	struct ff_board_view view;
	ff_worker_view(board, &view);
	return view.state == FF_BOARD_IDLE;
}

static bool has_idle_board(void *context)
{
	return is_idle(*(struct ff_worker **)context);
}

static void start_board(struct fixture *fixture, int at)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_labels labels = { .count = 0 };
	char name[16];
	snprintf(name, sizeof(name), "lab%d", at);
	assert_int_equal(ff_labels_add(&labels, at == 2 ? "old" : "new", "yes", &error), FF_OK);
	assert_int_equal(ff_labels_add(&labels, "rack", "1", &error), FF_OK);
	ff_fake_port_init(&fixture->ports[at]);
	struct ff_worker_options options = {
		.name = name,
		.address = fixture->ports[at].address,
		.labels = &labels,
		.notify = ff_fake_port_notify,
		.notify_context = &fixture->ports[at],
		.freed = ff_dispatch_kick,
		.freed_context = fixture->dispatch,
		.open = ff_fake_port_open,
	};
	assert_int_equal(ff_worker_new(&fixture->boards[at], &options, &error), FF_OK);
}

/* Boards for whom nobody works yet. */
static int set_up_at_rest(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	pthread_mutex_init(&fixture->mutex, NULL);
	pthread_cond_init(&fixture->changed, NULL);
	fixture->quarantine = ff_quarantine_new(&(struct ff_quarantine_options){ .after = 0 });
	fixture->all = ff_boards_new();
	fixture->dispatch = ff_dispatch_new(
		&(struct ff_dispatch_options){ .boards = fixture->all, .quarantine = fixture->quarantine });
	assert_int_equal(ff_boards_watch(fixture->all, ff_dispatch_boards_changed, fixture->dispatch), FF_OK);
	for (int i = 0; i < BOARDS; i++) {
		start_board(fixture, i);
	}
	for (int i = 0; i < BOARDS; i++) {
		ff_fake_port_wait(&fixture->ports[i], has_idle_board, &fixture->boards[i]);
		assert_int_equal(ff_boards_add(fixture->all, fixture->boards[i]), FF_OK);
	}
	return 0;
}

static int set_up(void **state)
{
	set_up_at_rest(state);
	struct fixture *fixture = *state;
	assert_int_equal(ff_dispatch_start(fixture->dispatch), FF_OK);
	return 0;
}

static void allow(struct fixture *fixture, int count)
{
	pthread_mutex_lock(&fixture->mutex);
	fixture->allowed += count;
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->mutex);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ff_dispatch_stop(fixture->dispatch);
	for (int i = 0; i < fixture->count; i++) {
		ff_dispatch_withdraw(fixture->dispatch, &fixture->wanters[i].wish);
	}
	allow(fixture, WISHES);
	ff_boards_free(fixture->all);
	for (int i = 0; i < BOARDS; i++) {
		ff_worker_free(fixture->boards[i]);
		ff_fake_port_release(&fixture->ports[i]);
	}
	ff_dispatch_free(fixture->dispatch);
	ff_quarantine_free(fixture->quarantine);
	pthread_cond_destroy(&fixture->changed);
	pthread_mutex_destroy(&fixture->mutex);
	free(fixture);
	return 0;
}

static struct wanter *make(struct fixture *fixture, int board, int priority)
{
	struct wanter *wanter = &fixture->wanters[fixture->count];
	*wanter = (struct wanter){ .fixture = fixture, .number = fixture->count++ };
	wanter->task = (struct ff_task){ .ops = &task_ops, .label = "work" };
	wanter->wish = (struct ff_wish){
		.ops = &wish_ops,
		.board = board < 0 ? NULL : fixture->boards[board],
		.priority = priority,
		.since_us = ff_now_us(),
		.deadline_us = INT64_MAX,
		.kind = KIND,
	};
	if (board >= 0) {
		wanter->wish.ticket = wanter->task.number = ff_worker_ticket(fixture->boards[board]);
	}
	return wanter;
}

static void add(struct wanter *wanter)
{
	assert_int_equal(ff_dispatch_add(wanter->fixture->dispatch, &wanter->wish), FF_OK);
}

static struct wanter *want_board(struct fixture *fixture, int board, int priority)
{
	struct wanter *wanter = make(fixture, board, priority);
	add(wanter);
	return wanter;
}

/* One who has yet to come. */
static struct wanter *make_any(struct fixture *fixture, const char *select, int priority, struct ff_selector *selector)
{
	struct wanter *wanter = make(fixture, -1, priority);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_selector_parse(selector, select, &error), FF_OK);
	wanter->wish.selector = selector;
	return wanter;
}

static struct wanter *want_any(struct fixture *fixture, const char *select, int priority, struct ff_selector *selector)
{
	struct wanter *wanter = make_any(fixture, select, priority, selector);
	add(wanter);
	return wanter;
}

static void wait_got(struct fixture *fixture, int count)
{
	pthread_mutex_lock(&fixture->mutex);
	while (fixture->got_count < count) {
		pthread_cond_wait(&fixture->changed, &fixture->mutex);
	}
	pthread_mutex_unlock(&fixture->mutex);
}

static void wait_given_up(struct fixture *fixture, const struct wanter *wanter)
{
	pthread_mutex_lock(&fixture->mutex);
	while (wanter->end == FF_OK) {
		pthread_cond_wait(&fixture->changed, &fixture->mutex);
	}
	pthread_mutex_unlock(&fixture->mutex);
}

static unsigned position(struct fixture *fixture, const struct wanter *wanter)
{
	struct ff_forecast forecast;
	ff_dispatch_forecast(fixture->dispatch, &wanter->wish, &forecast);
	return forecast.position;
}

static void test_dispatch__one_board_serves_in_order(void **state)
{
	struct fixture *fixture = *state;
	want_board(fixture, 0, 0);
	wait_got(fixture, 1);
	struct wanter *plain = want_board(fixture, 0, 0);
	struct wanter *low = want_board(fixture, 0, -1);
	struct wanter *high = want_board(fixture, 0, 5);
	struct wanter *next = want_board(fixture, 0, 0);
	assert_int_equal(position(fixture, high), 1);
	assert_int_equal(position(fixture, plain), 2);
	assert_int_equal(position(fixture, next), 3);
	assert_int_equal(position(fixture, low), 4);
	assert_int_equal(ff_dispatch_waiting(fixture->dispatch, fixture->boards[0]), 4);
	assert_int_equal(ff_dispatch_waiting(fixture->dispatch, fixture->boards[1]), 0);
	allow(fixture, 5);
	wait_got(fixture, 5);
	assert_int_equal(fixture->got[1], high->number);
	assert_int_equal(fixture->got[2], plain->number);
	assert_int_equal(fixture->got[3], next->number);
	assert_int_equal(fixture->got[4], low->number);
	assert_int_equal(position(fixture, low), 0);
}

/* Otherwise a board that becomes free after he came may go to somebody behind him. */
static void test_dispatch__who_comes_in_the_middle_of_a_round_has_his_place(void **state)
{
	struct fixture *fixture = *state;
	struct ff_selector selectors[3];
	struct wanter *first = want_any(fixture, "new=yes", 0, &selectors[0]);
	struct wanter *last = want_any(fixture, "new=yes", 0, &selectors[1]);
	struct wanter *high = first->brings = make_any(fixture, "new=yes", 5, &selectors[2]);
	assert_int_equal(ff_dispatch_start(fixture->dispatch), FF_OK);
	wait_got(fixture, 2); /* there are two such boards */
	assert_int_equal(fixture->got[0], first->number);
	assert_int_equal(fixture->got[1], high->number);
	assert_int_equal(position(fixture, last), 1);
}

static void test_dispatch__any_board_that_matches(void **state)
{
	struct fixture *fixture = *state;
	struct ff_selector selectors[4];
	want_any(fixture, "new=yes", 0, &selectors[0]);
	want_any(fixture, "new=yes", 0, &selectors[1]);
	wait_got(fixture, 2);
	assert_ptr_not_equal(fixture->wanters[0].board, fixture->wanters[1].board);
	assert_ptr_not_equal(fixture->wanters[0].board, fixture->boards[2]);
	assert_ptr_not_equal(fixture->wanters[1].board, fixture->boards[2]);
	struct wanter *third = want_any(fixture, "new=yes", 0, &selectors[2]);
	struct wanter *old = want_any(fixture, "rack=1,!new", 0, &selectors[3]);
	wait_got(fixture, 3);
	assert_ptr_equal(old->board, fixture->boards[2]);
	assert_int_equal(position(fixture, third), 1);
	allow(fixture, 3); /* whoever ends first */
	wait_got(fixture, 4);
	assert_non_null(third->board);
}

/* Those who name a board and those who do not stand in one line. */
static void test_dispatch__a_selector_is_not_passed_over(void **state)
{
	struct fixture *fixture = *state;
	struct ff_selector selector;
	want_board(fixture, 2, 0);
	wait_got(fixture, 1);
	struct wanter *before = want_board(fixture, 2, 0);
	struct wanter *any = want_any(fixture, "old", 0, &selector);
	struct wanter *behind = want_board(fixture, 2, 0);
	assert_int_equal(position(fixture, before), 1);
	assert_int_equal(position(fixture, any), 2);
	assert_int_equal(position(fixture, behind), 3);
	allow(fixture, 4);
	wait_got(fixture, 4);
	assert_int_equal(fixture->got[1], before->number);
	assert_int_equal(fixture->got[2], any->number);
	assert_int_equal(fixture->got[3], behind->number);
}

static void test_dispatch__quarantine_keeps_from_those_who_do_not_insist(void **state)
{
	struct fixture *fixture = *state;
	struct ff_selector selector;
	assert_int_equal(ff_quarantine_put(fixture->quarantine, "lab2", "ann", "smoke", NULL), FF_OK);
	struct wanter *any = want_any(fixture, "old", 0, &selector);
	want_board(fixture, 2, 0);
	wait_got(fixture, 1);
	assert_int_equal(fixture->got[0], 1);
	allow(fixture, 2);
	assert_int_equal(position(fixture, any), 1);
	bool was_in = false;
	assert_int_equal(ff_quarantine_end(fixture->quarantine, "lab2", &was_in, NULL), FF_OK);
	assert_true(was_in);
	ff_dispatch_kick(fixture->dispatch);
	wait_got(fixture, 2);
	assert_ptr_equal(any->board, fixture->boards[2]);
}

static void test_dispatch__waits_no_longer_than_it_may(void **state)
{
	struct fixture *fixture = *state;
	want_board(fixture, 0, 0);
	wait_got(fixture, 1);
	struct wanter *brief = make(fixture, 0, 0);
	brief->wish.deadline_us = ff_now_us() + 50000;
	add(brief);
	struct wanter *once = make(fixture, 0, 0);
	once->wish.deadline_us = 0;
	add(once);
	wait_given_up(fixture, once);
	wait_given_up(fixture, brief);
	assert_int_equal(brief->end, FF_ERR_NO_BOARD);
	assert_int_equal(position(fixture, brief), 0);
	struct wanter *lucky = make(fixture, 1, 0);
	lucky->wish.deadline_us = 0; /* but the board is free */
	add(lucky);
	wait_got(fixture, 2);
	assert_ptr_equal(lucky->board, fixture->boards[1]);
}

static bool has_lost_board(void *context)
{
	struct ff_board_view view;
	ff_worker_view(*(struct ff_worker **)context, &view);
	return view.state == FF_BOARD_LOST;
}

static void lose_board(struct fixture *fixture, int at)
{
	ff_fake_port_set_open_status(&fixture->ports[at], FF_ERR_NOT_FOUND);
	ff_fake_port_unplug(&fixture->ports[at]);
	ff_fake_port_wait(&fixture->ports[at], has_lost_board, &fixture->boards[at]);
}

/* Nobody who comes later gets past one who waits for a lost board, and his time counts from its return. */
static void test_dispatch__a_lost_board_is_waited_for(void **state)
{
	struct fixture *fixture = *state;
	lose_board(fixture, 0);
	struct wanter *patient = make(fixture, 0, 0);
	patient->wish.lost_until_us = ff_deadline_ms(3600000);
	patient->wish.deadline_us = 0;
	add(patient);
	struct wanter *later = want_board(fixture, 0, 0);
	struct wanter *elsewhere = want_board(fixture, 1, 0);
	wait_got(fixture, 1);
	assert_int_equal(fixture->got[0], elsewhere->number);
	ff_fake_port_set_open_status(&fixture->ports[0], FF_OK);
	allow(fixture, 3);
	wait_got(fixture, 3);
	assert_int_equal(fixture->got[1], patient->number);
	assert_int_equal(fixture->got[2], later->number);
	assert_int_equal(patient->end, FF_OK);
}

/* Its failure says then that the board is lost. */
static void test_dispatch__a_lost_board_is_not_waited_for_for_ever(void **state)
{
	struct fixture *fixture = *state;
	lose_board(fixture, 0);
	struct wanter *patient = make(fixture, 0, 0);
	patient->wish.lost_until_us = ff_deadline_ms(50);
	add(patient);
	wait_got(fixture, 1);
	assert_ptr_equal(patient->board, fixture->boards[0]);
	assert_true(ff_now_us() >= patient->wish.lost_until_us);
}

static void test_dispatch__takes_back(void **state)
{
	struct fixture *fixture = *state;
	struct wanter *waiting[8];
	want_board(fixture, 0, 0);
	wait_got(fixture, 1);
	for (int i = 0; i < 8; i++) {
		waiting[i] = want_board(fixture, 0, 0);
	}
	for (int i = 0; i < 8; i += 2) {
		assert_true(ff_dispatch_withdraw(fixture->dispatch, &waiting[i]->wish));
		assert_false(ff_dispatch_withdraw(fixture->dispatch, &waiting[i]->wish));
	}
	assert_int_equal(position(fixture, waiting[7]), 4);
	allow(fixture, 5);
	wait_got(fixture, 5);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(fixture->got[1 + i], waiting[2 * i + 1]->number);
	}
	assert_false(ff_dispatch_withdraw(fixture->dispatch, &waiting[1]->wish));
}

static void test_dispatch__tells_when(void **state)
{
	struct fixture *fixture = *state;
	struct ff_forecast forecast;
	want_board(fixture, 0, 0);
	wait_got(fixture, 1);
	struct wanter *first = want_board(fixture, 0, 0);
	struct wanter *second = want_board(fixture, 0, 0);
	ff_dispatch_forecast(fixture->dispatch, &first->wish, &forecast);
	assert_int_equal(forecast.start_ms, 0);
	ff_dispatch_took(fixture->dispatch, fixture->boards[0], KIND, 60000);
	struct wanter *third = want_board(fixture, 0, 0); /* makes the forecast anew */
	int64_t now_ms = ff_wall_ms();
	ff_dispatch_forecast(fixture->dispatch, &third->wish, &forecast);
	assert_int_equal(forecast.position, 3);
	assert_true(forecast.start_ms > now_ms + 170000 && forecast.start_ms < now_ms + 190000);
	ff_dispatch_forecast(fixture->dispatch, &second->wish, &forecast);
	assert_true(forecast.start_ms > now_ms + 110000 && forecast.start_ms < now_ms + 130000);
}

/* One that stops lets nobody in any more. */
static void test_dispatch__stops(void **state)
{
	struct fixture *fixture = *state;
	ff_dispatch_stop(fixture->dispatch);
	struct wanter *late = make(fixture, 0, 0);
	assert_int_equal(ff_dispatch_add(fixture->dispatch, &late->wish), FF_ERR_CANCELLED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_dispatch__one_board_serves_in_order),
		cmocka_unit_test_setup_teardown(test_dispatch__who_comes_in_the_middle_of_a_round_has_his_place,
						set_up_at_rest, tear_down),
		TEST(test_dispatch__any_board_that_matches),
		TEST(test_dispatch__a_selector_is_not_passed_over),
		TEST(test_dispatch__quarantine_keeps_from_those_who_do_not_insist),
		TEST(test_dispatch__waits_no_longer_than_it_may),
		TEST(test_dispatch__a_lost_board_is_waited_for),
		TEST(test_dispatch__a_lost_board_is_not_waited_for_for_ever),
		TEST(test_dispatch__takes_back),
		TEST(test_dispatch__tells_when),
		TEST(test_dispatch__stops),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
