// SPDX-License-Identifier: Apache-2.0
/* What the leases' own files share. For nobody else. */
#ifndef FF_FARM_LEASES_INNER_H
#define FF_FARM_LEASES_INNER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leases.h"

/* A slot is taken before its gate is closed and free only after it was opened, both of which happen without the lock. */
enum ff_lease_slot_state { FF_SLOT_FREE, FF_SLOT_BEGINNING, FF_SLOT_LEASED, FF_SLOT_ENDING };

struct ff_lease_slot {
	enum ff_lease_slot_state state;
	uint8_t hash[FF_LEASE_HASH_SIZE];
	struct ff_lease lease; /* without its id, which nobody but its holder knows */
	int64_t expires_us;
};

struct ff_leases {
	struct ff_leases_options options;
	pthread_t thread;
	bool started;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	pthread_cond_t settled;      /* a slot has come out of FF_SLOT_BEGINNING or FF_SLOT_ENDING */
	struct ff_lease_slot *slots; /* options.most */
	uint64_t last_number;
	uint8_t (*over)[FF_LEASE_HASH_SIZE]; /* a ring of FF_LEASES_REMEMBERED */
	size_t over_count;                   /* ever */
	bool stopping;
};

/* By the clock of the options. */
int64_t ff_leases_now(const struct ff_leases *leases);

/* NULL: there is none. Under the mutex. */
struct ff_lease_slot *ff_leases_free_slot(struct ff_leases *leases);

/* Tells the ledger that a lease has ended just now. */
void ff_leases_record_end(const struct ff_leases *leases, const struct ff_lease_record *record, const char *why);

#endif
