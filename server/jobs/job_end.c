// SPDX-License-Identifier: Apache-2.0
/* How a job ends, and what it leaves behind: of itself, because of somebody, or with the server. */
#include "job_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ff_job_has_been_in(const struct ff_job *job, enum ff_phase phase)
{
	bool found = false;
	for (unsigned i = 0; i < job->view.steps && !found; i++) {
		found = job->step_phase[i] == phase;
	}
	return found;
}

/* What a job leaves behind that did not come to its end: the words behind "cancelled" or "interrupted". Under the mutex. */
static const char *describe_rest(const struct ff_job *job)
{
	if (job->view.started_ms == 0) {
		return " before it began";
	}
	if (job->spec.kind == FF_JOB_LOAD_RAM) {
		return "; the flash is as it was";
	}
	if (ff_job_has_been_in(job, FF_PHASE_WRITE)) {
		return " after the write had begun: the flash may hold an incomplete image";
	}
	if (ff_job_has_been_in(job, FF_PHASE_ERASE)) {
		return " after the erase had begun: some of the flash may be erased";
	}
	switch (job->spec.kind) {
	case FF_JOB_FLASH:
		return " before anything was written";
	case FF_JOB_ERASE:
		return " before anything was erased";
	case FF_JOB_WRITE_MEMORY:
		return job->view.facts.known ? " in its work: the word may have been written"
					     : " before anything was written";
	case FF_JOB_WRITE_FLASH_STATUS:
		return job->view.facts.known ? " in its work: the status may have been written"
					     : " before anything was written";
	case FF_JOB_POWER:
		return " while the power was switched: it may be on or off";
	default:
		return "; the flash is as it was";
	}
}

static const char *describe_cause(const struct ff_job_view *view)
{
	if (view->by_shutdown) {
		return view->kept ? " (the server is stopping; the job waits for its next start)"
				  : " (the server is stopping)";
	}
	if (view->by_removal) {
		return " (the board was removed from the server)";
	}
	return view->by_lease ? " (its lease has ended)" : "";
}

/* Makes `view` that of the ended job. Under the mutex. */
static void conclude(const struct ff_job *job, struct ff_job_view *view, enum ff_status status,
		     const struct ff_error *error)
{
	view->state = FF_JOB_FAILED;
	if (status == FF_OK) {
		view->state = FF_JOB_DONE;
	} else if (status == FF_ERR_CANCELLED) {
		view->state = FF_JOB_CANCELLED;
	}
	view->status = status;
	view->finished_ms = ff_wall_ms();
	if (view->state == FF_JOB_CANCELLED) {
		snprintf(view->detail, sizeof(view->detail), "%s: cancelled%s%s", ff_job_place(job), describe_rest(job),
			 describe_cause(view));
	} else if (status != FF_OK) {
		snprintf(view->detail, sizeof(view->detail), "%s: %s", ff_job_place(job), error->text);
	}
}

void ff_job_end(struct ff_job *job, enum ff_status status, const struct ff_error *error)
{
	/* Nobody will read the images any more: give the disk back before anyone hears of the end. */
	for (size_t i = 0; i < job->spec.region_count; i++) {
		ff_firmware_unref(job->spec.regions[i].firmware);
		job->spec.regions[i].firmware = NULL;
	}
	if (status != FF_OK && job->spec.kind != FF_JOB_TEST) {
		ff_job_drop_content(job);
	}
	ff_job_lock(job);
	/* What a stopping server has not begun, it begins when it is started again. */
	job->view.kept = job->spec.lasting && job->view.by_shutdown && job->view.started_ms == 0;
	struct ff_job_view view = job->view;
	conclude(job, &view, status, error);
	pthread_mutex_unlock(&job->mutex);
	struct ff_worker *worker = ff_job_worker(job);
	if (view.started_ms && worker) {
		ff_worker_mark(worker, "job %s (%s): %s", job->id, ff_job_kind_name(job->spec.kind),
			       status == FF_OK ? "done" : ff_status_code(status));
	}
	job->spec.ending(job->spec.queue, job, &view);
	if (job->served) { /* not before that, which writes to a disk: the board's next holder may look at its last job */
		ff_worker_let_go(job->chosen);
	}
	ff_job_lock(job);
	job->view.state = view.state;
	job->view.status = view.status;
	job->view.finished_ms = view.finished_ms;
	memcpy(job->view.detail, view.detail, sizeof(view.detail));
	ff_job_unlock_changed(job, true);
	job->spec.ended(job->spec.queue, job);
	ff_job_unref(job);
}

void ff_job_lend_image(struct ff_job *job, size_t region, struct ff_firmware *image)
{
	job->spec.regions[region].firmware = image;
}

void ff_job_refuse(struct ff_job *job, enum ff_status status, const struct ff_error *error)
{
	ff_job_ref(job);
	ff_job_end(job, status, error);
}

/* Nobody but the caller knows the job. */
static void interrupt(struct ff_job *job)
{
	struct ff_job_view *view = &job->view;
	view->state = FF_JOB_INTERRUPTED;
	view->status = FF_ERR_CANCELLED;
	view->finished_ms = ff_wall_ms();
	/* See restore.c. */
	bool given_up = job->spec.repeats != 0 && job->spec.options.rerun;
	snprintf(view->detail, sizeof(view->detail), "%s: interrupted%s (the server ended in the middle of %s)",
		 ff_job_place(job), describe_rest(job),
		 given_up ? "its repeat, and there is no second one" : "the job");
}

struct ff_job *ff_job_restore(const struct ff_job_spec *spec, const struct ff_job_past *past)
{
	struct ff_job *job = ff_job_new(spec);
	if (!job) {
		return NULL;
	}
	job->view = past->view;
	ff_job_init_wait(job);
	memcpy(job->step_phase, past->step_phase, sizeof(job->step_phase));
	memcpy(job->step_region, past->step_region, sizeof(job->step_region));
	memcpy(job->notes, past->notes, sizeof(job->notes));
	job->view.version++;
	if (past->view.state == FF_JOB_RUNNING) {
		interrupt(job);
	}
	return job;
}
