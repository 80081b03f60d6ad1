// SPDX-License-Identifier: Apache-2.0
/* The inside of a job, for its own files: job.c is its life, job_wait.c the time before it has its board, job_end.c its end,
 * job_parts.c its plain values. For nobody else. */
#ifndef FF_JOBS_JOB_INNER_H
#define FF_JOBS_JOB_INNER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "job.h"

struct ff_job {
	struct ff_task task;
	struct ff_job_spec spec;
	char id[FF_TASK_LABEL_SIZE];
	struct ff_wish wish;
	struct ff_selector *selector; /* of spec.select, while it decides; owned */
	/* The board: `chosen`, with a reference, is the dispatcher's and then the owner thread's; `worker` is what everybody sees
	 * of it. */
	struct ff_worker *chosen;
	_Atomic(struct ff_worker *) worker;
	atomic_uint references;
	atomic_bool cancel;
	_Atomic(uint64_t) repeated_by;
	bool served; /* the board's owner thread has it in its hands */

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	struct ff_job_view view;
	struct ff_firmware *content;
	uint8_t step_phase[FF_JOB_MAX_STEPS];
	uint8_t step_region[FF_JOB_MAX_STEPS];
	char *notes[FF_JOB_MAX_NOTES]; /* owned; once there, they stay */
};

/* Whether it has been so far. Under the mutex. */
bool ff_job_has_been_in(const struct ff_job *job, enum ff_phase phase);

/* Locks for a change; ff_job_unlock_changed() ends it and, if `tell`, tells those who look on. */
void ff_job_lock(struct ff_job *job);
void ff_job_unlock_changed(struct ff_job *job, bool tell);

/* Prepares it for the wait. */
void ff_job_init_wait(struct ff_job *job);

/* The board that it has been given is known to all from now on. The owner thread, or whoever gives it the board. */
void ff_job_publish_board(struct ff_job *job);

/* Ends the job, once, and gives back the reference of whoever would have run it. */
void ff_job_end(struct ff_job *job, enum ff_status status, const struct ff_error *error);

#endif
