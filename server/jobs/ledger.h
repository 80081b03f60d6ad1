// SPDX-License-Identifier: Apache-2.0
/* What outlives the process of its jobs. The queue tells the ledger what becomes of each job before anybody else hears of it,
 * and asks it at the next start.
 *
 * This is the whole interface; server/store implements it. Its functions are called by several threads at a time and without a
 * lock. Those with an error answer when what they were told is safe on disk, which takes milliseconds; they give up, with
 * FF_ERR_TIMEOUT, on a disk that takes seconds. FF_ERR_NO_SPACE, FF_ERR_IO: it is not recorded. */
#ifndef FF_JOBS_LEDGER_H
#define FF_JOBS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "job.h"

/* What has become of the jobs of a board that have ended, by their state. */
struct ff_board_history {
	uint64_t counts[FF_JOB_STATE_COUNT]; /* ever */
	uint64_t recent[FF_JOB_STATE_COUNT]; /* of the last FF_LEDGER_RECENT */
	int64_t last_success_ms;             /* Unix time in milliseconds, 0: never */
};

#define FF_LEDGER_RECENT 100

/* Told of a job of an earlier run; takes over what `spec` and `past` own. Of `spec` it has no worker, no firmware in
 * the regions, and nothing that belongs to this process. */
typedef void (*ff_ledger_found)(void *context, const struct ff_job_spec *spec, const struct ff_job_past *past);

struct ff_ledger {
	/* Jobs are to be accepted: all of them, or after a failure none; so is it at the next start, whenever this one ends. */
	enum ff_status (*accept)(void *context, struct ff_job *const *jobs, size_t count, struct ff_error *error);

	/* It is to begin, at this time. After a failure it must not. */
	enum ff_status (*begin)(void *context, struct ff_job *job, int64_t started_ms, struct ff_error *error);

	/* It has learned what board it is, or is about to change it, in the way that its last step says: if it is interrupted,
	 * this is what is known. */
	enum ff_status (*reach)(void *context, struct ff_job *job, struct ff_error *error);

	/* It ends as `view` says. What cannot be recorded now is tried again. */
	enum ff_status (*end)(void *context, struct ff_job *job, const struct ff_job_view *view,
			      struct ff_error *error);

	/* The job was not accepted after all, or is too old to be remembered. Waits for nothing. */
	void (*forget)(void *context, uint64_t number);

	/* All jobs that are remembered, in the order of their numbers. FF_ERR_FORMAT: what is kept makes no sense;
	 * FF_ERR_IO, FF_ERR_NO_MEMORY. */
	enum ff_status (*load)(void *context, ff_ledger_found found, void *found_context, struct ff_error *error);

	/* What has become of the jobs of the board of this name; all zero if nothing is known. */
	void (*history)(void *context, const char *board, struct ff_board_history *history);

	/* What the jobs of the board of this name have learned of its chip, last. False: nothing. */
	bool (*facts)(void *context, const char *board, struct ff_board_facts *facts);

	void *context;
};

#endif
