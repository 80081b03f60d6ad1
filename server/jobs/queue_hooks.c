// SPDX-License-Identifier: Apache-2.0
/* What the queue does at each step of a job's life: it tells the ledger, the tally, the log and the board's quarantine, and
 * keeps what the job has read. */
#include <stdlib.h>
#include <string.h>

#include "queue_inner.h"
#include "tasks.h"
#include "work.h"

/* ---- what jobs have read ---- */

/* Takes the oldest content off the shelf if there are too many or too large ones; NULL: there are not. */
static struct ff_job *unshelve(struct ff_queue *queue)
{
	if (queue->content_count == 0 ||
	    (queue->content_count <= FF_QUEUE_CONTENTS && queue->content_bytes <= queue->options.max_content)) {
		return NULL;
	}
	struct ff_queue_content oldest = queue->contents[0];
	queue->content_count--;
	queue->content_bytes -= oldest.size;
	memmove(queue->contents, queue->contents + 1, queue->content_count * sizeof(oldest));
	return oldest.job;
}

/* Keeps what the job has read beside the newest of what others have, and gives up what is too much. */
static void shelve(struct ff_queue *queue, struct ff_job *job)
{
	struct ff_firmware *content = ff_job_content(job);
	if (!content) {
		return;
	}
	pthread_mutex_lock(&queue->mutex);
	queue->contents[queue->content_count++] = (struct ff_queue_content){ ff_job_ref(job), content->size };
	queue->content_bytes += content->size;
	struct ff_job *surplus = unshelve(queue);
	pthread_mutex_unlock(&queue->mutex);
	while (surplus) {
		ff_job_drop_content(surplus);
		ff_job_unref(surplus);
		pthread_mutex_lock(&queue->mutex);
		surplus = unshelve(queue);
		pthread_mutex_unlock(&queue->mutex);
	}
	ff_firmware_unref(content);
}

/* ---- the steps ---- */

static void log_end(const struct ff_queue *queue, struct ff_job *job)
{
	struct ff_job_view view;
	ff_job_view(job, &view);
	struct ff_worker *worker = ff_job_worker(job);
	const struct ff_log *log = worker ? ff_worker_log(worker) : queue->options.log;
	const char *kind = ff_job_kind_name(ff_job_kind(job));
	if (view.state == FF_JOB_DONE) {
		ff_log(log, FF_LOG_INFO, "job %s (%s) is done", ff_job_id(job), kind);
	} else if (view.state == FF_JOB_CANCELLED) {
		ff_log(log, FF_LOG_INFO, "job %s (%s) %s", ff_job_id(job), kind,
		       view.kept ? "waits for the next start" : "was cancelled");
	} else {
		const char *text = view.detail + strlen(ff_job_place(job)) + strlen(": ");
		ff_log(log, FF_LOG_ERROR, "job %s (%s) failed: %s: %s", ff_job_id(job), kind,
		       ff_status_code(view.status), text);
	}
}

static enum ff_status on_begin(void *context, struct ff_job *job, int64_t started_ms, struct ff_error *error)
{
	struct ff_queue *queue = context;
	const struct ff_ledger *ledger = queue->options.ledger;
	enum ff_status status = ledger ? ledger->begin(ledger->context, job, started_ms, error) : FF_OK;
	if (status == FF_OK) {
		ff_tally_begin(&queue->tally);
	}
	return status;
}

/* Failures are not the job's: the ledger tries again, and the worst is a wrong word about a job that was interrupted. */
static void log_unrecorded(const struct ff_queue *queue, struct ff_job *job, const char *what,
			   const struct ff_error *error)
{
	const struct ff_worker *worker = ff_job_worker(job);
	ff_log(worker ? ff_worker_log(worker) : queue->options.log, FF_LOG_ERROR, "%s job %s is not recorded yet: %s",
	       what, ff_job_id(job), error->text);
}

static void on_reach(void *context, struct ff_job *job)
{
	struct ff_queue *queue = context;
	const struct ff_ledger *ledger = queue->options.ledger;
	struct ff_error error = FF_ERROR_NONE;
	if (ledger && ledger->reach(ledger->context, job, &error) != FF_OK) {
		log_unrecorded(queue, job, "how far it is with", &error);
	}
}

static void on_retry(void *context, enum ff_retry what)
{
	ff_tally_retry(&((struct ff_queue *)context)->tally, what);
}

/* Older contents make room before anybody can ask for them because this job has ended. */
static void on_ending(void *context, struct ff_job *job, const struct ff_job_view *view)
{
	struct ff_queue *queue = context;
	const struct ff_ledger *ledger = queue->options.ledger;
	struct ff_error error = FF_ERROR_NONE;
	shelve(queue, job);
	if (ledger && !view->kept && ledger->end(ledger->context, job, view, &error) != FF_OK) {
		log_unrecorded(queue, job, "the end of", &error);
	}
}

/* Other content than was looked for is an answer, and no fault of the board. */
static void judge_board(const struct ff_queue *queue, struct ff_job *job, const struct ff_job_view *view)
{
	const struct ff_worker *worker = ff_job_worker(job);
	enum ff_job_kind kind = ff_job_kind(job);
	bool compares = kind == FF_JOB_VERIFY && view->status == FF_ERR_VERIFY;
	if (!queue->options.quarantine || compares || kind == FF_JOB_POWER) {
		return;
	}
	const char *text = view->detail[0] ? view->detail + strlen(ff_job_place(job)) + strlen(": ") : "";
	struct ff_error error = FF_ERROR_NONE;
	enum ff_quarantine_news news = ff_quarantine_note(queue->options.quarantine, ff_worker_name(worker),
							  view->status, text, kind == FF_JOB_INFO, &error);
	if (news == FF_QUARANTINE_BEGINS) {
		ff_log(ff_worker_log(worker), FF_LOG_WARN, "in quarantine from now on: the last job failed: %s", text);
	} else if (news == FF_QUARANTINE_ENDS) {
		ff_log(ff_worker_log(worker), FF_LOG_INFO, "no longer in quarantine: it has been probed");
	}
	if (error.status != FF_OK) {
		ff_log(ff_worker_log(worker), FF_LOG_ERROR, "its quarantine is not recorded yet: %s", error.text);
	}
}

/* How long such work takes, and whether the board can be trusted. */
static void learn_from(struct ff_queue *queue, struct ff_job *job)
{
	struct ff_worker *worker = ff_job_worker(job);
	struct ff_job_view view;
	ff_job_view(job, &view);
	if (!worker) {
		return;
	}
	judge_board(queue, job, &view);
	if (queue->options.dispatch && view.state == FF_JOB_DONE) {
		ff_dispatch_took(queue->options.dispatch, worker, ff_job_kind(job), view.finished_ms - view.started_ms);
	}
}

static void on_end(void *context, struct ff_job *job)
{
	struct ff_queue *queue = context;
	ff_tally_end(&queue->tally, job);
	learn_from(queue, job);
	log_end(queue, job);
	ff_queue_retire(queue, job);
}

void ff_queue_complete_spec(struct ff_queue *queue, struct ff_job_spec *spec)
{
	spec->dispatch = queue->options.dispatch;
	spec->work = ff_task_run;
	spec->power = ff_work_power;
	spec->store = queue->options.store;
	spec->max_content = queue->options.max_content;
	spec->notify = queue->options.notify;
	spec->notify_context = queue->options.notify_context;
	spec->lasting = queue->options.ledger != NULL;
	spec->begins = on_begin;
	spec->reaches = on_reach;
	spec->retries = on_retry;
	spec->ending = on_ending;
	spec->ended = on_end;
	spec->queue = queue;
}
