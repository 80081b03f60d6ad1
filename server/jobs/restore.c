// SPDX-License-Identifier: Apache-2.0
/* What the queue takes up from an earlier run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "queue_inner.h"

/* How long lost boards are waited for: a port needs a moment until it is open, a gateway one to see that the server before this
 * has gone, and after a power cut the USB may still be finding its devices. */
#define BOARD_PATIENCE_MS 30000

struct found {
	struct ff_job *job; /* a reference */
	bool ran;           /* until the server ended, which the ledger does not know yet */
};

struct restore {
	struct ff_queue *queue;
	struct ff_worker *(*find)(void *context, const char *name);
	void *find_context;
	int64_t patience_us; /* until when lost boards are waited for */
	struct found *jobs;  /* in the order of their numbers */
	size_t count;
	size_t capacity;
	bool failed; /* out of memory */
};

static bool make_room(struct restore *restore)
{
	if (restore->count == restore->capacity) {
		size_t capacity = restore->capacity ? 2 * restore->capacity : 64;
		struct found *jobs = realloc(restore->jobs, capacity * sizeof(*jobs));
		if (!jobs) {
			return false;
		}
		restore->jobs = jobs;
		restore->capacity = capacity;
	}
	return true;
}

static void on_found(void *context, const struct ff_job_spec *known, const struct ff_job_past *past)
{
	struct restore *restore = context;
	struct ff_job_spec spec = *known;
	spec.worker = spec.board[0] ? restore->find(restore->find_context, spec.board) : NULL;
	ff_queue_complete_spec(restore->queue, &spec);
	struct ff_job *job = make_room(restore) ? ff_job_restore(&spec, past) : NULL;
	if (!job) {
		restore->failed = true;
		ff_job_spec_release(&spec);
		ff_job_past_release(past);
		return;
	}
	restore->jobs[restore->count++] = (struct found){ job, past->view.state == FF_JOB_RUNNING };
	if (spec.number >= restore->queue->next_number) {
		restore->queue->next_number = spec.number + 1;
	}
}

/* Has those that were repeated in earlier starts know it. */
static void link_repeats(const struct restore *restore)
{
	for (size_t i = 0; i < restore->count; i++) {
		uint64_t repeated = ff_job_repeats(restore->jobs[i].job);
		for (size_t j = 0; j < restore->count && repeated != 0; j++) {
			if (ff_job_number(restore->jobs[j].job) == repeated) {
				ff_job_set_repeated_by(restore->jobs[j].job, ff_job_number(restore->jobs[i].job));
			}
		}
	}
}

/* Whether it was stopped in the middle of its work, wants to run again in that case, and has not done so yet. A repeat that is
 * interrupted itself may be what brings the server down, and would do so for ever; one that a stopping server cancelled is not. */
static bool is_to_be_repeated(struct ff_job *job)
{
	struct ff_job_view view;
	ff_job_view(job, &view);
	bool stopped = (view.state == FF_JOB_INTERRUPTED && ff_job_repeats(job) == 0) ||
		       (view.state == FF_JOB_CANCELLED && view.by_shutdown);
	return stopped && ff_job_options(job)->rerun && ff_job_repeated_by(job) == 0;
}

/* The same work as a job with the next number. NULL: out of memory. */
static struct ff_job *copy_job(struct ff_queue *queue, const struct ff_job *job)
{
	struct ff_job_spec spec = {
		.kind = ff_job_kind(job),
		.number = queue->next_number,
		.repeats = ff_job_number(job),
		.worker = ff_job_worker(job),
		.priority = ff_job_priority(job),
		.wait_s = ff_job_wait_s(job),
		.batch = ff_job_batch(job),
		.lease = ff_job_lease(job),
		.options = *ff_job_options(job),
		.target = *ff_job_target(job),
	};
	const struct ff_job_watch *watch = ff_job_watch(job);
	const char *select = ff_job_select(job);
	const char *left_out = ff_job_left_out(job);
	snprintf(spec.board, sizeof(spec.board), "%s", ff_job_board(job));
	ff_queue_complete_spec(queue, &spec);
	const struct ff_job_region *regions = ff_job_regions(job, &spec.region_count);
	spec.regions = ff_job_regions_copy(regions, spec.region_count);
	spec.watch = watch ? ff_job_watch_copy(watch) : NULL;
	spec.select = select ? strdup(select) : NULL;
	spec.left_out = left_out ? strdup(left_out) : NULL;
	bool complete =
		spec.regions && (!watch || spec.watch) && (!select || spec.select) && (!left_out || spec.left_out);
	struct ff_job *copy = complete ? ff_job_new(&spec) : NULL;
	if (!copy) {
		free(spec.select);
		free(spec.left_out);
		ff_job_regions_free(spec.regions, spec.regions ? spec.region_count : 0);
		ff_job_watch_free(spec.watch);
		return NULL;
	}
	queue->next_number++;
	return copy;
}

/* Gives the job its images back. False: one of them is gone, and `error` says which. */
static enum ff_status find_images(struct ff_queue *queue, struct ff_job *job, struct ff_error *error)
{
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	for (size_t i = 0; i < count; i++) {
		struct ff_firmware *image = ff_firmware_find(queue->options.store, regions[i].sha256);
		if (!image) {
			return ff_error_set(error, FF_ERR_IO,
					    "the image for 0x%x (SHA-256 %.16s...) is no longer in the server's store",
					    regions[i].offset, regions[i].sha256);
		}
		ff_job_lend_image(job, i, image);
	}
	return FF_OK;
}

/* Has a job wait again; one that cannot has ended, and says why. */
static void resume(const struct restore *restore, struct ff_job *job)
{
	struct ff_queue *queue = restore->queue;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = FF_OK;
	if (!ff_job_worker(job) && ff_job_board(job)[0]) {
		status = ff_error_set(&error, FF_ERR_NOT_FOUND, "the server has no board of this name any more");
	}
	if (status == FF_OK) {
		status = find_images(queue, job, &error);
	}
	ff_tally_wait(&queue->tally);
	if (status == FF_OK) {
		ff_job_await_board(job, restore->patience_us);
		status = ff_job_post(job);
	}
	if (status == FF_ERR_DENIED) {
		ff_job_end_lease(job);
		status = FF_ERR_CANCELLED;
	}
	if (status != FF_OK) {
		ff_error_set(&error, status, "too many jobs wait already");
		ff_job_refuse(job, status, &error);
	}
}

/* The job that repeats this one, with a reference; NULL: none is to, or it cannot be recorded, and the next start makes it. */
static struct ff_job *accept_repeat(struct restore *restore, struct ff_job *job)
{
	struct ff_queue *queue = restore->queue;
	const struct ff_ledger *ledger = queue->options.ledger;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *again = is_to_be_repeated(job) ? copy_job(queue, job) : NULL;
	if (again && ledger->accept(ledger->context, &again, 1, &error) != FF_OK) {
		ff_log(queue->options.log, FF_LOG_ERROR, "job %s is repeated at the next start only: %s",
		       ff_job_id(job), error.text);
		ledger->forget(ledger->context, ff_job_number(again));
		ff_job_unref(again);
		again = NULL;
	}
	if (again) {
		ff_job_set_repeated_by(job, ff_job_number(again));
	}
	return again;
}

/* The ledger tries again what it cannot record now. */
static void record_interruption(struct ff_queue *queue, struct ff_job *job, const struct ff_job_view *view)
{
	const struct ff_ledger *ledger = queue->options.ledger;
	struct ff_error error = FF_ERROR_NONE;
	ff_log(queue->options.log, FF_LOG_WARN, "job %s (%s): %s", ff_job_id(job), ff_job_kind_name(ff_job_kind(job)),
	       view->detail);
	if (ledger->end(ledger->context, job, view, &error) != FF_OK) {
		ff_log(queue->options.log, FF_LOG_ERROR, "the end of job %s is not recorded yet: %s", ff_job_id(job),
		       error.text);
	}
}

/* Lists the job, and records what an interrupted one has become. A full disk is no reason not to start. */
static enum ff_status take_up(struct restore *restore, const struct found *found, struct ff_error *error)
{
	struct ff_queue *queue = restore->queue;
	struct ff_job *job = found->job;
	struct ff_job_view view;
	ff_job_view(job, &view);
	enum ff_status status = ff_queue_enlist(queue, job);
	if (status != FF_OK) {
		return ff_error_set(error, status, "out of memory");
	}
	/* First the new job: if the server ends between the two, it is found, and not made twice. */
	struct ff_job *again = accept_repeat(restore, job);
	if (found->ran) {
		record_interruption(queue, job, &view);
	}
	if (again) {
		status = ff_queue_enlist(queue, again);
	}
	if (status != FF_OK) {
		ff_error_set(error, status, "out of memory");
	} else if (again) {
		resume(restore, again);
	}
	ff_job_unref(again);
	if (ff_job_state_ended(view.state)) {
		ff_queue_retire(queue, job);
	}
	return status;
}

enum ff_status ff_queue_restore(struct ff_queue *queue, struct ff_worker *(*find)(void *context, const char *name),
				void *context, struct ff_error *error)
{
	struct restore restore = {
		.queue = queue,
		.find = find,
		.find_context = context,
		.patience_us = ff_deadline_ms(BOARD_PATIENCE_MS),
	};
	const struct ff_ledger *ledger = queue->options.ledger;
	enum ff_status status = ledger->load(ledger->context, on_found, &restore, error);
	if (status == FF_OK && restore.failed) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	link_repeats(&restore);
	size_t recorded = restore.count;
	/* What ran goes before what waited. */
	for (size_t i = 0; i < recorded && status == FF_OK; i++) {
		status = take_up(&restore, &restore.jobs[i], error);
	}
	for (size_t i = 0; i < restore.count; i++) {
		struct ff_job_view view;
		ff_job_view(restore.jobs[i].job, &view);
		if (status == FF_OK && view.state == FF_JOB_QUEUED) {
			resume(&restore, restore.jobs[i].job);
		}
		ff_job_unref(restore.jobs[i].job);
	}
	free(restore.jobs);
	return status;
}
