// SPDX-License-Identifier: Apache-2.0
#include "dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dispatch_inner.h"

#define FORECAST_AGE_US 1000000 /* time goes on, and work that was to end by now has not */

struct ff_dispatch *ff_dispatch_new(const struct ff_dispatch_options *options)
{
	struct ff_dispatch *dispatch = calloc(1, sizeof(*dispatch));
	if (!dispatch) {
		return NULL;
	}
	dispatch->options = *options;
	dispatch->boards_changed = true;
	dispatch->kicked = true;
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&dispatch->mutex, NULL);
	pthread_cond_init(&dispatch->changed, &attributes);
	pthread_cond_init(&dispatch->settled, NULL);
	pthread_condattr_destroy(&attributes);
	return dispatch;
}

void ff_dispatch_free(struct ff_dispatch *dispatch)
{
	if (!dispatch) {
		return;
	}
	ff_dispatch_stop(dispatch);
	pthread_cond_destroy(&dispatch->settled);
	pthread_cond_destroy(&dispatch->changed);
	pthread_mutex_destroy(&dispatch->mutex);
	free(dispatch->places);
	ff_board_list_unref(dispatch->list);
	free(dispatch);
}

void ff_dispatch_kick(void *context)
{
	struct ff_dispatch *dispatch = context;
	pthread_mutex_lock(&dispatch->mutex);
	/* With nobody there, there is nothing to be done. */
	if (dispatch->first || dispatch->offered) {
		dispatch->kicked = true;
		pthread_cond_signal(&dispatch->changed);
	}
	pthread_mutex_unlock(&dispatch->mutex);
}

void ff_dispatch_boards_changed(void *context)
{
	struct ff_dispatch *dispatch = context;
	pthread_mutex_lock(&dispatch->mutex);
	dispatch->boards_changed = true;
	dispatch->kicked = true;
	pthread_cond_signal(&dispatch->changed);
	pthread_mutex_unlock(&dispatch->mutex);
}

/* ---- the list; all under the mutex ---- */

static void list(struct ff_dispatch *dispatch, struct ff_wish *wish)
{
	struct ff_wish **at = &dispatch->first;
	while (*at && ff_order_before(&(*at)->order, &wish->order)) {
		at = &(*at)->next;
	}
	wish->next = *at;
	wish->listed = true;
	*at = wish;
	dispatch->count++;
	dispatch->selecting += !wish->board;
	dispatch->forecast_us = 0;
}

static void unlist(struct ff_dispatch *dispatch, struct ff_wish *wish)
{
	struct ff_wish **at = &dispatch->first;
	while (*at != wish) {
		at = &(*at)->next;
	}
	*at = wish->next;
	wish->listed = false;
	dispatch->count--;
	dispatch->selecting -= !wish->board;
	dispatch->forecast_us = 0;
}

static size_t count_for(const struct ff_dispatch *dispatch, const struct ff_worker *board)
{
	size_t count = 0;
	for (const struct ff_wish *wish = dispatch->first; wish; wish = wish->next) {
		count += wish->board == board;
	}
	return count;
}

/* ---- for those who wait ---- */

enum ff_status ff_dispatch_add(struct ff_dispatch *dispatch, struct ff_wish *wish)
{
	enum ff_status status = FF_OK;
	if (!wish->board) {
		ff_places_look(dispatch); /* labels: those of a board that was found a moment ago count */
	}
	pthread_mutex_lock(&dispatch->mutex);
	if (dispatch->stopping) {
		status = FF_ERR_CANCELLED;
	} else if (dispatch->count >= FF_DISPATCH_MOST ||
		   (wish->board && count_for(dispatch, wish->board) >= FF_DISPATCH_MOST_FOR_A_BOARD)) {
		status = FF_ERR_BUSY;
	} else {
		wish->order = ff_order_of(wish->priority, wish->since_us, ++dispatch->last_number);
		wish->added = dispatch->round;
		wish->round = 0;
		wish->position = 0;
		wish->start_us = -1;
		ff_places_match(dispatch, wish);
		list(dispatch, wish);
		dispatch->kicked = true;
		pthread_cond_signal(&dispatch->changed);
	}
	pthread_mutex_unlock(&dispatch->mutex);
	return status;
}

bool ff_dispatch_withdraw(struct ff_dispatch *dispatch, struct ff_wish *wish)
{
	pthread_mutex_lock(&dispatch->mutex);
	while (dispatch->offered == wish) {
		pthread_cond_wait(&dispatch->settled, &dispatch->mutex);
	}
	bool waited = wish->listed;
	if (waited) {
		unlist(dispatch, wish);
		dispatch->kicked = true; /* others have moved up */
		pthread_cond_signal(&dispatch->changed);
	}
	pthread_mutex_unlock(&dispatch->mutex);
	return waited;
}

/* Under the mutex. */
static void tell_forecast(struct ff_dispatch *dispatch, const struct ff_wish *wish, struct ff_forecast *forecast)
{
	int64_t now_us = ff_now_us();
	if (now_us - dispatch->forecast_us >= FORECAST_AGE_US) {
		ff_forecast_make(dispatch);
	}
	forecast->position = wish->position;
	if (wish->start_us >= 0) {
		int64_t ahead_us = wish->start_us > now_us ? wish->start_us - now_us : 0;
		forecast->start_ms = ff_wall_ms() + ahead_us / 1000;
	}
}

size_t ff_dispatch_list(struct ff_dispatch *dispatch, struct ff_waiting *list, size_t capacity)
{
	size_t count = 0;
	pthread_mutex_lock(&dispatch->mutex);
	for (const struct ff_wish *wish = dispatch->first; wish && count < capacity; wish = wish->next) {
		if (!wish->owner) {
			continue;
		}
		struct ff_waiting *waiting = &list[count++];
		*waiting = (struct ff_waiting){ .since_ms = ff_wall_ms() - (ff_now_us() - wish->since_us) / 1000 };
		snprintf(waiting->owner, sizeof(waiting->owner), "%s", wish->owner);
		snprintf(waiting->board, sizeof(waiting->board), "%s", wish->board ? ff_worker_name(wish->board) : "");
		tell_forecast(dispatch, wish, &waiting->forecast);
	}
	pthread_mutex_unlock(&dispatch->mutex);
	return count;
}

void ff_dispatch_forecast(struct ff_dispatch *dispatch, const struct ff_wish *wish, struct ff_forecast *forecast)
{
	*forecast = (struct ff_forecast){ .position = 0 };
	pthread_mutex_lock(&dispatch->mutex);
	if (wish->listed) {
		tell_forecast(dispatch, wish, forecast);
	}
	pthread_mutex_unlock(&dispatch->mutex);
}

size_t ff_dispatch_waiting(struct ff_dispatch *dispatch, const struct ff_worker *board)
{
	if (!dispatch) {
		return 0;
	}
	pthread_mutex_lock(&dispatch->mutex);
	size_t count = count_for(dispatch, board);
	pthread_mutex_unlock(&dispatch->mutex);
	return count;
}

void ff_dispatch_took(struct ff_dispatch *dispatch, const struct ff_worker *board, unsigned kind, int64_t took_ms)
{
	pthread_mutex_lock(&dispatch->mutex);
	struct ff_place *place = ff_places_find(dispatch, board);
	if (place) {
		ff_durations_note(&place->durations, kind, took_ms);
	}
	ff_durations_note(&dispatch->durations, kind, took_ms);
	pthread_mutex_unlock(&dispatch->mutex);
}

/* ---- the thread ---- */

/* The next one to be offered a place in this round; NULL: there is none more. Under the mutex. */
static struct ff_wish *next_offer(struct ff_dispatch *dispatch, struct ff_place **place)
{
	int64_t now_us = ff_now_us();
	for (struct ff_wish *wish = dispatch->first; wish; wish = wish->next) {
		struct ff_place *awaited = ff_places_awaited(dispatch, wish, now_us);
		if (awaited) {
			awaited->given = dispatch->round; /* nobody gets past it */
		}
		*place = wish->round < dispatch->round ? ff_places_choose(dispatch, wish) : NULL;
		if (*place) {
			return wish;
		}
	}
	return NULL;
}

static void begin_at(struct ff_place *place, unsigned kind)
{
	place->kind = kind;
	place->begun_us = ff_now_us();
	place->use.works = kind != FF_DISPATCH_NO_KIND;
}

/* Whether a board that the wish is willing to wait for has been lost since it was looked at. Without the mutex. */
static bool is_lost_since(const struct ff_wish *wish, struct ff_worker *board)
{
	struct ff_board_use use;
	if (!wish->board || wish->lost_until_us <= ff_now_us()) {
		return false;
	}
	ff_worker_use(board, &use);
	return use.lost;
}

/* The mutex is let go of for the offer; for those who ask meanwhile the place has been taken. */
static void offer(struct ff_dispatch *dispatch, struct ff_wish *wish, struct ff_place *place)
{
	struct ff_place before = *place;
	unsigned kind = wish->kind;
	place->given = dispatch->round;
	wish->round = dispatch->round;
	begin_at(place, kind);
	unlist(dispatch, wish);
	dispatch->offered = wish;
	pthread_mutex_unlock(&dispatch->mutex);
	bool lost = is_lost_since(wish, before.board);
	bool taken = !lost && wish->ops->offer(wish, before.board);
	pthread_mutex_lock(&dispatch->mutex);
	dispatch->offered = NULL;
	if (!taken) {
		list(dispatch, wish);
	}
	place = ff_places_find(dispatch, before.board);
	if (place && taken) {
		begin_at(place, kind); /* somebody may have looked at the board before it had the work */
	} else if (place) {
		place->kind = before.kind;
		place->begun_us = before.begun_us;
		place->use = before.use;
		place->use.lost |= lost;
	}
	pthread_cond_broadcast(&dispatch->settled);
}

/* Whether it waits for what will never be free. */
static bool is_gone(struct ff_dispatch *dispatch, const struct ff_wish *wish)
{
	return wish->alone && wish->board && !ff_places_find(dispatch, wish->board);
}

/* One that has had its chance and waits no longer, or for what is not there; NULL: there is none. */
static struct ff_wish *next_over(struct ff_dispatch *dispatch, int64_t now_us, int64_t *deadline_us)
{
	*deadline_us = INT64_MAX;
	for (struct ff_wish *wish = dispatch->first; wish; wish = wish->next) {
		bool gone = is_gone(dispatch, wish);
		bool awaits = ff_places_awaited(dispatch, wish, now_us) != NULL;
		int64_t until_us = awaits ? wish->lost_until_us : wish->deadline_us;
		if (wish->added < dispatch->round && (gone || until_us <= now_us)) {
			return wish;
		}
		*deadline_us = until_us < *deadline_us ? until_us : *deadline_us;
	}
	return NULL;
}

/* The mutex is let go of for the last call. */
static void give_up(struct ff_dispatch *dispatch, struct ff_wish *wish)
{
	bool gone = is_gone(dispatch, wish);
	unlist(dispatch, wish);
	dispatch->offered = wish;
	pthread_mutex_unlock(&dispatch->mutex);
	wish->ops->give_up(wish, gone ? FF_ERR_NOT_FOUND : FF_ERR_NO_BOARD);
	pthread_mutex_lock(&dispatch->mutex);
	dispatch->offered = NULL;
	pthread_cond_broadcast(&dispatch->settled);
}

static void wait_until(struct ff_dispatch *dispatch, int64_t until_us)
{
	struct timespec until = { .tv_sec = until_us / 1000000, .tv_nsec = (until_us % 1000000) * 1000 };
	if (until_us == INT64_MAX) {
		pthread_cond_wait(&dispatch->changed, &dispatch->mutex);
	} else {
		pthread_cond_timedwait(&dispatch->changed, &dispatch->mutex, &until);
	}
}

/* Offers what is free to those who wait, each board once. Who comes meanwhile has the place in the line that is his: what is
 * still to be offered may have become free after he came. Who finds nothing is given up in the next round at the earliest, in
 * which the boards are looked at again. Under the mutex, which is let go of at times. Answers when the next deadline is. */
static int64_t go_round(struct ff_dispatch *dispatch)
{
	struct ff_place *place;
	struct ff_wish *wish;
	int64_t deadline_us = INT64_MAX;
	dispatch->kicked = false;
	dispatch->round++;
	bool renew = dispatch->boards_changed;
	dispatch->boards_changed = false;
	pthread_mutex_unlock(&dispatch->mutex);
	if (renew) {
		ff_places_renew(dispatch);
	}
	ff_places_look(dispatch);
	pthread_mutex_lock(&dispatch->mutex);
	while (!dispatch->stopping && (wish = next_offer(dispatch, &place))) {
		offer(dispatch, wish, place);
	}
	bool moved = ff_forecast_make(dispatch); /* so that those who are given up know how far they have come */
	while (!dispatch->stopping && (wish = next_over(dispatch, ff_now_us(), &deadline_us))) {
		give_up(dispatch, wish);
		moved = true;
	}
	if (moved && dispatch->options.changed) {
		ff_forecast_make(dispatch);
		pthread_mutex_unlock(&dispatch->mutex);
		dispatch->options.changed(dispatch->options.changed_context);
		pthread_mutex_lock(&dispatch->mutex);
	}
	return deadline_us;
}

static void *run(void *argument)
{
	struct ff_dispatch *dispatch = argument;
	int64_t deadline_us = INT64_MAX;
	pthread_mutex_lock(&dispatch->mutex);
	while (!dispatch->stopping) {
		if (dispatch->kicked || deadline_us <= ff_now_us()) {
			deadline_us = go_round(dispatch);
		} else {
			wait_until(dispatch, deadline_us);
		}
	}
	pthread_mutex_unlock(&dispatch->mutex);
	return NULL;
}

enum ff_status ff_dispatch_start(struct ff_dispatch *dispatch)
{
	if (pthread_create(&dispatch->thread, NULL, run, dispatch) != 0) {
		return FF_ERR_IO;
	}
	pthread_setname_np(dispatch->thread, "ff-dispatch");
	dispatch->started = true;
	return FF_OK;
}

void ff_dispatch_stop(struct ff_dispatch *dispatch)
{
	pthread_mutex_lock(&dispatch->mutex);
	dispatch->stopping = true;
	pthread_cond_signal(&dispatch->changed);
	pthread_mutex_unlock(&dispatch->mutex);
	if (dispatch->started) {
		pthread_join(dispatch->thread, NULL);
		dispatch->started = false;
	}
}
