// SPDX-License-Identifier: Apache-2.0
/* What outlives the process of its leases. The leases tell it what becomes of each before anybody else hears of it, and ask it
 * at the next start.
 *
 * This is the whole interface; server/store implements it. It never sees a lease's id, only the id's hash. Its functions are
 * called by several threads at a time and without a lock, and answer when what they were told is safe on disk.
 * FF_ERR_NO_SPACE, FF_ERR_IO, FF_ERR_TIMEOUT (the disk does not answer): it is not recorded. */
#ifndef FF_FARM_LEASE_LEDGER_H
#define FF_FARM_LEASE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "worker.h"

#define FF_LEASE_HASH_SIZE 32 /* SHA-256 of the id's text */

/* A lease as it is kept. Times are Unix time in milliseconds. */
struct ff_lease_record {
	uint8_t hash[FF_LEASE_HASH_SIZE];
	char board[FF_BOARD_NAME_SIZE];
	struct ff_keep keep;
	int64_t created_ms;
	int64_t expires_ms;
	int64_t ended_ms; /* 0: it is in force */
};

typedef void (*ff_lease_found)(void *context, const struct ff_lease_record *record);

struct ff_lease_ledger {
	/* A lease is to be given. After a failure it must not be. */
	enum ff_status (*take)(void *context, const struct ff_lease_record *record, struct ff_error *error);

	/* It is to end then. After a failure it must stay as it was. */
	enum ff_status (*renew)(void *context, uint64_t lease, int64_t expires_ms, struct ff_error *error);

	/* It has ended. What cannot be recorded now is tried again. */
	enum ff_status (*end)(void *context, const struct ff_lease_record *record, const char *why,
			      struct ff_error *error);

	/* Those that are in force and the last FF_LEASES_REMEMBERED that have ended, oldest first, and the highest number that
	 * there has ever been. FF_ERR_IO. */
	enum ff_status (*load)(void *context, ff_lease_found found, void *found_context, uint64_t *last_number,
			       struct ff_error *error);

	void *context;
};

#endif
