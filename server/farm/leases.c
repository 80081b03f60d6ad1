// SPDX-License-Identifier: Apache-2.0
#include "leases_inner.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "random.h"

int64_t ff_leases_now(const struct ff_leases *leases)
{
	return leases->options.now_us ? leases->options.now_us(leases->options.now_context) : ff_now_us();
}

struct ff_leases *ff_leases_new(const struct ff_leases_options *options)
{
	struct ff_leases *leases = calloc(1, sizeof(*leases));
	if (!leases) {
		return NULL;
	}
	leases->options = *options;
	leases->slots = calloc(options->most + 1, sizeof(*leases->slots));
	leases->over = calloc(FF_LEASES_REMEMBERED, sizeof(*leases->over));
	if (!leases->slots || !leases->over) {
		free(leases->slots);
		free(leases->over);
		free(leases);
		return NULL;
	}
	pthread_mutex_init(&leases->mutex, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&leases->changed, &attributes);
	pthread_cond_init(&leases->settled, NULL);
	pthread_condattr_destroy(&attributes);
	return leases;
}

void ff_leases_free(struct ff_leases *leases)
{
	if (!leases) {
		return;
	}
	ff_leases_stop(leases);
	pthread_cond_destroy(&leases->changed);
	pthread_cond_destroy(&leases->settled);
	pthread_mutex_destroy(&leases->mutex);
	free(leases->slots);
	free(leases->over);
	free(leases);
}

static void tell(const struct ff_leases *leases)
{
	if (leases->options.changed) {
		leases->options.changed(leases->options.changed_context);
	}
}

/* ---- ids ---- */

/* False: it cannot be an id, or there is no memory. */
static bool hash_id(uint8_t hash[FF_LEASE_HASH_SIZE], const char *id)
{
	unsigned size = 0;
	return strlen(id) == FF_LEASE_ID_SIZE - 1 && EVP_Digest(id, strlen(id), hash, &size, EVP_sha256(), NULL) == 1 &&
	       size == FF_LEASE_HASH_SIZE;
}

/* In a time that tells nothing of where they differ. */
static bool is_same(const uint8_t *known, const uint8_t *hash)
{
	return CRYPTO_memcmp(known, hash, FF_LEASE_HASH_SIZE) == 0;
}

/* The slot of a lease that is in force. Under the mutex. */
static enum ff_status find_slot(struct ff_leases *leases, const char *id, struct ff_lease_slot **found)
{
	uint8_t hash[FF_LEASE_HASH_SIZE];
	int64_t now = ff_leases_now(leases);
	if (!hash_id(hash, id)) {
		return FF_ERR_NOT_FOUND;
	}
	for (size_t i = 0; i < leases->options.most; i++) {
		struct ff_lease_slot *slot = &leases->slots[i];
		if (slot->state != FF_SLOT_FREE && slot->state != FF_SLOT_BEGINNING && is_same(slot->hash, hash)) {
			*found = slot;
			/* Its time is over before anybody has noticed. */
			return slot->state == FF_SLOT_LEASED && slot->expires_us > now ? FF_OK : FF_ERR_LOST;
		}
	}
	for (size_t i = 0; i < FF_LEASES_REMEMBERED && i < leases->over_count; i++) {
		if (is_same(leases->over[i], hash)) {
			return FF_ERR_LOST;
		}
	}
	return FF_ERR_NOT_FOUND;
}

/* A copy for its holder, who knows the id; it may have it in the same lease. */
static void copy_whole(struct ff_lease *lease, const struct ff_lease_slot *slot, const char *id)
{
	char known[FF_LEASE_ID_SIZE];
	snprintf(known, sizeof(known), "%s", id);
	*lease = slot->lease;
	memcpy(lease->id, known, sizeof(known));
}

/* ---- the ledger ---- */

static void fill_record(struct ff_lease_record *record, const struct ff_lease_slot *slot)
{
	*record = (struct ff_lease_record){
		.keep = slot->lease.keep,
		.created_ms = slot->lease.created_ms,
		.expires_ms = slot->lease.expires_ms,
	};
	memcpy(record->hash, slot->hash, sizeof(record->hash));
	snprintf(record->board, sizeof(record->board), "%s", ff_worker_name(slot->lease.board));
}

static enum ff_status record_take(const struct ff_leases *leases, const struct ff_lease_slot *slot)
{
	const struct ff_lease_ledger *ledger = leases->options.ledger;
	struct ff_lease_record record;
	if (!ledger) {
		return FF_OK;
	}
	fill_record(&record, slot);
	return ledger->take(ledger->context, &record, NULL);
}

/* The board is free in any case; what is not recorded yet will be, or the worst is that the lease comes back. */
void ff_leases_record_end(const struct ff_leases *leases, const struct ff_lease_record *record, const char *why)
{
	const struct ff_lease_ledger *ledger = leases->options.ledger;
	struct ff_lease_record ended = *record;
	ended.ended_ms = ff_wall_ms();
	(void)!ledger->end(ledger->context, &ended, why, NULL);
}

/* ---- the beginning ---- */

static struct ff_lease_slot *slot_of_board(struct ff_leases *leases, const struct ff_worker *board)
{
	for (size_t i = 0; i < leases->options.most; i++) {
		if (leases->slots[i].state != FF_SLOT_FREE && leases->slots[i].lease.board == board) {
			return &leases->slots[i];
		}
	}
	return NULL;
}

struct ff_lease_slot *ff_leases_free_slot(struct ff_leases *leases)
{
	for (size_t i = 0; i < leases->options.most; i++) {
		if (leases->slots[i].state == FF_SLOT_FREE) {
			return &leases->slots[i];
		}
	}
	return NULL;
}

/* By two clocks: one is for people and for the next start, the other nobody sets. */
static void set_end(const struct ff_leases *leases, struct ff_lease_slot *slot, unsigned seconds, int64_t expires_ms)
{
	slot->expires_us = ff_leases_now(leases) + (int64_t)seconds * 1000000;
	slot->lease.expires_ms = expires_ms;
}

static int64_t in_seconds(unsigned seconds)
{
	return ff_wall_ms() + (int64_t)seconds * 1000;
}

/* Closes the gate and has the lease recorded; its slot is the caller's. */
static enum ff_status begin(struct ff_leases *leases, struct ff_lease_slot *slot, unsigned seconds)
{
	const struct ff_lease_gate *gate = &leases->options.gate;
	struct ff_worker *board = slot->lease.board;
	enum ff_status status = gate->close(gate->context, board, &slot->lease.keep);
	if (status == FF_OK) {
		slot->lease.expires_ms = in_seconds(seconds);
		status = record_take(leases, slot);
		if (status != FF_OK) {
			gate->open(gate->context, board, slot->lease.keep.lease);
		}
	}
	return status;
}

enum ff_status ff_leases_take(struct ff_leases *leases, struct ff_worker *board, const char *owner, const char *peer,
			      unsigned seconds, struct ff_lease *lease)
{
	char id[FF_LEASE_ID_SIZE];
	struct ff_lease_slot made = { .state = FF_SLOT_BEGINNING,
				      .lease = { .board = board, .created_ms = ff_wall_ms() } };
	if (!ff_random_hex(id, sizeof(id) / 2) || !hash_id(made.hash, id)) {
		return FF_ERR_IO;
	}
	snprintf(made.lease.keep.owner, sizeof(made.lease.keep.owner), "%s", owner);
	snprintf(made.lease.keep.peer, sizeof(made.lease.keep.peer), "%s", peer);
	pthread_mutex_lock(&leases->mutex);
	struct ff_lease_slot *slot = slot_of_board(leases, board) ? NULL : ff_leases_free_slot(leases);
	if (slot) {
		made.lease.keep.lease = ++leases->last_number;
		*slot = made;
	}
	pthread_mutex_unlock(&leases->mutex);
	if (!slot) {
		return FF_ERR_BUSY;
	}
	enum ff_status status = begin(leases, &made, seconds);
	pthread_mutex_lock(&leases->mutex);
	if (status == FF_OK) {
		*slot = made;
		set_end(leases, slot, seconds, made.lease.expires_ms);
		slot->state = FF_SLOT_LEASED;
		copy_whole(lease, slot, id);
		pthread_cond_signal(&leases->changed);
	} else {
		slot->state = FF_SLOT_FREE;
	}
	pthread_cond_broadcast(&leases->settled);
	pthread_mutex_unlock(&leases->mutex);
	if (status == FF_OK) {
		tell(leases);
	}
	return status;
}

/* ---- the end ---- */

/* Ends a lease whose slot the caller has set to FF_SLOT_ENDING, so that it is nobody else's. */
static void end(struct ff_leases *leases, struct ff_lease_slot *slot, const char *why)
{
	leases->options.gate.open(leases->options.gate.context, slot->lease.board, slot->lease.keep.lease);
	if (leases->options.ledger) {
		struct ff_lease_record record;
		fill_record(&record, slot);
		ff_leases_record_end(leases, &record, why);
	}
	pthread_mutex_lock(&leases->mutex);
	memcpy(leases->over[leases->over_count++ % FF_LEASES_REMEMBERED], slot->hash, FF_LEASE_HASH_SIZE);
	slot->state = FF_SLOT_FREE;
	pthread_cond_broadcast(&leases->settled);
	pthread_mutex_unlock(&leases->mutex);
	tell(leases);
}

enum ff_status ff_leases_end(struct ff_leases *leases, const char *id)
{
	struct ff_lease_slot *slot = NULL;
	pthread_mutex_lock(&leases->mutex);
	enum ff_status status = find_slot(leases, id, &slot);
	if (status == FF_OK) {
		slot->state = FF_SLOT_ENDING;
	}
	pthread_mutex_unlock(&leases->mutex);
	if (status == FF_OK) {
		end(leases, slot, "handed-back");
	}
	return status;
}

/* Ends the lease of a board, or waits until whoever has it in hand has done so. False: there is none. */
static bool end_of_board(struct ff_leases *leases, const struct ff_worker *board, const char *why)
{
	pthread_mutex_lock(&leases->mutex);
	struct ff_lease_slot *slot = slot_of_board(leases, board);
	while (slot && slot->state != FF_SLOT_LEASED) {
		pthread_cond_wait(&leases->settled, &leases->mutex);
		slot = slot_of_board(leases, board);
	}
	if (slot) {
		slot->state = FF_SLOT_ENDING;
	}
	pthread_mutex_unlock(&leases->mutex);
	if (slot) {
		end(leases, slot, why);
	}
	return slot != NULL;
}

enum ff_status ff_leases_take_away(struct ff_leases *leases, const struct ff_worker *board)
{
	return end_of_board(leases, board, "taken-away") ? FF_OK : FF_ERR_NOT_FOUND;
}

void ff_leases_end_board(struct ff_leases *leases, const struct ff_worker *board)
{
	while (end_of_board(leases, board, "board-removed")) {
		/* one that was just being taken */
	}
}

/* The next lease whose time is over, set to FF_SLOT_ENDING; NULL, and when to look again, if there is none. Under the mutex. */
static struct ff_lease_slot *next_over(struct ff_leases *leases, int64_t *next_us)
{
	int64_t now = ff_leases_now(leases);
	*next_us = INT64_MAX;
	for (size_t i = 0; i < leases->options.most; i++) {
		struct ff_lease_slot *slot = &leases->slots[i];
		if (slot->state == FF_SLOT_LEASED && slot->expires_us <= now) {
			slot->state = FF_SLOT_ENDING;
			return slot;
		}
		if (slot->state == FF_SLOT_LEASED && slot->expires_us < *next_us) {
			*next_us = slot->expires_us;
		}
	}
	return NULL;
}

int64_t ff_leases_expire(struct ff_leases *leases)
{
	int64_t next_us = INT64_MAX;
	struct ff_lease_slot *slot;
	do {
		pthread_mutex_lock(&leases->mutex);
		slot = next_over(leases, &next_us);
		pthread_mutex_unlock(&leases->mutex);
		if (slot) {
			end(leases, slot, "expired");
		}
	} while (slot);
	return next_us;
}

/* ---- in between ---- */

enum ff_status ff_leases_find(struct ff_leases *leases, const char *id, struct ff_lease *lease)
{
	struct ff_lease_slot *slot = NULL;
	pthread_mutex_lock(&leases->mutex);
	enum ff_status status = find_slot(leases, id, &slot);
	if (status == FF_OK) {
		copy_whole(lease, slot, id);
	}
	pthread_mutex_unlock(&leases->mutex);
	return status;
}

/* The ledger is told of the lease's new end, before it has it. */
static enum ff_status record_renewal(const struct ff_leases *leases, uint64_t lease, int64_t expires_ms)
{
	const struct ff_lease_ledger *ledger = leases->options.ledger;
	return ledger ? ledger->renew(ledger->context, lease, expires_ms, NULL) : FF_OK;
}

enum ff_status ff_leases_renew(struct ff_leases *leases, const char *id, unsigned seconds, struct ff_lease *lease)
{
	struct ff_lease_slot *slot = NULL;
	struct ff_lease before;
	int64_t expires_ms = in_seconds(seconds);
	enum ff_status status = ff_leases_find(leases, id, &before);
	if (status == FF_OK) {
		status = record_renewal(leases, before.keep.lease, expires_ms);
	}
	if (status != FF_OK) {
		return status;
	}
	pthread_mutex_lock(&leases->mutex);
	status = find_slot(leases, id, &slot); /* it may have ended since */
	if (status == FF_OK) {
		set_end(leases, slot, seconds, expires_ms);
		copy_whole(lease, slot, id);
		pthread_cond_signal(&leases->changed); /* it may be earlier than before */
	}
	pthread_mutex_unlock(&leases->mutex);
	if (status == FF_OK) {
		tell(leases);
	}
	return status;
}

static void copy_open(struct ff_lease *lease, const struct ff_lease_slot *slot)
{
	*lease = slot->lease; /* which has no id */
}

bool ff_leases_of(struct ff_leases *leases, const struct ff_worker *board, struct ff_lease *lease)
{
	pthread_mutex_lock(&leases->mutex);
	const struct ff_lease_slot *slot = slot_of_board(leases, board);
	bool found = slot && slot->state != FF_SLOT_BEGINNING;
	if (found) {
		copy_open(lease, slot);
	}
	pthread_mutex_unlock(&leases->mutex);
	return found;
}

size_t ff_leases_list(struct ff_leases *leases, struct ff_lease *list, size_t capacity)
{
	size_t count = 0;
	pthread_mutex_lock(&leases->mutex);
	for (size_t i = 0; i < leases->options.most && count < capacity; i++) {
		if (leases->slots[i].state == FF_SLOT_LEASED || leases->slots[i].state == FF_SLOT_ENDING) {
			copy_open(&list[count++], &leases->slots[i]);
		}
	}
	pthread_mutex_unlock(&leases->mutex);
	return count;
}

/* ---- the thread ---- */

static void wait_until(struct ff_leases *leases, int64_t until_us)
{
	struct timespec until = { .tv_sec = until_us / 1000000, .tv_nsec = (until_us % 1000000) * 1000 };
	if (until_us == INT64_MAX) {
		pthread_cond_wait(&leases->changed, &leases->mutex);
	} else {
		pthread_cond_timedwait(&leases->changed, &leases->mutex, &until);
	}
}

static void *run(void *argument)
{
	struct ff_leases *leases = argument;
	pthread_mutex_lock(&leases->mutex);
	while (!leases->stopping) {
		int64_t next_us = INT64_MAX;
		struct ff_lease_slot *slot = next_over(leases, &next_us);
		if (slot) {
			pthread_mutex_unlock(&leases->mutex);
			end(leases, slot, "expired");
			pthread_mutex_lock(&leases->mutex);
		} else {
			wait_until(leases, next_us);
		}
	}
	pthread_mutex_unlock(&leases->mutex);
	return NULL;
}

enum ff_status ff_leases_start(struct ff_leases *leases)
{
	if (pthread_create(&leases->thread, NULL, run, leases) != 0) {
		return FF_ERR_IO;
	}
	pthread_setname_np(leases->thread, "ff-leases");
	leases->started = true;
	return FF_OK;
}

void ff_leases_stop(struct ff_leases *leases)
{
	if (leases->started) {
		pthread_mutex_lock(&leases->mutex);
		leases->stopping = true;
		pthread_cond_signal(&leases->changed);
		pthread_mutex_unlock(&leases->mutex);
		pthread_join(leases->thread, NULL);
		leases->started = false;
	}
}
