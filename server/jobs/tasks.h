// SPDX-License-Identifier: Apache-2.0
/* What a job does with its board: open, work, leave. It runs in the owner thread with the transport lent to it, reports
 * into the job, looks at its cancel flag, and leaves the board running its application where the port can reset it.
 *
 * The work itself is a function for each kind, see work.h; the table of them is in tasks.c. */
#ifndef FF_JOBS_TASKS_H
#define FF_JOBS_TASKS_H

#include <farflash/status.h>
#include <farflash/transport.h>

#include "job.h"

/* A ff_job_work for every kind. Errors of ff_flasher_open(), ff_board_reset() and of the kind's work; those of
 * ff_flasher_leave() with a text that says what is done all the same. */
FF_WARN_UNUSED enum ff_status ff_task_run(struct ff_job *job, struct ff_transport *transport, struct ff_error *error);

#endif
