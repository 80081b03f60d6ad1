// SPDX-License-Identifier: Apache-2.0
/* What the kinds of jobs do with a board. Each runs in the owner thread with the transport lent to it, reports into the
 * job, looks at its cancel flag, and leaves the board running its application where the port can reset it. */
#ifndef FF_JOBS_TASKS_H
#define FF_JOBS_TASKS_H

#include <farflash/status.h>
#include <farflash/transport.h>

#include "job.h"

/* Writes and verifies the job's regions. Errors of ff_flasher_open() and ff_flasher_write(). */
FF_WARN_UNUSED enum ff_status ff_task_flash(struct ff_job *job, struct ff_transport *transport, struct ff_error *error);

/* Identifies the board. Errors of ff_flasher_open(). */
FF_WARN_UNUSED enum ff_status ff_task_info(struct ff_job *job, struct ff_transport *transport, struct ff_error *error);

/* Restarts the application. Errors of ff_board_reset(). */
FF_WARN_UNUSED enum ff_status ff_task_reset(struct ff_job *job, struct ff_transport *transport, struct ff_error *error);

#endif
