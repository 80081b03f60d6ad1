// SPDX-License-Identifier: Apache-2.0
#include "leases.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "random.h"

/* A slot is taken before its gate is closed and free only after it was opened, both of which happen without the lock. */
enum slot_state { SLOT_FREE, SLOT_BEGINNING, SLOT_LEASED, SLOT_ENDING };

struct slot {
	enum slot_state state;
	struct ff_lease lease;
	int64_t expires_us;
};

struct ff_leases {
	struct ff_leases_options options;
	pthread_t thread;
	bool started;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct slot *slots; /* options.most */
	uint64_t last_number;
	char (*over)[FF_LEASE_ID_SIZE]; /* a ring of FF_LEASES_REMEMBERED */
	size_t over_count;              /* ever */
	bool stopping;
};

static int64_t now_of(const struct ff_leases *leases)
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

/* In a time that tells nothing of where they differ. `given` is any text. */
static bool is_id(const char known[FF_LEASE_ID_SIZE], const char *given)
{
	unsigned differs = 0;
	if (strlen(given) != FF_LEASE_ID_SIZE - 1) {
		return false;
	}
	for (size_t i = 0; i < FF_LEASE_ID_SIZE - 1; i++) {
		differs |= (unsigned char)known[i] ^ (unsigned char)given[i];
	}
	return differs == 0;
}

/* The slot of a lease that is in force. Under the mutex. */
static enum ff_status find(struct ff_leases *leases, const char *id, struct slot **found)
{
	int64_t now = now_of(leases);
	for (size_t i = 0; i < leases->options.most; i++) {
		struct slot *slot = &leases->slots[i];
		if (slot->state != SLOT_FREE && slot->state != SLOT_BEGINNING && is_id(slot->lease.id, id)) {
			*found = slot;
			/* Its time is over before anybody has noticed. */
			return slot->state == SLOT_LEASED && slot->expires_us > now ? FF_OK : FF_ERR_LOST;
		}
	}
	for (size_t i = 0; i < FF_LEASES_REMEMBERED && i < leases->over_count; i++) {
		if (is_id(leases->over[i], id)) {
			return FF_ERR_LOST;
		}
	}
	return FF_ERR_NOT_FOUND;
}

/* ---- the beginning ---- */

static struct slot *slot_of_board(struct ff_leases *leases, const struct ff_worker *board)
{
	for (size_t i = 0; i < leases->options.most; i++) {
		if (leases->slots[i].state != SLOT_FREE && leases->slots[i].lease.board == board) {
			return &leases->slots[i];
		}
	}
	return NULL;
}

static struct slot *free_slot(struct ff_leases *leases)
{
	for (size_t i = 0; i < leases->options.most; i++) {
		if (leases->slots[i].state == SLOT_FREE) {
			return &leases->slots[i];
		}
	}
	return NULL;
}

static void set_end(struct ff_leases *leases, struct slot *slot, unsigned seconds)
{
	slot->expires_us = now_of(leases) + (int64_t)seconds * 1000000;
	slot->lease.expires_ms = ff_wall_ms() + (int64_t)seconds * 1000;
}

enum ff_status ff_leases_take(struct ff_leases *leases, struct ff_worker *board, const char *owner, const char *peer,
			      unsigned seconds, struct ff_lease *lease)
{
	struct ff_lease made = { .board = board, .created_ms = ff_wall_ms() };
	if (!ff_random_hex(made.id, sizeof(made.id) / 2)) {
		return FF_ERR_IO;
	}
	snprintf(made.keep.owner, sizeof(made.keep.owner), "%s", owner);
	snprintf(made.keep.peer, sizeof(made.keep.peer), "%s", peer);
	pthread_mutex_lock(&leases->mutex);
	struct slot *slot = slot_of_board(leases, board) ? NULL : free_slot(leases);
	if (slot) {
		made.keep.lease = ++leases->last_number;
		*slot = (struct slot){ .state = SLOT_BEGINNING, .lease = made };
	}
	pthread_mutex_unlock(&leases->mutex);
	if (!slot) {
		return FF_ERR_BUSY;
	}
	enum ff_status status = leases->options.gate.close(leases->options.gate.context, board, &made.keep);
	pthread_mutex_lock(&leases->mutex);
	if (status == FF_OK) {
		set_end(leases, slot, seconds);
		slot->state = SLOT_LEASED;
		*lease = slot->lease;
		pthread_cond_signal(&leases->changed);
	} else {
		slot->state = SLOT_FREE;
	}
	pthread_mutex_unlock(&leases->mutex);
	if (status == FF_OK) {
		tell(leases);
	}
	return status;
}

/* ---- the end ---- */

/* Ends a lease whose slot the caller has set to SLOT_ENDING, so that it is nobody else's. */
static void end(struct ff_leases *leases, struct slot *slot)
{
	leases->options.gate.open(leases->options.gate.context, slot->lease.board, slot->lease.keep.lease);
	pthread_mutex_lock(&leases->mutex);
	memcpy(leases->over[leases->over_count++ % FF_LEASES_REMEMBERED], slot->lease.id, FF_LEASE_ID_SIZE);
	slot->state = SLOT_FREE;
	pthread_mutex_unlock(&leases->mutex);
	tell(leases);
}

enum ff_status ff_leases_end(struct ff_leases *leases, const char *id)
{
	struct slot *slot = NULL;
	pthread_mutex_lock(&leases->mutex);
	enum ff_status status = find(leases, id, &slot);
	if (status == FF_OK) {
		slot->state = SLOT_ENDING;
	}
	pthread_mutex_unlock(&leases->mutex);
	if (status == FF_OK) {
		end(leases, slot);
	}
	return status;
}

/* The next lease whose time is over, set to SLOT_ENDING; NULL, and when to look again, if there is none. Under the mutex. */
static struct slot *next_over(struct ff_leases *leases, int64_t *next_us)
{
	int64_t now = now_of(leases);
	*next_us = INT64_MAX;
	for (size_t i = 0; i < leases->options.most; i++) {
		struct slot *slot = &leases->slots[i];
		if (slot->state == SLOT_LEASED && slot->expires_us <= now) {
			slot->state = SLOT_ENDING;
			return slot;
		}
		if (slot->state == SLOT_LEASED && slot->expires_us < *next_us) {
			*next_us = slot->expires_us;
		}
	}
	return NULL;
}

int64_t ff_leases_expire(struct ff_leases *leases)
{
	int64_t next_us = INT64_MAX;
	struct slot *slot;
	do {
		pthread_mutex_lock(&leases->mutex);
		slot = next_over(leases, &next_us);
		pthread_mutex_unlock(&leases->mutex);
		if (slot) {
			end(leases, slot);
		}
	} while (slot);
	return next_us;
}

/* ---- in between ---- */

enum ff_status ff_leases_find(struct ff_leases *leases, const char *id, struct ff_lease *lease)
{
	struct slot *slot = NULL;
	pthread_mutex_lock(&leases->mutex);
	enum ff_status status = find(leases, id, &slot);
	if (status == FF_OK) {
		*lease = slot->lease;
	}
	pthread_mutex_unlock(&leases->mutex);
	return status;
}

enum ff_status ff_leases_renew(struct ff_leases *leases, const char *id, unsigned seconds, struct ff_lease *lease)
{
	struct slot *slot = NULL;
	pthread_mutex_lock(&leases->mutex);
	enum ff_status status = find(leases, id, &slot);
	if (status == FF_OK) {
		set_end(leases, slot, seconds);
		*lease = slot->lease;
		pthread_cond_signal(&leases->changed); /* it may be earlier than before */
	}
	pthread_mutex_unlock(&leases->mutex);
	if (status == FF_OK) {
		tell(leases);
	}
	return status;
}

static void copy_open(struct ff_lease *lease, const struct slot *slot)
{
	*lease = slot->lease;
	memset(lease->id, 0, sizeof(lease->id));
}

bool ff_leases_of(struct ff_leases *leases, const struct ff_worker *board, struct ff_lease *lease)
{
	pthread_mutex_lock(&leases->mutex);
	const struct slot *slot = slot_of_board(leases, board);
	bool found = slot && slot->state != SLOT_BEGINNING;
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
		if (leases->slots[i].state == SLOT_LEASED || leases->slots[i].state == SLOT_ENDING) {
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
		struct slot *slot = next_over(leases, &next_us);
		if (slot) {
			pthread_mutex_unlock(&leases->mutex);
			end(leases, slot);
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
