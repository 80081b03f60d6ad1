// SPDX-License-Identifier: Apache-2.0
/* The kinds of jobs that work on an open board: one function for each, between the opening and the leaving that
 * tasks.c does for all of them. For the board's owner thread. */
#ifndef FF_JOBS_WORK_H
#define FF_JOBS_WORK_H

#include <farflash/flasher.h>
#include <farflash/status.h>

#include "job.h"

struct ff_work {
	struct ff_job *job;
	struct ff_flasher *flasher;
	/* Filled by the function; whoever called it adds loader, rate and times, and hands it to the job if all went well. */
	struct ff_job_result result;
	const char *done; /* what is done even if the board cannot be restarted: "the flash is read" */
};

typedef enum ff_status (*ff_work_function)(struct ff_work *work, struct ff_error *error);

/* work_images.c: the job's regions. Errors of ff_flasher_write() and ff_flasher_verify(). */
FF_WARN_UNUSED enum ff_status ff_work_flash(struct ff_work *work, struct ff_error *error);
FF_WARN_UNUSED enum ff_status ff_work_verify(struct ff_work *work, struct ff_error *error);

/* work_read.c: the job's target becomes its content. Errors of ff_flasher_read() and ff_flasher_read_memory(), and
 * FF_ERR_TOO_LARGE for what is more than the server keeps. */
FF_WARN_UNUSED enum ff_status ff_work_read(struct ff_work *work, struct ff_error *error);
FF_WARN_UNUSED enum ff_status ff_work_read_memory(struct ff_work *work, struct ff_error *error);

/* work_change.c: the job's target. Errors of ff_flasher_erase_chip(), ff_flasher_erase_region() and
 * ff_flasher_write_word(). */
FF_WARN_UNUSED enum ff_status ff_work_erase(struct ff_work *work, struct ff_error *error);
FF_WARN_UNUSED enum ff_status ff_work_write_memory(struct ff_work *work, struct ff_error *error);

/* work_change.c: starts the application; the board is left then. Errors of ff_flasher_run(). */
FF_WARN_UNUSED enum ff_status ff_work_run(struct ff_work *work, struct ff_error *error);

/* work_ram.c: the job's one region is a program, which is loaded and started; the board is left then. Errors of
 * ff_program_parse(), ff_program_check() and ff_flasher_load_ram(). */
FF_WARN_UNUSED enum ff_status ff_work_load_ram(struct ff_work *work, struct ff_error *error);

/* work_watch.c: judges what the board says, which has just been reset. FF_ERR_TEST with the verdict, which the job has as well;
 * FF_ERR_CANCELLED, FF_ERR_LOST, FF_ERR_NO_SPACE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_work_watch(struct ff_job *job, struct ff_transport *transport, struct ff_error *error);

/* work_power.c: the power's action that the job is about, or a cycle for one that could not connect; then the port is waited
 * for. Errors of ff_power_run(). */
FF_WARN_UNUSED enum ff_status ff_work_power(struct ff_job *job, const struct ff_port_care *care,
					    struct ff_error *error);

/* work_status.c: the flash chip's status registers. Errors of ff_flasher_read_flash_status() and
 * ff_flasher_write_flash_status(). */
FF_WARN_UNUSED enum ff_status ff_work_read_flash_status(struct ff_work *work, struct ff_error *error);
FF_WARN_UNUSED enum ff_status ff_work_write_flash_status(struct ff_work *work, struct ff_error *error);

#endif
