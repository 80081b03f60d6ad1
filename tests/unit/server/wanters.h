// SPDX-License-Identifier: Apache-2.0
/* People who want boards, for the tests of the dispatcher: each works at the board he gets until he is told to stop. */
#ifndef FF_TEST_WANTERS_H
#define FF_TEST_WANTERS_H

#include <pthread.h>

#include "dispatch.h"
#include "fake_port.h"

#define FF_WANTER_BOARDS 3
#define FF_WANTERS_MAX 64
#define FF_WANTER_KIND 1

struct ff_wanters;

struct ff_wanter {
	struct ff_wish wish;
	struct ff_task task;
	struct ff_wanters *all;
	int number;
	struct ff_wanter *brings; /* who comes while it is offered a board; NULL: nobody */
	struct ff_worker *board;  /* that it has got */
	enum ff_status end;       /* FF_OK: not given up */
};

/* Boards lab0 and lab1, which are "new", and lab2, which is "old"; all of rack 1. */
struct ff_wanters {
	struct ff_fake_port ports[FF_WANTER_BOARDS];
	struct ff_worker *boards[FF_WANTER_BOARDS];
	struct ff_quarantine *quarantine;
	struct ff_dispatch *dispatch;
	struct ff_boards *list;
	struct ff_wanter wanters[FF_WANTERS_MAX];
	int count;

	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int got[FF_WANTERS_MAX]; /* their numbers in the order in which they got boards */
	int got_count;
	int ended;
	int allowed; /* how many of them may have ended */
};

/* For cmocka: *state is the struct ff_wanters. At rest, nobody serves them before ff_dispatch_start(). */
int ff_wanters_set_up_at_rest(void **state);
int ff_wanters_set_up(void **state);
int ff_wanters_tear_down(void **state);

/* Whoever wants this board; negative: the wish has still to say which. He does not stand in the line yet. */
struct ff_wanter *ff_wanters_make(struct ff_wanters *all, int board, int priority);

/* The same for any board that matches; `selector` must outlive the wish. */
struct ff_wanter *ff_wanters_make_any(struct ff_wanters *all, const char *select, int priority,
				      struct ff_selector *selector);

/* Gets in line. */
void ff_wanters_add(struct ff_wanter *wanter);

/* Both at once. */
struct ff_wanter *ff_wanters_want(struct ff_wanters *all, int board, int priority);
struct ff_wanter *ff_wanters_want_any(struct ff_wanters *all, const char *select, int priority,
				      struct ff_selector *selector);

/* So many more may end their work. */
void ff_wanters_allow(struct ff_wanters *all, int count);

/* Until so many have had a board, or until this one has given up. */
void ff_wanters_wait_got(struct ff_wanters *all, int count);
void ff_wanters_wait_given_up(struct ff_wanters *all, const struct ff_wanter *wanter);

/* His place in the line, from 1; 0: he does not stand there. */
unsigned ff_wanters_position(struct ff_wanters *all, const struct ff_wanter *wanter);

#endif
