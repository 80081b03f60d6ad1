// SPDX-License-Identifier: Apache-2.0
/* What the leases take up from an earlier run. */
#include "leases_inner.h"

#include <stdlib.h>
#include <string.h>

struct restore {
	struct ff_leases *leases;
	struct ff_worker *(*find)(void *context, const char *name);
	void *find_context;
	struct ff_lease_record *over; /* those that have ended by now */
	size_t over_count;
};

/* False: it cannot go on. */
static bool resume(struct restore *restore, const struct ff_lease_record *record)
{
	struct ff_leases *leases = restore->leases;
	const struct ff_lease_gate *gate = &leases->options.gate;
	struct ff_worker *board = restore->find(restore->find_context, record->board);
	struct ff_lease_slot *slot = board ? ff_leases_free_slot(leases) : NULL;
	if (!slot || record->expires_ms <= ff_wall_ms() || gate->close(gate->context, board, &record->keep) != FF_OK) {
		return false;
	}
	*slot = (struct ff_lease_slot){
		.state = FF_SLOT_LEASED,
		.lease = { .board = board, .keep = record->keep, .created_ms = record->created_ms },
	};
	memcpy(slot->hash, record->hash, sizeof(slot->hash));
	slot->lease.expires_ms = record->expires_ms;
	slot->expires_us = ff_leases_now(leases) + (record->expires_ms - ff_wall_ms()) * 1000;
	return true;
}

/* Nobody else knows the leases yet, so no lock is needed; and the ledger cannot be told anything while it tells. */
static void on_found(void *context, const struct ff_lease_record *record)
{
	struct restore *restore = context;
	struct ff_leases *leases = restore->leases;
	if (record->ended_ms == 0 && resume(restore, record)) {
		return;
	}
	memcpy(leases->over[leases->over_count++ % FF_LEASES_REMEMBERED], record->hash, FF_LEASE_HASH_SIZE);
	if (record->ended_ms == 0) {
		struct ff_lease_record *more =
			realloc(restore->over, (restore->over_count + 1) * sizeof(*restore->over));
		if (more) { /* else it ends at the next start */
			restore->over = more;
			restore->over[restore->over_count++] = *record;
		}
	}
}

enum ff_status ff_leases_restore(struct ff_leases *leases, struct ff_worker *(*find)(void *context, const char *name),
				 void *context, struct ff_error *error)
{
	struct restore restore = { .leases = leases, .find = find, .find_context = context };
	const struct ff_lease_ledger *ledger = leases->options.ledger;
	enum ff_status status = ledger->load(ledger->context, on_found, &restore, &leases->last_number, error);
	for (size_t i = 0; i < restore.over_count; i++) {
		bool in_time = restore.over[i].expires_ms > ff_wall_ms();
		ff_leases_record_end(leases, &restore.over[i], in_time ? "board-removed" : "expired");
	}
	free(restore.over);
	return status;
}
