// SPDX-License-Identifier: Apache-2.0
/* Boards that nobody should get by chance: those whose last jobs have failed through the board's own fault, and those that
 * somebody has put here. They are known by their names, so that one that goes away and comes back is still here,
 * and with a ledger one that comes back after a restart.
 * new/free; every function may be called from any thread. */
#ifndef FF_FARM_QUARANTINE_H
#define FF_FARM_QUARANTINE_H

#include <stdbool.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_QUARANTINE_REASON_SIZE 200
#define FF_QUARANTINE_WHO_SIZE 65
#define FF_QUARANTINE_DEFAULT_AFTER 3
#define FF_QUARANTINE_MOST_AFTER 1000

struct ff_quarantine;
struct ff_quarantine_ledger;

struct ff_quarantine_options {
	unsigned after;                            /* failures in a row; 0: never by itself */
	const struct ff_quarantine_ledger *ledger; /* what is kept beyond the process; NULL: nothing; must outlive it */
	/* Told after each change; must not wait; may be NULL. */
	void (*changed)(void *context);
	void *changed_context;
};

/* How it is with a board at one moment. */
struct ff_quarantine_view {
	bool in;
	bool by_hand;
	unsigned failures;                /* in a row */
	int64_t since_ms;                 /* Unix time in milliseconds */
	char who[FF_QUARANTINE_WHO_SIZE]; /* put it there by hand: a token's name or an address; else empty */
	char reason[FF_QUARANTINE_REASON_SIZE];
};

/* NULL: out of memory. */
struct ff_quarantine *ff_quarantine_new(const struct ff_quarantine_options *options);

/* Takes up the boards that the ledger has kept, once, before anything else. How many failures others have is not kept. Errors of
 * the ledger's load(), FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_quarantine_restore(struct ff_quarantine *quarantine, struct ff_error *error);

/* NULL is harmless. */
void ff_quarantine_free(struct ff_quarantine *quarantine);

/* What is to be made of the end of a job. */
enum ff_quarantine_news {
	FF_QUARANTINE_NOTHING, /* all is as it was */
	FF_QUARANTINE_BEGINS,
	FF_QUARANTINE_ENDS,
};

/* A job of the board has ended like this; `detail` says it for people. `probe`: it was there to find out how the board is, and
 * its success ends a quarantine that failures have begun. What changes a board that is in or gets in waits for the
 * ledger; `error` says what that answered, and the news is true all the same. */
enum ff_quarantine_news ff_quarantine_note(struct ff_quarantine *quarantine, const char *board, enum ff_status status,
					   const char *detail, bool probe, struct ff_error *error);

/* Whether a failure like this is the board's, and not that of what was asked of it. */
bool ff_quarantine_blames(enum ff_status status);

/* By hand. Another reason replaces the first. Waits for the ledger. FF_ERR_NO_MEMORY: it is not in; errors of the ledger: it is
 * in, and not recorded yet. */
FF_WARN_UNUSED enum ff_status ff_quarantine_put(struct ff_quarantine *quarantine, const char *board, const char *who,
						const char *reason, struct ff_error *error);

/* By hand. Waits for the ledger. `was_in`: whether it was. Errors of the ledger: it is out, and that is not recorded yet. */
FF_WARN_UNUSED enum ff_status ff_quarantine_end(struct ff_quarantine *quarantine, const char *board, bool *was_in,
						struct ff_error *error);

/* Whether the board is in; fills in the view either way. `quarantine` may be NULL: nobody is. */
bool ff_quarantine_look(struct ff_quarantine *quarantine, const char *board, struct ff_quarantine_view *view);

#endif
