// SPDX-License-Identifier: Apache-2.0
#include "job_inner.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ff_job *of_task(struct ff_task *task)
{
	return (struct ff_job *)((char *)task - offsetof(struct ff_job, task));
}

void ff_job_lock(struct ff_job *job)
{
	pthread_mutex_lock(&job->mutex);
}

void ff_job_unlock_changed(struct ff_job *job, bool tell)
{
	job->view.version++;
	pthread_mutex_unlock(&job->mutex);
	if (tell && job->spec.notify) {
		job->spec.notify(job->spec.notify_context);
	}
}

/* Once, however often its work is tried. */
static enum ff_status begin(struct ff_job *job, struct ff_error *error)
{
	ff_job_publish_board(job);
	if (ff_job_cancelled(job)) {
		return ff_error_set(error, FF_ERR_CANCELLED, "cancelled before it began");
	}
	ff_job_lock(job);
	bool begun = job->view.state == FF_JOB_RUNNING;
	pthread_mutex_unlock(&job->mutex);
	if (begun) {
		return FF_OK;
	}
	int64_t now_ms = ff_wall_ms();
	enum ff_status status = job->spec.begins(job->spec.queue, job, now_ms, error);
	if (status != FF_OK) {
		return status;
	}
	ff_job_lock(job);
	job->view.state = FF_JOB_RUNNING;
	job->view.started_ms = now_ms;
	ff_job_unlock_changed(job, true);
	ff_log(ff_worker_log(job->chosen), FF_LOG_INFO, "job %s (%s) begins", job->id,
	       ff_job_kind_name(job->spec.kind));
	ff_worker_mark(job->chosen, "job %s (%s) begins", job->id, ff_job_kind_name(job->spec.kind));
	return FF_OK;
}

static enum ff_status run(struct ff_task *task, struct ff_transport *transport, struct ff_error *error)
{
	struct ff_job *job = of_task(task);
	enum ff_status status = begin(job, error);
	return status == FF_OK ? job->spec.work(job, transport, error) : status;
}

static enum ff_status run_beside(struct ff_task *task, const struct ff_port_care *care, struct ff_error *error)
{
	struct ff_job *job = of_task(task);
	enum ff_status status = begin(job, error);
	return status == FF_OK ? job->spec.power(job, care, error) : status;
}

/* A board that has not answered may hang so that only its power can help; one that was found has not that to blame. */
static bool can_mend(struct ff_task *task, enum ff_status status, const struct ff_error *error)
{
	struct ff_job *job = of_task(task);
	const struct ff_power *power = ff_worker_power(job->chosen);
	bool gone = status == FF_ERR_NO_ANSWER || status == FF_ERR_TIMEOUT || status == FF_ERR_PROTOCOL ||
		    status == FF_ERR_LOST || status == FF_ERR_NOT_FOUND;
	char note[FF_ERROR_TEXT_SIZE];
	struct ff_job_view view;
	ff_job_view(job, &view);
	/* It need not have begun: there may be no port to begin with. */
	if (!gone || !power->on_failure || !ff_power_can(power, FF_POWER_CYCLE) || view.facts.known || view.listens ||
	    ff_job_cancelled(job)) {
		return false;
	}
	ff_log(ff_worker_log(job->chosen), FF_LOG_WARN, "job %s: the board's power is cycled: %s", job->id,
	       error->text);
	snprintf(note, sizeof(note), "the board's power was cycled because it could not be reached: %.200s",
		 error->text);
	ff_job_add_note(job, note);
	return true;
}

static void finished(struct ff_task *task, enum ff_status status, const struct ff_error *error)
{
	struct ff_job *job = of_task(task);
	job->served = true;
	ff_job_publish_board(job);
	ff_job_end(job, status, error);
}

static const struct ff_task_ops task_ops = {
	.run = run,
	.beside = run_beside,
	.can_mend = can_mend,
	.finished = finished,
	.lets_go = true,
};
static const struct ff_task_ops power_ops = { .beside = run_beside, .finished = finished, .lets_go = true };

struct ff_job *ff_job_new(const struct ff_job_spec *spec)
{
	struct ff_job *job = calloc(1, sizeof(*job));
	if (!job) {
		return NULL;
	}
	snprintf(job->id, sizeof(job->id), "%llu", (unsigned long long)spec->number);
	job->spec = *spec;
	if (spec->worker) {
		job->chosen = ff_worker_ref(spec->worker); /* the board may be removed before the job is forgotten */
	}
	const struct ff_task_ops *ops = spec->kind == FF_JOB_POWER ? &power_ops : &task_ops;
	job->task = (struct ff_task){ .ops = ops, .label = job->id, .lease = spec->lease };
	job->view.created_ms = ff_wall_ms();
	job->view.version = 1;
	atomic_init(&job->references, 1);
	atomic_init(&job->cancel, false);
	pthread_mutex_init(&job->mutex, NULL);
	ff_job_init_wait(job);
	return job;
}

struct ff_job *ff_job_ref(struct ff_job *job)
{
	atomic_fetch_add(&job->references, 1);
	return job;
}

void ff_job_unref(struct ff_job *job)
{
	if (job && atomic_fetch_sub(&job->references, 1) == 1) {
		ff_job_spec_release(&job->spec);
		free(job->selector);
		for (unsigned i = 0; i < job->view.notes; i++) {
			free(job->notes[i]);
		}
		ff_firmware_unref(job->content);
		ff_worker_unref(job->chosen);
		pthread_mutex_destroy(&job->mutex);
		free(job);
	}
}

void ff_job_view(struct ff_job *job, struct ff_job_view *view)
{
	ff_job_lock(job);
	*view = job->view;
	pthread_mutex_unlock(&job->mutex);
}

struct ff_job_step ff_job_step(struct ff_job *job, unsigned index)
{
	ff_job_lock(job);
	struct ff_job_step step = { (enum ff_phase)job->step_phase[index], job->step_region[index] };
	pthread_mutex_unlock(&job->mutex);
	return step;
}

const char *ff_job_note(struct ff_job *job, unsigned index)
{
	ff_job_lock(job);
	const char *text = job->notes[index];
	pthread_mutex_unlock(&job->mutex);
	return text;
}

void ff_job_add_note(struct ff_job *job, const char *text)
{
	char *copy = strdup(text);
	ff_job_lock(job);
	bool taken = copy && job->view.notes < FF_JOB_MAX_NOTES;
	if (taken) {
		job->notes[job->view.notes++] = copy;
	}
	ff_job_unlock_changed(job, true);
	if (!taken) {
		free(copy);
	}
}

const char *ff_job_id(const struct ff_job *job)
{
	return job->id;
}

uint64_t ff_job_number(const struct ff_job *job)
{
	return job->spec.number;
}

uint64_t ff_job_repeats(const struct ff_job *job)
{
	return job->spec.repeats;
}

uint64_t ff_job_repeated_by(const struct ff_job *job)
{
	return atomic_load(&job->repeated_by);
}

void ff_job_set_repeated_by(struct ff_job *job, uint64_t number)
{
	atomic_store(&job->repeated_by, number);
}

enum ff_job_kind ff_job_kind(const struct ff_job *job)
{
	return job->spec.kind;
}

uint64_t ff_job_lease(const struct ff_job *job)
{
	return job->spec.lease;
}

const struct ff_job_options *ff_job_options(const struct ff_job *job)
{
	return &job->spec.options;
}

const struct ff_job_target *ff_job_target(const struct ff_job *job)
{
	return &job->spec.target;
}

const struct ff_job_region *ff_job_regions(const struct ff_job *job, size_t *count)
{
	*count = job->spec.region_count;
	return job->spec.regions;
}

const struct ff_job_watch *ff_job_watch(const struct ff_job *job)
{
	return job->spec.watch;
}

void ff_job_begin_output(struct ff_job *job, uint64_t position)
{
	ff_job_lock(job);
	job->view.listens = true;
	job->view.output_from = position;
	job->view.output_to = UINT64_MAX;
	ff_job_unlock_changed(job, true);
}

void ff_job_set_verdict(struct ff_job *job, const struct ff_watch_result *verdict, uint64_t position)
{
	ff_job_lock(job);
	job->view.verdict = *verdict;
	job->view.output_to = position;
	job->view.result.known = true;
	ff_job_unlock_changed(job, true);
}

void ff_job_report(struct ff_job *job, const struct ff_progress *progress)
{
	ff_job_lock(job);
	struct ff_job_view *view = &job->view;
	bool step = !view->has_progress || view->progress.phase != progress->phase ||
		    view->progress.region != progress->region;
	bool reaches = (progress->phase == FF_PHASE_ERASE || progress->phase == FF_PHASE_WRITE) &&
		       !ff_job_has_been_in(job, progress->phase);
	if (step && view->steps < FF_JOB_MAX_STEPS) {
		job->step_phase[view->steps] = (uint8_t)progress->phase;
		job->step_region[view->steps] = (uint8_t)progress->region;
		view->steps++;
	}
	view->has_progress = true;
	view->progress = *progress;
	ff_job_unlock_changed(job, step);
	if (reaches) {
		job->spec.reaches(job->spec.queue, job);
	}
}

void ff_job_retry(struct ff_job *job, enum ff_retry what)
{
	job->spec.retries(job->spec.queue, what);
}

bool ff_job_cancelled(struct ff_job *job)
{
	return atomic_load(&job->cancel);
}

void ff_job_learn(struct ff_job *job, const struct ff_board_info *info, const struct ff_security_info *security)
{
	ff_worker_learn(job->chosen, info, security);
	struct ff_board_view board;
	ff_worker_view(job->chosen, &board);
	ff_job_lock(job);
	job->view.facts = board.facts;
	ff_job_unlock_changed(job, true);
	job->spec.reaches(job->spec.queue, job);
}

void ff_job_set_result(struct ff_job *job, const struct ff_job_result *result)
{
	ff_job_lock(job);
	job->view.result = *result;
	ff_job_unlock_changed(job, true);
}

void ff_job_set_same(struct ff_job *job, const bool *same, size_t count)
{
	ff_job_lock(job);
	job->view.compared = true;
	memcpy(job->view.same, same, count * sizeof(*same));
	ff_job_unlock_changed(job, true);
}

struct ff_firmware_store *ff_job_store(const struct ff_job *job)
{
	return job->spec.store;
}

uint64_t ff_job_max_content(const struct ff_job *job)
{
	return job->spec.max_content;
}

void ff_job_set_content(struct ff_job *job, struct ff_firmware *content)
{
	ff_job_lock(job);
	struct ff_firmware *before = job->content;
	job->content = content;
	job->view.has_content = true;
	memcpy(job->view.sha256, content->sha256, sizeof(job->view.sha256));
	ff_job_unlock_changed(job, true);
	ff_firmware_unref(before);
}

struct ff_firmware *ff_job_content(struct ff_job *job)
{
	ff_job_lock(job);
	struct ff_firmware *content = job->content ? ff_firmware_ref(job->content) : NULL;
	pthread_mutex_unlock(&job->mutex);
	return content;
}

void ff_job_drop_content(struct ff_job *job)
{
	ff_job_lock(job);
	struct ff_firmware *content = job->content;
	job->content = NULL;
	job->view.has_content = false;
	ff_job_unlock_changed(job, false);
	ff_firmware_unref(content);
}
