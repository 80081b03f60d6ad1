// SPDX-License-Identifier: Apache-2.0
#include "work.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "firmware.h"

#define SLICE_MS 100 /* between two looks at whether the job was cancelled */
#define LINE_EXTRA 32

struct listening {
	struct ff_job *job;
	struct ff_transport *transport;
	struct ff_console *console;
	struct ff_watch *watch;
	struct ff_upload *log;
	uint64_t logged;
	uint64_t heard;
	bool away;                 /* the port was lost and has not come back yet */
	struct ff_error log_error; /* why the log ends; the test goes on */
};

/* "[   12.345] text" */
static void log_line(void *context, int64_t at_us, const char *text, size_t size)
{
	struct listening *listening = context;
	char stamp[LINE_EXTRA];
	int stamped =
		snprintf(stamp, sizeof(stamp), "[%5" PRId64 ".%03" PRId64 "] ", at_us / 1000000, at_us / 1000 % 1000);
	if (listening->log_error.status != FF_OK) {
		return;
	}
	if (listening->logged + size + LINE_EXTRA > ff_job_max_content(listening->job)) {
		ff_error_set(&listening->log_error, FF_ERR_TOO_LARGE, "it is full (farflashd --max-content)");
		return;
	}
	enum ff_status status =
		ff_upload_write(listening->log, (const uint8_t *)stamp, (size_t)stamped, &listening->log_error);
	if (status == FF_OK) {
		status = ff_upload_write(listening->log, (const uint8_t *)text, size, &listening->log_error);
	}
	if (status == FF_OK) {
		status = ff_upload_write(listening->log, (const uint8_t *)"\n", 1, &listening->log_error);
	}
	listening->logged += size + (size_t)stamped + 1;
	(void)status; /* is in log_error */
}

static void hear(struct listening *listening, const uint8_t *bytes, size_t size)
{
	listening->heard += size;
	ff_console_write(listening->console, bytes, size);
	ff_worker_tell(ff_job_worker(listening->job));
	ff_watch_feed(listening->watch, bytes, size, ff_now_us());
	ff_job_report(listening->job, &(struct ff_progress){ .phase = FF_PHASE_WATCH, .done = listening->heard });
}

/* A board that is itself on USB is away from the bus for a moment when it resets. */
static enum ff_status reopen(struct listening *listening, struct ff_error *error)
{
	struct ff_transport *transport = listening->transport;
	if (!transport->ops->reopen) {
		return ff_error_set(error, FF_ERR_LOST, "the port went away while the board was watched");
	}
	enum ff_status status = transport->ops->reopen(transport, ff_deadline_ms(SLICE_MS), error);
	listening->away = status == FF_ERR_LOST;
	if (listening->away) {
		ff_error_clear(error); /* it may still come back */
		return FF_OK;
	}
	return status;
}

static enum ff_status listen(struct listening *listening, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	while (status == FF_OK && !ff_watch_is_over(listening->watch, ff_now_us())) {
		uint8_t bytes[4096];
		size_t got = 0;
		int64_t until = ff_deadline_ms(SLICE_MS);
		int64_t end = ff_watch_deadline(listening->watch);
		struct ff_error local = FF_ERROR_NONE;
		status = listening->transport->ops->read(listening->transport->self, bytes, sizeof(bytes), &got,
							 until < end ? until : end, &local);
		if (status == FF_OK) {
			hear(listening, bytes, got);
		} else if (status == FF_ERR_TIMEOUT) {
			status = FF_OK;
		} else if (status == FF_ERR_LOST) {
			status = reopen(listening, error);
		} else {
			ff_error_set(error, status, "cannot read what the board says: %s", local.text);
		}
		if (status == FF_OK && ff_job_cancelled(listening->job)) {
			status = ff_error_set(error, FF_ERR_CANCELLED, "cancelled while the board was watched");
		}
	}
	return status;
}

/* The log is worth having whatever the verdict; that it is not complete is worth a note. */
static void keep_log(struct listening *listening)
{
	struct ff_firmware *content = NULL;
	struct ff_error error = FF_ERROR_NONE;
	char note[FF_ERROR_TEXT_SIZE];
	if (listening->log_error.status != FF_OK) {
		snprintf(note, sizeof(note), "the log is not complete: %.200s", listening->log_error.text);
		ff_job_add_note(listening->job, note);
	}
	bool broken = listening->log_error.status != FF_OK && listening->log_error.status != FF_ERR_TOO_LARGE;
	if (broken) {
		ff_upload_abort(listening->log);
	} else if (ff_upload_finish_content(listening->log, &content, &error) == FF_OK) {
		ff_job_set_content(listening->job, content);
	} else {
		snprintf(note, sizeof(note), "there is no log: %.200s", error.text);
		ff_job_add_note(listening->job, note);
	}
}

static enum ff_status judge(struct listening *listening, struct ff_error *error)
{
	ff_job_begin_output(listening->job, ff_console_end(listening->console));
	ff_job_report(listening->job, &(struct ff_progress){ .phase = FF_PHASE_WATCH });
	enum ff_status status = listen(listening, error);
	struct ff_watch_result result = *ff_watch_result(listening->watch);
	if (status == FF_OK && listening->away && result.verdict == FF_VERDICT_PASSED) {
		/* It is not known what has gone wrong where nobody could hear it. */
		result = (struct ff_watch_result){ .verdict = FF_VERDICT_OPEN };
		status = ff_error_set(error, FF_ERR_LOST,
				      "the port went away while the board was watched, and has not come back");
	}
	ff_job_set_verdict(listening->job, &result, ff_console_end(listening->console));
	keep_log(listening);
	if (status == FF_OK && result.verdict != FF_VERDICT_PASSED) {
		status = ff_error_set(error, FF_ERR_TEST, "%s", result.reason);
	}
	return status;
}

enum ff_status ff_work_watch(struct ff_job *job, struct ff_transport *transport, struct ff_error *error)
{
	const struct ff_job_watch *asked = ff_job_watch(job);
	struct listening listening = {
		.job = job,
		.transport = transport,
		.console = ff_worker_console(ff_job_worker(job)),
		.log_error = FF_ERROR_NONE,
	};
	const struct ff_watch_options options = {
		.expect = asked->expect,
		.fail = asked->fail,
		.ignore_crashes = asked->ignore_crashes,
		.boots = asked->boots,
		.limit_us = (int64_t)asked->timeout_ms * 1000,
		.line = log_line,
		.context = &listening,
	};
	enum ff_status status = ff_upload_begin(&listening.log, ff_job_store(job), error);
	if (status != FF_OK) {
		return status;
	}
	status = ff_watch_new(&listening.watch, &options, ff_now_us(), error);
	if (status != FF_OK) {
		ff_upload_abort(listening.log);
		return status;
	}
	status = judge(&listening, error);
	ff_watch_free(listening.watch);
	return status;
}
