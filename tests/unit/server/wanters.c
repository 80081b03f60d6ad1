// SPDX-License-Identifier: Apache-2.0
#include "wanters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "clock.h"

static struct ff_wanter *of_task(struct ff_task *task)
{
	return (struct ff_wanter *)((char *)task - offsetof(struct ff_wanter, task));
}

static enum ff_status work(struct ff_task *task, struct ff_transport *transport, struct ff_error *error)
{
	(void)transport;
	(void)error;
	struct ff_wanters *all = of_task(task)->all;
	pthread_mutex_lock(&all->mutex);
	while (all->ended >= all->allowed) {
		pthread_cond_wait(&all->changed, &all->mutex);
	}
	all->ended++;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
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
	struct ff_wanter *wanter = (struct ff_wanter *)((char *)wish - offsetof(struct ff_wanter, wish));
	struct ff_wanters *all = wanter->all;
	pthread_mutex_lock(&all->mutex);
	wanter->board = board;
	all->got[all->got_count++] = wanter->number;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
	if (wanter->brings) {
		assert_int_equal(ff_dispatch_add(all->dispatch, &wanter->brings->wish), FF_OK);
	}
	enum ff_status status =
		wish->board ? ff_worker_post(board, &wanter->task) : ff_worker_post_if_free(board, &wanter->task);
	assert_int_equal(status, FF_OK);
	return true;
}

static void give_up(struct ff_wish *wish, enum ff_status status)
{
	struct ff_wanter *wanter = (struct ff_wanter *)((char *)wish - offsetof(struct ff_wanter, wish));
	pthread_mutex_lock(&wanter->all->mutex);
	wanter->end = status;
	pthread_cond_broadcast(&wanter->all->changed);
	pthread_mutex_unlock(&wanter->all->mutex);
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

static void start_board(struct ff_wanters *all, int at)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_labels labels = { .count = 0 };
	char name[16];
	snprintf(name, sizeof(name), "lab%d", at);
	assert_int_equal(ff_labels_add(&labels, at == 2 ? "old" : "new", "yes", &error), FF_OK);
	assert_int_equal(ff_labels_add(&labels, "rack", "1", &error), FF_OK);
	ff_fake_port_init(&all->ports[at]);
	struct ff_worker_options options = {
		.name = name,
		.address = all->ports[at].address,
		.labels = &labels,
		.notify = ff_fake_port_notify,
		.notify_context = &all->ports[at],
		.freed = ff_dispatch_kick,
		.freed_context = all->dispatch,
		.open = ff_fake_port_open,
	};
	assert_int_equal(ff_worker_new(&all->boards[at], &options, &error), FF_OK);
}

/* Boards for whom nobody works yet. */
int ff_wanters_set_up_at_rest(void **state)
{
	struct ff_wanters *all = calloc(1, sizeof(*all));
	*state = all;
	pthread_mutex_init(&all->mutex, NULL);
	pthread_cond_init(&all->changed, NULL);
	all->quarantine = ff_quarantine_new(&(struct ff_quarantine_options){ .after = 0 });
	all->list = ff_boards_new();
	all->dispatch =
		ff_dispatch_new(&(struct ff_dispatch_options){ .boards = all->list, .quarantine = all->quarantine });
	assert_int_equal(ff_boards_watch(all->list, ff_dispatch_boards_changed, all->dispatch), FF_OK);
	for (int i = 0; i < FF_WANTER_BOARDS; i++) {
		start_board(all, i);
	}
	for (int i = 0; i < FF_WANTER_BOARDS; i++) {
		ff_fake_port_wait(&all->ports[i], has_idle_board, &all->boards[i]);
		assert_int_equal(ff_boards_add(all->list, all->boards[i]), FF_OK);
	}
	return 0;
}

int ff_wanters_set_up(void **state)
{
	ff_wanters_set_up_at_rest(state);
	struct ff_wanters *all = *state;
	assert_int_equal(ff_dispatch_start(all->dispatch), FF_OK);
	return 0;
}

void ff_wanters_allow(struct ff_wanters *all, int count)
{
	pthread_mutex_lock(&all->mutex);
	all->allowed += count;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
}

int ff_wanters_tear_down(void **state)
{
	struct ff_wanters *all = *state;
	ff_dispatch_stop(all->dispatch);
	for (int i = 0; i < all->count; i++) {
		ff_dispatch_withdraw(all->dispatch, &all->wanters[i].wish);
	}
	ff_wanters_allow(all, FF_WANTERS_MAX);
	ff_boards_free(all->list);
	for (int i = 0; i < FF_WANTER_BOARDS; i++) {
		ff_worker_free(all->boards[i]);
		ff_fake_port_release(&all->ports[i]);
	}
	ff_dispatch_free(all->dispatch);
	ff_quarantine_free(all->quarantine);
	pthread_cond_destroy(&all->changed);
	pthread_mutex_destroy(&all->mutex);
	free(all);
	return 0;
}

struct ff_wanter *ff_wanters_make(struct ff_wanters *all, int board, int priority)
{
	struct ff_wanter *wanter = &all->wanters[all->count];
	*wanter = (struct ff_wanter){ .all = all, .number = all->count++ };
	wanter->task = (struct ff_task){ .ops = &task_ops, .label = "work" };
	wanter->wish = (struct ff_wish){
		.ops = &wish_ops,
		.board = board < 0 ? NULL : all->boards[board],
		.priority = priority,
		.since_us = ff_now_us(),
		.deadline_us = INT64_MAX,
		.kind = FF_WANTER_KIND,
	};
	if (board >= 0) {
		wanter->wish.ticket = wanter->task.number = ff_worker_ticket(all->boards[board]);
	}
	return wanter;
}

void ff_wanters_add(struct ff_wanter *wanter)
{
	assert_int_equal(ff_dispatch_add(wanter->all->dispatch, &wanter->wish), FF_OK);
}

struct ff_wanter *ff_wanters_want(struct ff_wanters *all, int board, int priority)
{
	struct ff_wanter *wanter = ff_wanters_make(all, board, priority);
	ff_wanters_add(wanter);
	return wanter;
}

/* One who has yet to come. */
struct ff_wanter *ff_wanters_make_any(struct ff_wanters *all, const char *select, int priority,
				      struct ff_selector *selector)
{
	struct ff_wanter *wanter = ff_wanters_make(all, -1, priority);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_selector_parse(selector, select, &error), FF_OK);
	wanter->wish.selector = selector;
	return wanter;
}

struct ff_wanter *ff_wanters_want_any(struct ff_wanters *all, const char *select, int priority,
				      struct ff_selector *selector)
{
	struct ff_wanter *wanter = ff_wanters_make_any(all, select, priority, selector);
	ff_wanters_add(wanter);
	return wanter;
}

void ff_wanters_wait_got(struct ff_wanters *all, int count)
{
	pthread_mutex_lock(&all->mutex);
	while (all->got_count < count) {
		pthread_cond_wait(&all->changed, &all->mutex);
	}
	pthread_mutex_unlock(&all->mutex);
}

void ff_wanters_wait_given_up(struct ff_wanters *all, const struct ff_wanter *wanter)
{
	pthread_mutex_lock(&all->mutex);
	while (wanter->end == FF_OK) {
		pthread_cond_wait(&all->changed, &all->mutex);
	}
	pthread_mutex_unlock(&all->mutex);
}

unsigned ff_wanters_position(struct ff_wanters *all, const struct ff_wanter *wanter)
{
	struct ff_forecast forecast;
	ff_dispatch_forecast(all->dispatch, &wanter->wish, &forecast);
	return forecast.position;
}
