// SPDX-License-Identifier: Apache-2.0
/* What the job's own files share. For nobody else. */
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
	atomic_uint references;
	atomic_bool cancel;
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

/* Ends the job, once, and gives back the reference of whoever would have run it. */
void ff_job_end(struct ff_job *job, enum ff_status status, const struct ff_error *error);

#endif
