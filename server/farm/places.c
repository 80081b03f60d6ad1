// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "board_labels.h"
#include "dispatch_inner.h"

void ff_places_renew(struct ff_dispatch *dispatch)
{
	const struct ff_board_list *list = ff_boards_list(dispatch->options.boards);
	struct ff_place *places = list ? calloc(list->count + 1, sizeof(*places)) : NULL;
	if (!places) {
		ff_board_list_unref(list); /* the next change is another chance */
		return;
	}
	pthread_mutex_lock(&dispatch->mutex);
	for (size_t i = 0; i < list->count; i++) {
		const struct ff_place *known = ff_places_find(dispatch, list->workers[i]);
		if (known) {
			places[i] = *known;
		}
		places[i].board = list->workers[i];
	}
	const struct ff_board_list *before = dispatch->list;
	free(dispatch->places);
	dispatch->places = places;
	dispatch->place_count = list->count;
	dispatch->list = list;
	for (struct ff_wish *wish = dispatch->first; wish; wish = wish->next) {
		ff_places_match(dispatch, wish);
	}
	pthread_mutex_unlock(&dispatch->mutex);
	ff_board_list_unref(before);
}

struct ff_place *ff_places_find(struct ff_dispatch *dispatch, const struct ff_worker *board)
{
	for (size_t i = 0; i < dispatch->place_count; i++) {
		if (dispatch->places[i].board == board) {
			return &dispatch->places[i];
		}
	}
	return NULL;
}

struct ff_place *ff_places_awaited(struct ff_dispatch *dispatch, const struct ff_wish *wish, int64_t now_us)
{
	struct ff_place *place =
		wish->board && wish->lost_until_us > now_us ? ff_places_find(dispatch, wish->board) : NULL;
	return place && place->use.lost ? place : NULL;
}

static void set_may(struct ff_wish *wish, size_t place, bool may)
{
	uint64_t bit = (uint64_t)1 << (place % 64);
	wish->may[place / 64] = may ? wish->may[place / 64] | bit : wish->may[place / 64] & ~bit;
}

bool ff_place_may(const struct ff_wish *wish, size_t place)
{
	return (wish->may[place / 64] >> (place % 64) & 1) != 0;
}

static bool fits(const struct ff_wish *wish, const struct ff_place *place)
{
	return wish->board ? wish->board == place->board : ff_selector_matches(wish->selector, &place->labels);
}

void ff_places_match(const struct ff_dispatch *dispatch, struct ff_wish *wish)
{
	memset(wish->may, 0, sizeof(wish->may));
	for (size_t i = 0; i < dispatch->place_count; i++) {
		set_may(wish, i, fits(wish, &dispatch->places[i]));
	}
}

/* The labels of a board have changed. */
static void match_again(struct ff_dispatch *dispatch, size_t place)
{
	for (struct ff_wish *wish = dispatch->first; wish; wish = wish->next) {
		set_may(wish, place, fits(wish, &dispatch->places[place]));
	}
}

static bool are_same(const struct ff_labels *some, const struct ff_labels *others)
{
	bool same = some->count == others->count;
	for (size_t i = 0; i < some->count && same; i++) {
		same = strcmp(some->labels[i].key, others->labels[i].key) == 0 &&
		       strcmp(some->labels[i].value, others->labels[i].value) == 0;
	}
	return same;
}

/* Under the mutex but for the look itself: the boards' own locks are not taken within it. */
static void look_at(struct ff_dispatch *dispatch, size_t at)
{
	struct ff_worker *board = ff_worker_ref(dispatch->places[at].board);
	struct ff_quarantine_view quarantine;
	struct ff_board_use use;
	struct ff_labels labels;
	pthread_mutex_unlock(&dispatch->mutex);
	ff_worker_use(board, &use);
	ff_board_labels(board, &labels);
	ff_quarantine_look(dispatch->options.quarantine, ff_worker_name(board), &quarantine);
	pthread_mutex_lock(&dispatch->mutex);
	struct ff_place *place = ff_places_find(dispatch, board);
	ff_worker_unref(board); /* not the last one while there is a place */
	if (!place) {
		return;
	}
	place->use = use;
	place->quarantined = quarantine.in;
	if (!use.works) {
		place->begun_us = 0;
	}
	if (!are_same(&place->labels, &labels)) {
		place->labels = labels;
		match_again(dispatch, (size_t)(place - dispatch->places));
	}
}

void ff_places_look(struct ff_dispatch *dispatch)
{
	pthread_mutex_lock(&dispatch->mutex);
	for (size_t i = 0; i < dispatch->place_count; i++) {
		look_at(dispatch, i);
	}
	pthread_mutex_unlock(&dispatch->mutex);
}

/* What was seen may be out of date by now; then the offer fails. */
static bool is_free_for(const struct ff_dispatch *dispatch, const struct ff_wish *wish, const struct ff_place *place)
{
	const struct ff_board_use *use = &place->use;
	if (place->given == dispatch->round) {
		return false;
	}
	if (!wish->board) {
		return use->free && !use->lost && !place->quarantined;
	}
	return wish->alone ? use->free : use->lease == wish->lease && !use->works && wish->ticket <= use->limit;
}

struct ff_place *ff_places_choose(struct ff_dispatch *dispatch, const struct ff_wish *wish)
{
	for (size_t i = 0; i < dispatch->place_count; i++) {
		if (ff_place_may(wish, i) && is_free_for(dispatch, wish, &dispatch->places[i])) {
			return &dispatch->places[i];
		}
	}
	return NULL;
}
