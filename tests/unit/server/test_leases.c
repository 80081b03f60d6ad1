// SPDX-License-Identifier: Apache-2.0
/* Leases in memory, with a clock that the test turns and gates that it watches. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "leases.h"

#define BOARDS 3
#define SECOND 1000000

struct fixture {
	struct ff_leases *leases;
	atomic_llong now_us;
	enum ff_status close_status;
	atomic_ullong kept[BOARDS]; /* by board: the lease that it is kept for */
	atomic_uint shared;         /* how often a gate was closed or opened for the wrong one */
	atomic_uint changes;

	/* What the ledger has kept, and what it was told. */
	struct ff_lease_ledger ledger;
	struct ff_lease_record past[BOARDS];
	size_t past_count;
	char told[128];
};

/* Boards are only compared. */
static struct ff_worker *board(size_t index)
{
	return (struct ff_worker *)(uintptr_t)(index + 1);
}

static int64_t now(void *context)
{
	return atomic_load(&((struct fixture *)context)->now_us);
}

static enum ff_status close_gate(void *context, struct ff_worker *worker, const struct ff_keep *keep)
{
	struct fixture *fixture = context;
	if (fixture->close_status == FF_OK &&
	    atomic_exchange(&fixture->kept[(uintptr_t)worker - 1], keep->lease) != 0) {
		atomic_fetch_add(&fixture->shared, 1);
	}
	return fixture->close_status;
}

static void open_gate(void *context, struct ff_worker *worker, uint64_t lease)
{
	struct fixture *fixture = context;
	if (atomic_exchange(&fixture->kept[(uintptr_t)worker - 1], 0) != lease) {
		atomic_fetch_add(&fixture->shared, 1);
	}
}

static void changed(void *context)
{
	atomic_fetch_add(&((struct fixture *)context)->changes, 1);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	const struct ff_leases_options options = {
		.most = BOARDS,
		.gate = { .close = close_gate, .open = open_gate, .context = fixture },
		.now_us = now,
		.now_context = fixture,
		.changed = changed,
		.changed_context = fixture,
	};
	fixture->leases = ff_leases_new(&options);
	*state = fixture;
	return fixture->leases ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(atomic_load(&fixture->shared), 0);
	ff_leases_free(fixture->leases);
	free(fixture);
	return 0;
}

static struct ff_lease take(struct fixture *fixture, size_t index, unsigned seconds)
{
	struct ff_lease lease;
	assert_int_equal(ff_leases_take(fixture->leases, board(index), "ann", "192.0.2.7", seconds, &lease), FF_OK);
	return lease;
}

static void test_leases__one_a_board(void **state)
{
	struct fixture *fixture = *state;
	struct ff_lease other;
	struct ff_lease lease = take(fixture, 0, 60);
	assert_int_equal(strlen(lease.id), FF_LEASE_ID_SIZE - 1);
	assert_string_equal(lease.keep.owner, "ann");
	assert_string_equal(lease.keep.peer, "192.0.2.7");
	assert_int_equal(ff_leases_take(fixture->leases, board(0), "bob", "", 60, &other), FF_ERR_BUSY);
	other = take(fixture, 1, 60);
	assert_string_not_equal(other.id, lease.id);
	assert_int_not_equal(other.keep.lease, lease.keep.lease);
}

static void test_leases__a_board_in_use_is_not_leased(void **state)
{
	struct fixture *fixture = *state;
	struct ff_lease lease;
	fixture->close_status = FF_ERR_BUSY;
	assert_int_equal(ff_leases_take(fixture->leases, board(0), "ann", "", 60, &lease), FF_ERR_BUSY);
	assert_false(ff_leases_of(fixture->leases, board(0), &lease));
	fixture->close_status = FF_OK;
	take(fixture, 0, 60);
}

static void test_leases__end_to_the_microsecond(void **state)
{
	struct fixture *fixture = *state;
	struct ff_lease lease = take(fixture, 0, 60);
	atomic_store(&fixture->now_us, 60 * SECOND - 1);
	assert_int_equal(ff_leases_expire(fixture->leases), 60 * SECOND);
	assert_int_equal(ff_leases_find(fixture->leases, lease.id, &lease), FF_OK);
	atomic_store(&fixture->now_us, 60 * SECOND);
	/* Over although nobody has noticed; the gate is still closed, and the board nobody else's. */
	assert_int_equal(ff_leases_find(fixture->leases, lease.id, &lease), FF_ERR_LOST);
	assert_int_equal(ff_leases_renew(fixture->leases, lease.id, 60, &lease), FF_ERR_LOST);
	assert_int_equal(ff_leases_end(fixture->leases, lease.id), FF_ERR_LOST);
	assert_int_equal(atomic_load(&fixture->kept[0]), lease.keep.lease);
	assert_int_equal(ff_leases_expire(fixture->leases), INT64_MAX);
	assert_int_equal(atomic_load(&fixture->kept[0]), 0);
	assert_int_equal(ff_leases_find(fixture->leases, lease.id, &lease), FF_ERR_LOST);
	assert_int_equal(atomic_load(&fixture->changes), 2);
	take(fixture, 0, 60);
}

static void test_leases__are_renewed_and_handed_back(void **state)
{
	struct fixture *fixture = *state;
	struct ff_lease lease = take(fixture, 0, 60);
	atomic_store(&fixture->now_us, 50 * SECOND);
	assert_int_equal(ff_leases_renew(fixture->leases, lease.id, 60, &lease), FF_OK);
	assert_int_equal(ff_leases_expire(fixture->leases), 110 * SECOND);
	assert_int_equal(ff_leases_renew(fixture->leases, lease.id, 1, &lease), FF_OK);
	assert_int_equal(ff_leases_expire(fixture->leases), 51 * SECOND);
	assert_int_equal(ff_leases_end(fixture->leases, lease.id), FF_OK);
	assert_int_equal(atomic_load(&fixture->kept[0]), 0);
	assert_int_equal(ff_leases_end(fixture->leases, lease.id), FF_ERR_LOST);
}

static void test_leases__are_taken_away(void **state)
{
	struct fixture *fixture = *state;
	struct ff_lease lease = take(fixture, 0, 60);
	assert_int_equal(ff_leases_take_away(fixture->leases, board(1)), FF_ERR_NOT_FOUND);
	assert_int_equal(ff_leases_take_away(fixture->leases, board(0)), FF_OK);
	assert_int_equal(atomic_load(&fixture->kept[0]), 0);
	assert_int_equal(ff_leases_renew(fixture->leases, lease.id, 60, &lease), FF_ERR_LOST);
	assert_int_equal(ff_leases_take_away(fixture->leases, board(0)), FF_ERR_NOT_FOUND);
	take(fixture, 0, 60);
}

static void test_leases__ids_are_told_to_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct ff_lease lease = take(fixture, 0, 60);
	struct ff_lease list[BOARDS];
	struct ff_lease seen;
	assert_true(ff_leases_of(fixture->leases, board(0), &seen));
	assert_string_equal(seen.id, "");
	assert_int_equal(ff_leases_list(fixture->leases, list, BOARDS), 1);
	assert_string_equal(list[0].id, "");
	assert_int_equal(ff_leases_find(fixture->leases, "", &seen), FF_ERR_NOT_FOUND);
	lease.id[31] = lease.id[31] == '0' ? '1' : '0';
	assert_int_equal(ff_leases_find(fixture->leases, lease.id, &seen), FF_ERR_NOT_FOUND);
}

static void test_leases__the_oldest_that_are_over_are_forgotten(void **state)
{
	struct fixture *fixture = *state;
	struct ff_lease first = take(fixture, 0, 60);
	assert_int_equal(ff_leases_end(fixture->leases, first.id), FF_OK);
	for (int i = 0; i < FF_LEASES_REMEMBERED; i++) {
		struct ff_lease lease = take(fixture, 0, 60);
		assert_int_equal(ff_leases_end(fixture->leases, lease.id), FF_OK);
	}
	assert_int_equal(ff_leases_find(fixture->leases, first.id, &first), FF_ERR_NOT_FOUND);
}

/* ---- what a ledger has kept ---- */

static enum ff_status load(void *context, ff_lease_found found, void *found_context, uint64_t *last_number,
			   struct ff_error *error)
{
	(void)error;
	struct fixture *fixture = context;
	for (size_t i = 0; i < fixture->past_count; i++) {
		found(found_context, &fixture->past[i]);
	}
	*last_number = fixture->past_count;
	return FF_OK;
}

static enum ff_status on_end(void *context, const struct ff_lease_record *record, const char *why,
			     struct ff_error *error)
{
	(void)error;
	struct fixture *fixture = context;
	size_t used = strlen(fixture->told);
	assert_true(record->ended_ms > 0);
	snprintf(fixture->told + used, sizeof(fixture->told) - used, "%llu %s; ",
		 (unsigned long long)record->keep.lease, why);
	return FF_OK;
}

/* There is a single board. */
static struct ff_worker *find_board(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "lab1") == 0 ? board(0) : NULL;
}

static void keep_lease(struct fixture *fixture, const char *name, int64_t expires_ms)
{
	struct ff_lease_record *record = &fixture->past[fixture->past_count++];
	*record = (struct ff_lease_record){ .keep.lease = fixture->past_count, .expires_ms = expires_ms };
	snprintf(record->board, sizeof(record->board), "%s", name);
}

static int set_up_with_ledger(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	fixture->ledger = (struct ff_lease_ledger){ .end = on_end, .load = load, .context = fixture };
	const struct ff_leases_options options = {
		.most = BOARDS,
		.gate = { .close = close_gate, .open = open_gate, .context = fixture },
		.ledger = &fixture->ledger,
	};
	fixture->leases = ff_leases_new(&options);
	*state = fixture;
	return fixture->leases ? 0 : -1;
}

static void test_leases__come_back_or_have_ended_for_a_reason(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_lease lease;
	int64_t later_ms = ff_wall_ms() + 3600000;
	keep_lease(fixture, "lab1", 1);
	keep_lease(fixture, "lab1", later_ms);
	keep_lease(fixture, "lab9", later_ms);
	assert_int_equal(ff_leases_restore(fixture->leases, find_board, fixture, &error), FF_OK);
	assert_string_equal(fixture->told, "1 expired; 3 board-removed; ");
	assert_true(ff_leases_of(fixture->leases, board(0), &lease));
	assert_int_equal(lease.keep.lease, 2);
	assert_int_equal(lease.expires_ms, later_ms);
	assert_int_equal(atomic_load(&fixture->kept[0]), 2);
}

/* ---- races ---- */

static void *take_and_end(void *context)
{
	struct fixture *fixture = context;
	unsigned seed = (unsigned)(uintptr_t)&seed;
	for (int i = 0; i < 2000; i++) {
		struct ff_lease lease;
		size_t index = (size_t)rand_r(&seed) % BOARDS;
		unsigned seconds = 1 + (unsigned)rand_r(&seed) % 3;
		if (ff_leases_take(fixture->leases, board(index), "ann", "", seconds, &lease) != FF_OK) {
			continue;
		}
		if (rand_r(&seed) % 2) {
			(void)!ff_leases_renew(fixture->leases, lease.id, seconds, &lease);
		}
		if (rand_r(&seed) % 2) {
			(void)!ff_leases_end(fixture->leases, lease.id);
		}
	}
	return NULL;
}

static void *turn_the_clock(void *context)
{
	struct fixture *fixture = context;
	for (int i = 0; i < 4000; i++) {
		atomic_fetch_add(&fixture->now_us, SECOND / 2);
		ff_leases_expire(fixture->leases);
	}
	return NULL;
}

static void test_leases__no_board_is_shared_whatever_races(void **state)
{
	struct fixture *fixture = *state;
	pthread_t threads[5];
	for (int i = 0; i < 5; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, i < 3 ? take_and_end : turn_the_clock, fixture), 0);
	}
	for (int i = 0; i < 5; i++) {
		pthread_join(threads[i], NULL);
	}
	atomic_fetch_add(&fixture->now_us, 10LL * SECOND);
	assert_int_equal(ff_leases_expire(fixture->leases), INT64_MAX);
	for (int i = 0; i < BOARDS; i++) {
		assert_int_equal(atomic_load(&fixture->kept[i]), 0);
	}
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_leases__one_a_board),
		WITH(test_leases__a_board_in_use_is_not_leased),
		WITH(test_leases__end_to_the_microsecond),
		WITH(test_leases__are_renewed_and_handed_back),
		WITH(test_leases__are_taken_away),
		WITH(test_leases__ids_are_told_to_nobody),
		WITH(test_leases__the_oldest_that_are_over_are_forgotten),
		cmocka_unit_test_setup_teardown(test_leases__come_back_or_have_ended_for_a_reason, set_up_with_ledger,
						tear_down),
		WITH(test_leases__no_board_is_shared_whatever_races),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
