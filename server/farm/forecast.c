// SPDX-License-Identifier: Apache-2.0
/* Plays through what waits, in its order: each gets the board that is free first, for as long as such work usually takes. */
#include "dispatch_inner.h"

#define UNKNOWN INT64_MAX
#define WORDS (FF_BOARDS_MAX / 64)

/* Microseconds; UNKNOWN. */
static int64_t usual_time(const struct ff_dispatch *dispatch, const struct ff_place *place, unsigned kind)
{
	int64_t ms = ff_durations_median(&place->durations, kind);
	ms = ms >= 0 ? ms : ff_durations_median(&dispatch->durations, kind);
	return ms >= 0 ? ms * 1000 : UNKNOWN;
}

/* When a place is free for those who come with the lease that it is kept for, or with none if there is none. */
static int64_t free_at(const struct ff_dispatch *dispatch, const struct ff_place *place, int64_t now_us)
{
	if (place->use.lost || place->use.limit != UINT64_MAX) {
		return UNKNOWN;
	}
	if (!place->use.works && place->begun_us == 0) {
		return now_us;
	}
	int64_t usual = place->begun_us ? usual_time(dispatch, place, place->kind) : UNKNOWN;
	if (usual == UNKNOWN) {
		return UNKNOWN;
	}
	return place->begun_us + usual > now_us ? place->begun_us + usual : now_us;
}

static bool can_begin(const struct ff_wish *wish, const struct ff_place *place)
{
	return place->use.lease == wish->lease && (wish->board || !place->quarantined);
}

/* Takes the place that is free first. */
static int64_t play(const struct ff_dispatch *dispatch, const struct ff_wish *wish, int64_t *free_us)
{
	size_t best = dispatch->place_count;
	for (size_t i = 0; i < dispatch->place_count; i++) {
		if (ff_place_may(wish, i) && can_begin(wish, &dispatch->places[i]) && free_us[i] != UNKNOWN &&
		    (best == dispatch->place_count || free_us[i] < free_us[best])) {
			best = i;
		}
	}
	if (best == dispatch->place_count) {
		return -1;
	}
	int64_t start = free_us[best];
	int64_t usual = usual_time(dispatch, &dispatch->places[best], wish->kind);
	free_us[best] = usual == UNKNOWN ? UNKNOWN : start + usual;
	return start;
}

static bool compete(const struct ff_wish *one, const struct ff_wish *other)
{
	uint64_t both = 0;
	for (size_t i = 0; i < WORDS; i++) {
		both |= one->may[i] & other->may[i];
	}
	return both != 0;
}

/* How many go before it to a board that it may get. */
static unsigned count_before(const struct ff_dispatch *dispatch, const struct ff_wish *wish)
{
	unsigned count = 0;
	for (const struct ff_wish *other = dispatch->first; other != wish; other = other->next) {
		count += compete(other, wish);
	}
	return count;
}

bool ff_forecast_make(struct ff_dispatch *dispatch)
{
	int64_t free_us[FF_BOARDS_MAX] = { 0 };
	unsigned before[FF_BOARDS_MAX] = { 0 };
	int64_t now_us = ff_now_us();
	bool changed = false;
	for (size_t i = 0; i < dispatch->place_count; i++) {
		free_us[i] = free_at(dispatch, &dispatch->places[i], now_us);
	}
	for (struct ff_wish *wish = dispatch->first; wish; wish = wish->next) {
		struct ff_place *own = wish->board ? ff_places_find(dispatch, wish->board) : NULL;
		unsigned position = 1 + (own ? before[own - dispatch->places] : count_before(dispatch, wish));
		for (size_t i = 0; i < dispatch->place_count; i++) {
			before[i] += ff_place_may(wish, i);
		}
		changed |= wish->position != position;
		wish->position = position;
		wish->start_us = play(dispatch, wish, free_us);
	}
	dispatch->forecast_us = now_us;
	return changed;
}
