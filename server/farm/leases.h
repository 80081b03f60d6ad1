// SPDX-License-Identifier: Apache-2.0
/* Who has which board for how long. A lease is known by its id, 128 random bits that only its holder is told, of which a hash
 * is remembered; and by its number, which is no secret and is never given again.
 *
 * This is the whole interface to leases. With a ledger they outlive the process. A board has one lease at most. When one is over, by time or by hand, its gate is opened first, and only then can anybody else have the board.
 * new/free; every function may be called from any thread. */
#ifndef FF_FARM_LEASES_H
#define FF_FARM_LEASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "lease_ledger.h"
#include "worker.h"

#define FF_LEASE_ID_SIZE 33 /* 32 hexadecimal digits */
#define FF_LEASE_LONGEST_S 86400
#define FF_LEASES_REMEMBERED 1024 /* leases that are over, but are still known to have been */

/* What stands between the lease and its board. None of it may call back; both are called without a lock. */
struct ff_lease_gate {
	/* Keeps the board for `keep->lease`. FF_ERR_BUSY: somebody is using it. */
	enum ff_status (*close)(void *context, struct ff_worker *board, const struct ff_keep *keep);
	/* That lease is over. From the return on nothing of it begins any more at the board. */
	void (*open)(void *context, struct ff_worker *board, uint64_t lease);
	void *context;
};

struct ff_leases_options {
	size_t most; /* leases at a time */
	struct ff_lease_gate gate;
	const struct ff_lease_ledger
		*ledger;                  /* what is kept beyond the process; NULL: nothing; must outlive the leases */
	int64_t (*now_us)(void *context); /* a clock that never goes back; NULL: ff_now_us() */
	void *now_context;
	void (*changed)(void *context); /* told after each change; must not wait; may be NULL */
	void *changed_context;
};

/* A copy of a lease at one moment. */
struct ff_lease {
	char id[FF_LEASE_ID_SIZE]; /* empty where the asker need not know it */
	struct ff_worker *board;   /* good as long as the lease is in force */
	struct ff_keep keep;       /* number, owner and address */
	int64_t created_ms;        /* Unix time in milliseconds, like the next one */
	int64_t expires_ms;
};

struct ff_leases;

/* NULL: out of memory. */
struct ff_leases *ff_leases_new(const struct ff_leases_options *options);

/* Takes up what the ledger has kept, once, before anybody else can have a board: leases that are in force keep their boards
 * again, those whose time is over have ended. `find` gives the board of a name, NULL: there is none, and its lease has ended.
 * Errors of the ledger's load(). */
FF_WARN_UNUSED enum ff_status ff_leases_restore(struct ff_leases *leases,
						struct ff_worker *(*find)(void *context, const char *name),
						void *context, struct ff_error *error);

/* Starts the thread that ends leases when their time is over. FF_ERR_IO: no thread is left. */
FF_WARN_UNUSED enum ff_status ff_leases_start(struct ff_leases *leases);

/* Ends the thread. Leases stay as they are. */
void ff_leases_stop(struct ff_leases *leases);

/* Stops and releases. NULL is harmless. */
void ff_leases_free(struct ff_leases *leases);

/* Takes a board for so many seconds, 1 to FF_LEASE_LONGEST_S; `owner` and `peer` as in struct ff_keep. FF_ERR_BUSY: the board
 * is leased or in use, or there are as many leases as there may be; FF_ERR_IO: no random bits; what the ledger answers, for
 * which this waits. */
FF_WARN_UNUSED enum ff_status ff_leases_take(struct ff_leases *leases, struct ff_worker *board, const char *owner,
					     const char *peer, unsigned seconds, struct ff_lease *lease);

/* FF_ERR_LOST: it is over; FF_ERR_NOT_FOUND: there is none of this id, or it was over long ago. */
FF_WARN_UNUSED enum ff_status ff_leases_find(struct ff_leases *leases, const char *id, struct ff_lease *lease);

/* It ends so many seconds from now. Errors as ff_leases_find(), and what the ledger answers. */
FF_WARN_UNUSED enum ff_status ff_leases_renew(struct ff_leases *leases, const char *id, unsigned seconds,
					      struct ff_lease *lease);

/* Hands it back: it is over on return. Errors as ff_leases_find(). */
FF_WARN_UNUSED enum ff_status ff_leases_end(struct ff_leases *leases, const char *id);

/* Ends the lease of a board, whoever has it: it is over on return. FF_ERR_NOT_FOUND: there is none. */
FF_WARN_UNUSED enum ff_status ff_leases_take_away(struct ff_leases *leases, const struct ff_worker *board);

/* A board goes, and is not free any more: its lease, if there is one, is over on return. */
void ff_leases_end_board(struct ff_leases *leases, const struct ff_worker *board);

/* The lease of a board, without its id. False: it has none. */
bool ff_leases_of(struct ff_leases *leases, const struct ff_worker *board, struct ff_lease *lease);

/* Copies at most `capacity` leases, without their ids, and answers how many. */
size_t ff_leases_list(struct ff_leases *leases, struct ff_lease *list, size_t capacity);

/* Ends those whose time is over, and answers when the next one's will be; INT64_MAX: there is none. The thread does this;
 * for those who have a clock of their own. */
int64_t ff_leases_expire(struct ff_leases *leases);

#endif
