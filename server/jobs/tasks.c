// SPDX-License-Identifier: Apache-2.0
#include "tasks.h"

#include <string.h>

#include "work.h"

static void on_progress(void *context, const struct ff_progress *progress)
{
	ff_job_report(context, progress);
}

static void on_note(void *context, const char *text)
{
	ff_job_add_note(context, text);
}

static void on_retry(void *context, enum ff_retry what)
{
	ff_job_retry(context, what);
}

static bool is_cancelled(void *context)
{
	return ff_job_cancelled(context);
}

static struct ff_observer observe(struct ff_job *job)
{
	return (struct ff_observer){
		.progress = on_progress,
		.cancelled = is_cancelled,
		.context = job,
		.log = ff_worker_log(ff_job_worker(job)),
		.note = on_note,
		.retry = on_retry,
	};
}

static enum ff_status connect(struct ff_flasher **flasher, struct ff_job *job, struct ff_transport *transport,
			      struct ff_error *error)
{
	const struct ff_job_options *asked = ff_job_options(job);
	const struct ff_board_resets *resets = ff_worker_resets(ff_job_worker(job));
	struct ff_observer observer = observe(job);
	struct ff_connect_options options = {
		.before = asked->before,
		.attempts = asked->attempts,
		.baud = asked->baud == FF_JOB_BOARDS_BAUD ? ff_worker_work_baud(ff_job_worker(job)) : asked->baud,
		.initial_baud = FF_CONSOLE_BAUD,
		.no_stub = !asked->stub,
		.reset_sequence = resets->enter[0] ? resets->enter : NULL,
		.hard_reset_sequence = resets->hard[0] ? resets->hard : NULL,
	};
	enum ff_status status = ff_flasher_open(flasher, transport, &options, &observer, error);
	if (status == FF_OK) {
		struct ff_security_info security;
		bool tells = ff_flasher_security_info(*flasher, &security, NULL) == FF_OK;
		ff_job_learn(job, ff_flasher_info(*flasher), tells ? &security : NULL);
	}
	return status;
}

/* A board without control lines stays in its loader, at the rate at which the next job looks for it; one that is tested
 * must not, as its silence would pass. A way out that this board does not have is told before the work, and then it leaves
 * by the usual one. */
static enum ff_status choose_after(enum ff_after *after, const struct ff_flasher *flasher, const struct ff_job *job,
				   const struct ff_transport *transport, struct ff_error *error)
{
	enum ff_after asked = ff_job_options(job)->after;
	*after = transport->has_lines ? FF_AFTER_HARD_RESET : FF_AFTER_NO_RESET;
	if (asked == FF_AFTER_HARD_RESET && ff_job_kind(job) != FF_JOB_TEST) {
		return FF_OK;
	}
	enum ff_status status = ff_flasher_check_leave(flasher, asked, error);
	if (status == FF_OK) {
		*after = asked;
	}
	return status;
}

/* The board is already known by now. */
static enum ff_status identify(struct ff_work *work, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	work->done = "the board is identified";
	if (ff_job_target(work->job)->value != 0) {
		status = ff_flasher_flash_wiring(work->flasher, &work->result.wiring, error);
		work->result.tells_wiring = status == FF_OK;
	}
	return status;
}

static void complete(struct ff_job_result *result, const struct ff_flasher *flasher)
{
	const struct ff_board_info *info = ff_flasher_info(flasher);
	result->known = true;
	result->stub = info->stub;
	result->baud = info->baud;
	memcpy(result->phase_us, ff_flasher_phase_times(flasher), sizeof(result->phase_us));
}

static enum ff_status work_on_board(struct ff_job *job, struct ff_transport *transport, ff_work_function function,
				    struct ff_error *error)
{
	struct ff_work work = { .job = job };
	enum ff_status status = connect(&work.flasher, job, transport, error);
	if (status != FF_OK) {
		return status;
	}
	enum ff_after after;
	status = choose_after(&after, work.flasher, job, transport, error);
	if (status == FF_OK) {
		status = function(&work, error);
	}

	struct ff_error leaving = FF_ERROR_NONE;
	enum ff_status left = ff_flasher_leave(work.flasher, after, &leaving);
	bool tells = function != ff_work_run && (function != identify || work.result.tells_wiring);
	if (status == FF_OK && tells) {
		complete(&work.result, work.flasher);
		ff_job_set_result(job, &work.result);
	}
	if (status == FF_OK && left != FF_OK) {
		status = ff_error_set(error, left, "%s, but the board could not be restarted: %s", work.done,
				      leaving.text);
	}
	ff_flasher_close(work.flasher, after, NULL);
	return status;
}

static enum ff_status reset(struct ff_job *job, struct ff_transport *transport, struct ff_error *error)
{
	ff_job_report(job, &(struct ff_progress){ .phase = FF_PHASE_REBOOT });
	const char *own = ff_worker_resets(ff_job_worker(job))->hard;
	return own[0] ? ff_board_run_sequence(transport, own, error) : ff_board_reset(transport, error);
}

/* Writes the images, if there are any, resets the board and looks at what comes. */
static enum ff_status test(struct ff_job *job, struct ff_transport *transport, struct ff_error *error)
{
	size_t images = 0;
	(void)ff_job_regions(job, &images);
	enum ff_status status =
		images > 0 ? work_on_board(job, transport, ff_work_flash, error) : reset(job, transport, error);
	return status == FF_OK ? ff_work_watch(job, transport, error) : status;
}

enum ff_status ff_task_run(struct ff_job *job, struct ff_transport *transport, struct ff_error *error)
{
	static const ff_work_function functions[FF_JOB_KIND_COUNT] = {
		[FF_JOB_FLASH] = ff_work_flash,
		[FF_JOB_RESET] = NULL, /* needs no loader */
		[FF_JOB_INFO] = identify,
		[FF_JOB_READ] = ff_work_read,
		[FF_JOB_VERIFY] = ff_work_verify,
		[FF_JOB_ERASE] = ff_work_erase,
		[FF_JOB_READ_MEMORY] = ff_work_read_memory,
		[FF_JOB_WRITE_MEMORY] = ff_work_write_memory,
		[FF_JOB_READ_FLASH_STATUS] = ff_work_read_flash_status,
		[FF_JOB_WRITE_FLASH_STATUS] = ff_work_write_flash_status,
		[FF_JOB_RUN] = ff_work_run,
		[FF_JOB_LOAD_RAM] = ff_work_load_ram,
		[FF_JOB_TEST] = NULL,  /* see above */
		[FF_JOB_POWER] = NULL, /* needs no port: ff_work_power() */
	};
	ff_work_function function = functions[ff_job_kind(job)];
	if (ff_job_kind(job) == FF_JOB_TEST) {
		return test(job, transport, error);
	}
	return function ? work_on_board(job, transport, function, error) : reset(job, transport, error);
}
