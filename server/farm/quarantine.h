// SPDX-License-Identifier: Apache-2.0
/* Boards that nobody should get by chance: those whose last jobs have failed through the board's own fault, and those that
 * somebody has put here. They are known by their names, so that one that goes away and comes back is still here.
 * new/free; every function may be called from any thread. */
#ifndef FF_FARM_QUARANTINE_H
#define FF_FARM_QUARANTINE_H

#include <stdbool.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_QUARANTINE_REASON_SIZE 200
#define FF_QUARANTINE_DEFAULT_AFTER 3
#define FF_QUARANTINE_MOST_AFTER 1000

struct ff_quarantine;

struct ff_quarantine_options {
	unsigned after; /* failures in a row; 0: never by itself */
	/* Told after each change; must not wait; may be NULL. */
	void (*changed)(void *context);
	void *changed_context;
};

/* How it is with a board at one moment. */
struct ff_quarantine_view {
	bool in;
	bool by_hand;
	unsigned failures; /* in a row */
	int64_t since_ms;  /* Unix time in milliseconds */
	char reason[FF_QUARANTINE_REASON_SIZE];
};

/* NULL: out of memory. */
struct ff_quarantine *ff_quarantine_new(const struct ff_quarantine_options *options);

/* NULL is harmless. */
void ff_quarantine_free(struct ff_quarantine *quarantine);

/* What is to be made of the end of a job. */
enum ff_quarantine_news {
	FF_QUARANTINE_NOTHING, /* all is as it was */
	FF_QUARANTINE_BEGINS,
	FF_QUARANTINE_ENDS,
};

/* A job of the board has ended like this; `detail` says it for people. `probe`: it was there to find out how the board is, and
 * its success ends a quarantine that failures have begun. */
enum ff_quarantine_news ff_quarantine_note(struct ff_quarantine *quarantine, const char *board, enum ff_status status,
					   const char *detail, bool probe);

/* Whether a failure like this is the board's, and not that of what was asked of it. */
bool ff_quarantine_blames(enum ff_status status);

/* By hand. Another reason replaces the first. FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_quarantine_put(struct ff_quarantine *quarantine, const char *board,
						const char *reason);

/* By hand. False: it was not in. */
bool ff_quarantine_end(struct ff_quarantine *quarantine, const char *board);

/* Whether the board is in; fills in the view either way. `quarantine` may be NULL: nobody is. */
bool ff_quarantine_look(struct ff_quarantine *quarantine, const char *board, struct ff_quarantine_view *view);

#endif
