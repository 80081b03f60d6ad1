// SPDX-License-Identifier: Apache-2.0
/* The boards that the server has at this moment. They come and go while requests, jobs, sessions and leases use them, so
 * whoever has a board has a reference to it: one that has been removed is still there for them, but does nothing any more.
 *
 * This is the whole interface to the set of boards; behind it they live in this process. A list is a picture of one moment
 * that never changes, so that going through it needs no lock. new/free; every function may be called from any thread. */
#ifndef FF_FARM_BOARDS_H
#define FF_FARM_BOARDS_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/status.h>

#include "worker.h"

#define FF_BOARDS_MAX 256
#define FF_BOARDS_MAX_WATCHERS 4

struct ff_boards;

/* In the order in which they were added. */
struct ff_board_list {
	size_t count;
	struct ff_worker *workers[]; /* good as long as the list is */
};

/* NULL: out of memory. */
struct ff_boards *ff_boards_new(void);

/* Lists that somebody still has stay good. NULL is harmless. */
void ff_boards_free(struct ff_boards *boards);

/* Has `changed` told after each change, from the thread that makes it; it must not wait. Before the first change.
 * FF_ERR_BUSY: there are FF_BOARDS_MAX_WATCHERS already. */
FF_WARN_UNUSED enum ff_status ff_boards_watch(struct ff_boards *boards, void (*changed)(void *context), void *context);

/* Adds a board behind the others, with a reference of its own. FF_ERR_BUSY: its name is taken, or there are FF_BOARDS_MAX
 * of them; FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_boards_add(struct ff_boards *boards, struct ff_worker *worker);

/* From the return on nobody finds it any more. Its work is the caller's to end. FF_ERR_NOT_FOUND; FF_ERR_NO_MEMORY: it is
 * still there. */
FF_WARN_UNUSED enum ff_status ff_boards_remove(struct ff_boards *boards, struct ff_worker *worker);

/* A reference to the board of this name; NULL: there is none. */
struct ff_worker *ff_boards_find(struct ff_boards *boards, const char *name);

/* All of them; ff_board_list_unref() is due. */
const struct ff_board_list *ff_boards_list(struct ff_boards *boards);

/* NULL is harmless. */
void ff_board_list_unref(const struct ff_board_list *list);

#endif
