// SPDX-License-Identifier: Apache-2.0
/* A store in a directory of its own, for the tests of what it keeps, and a job with everything that a job can have. Failures
 * end the test. */
#ifndef FF_TEST_STORE_FIXTURE_H
#define FF_TEST_STORE_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "job.h"
#include "leases.h"
#include "store.h"

#define FF_STORE_FIXTURE_MOST 8

struct ff_store_fixture {
	struct ff_store *store;
	char data_dir[64];
	char path[96];

	/* What has been found. */
	struct ff_job *jobs[FF_STORE_FIXTURE_MOST];
	size_t job_count;
	struct ff_lease_record leases[FF_STORE_FIXTURE_MOST];
	size_t lease_count;
	char lines[4096];
	uint64_t last_line;
};

/* For cmocka: the state is the fixture. */
int ff_store_fixture_set_up(void **state);
int ff_store_fixture_tear_down(void **state);

/* Opens the store, which is closed. */
void ff_store_fixture_open(struct ff_store_fixture *fixture);

/* Closes it, which waits for what is still to be written, and opens it again. */
void ff_store_fixture_reopen(struct ff_store_fixture *fixture);

/* A test under lease 17, with one reference. */
struct ff_job *ff_store_fixture_make_job(uint64_t number, enum ff_job_state state);

/* Has the store accept the job. */
void ff_store_fixture_put(struct ff_store_fixture *fixture, struct ff_job *job);

/* Fills `jobs` with what the store knows. */
FF_WARN_UNUSED enum ff_status ff_store_fixture_load_jobs(struct ff_store_fixture *fixture, struct ff_error *error);

#endif
