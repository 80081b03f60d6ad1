// SPDX-License-Identifier: Apache-2.0
/* What the dispatcher's own files share: dispatch.c is the list and the thread, places.c the boards as it sees them,
 * forecast.c tells when whose turn comes. For nobody else. */
#ifndef FF_FARM_DISPATCH_INNER_H
#define FF_FARM_DISPATCH_INNER_H

#include <pthread.h>

#include "dispatch.h"
#include "durations.h"
#include "labels.h"

/* A board, as it was when it was last looked at. */
struct ff_place {
	struct ff_worker *board;
	struct ff_board_use use;
	bool quarantined;
	struct ff_labels labels;
	struct ff_durations durations;
	unsigned kind;    /* of the work that was given last, ... */
	int64_t begun_us; /* ... and when */
	uint64_t given;   /* round in which something was given */
};

struct ff_dispatch {
	struct ff_dispatch_options options;
	pthread_t thread;
	bool started;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* for the thread */
	pthread_cond_t settled; /* an offer has been made */
	struct ff_wish *first;
	size_t count;
	size_t selecting;                 /* of those that leave the choice to us */
	struct ff_wish *offered;          /* in somebody's hands right now */
	const struct ff_board_list *list; /* the boards of the places; the thread alone changes it */
	struct ff_place *places;
	size_t place_count;
	struct ff_durations durations; /* of all boards together */
	uint64_t last_number;
	uint64_t round;
	int64_t forecast_us; /* when it was made; 0: it is out of date */
	bool boards_changed;
	bool kicked;
	bool stopping;
};

/* Makes a place for each board that there is. For the thread, without the mutex. */
void ff_places_renew(struct ff_dispatch *dispatch);

/* Looks at all boards, which takes their locks, and notes what it has seen. Without the mutex. */
void ff_places_look(struct ff_dispatch *dispatch);

/* Notes which places a wish may get. Under the mutex, like the rest. */
void ff_places_match(const struct ff_dispatch *dispatch, struct ff_wish *wish);

/* Whether the wish may get this place at all. */
bool ff_place_may(const struct ff_wish *wish, size_t place);

/* The first place that is free for the wish in this round; NULL: none. */
struct ff_place *ff_places_choose(struct ff_dispatch *dispatch, const struct ff_wish *wish);

/* The place of the board that the wish names, if it is lost and still waited for; NULL: the wish need not wait for that. */
struct ff_place *ff_places_awaited(struct ff_dispatch *dispatch, const struct ff_wish *wish, int64_t now_us);

struct ff_place *ff_places_find(struct ff_dispatch *dispatch, const struct ff_worker *board);

/* Tells all who wait where they stand. True: something has changed. */
bool ff_forecast_make(struct ff_dispatch *dispatch);

#endif
