// SPDX-License-Identifier: Apache-2.0
/* Who has done what, and from where: one line for each request that changes something, each lease that begins or ends,
 * each session that takes a board to write to it.
 *
 * This is the whole interface; server/store implements it. Any thread. */
#ifndef FF_FARM_AUDIT_H
#define FF_FARM_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

/* One line. Texts may be NULL where there is nothing to say; what is too long is cut, what is no UTF-8 replaced. */
struct ff_audit_line {
	uint64_t number;    /* filled in by the ledger, like the next */
	int64_t at_ms;      /* Unix time in milliseconds */
	const char *who;    /* a lease's owner, a token's name */
	const char *from;   /* an address */
	const char *action; /* "POST /api/v1/boards/NAME/flash", "lease-taken", ... */
	const char *board;
	const char *job;    /* its id */
	const char *result; /* "202", "board-leased", ... */
};

struct ff_audit_query {
	const char *board; /* NULL: of all, and of none */
	int64_t since_ms;
	size_t limit; /* the newest so many */
};

typedef void (*ff_audit_found)(void *context, const struct ff_audit_line *line);

struct ff_audit {
	/* Waits for nothing. */
	void (*note)(void *context, const struct ff_audit_line *line);

	/* Tells the lines that match, newest first. FF_ERR_IO, FF_ERR_NO_MEMORY. */
	enum ff_status (*list)(void *context, const struct ff_audit_query *query, ff_audit_found found,
			       void *found_context, struct ff_error *error);

	void *context;
};

#endif
