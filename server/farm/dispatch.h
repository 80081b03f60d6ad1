// SPDX-License-Identifier: Apache-2.0
/* Where those wait who want a board, one or any that a selector matches: jobs and those who ask for a lease, in one order
 * (order.h). Whenever something at a board changes, each is offered, in that order, the first board that is free for it.
 * One job at most is on its way to a board, so that who is next is decided when the board is free, and not before.
 *
 * Those who name a board get it though it is lost, which their failure then says, unless they want to wait for it a while, or
 * though it is in quarantine; those who leave the choice to us get neither. A thread of its own makes the offers; it waits for a
 * change or for the next deadline and for nothing else. new/free; every function may be called from any thread. */
#ifndef FF_FARM_DISPATCH_H
#define FF_FARM_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "boards.h"
#include "order.h"
#include "quarantine.h"
#include "selector.h"
#include "worker.h"

#define FF_DISPATCH_MOST 4096           /* that may wait in all, ... */
#define FF_DISPATCH_MOST_FOR_A_BOARD 64 /* ... and of those who name a board */
#define FF_DISPATCH_NO_KIND UINT32_MAX

struct ff_wish;

/* Both are called by the dispatcher's thread without a lock, and must not wait. */
struct ff_wish_ops {
	/* The board seems to be free: takes it. False: it is not after all, and the wish goes on waiting. After true the
	 * dispatcher does not touch the wish again. */
	bool (*offer)(struct ff_wish *wish, struct ff_worker *board);
	/* The last call for one that has waited too long (FF_ERR_NO_BOARD), or that wants a board alone which is there no more
	 * (FF_ERR_NOT_FOUND); work that waits for such a board is its owner's to end. */
	void (*give_up)(struct ff_wish *wish, enum ff_status status);
};

/* Embedded in whatever waits; must live until it is taken, given up or withdrawn. */
struct ff_wish {
	const struct ff_wish_ops *ops;
	struct ff_worker *board;            /* the one that is wanted; NULL: any that the selector matches */
	const struct ff_selector *selector; /* lives as long; NULL if there is a board */
	int priority;
	int64_t since_us;      /* when it came */
	int64_t deadline_us;   /* until when it waits; INT64_MAX: for ever. One that is over by now gets one chance */
	int64_t lost_until_us; /* until when the board that it names is waited for while it is lost; 0: not at all */
	uint64_t lease;        /* that it comes with, 0: none */
	uint64_t ticket;       /* of the board's, see ff_worker_ticket(); 0: none */
	const char *owner;     /* who asks for a lease, for people; lives as long; NULL: it is a job */
	bool alone;            /* it wants the board without anybody's work on it, as a lease does */
	unsigned
		kind; /* of work, below FF_DURATIONS_KINDS, to tell how long it takes; FF_DISPATCH_NO_KIND: nobody knows */

	/* The dispatcher's. */
	struct ff_order order;
	uint64_t may[FF_BOARDS_MAX / 64]; /* a bit for each place */
	uint64_t added;                   /* round in which it came; the next one is a whole chance */
	uint64_t round;                   /* in which it was offered something last; 0: nothing yet */
	unsigned position;                /* 1: next; 0: not known yet */
	int64_t start_us;                 /* when it may begin; -1: unknown */
	bool listed;
	struct ff_wish *next;
};

/* When its turn comes, as far as one can tell now. */
struct ff_forecast {
	unsigned position; /* 1: it is next; 0: it does not wait */
	int64_t start_ms;  /* Unix time in milliseconds; 0: unknown */
};

struct ff_dispatch;

struct ff_dispatch_options {
	struct ff_boards *boards;         /* must outlive it */
	struct ff_quarantine *quarantine; /* must outlive it; may be NULL */
	void (*changed)(void *context);   /* told when places have changed; must not wait; may be NULL */
	void *changed_context;
};

/* NULL: out of memory. */
struct ff_dispatch *ff_dispatch_new(const struct ff_dispatch_options *options);

/* Boards have come or gone. The context is the dispatcher; never waits. For ff_boards_watch(). */
void ff_dispatch_boards_changed(void *dispatch);

/* Starts the thread. FF_ERR_IO: none is left. */
FF_WARN_UNUSED enum ff_status ff_dispatch_start(struct ff_dispatch *dispatch);

/* Ends the thread: nothing is offered any more. Those who wait are there until they are withdrawn. */
void ff_dispatch_stop(struct ff_dispatch *dispatch);

/* Stops and releases. Nobody may wait any more. NULL is harmless. */
void ff_dispatch_free(struct ff_dispatch *dispatch);

/* Lets `wish` wait. FF_ERR_BUSY: too many do already; FF_ERR_CANCELLED: it has been stopped. */
FF_WARN_UNUSED enum ff_status ff_dispatch_add(struct ff_dispatch *dispatch, struct ff_wish *wish);

/* Takes it back, after the end of an offer that is being made. False: it does not wait; it may have been taken. Not from
 * within an offer. */
bool ff_dispatch_withdraw(struct ff_dispatch *dispatch, struct ff_wish *wish);

/* Something has changed at a board. The context is the dispatcher; never waits. */
void ff_dispatch_kick(void *dispatch);

void ff_dispatch_forecast(struct ff_dispatch *dispatch, const struct ff_wish *wish, struct ff_forecast *forecast);

/* One who waits for a lease, at one moment. */
struct ff_waiting {
	char owner[FF_KEEP_OWNER_SIZE];
	char board[FF_BOARD_NAME_SIZE]; /* empty: any that the selector matches */
	int64_t since_ms;               /* Unix time in milliseconds */
	struct ff_forecast forecast;
};

/* Copies those who wait for leases, in their order, at most `capacity`, and answers how many. */
size_t ff_dispatch_list(struct ff_dispatch *dispatch, struct ff_waiting *list, size_t capacity);

/* How many wait that name this board. NULL for `dispatch`: nobody does. */
size_t ff_dispatch_waiting(struct ff_dispatch *dispatch, const struct ff_worker *board);

/* Work of this kind has taken so long there. */
void ff_dispatch_took(struct ff_dispatch *dispatch, const struct ff_worker *board, unsigned kind, int64_t took_ms);

#endif
