// SPDX-License-Identifier: Apache-2.0
#include "job.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ff_job {
	struct ff_task task;
	struct ff_job_spec spec;
	char id[FF_TASK_LABEL_SIZE];
	atomic_uint references;
	atomic_bool cancel;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	struct ff_job_view view;
	struct ff_firmware *content;
	uint8_t step_phase[FF_JOB_MAX_STEPS];
	uint8_t step_region[FF_JOB_MAX_STEPS];
	char *notes[FF_JOB_MAX_NOTES]; /* owned; once there, they stay */
};

const char *ff_job_kind_name(enum ff_job_kind kind)
{
	static const char *const names[FF_JOB_KIND_COUNT] = {
#define KIND_NAME(name, text) [name] = text,
		FF_JOB_KIND_MAP(KIND_NAME)
#undef KIND_NAME
	};
	return (unsigned)kind < FF_JOB_KIND_COUNT ? names[kind] : "unknown";
}

const char *ff_job_state_name(enum ff_job_state state)
{
	static const char *const names[FF_JOB_STATE_COUNT] = {
#define STATE_NAME(name, text) [name] = text,
		FF_JOB_STATE_MAP(STATE_NAME)
#undef STATE_NAME
	};
	return (unsigned)state < FF_JOB_STATE_COUNT ? names[state] : "unknown";
}

bool ff_job_state_ended(enum ff_job_state state)
{
	return state != FF_JOB_QUEUED && state != FF_JOB_RUNNING;
}

void ff_job_regions_free(struct ff_job_region *regions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(regions[i].name);
		ff_firmware_unref(regions[i].firmware);
	}
	free(regions);
}

void ff_job_watch_free(struct ff_job_watch *watch)
{
	if (watch) {
		free(watch->expect);
		free(watch->fail);
		free(watch);
	}
}

static struct ff_job *of_task(struct ff_task *task)
{
	return (struct ff_job *)((char *)task - offsetof(struct ff_job, task));
}

/* Locks for a change; unlock_changed() ends it and tells those who look on. */
static void lock(struct ff_job *job)
{
	pthread_mutex_lock(&job->mutex);
}

static void unlock_changed(struct ff_job *job, bool tell)
{
	job->view.version++;
	pthread_mutex_unlock(&job->mutex);
	if (tell && job->spec.notify) {
		job->spec.notify(job->spec.notify_context);
	}
}

static bool has_been_in(const struct ff_job *job, enum ff_phase phase)
{
	bool found = false;
	for (unsigned i = 0; i < job->view.steps && !found; i++) {
		found = job->step_phase[i] == phase;
	}
	return found;
}

/* What a cancelled job leaves behind. Under the mutex. */
static const char *describe_cancel(const struct ff_job *job)
{
	if (job->view.started_ms == 0) {
		return "cancelled before it began";
	}
	if (has_been_in(job, FF_PHASE_WRITE)) {
		return "cancelled after the write had begun: the flash may hold an incomplete image";
	}
	if (has_been_in(job, FF_PHASE_ERASE)) {
		return "cancelled after the erase had begun: some of the flash may be erased";
	}
	switch (job->spec.kind) {
	case FF_JOB_FLASH:
		return "cancelled before anything was written";
	case FF_JOB_ERASE:
		return "cancelled before anything was erased";
	case FF_JOB_WRITE_MEMORY:
		return job->view.facts.known ? "cancelled in its work: the word may have been written"
					     : "cancelled before anything was written";
	case FF_JOB_WRITE_FLASH_STATUS:
		return job->view.facts.known ? "cancelled in its work: the status may have been written"
					     : "cancelled before anything was written";
	default:
		return "cancelled; the flash is as it was";
	}
}

static void end(struct ff_job *job, enum ff_status status, const struct ff_error *error)
{
	enum ff_job_state state = FF_JOB_FAILED;
	if (status == FF_OK) {
		state = FF_JOB_DONE;
	} else if (status == FF_ERR_CANCELLED) {
		state = FF_JOB_CANCELLED;
	}
	/* Nobody will read the images any more: give the disk back before anyone hears of the end. */
	for (size_t i = 0; i < job->spec.region_count; i++) {
		ff_firmware_unref(job->spec.regions[i].firmware);
		job->spec.regions[i].firmware = NULL;
	}
	if (status != FF_OK && job->spec.kind != FF_JOB_TEST) {
		ff_job_drop_content(job);
	}
	job->spec.ending(job->spec.ended_context, job);
	lock(job);
	job->view.state = state;
	job->view.status = status;
	job->view.finished_ms = ff_wall_ms();
	if (status != FF_OK) {
		const char *text = state == FF_JOB_CANCELLED ? describe_cancel(job) : error->text;
		const char *cause = job->view.by_lease ? " (its lease has ended)" : "";
		cause = job->view.by_shutdown ? " (the server is stopping)" : cause;
		snprintf(job->view.detail, sizeof(job->view.detail), "%s: %s%s", ff_worker_name(job->spec.worker), text,
			 state == FF_JOB_CANCELLED ? cause : "");
	}
	unlock_changed(job, true);
	job->spec.ended(job->spec.ended_context, job);
	ff_job_unref(job);
}

static enum ff_status run(struct ff_task *task, struct ff_transport *transport, struct ff_error *error)
{
	struct ff_job *job = of_task(task);
	lock(job);
	job->view.state = FF_JOB_RUNNING;
	job->view.started_ms = ff_wall_ms();
	unlock_changed(job, true);
	job->spec.begun(job->spec.ended_context);
	ff_log(ff_worker_log(job->spec.worker), FF_LOG_INFO, "job %s (%s) begins", job->id,
	       ff_job_kind_name(job->spec.kind));
	if (ff_job_cancelled(job)) {
		return ff_error_set(error, FF_ERR_CANCELLED, "cancelled before it began");
	}
	return job->spec.work(job, transport, error);
}

static void finished(struct ff_task *task, enum ff_status status, const struct ff_error *error)
{
	end(of_task(task), status, error);
}

static const struct ff_task_ops task_ops = { .run = run, .finished = finished };

struct ff_job *ff_job_new(const struct ff_job_spec *spec)
{
	struct ff_job *job = calloc(1, sizeof(*job));
	if (!job) {
		return NULL;
	}
	snprintf(job->id, sizeof(job->id), "%llu", (unsigned long long)spec->number);
	job->spec = *spec;
	job->task = (struct ff_task){ .ops = &task_ops, .label = job->id, .lease = spec->lease };
	job->view.created_ms = ff_wall_ms();
	job->view.version = 1;
	atomic_init(&job->references, 1);
	atomic_init(&job->cancel, false);
	pthread_mutex_init(&job->mutex, NULL);
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
		ff_job_regions_free(job->spec.regions, job->spec.region_count);
		ff_job_watch_free(job->spec.watch);
		for (unsigned i = 0; i < job->view.notes; i++) {
			free(job->notes[i]);
		}
		ff_firmware_unref(job->content);
		pthread_mutex_destroy(&job->mutex);
		free(job);
	}
}

enum ff_status ff_job_post(struct ff_job *job)
{
	ff_job_ref(job);
	enum ff_status status = ff_worker_post(job->spec.worker, &job->task);
	if (status != FF_OK) {
		ff_job_unref(job);
	}
	return status;
}

static bool cancel(struct ff_job *job, bool by_shutdown, bool by_lease)
{
	lock(job);
	bool ended = ff_job_state_ended(job->view.state);
	if (!ended) {
		job->view.by_shutdown |= by_shutdown;
		job->view.by_lease |= by_lease;
	}
	pthread_mutex_unlock(&job->mutex);
	if (ended) {
		return false;
	}
	atomic_store(&job->cancel, true);
	if (ff_worker_withdraw(job->spec.worker, &job->task)) {
		struct ff_error error = FF_ERROR_NONE;
		ff_error_set(&error, FF_ERR_CANCELLED, "cancelled before it began");
		end(job, FF_ERR_CANCELLED, &error);
	}
	return true;
}

bool ff_job_cancel(struct ff_job *job, bool by_shutdown)
{
	return cancel(job, by_shutdown, false);
}

bool ff_job_end_lease(struct ff_job *job)
{
	return cancel(job, false, true);
}

void ff_job_view(struct ff_job *job, struct ff_job_view *view)
{
	lock(job);
	*view = job->view;
	pthread_mutex_unlock(&job->mutex);
}

struct ff_job_step ff_job_step(struct ff_job *job, unsigned index)
{
	lock(job);
	struct ff_job_step step = { (enum ff_phase)job->step_phase[index], job->step_region[index] };
	pthread_mutex_unlock(&job->mutex);
	return step;
}

const char *ff_job_note(struct ff_job *job, unsigned index)
{
	lock(job);
	const char *text = job->notes[index];
	pthread_mutex_unlock(&job->mutex);
	return text;
}

void ff_job_add_note(struct ff_job *job, const char *text)
{
	char *copy = strdup(text);
	lock(job);
	bool taken = copy && job->view.notes < FF_JOB_MAX_NOTES;
	if (taken) {
		job->notes[job->view.notes++] = copy;
	}
	unlock_changed(job, true);
	if (!taken) {
		free(copy);
	}
}

const char *ff_job_id(const struct ff_job *job)
{
	return job->id;
}

enum ff_job_kind ff_job_kind(const struct ff_job *job)
{
	return job->spec.kind;
}

struct ff_worker *ff_job_worker(const struct ff_job *job)
{
	return job->spec.worker;
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
	lock(job);
	job->view.listens = true;
	job->view.output_from = position;
	job->view.output_to = UINT64_MAX;
	unlock_changed(job, true);
}

void ff_job_set_verdict(struct ff_job *job, const struct ff_watch_result *verdict, uint64_t position)
{
	lock(job);
	job->view.verdict = *verdict;
	job->view.output_to = position;
	job->view.result.known = true;
	unlock_changed(job, true);
}

void ff_job_report(struct ff_job *job, const struct ff_progress *progress)
{
	lock(job);
	struct ff_job_view *view = &job->view;
	bool step = !view->has_progress || view->progress.phase != progress->phase ||
		    view->progress.region != progress->region;
	if (step && view->steps < FF_JOB_MAX_STEPS) {
		job->step_phase[view->steps] = (uint8_t)progress->phase;
		job->step_region[view->steps] = (uint8_t)progress->region;
		view->steps++;
	}
	view->has_progress = true;
	view->progress = *progress;
	unlock_changed(job, step);
}

bool ff_job_cancelled(struct ff_job *job)
{
	return atomic_load(&job->cancel);
}

void ff_job_learn(struct ff_job *job, const struct ff_board_info *info, const struct ff_security_info *security)
{
	ff_worker_learn(job->spec.worker, info, security);
	struct ff_board_view board;
	ff_worker_view(job->spec.worker, &board);
	lock(job);
	job->view.facts = board.facts;
	unlock_changed(job, true);
}

void ff_job_set_result(struct ff_job *job, const struct ff_job_result *result)
{
	lock(job);
	job->view.result = *result;
	unlock_changed(job, true);
}

void ff_job_set_same(struct ff_job *job, const bool *same, size_t count)
{
	lock(job);
	job->view.compared = true;
	memcpy(job->view.same, same, count * sizeof(*same));
	unlock_changed(job, true);
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
	lock(job);
	struct ff_firmware *before = job->content;
	job->content = content;
	job->view.has_content = true;
	memcpy(job->view.sha256, content->sha256, sizeof(job->view.sha256));
	unlock_changed(job, true);
	ff_firmware_unref(before);
}

struct ff_firmware *ff_job_content(struct ff_job *job)
{
	lock(job);
	struct ff_firmware *content = job->content ? ff_firmware_ref(job->content) : NULL;
	pthread_mutex_unlock(&job->mutex);
	return content;
}

void ff_job_drop_content(struct ff_job *job)
{
	lock(job);
	struct ff_firmware *content = job->content;
	job->content = NULL;
	job->view.has_content = false;
	unlock_changed(job, false);
	ff_firmware_unref(content);
}
