// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue_inner.h"

struct ff_queue *ff_queue_new(const struct ff_queue_options *options)
{
	struct ff_queue *queue = calloc(1, sizeof(*queue));
	if (queue) {
		queue->options = *options;
		queue->next_number = 1;
		ff_tally_init(&queue->tally, options->metrics);
		pthread_mutex_init(&queue->mutex, NULL);
	}
	return queue;
}

static void unlink_entry(struct ff_queue *queue, struct ff_queue_entry *entry)
{
	*(entry->newer ? &entry->newer->older : &queue->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &queue->oldest) = entry->newer;
	queue->count--;
}

/* In the order of the numbers, which is nearly always the order in which they come. */
static void link_entry(struct ff_queue *queue, struct ff_queue_entry *entry)
{
	struct ff_queue_entry *newer = NULL;
	struct ff_queue_entry *older = queue->newest;
	while (older && ff_job_number(older->job) > ff_job_number(entry->job)) {
		newer = older;
		older = older->older;
	}
	entry->newer = newer;
	entry->older = older;
	*(newer ? &newer->older : &queue->newest) = entry;
	*(older ? &older->newer : &queue->oldest) = entry;
	queue->count++;
}

static void free_entry(struct ff_queue_entry *entry)
{
	if (entry) {
		ff_job_unref(entry->job);
		free(entry);
	}
}

void ff_queue_free(struct ff_queue *queue)
{
	if (!queue) {
		return;
	}
	for (struct ff_queue_entry *entry = queue->newest; entry;) {
		struct ff_queue_entry *older = entry->older;
		free_entry(entry);
		entry = older;
	}
	for (size_t i = 0; i < queue->content_count; i++) {
		ff_job_unref(queue->contents[i].job);
	}
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

static struct ff_queue_entry *find_entry(struct ff_queue *queue, const struct ff_job *job)
{
	struct ff_queue_entry *entry = queue->newest;
	while (entry && entry->job != job) {
		entry = entry->older;
	}
	return entry;
}

/* Takes the oldest of those that have ended out of the list if there are too many of them. Under the mutex. */
static struct ff_queue_entry *take_surplus(struct ff_queue *queue)
{
	if (queue->ended <= FF_QUEUE_HISTORY) {
		return NULL;
	}
	struct ff_queue_entry *surplus = queue->oldest;
	while (!surplus->ended) {
		surplus = surplus->newer;
	}
	unlink_entry(queue, surplus);
	queue->ended--;
	return surplus;
}

static void forget(struct ff_queue *queue, uint64_t number)
{
	const struct ff_ledger *ledger = queue->options.ledger;
	if (ledger) {
		ledger->forget(ledger->context, number);
	}
}

void ff_queue_retire(struct ff_queue *queue, struct ff_job *job)
{
	pthread_mutex_lock(&queue->mutex);
	struct ff_queue_entry *entry = find_entry(queue, job);
	if (entry) {
		entry->ended = true;
		queue->ended++;
	}
	struct ff_queue_entry *surplus = take_surplus(queue);
	pthread_mutex_unlock(&queue->mutex);
	if (surplus) {
		forget(queue, ff_job_number(surplus->job));
		free_entry(surplus);
	}
}

void ff_queue_request_release(const struct ff_queue_request *request)
{
	ff_job_regions_free(request->regions, request->region_count);
	ff_job_watch_free(request->watch);
}

static struct ff_job *make_job(struct ff_queue *queue, const struct ff_queue_request *request, uint64_t number,
			       uint64_t batch)
{
	struct ff_job_spec spec = {
		.kind = request->kind,
		.number = number,
		.repeats = request->repeats,
		.worker = request->worker,
		.priority = request->priority,
		.wait_s = request->wait_s,
		.batch = batch,
		.lease = request->lease,
		.options = request->options,
		.target = request->target,
		.regions = request->regions,
		.region_count = request->region_count,
		.watch = request->watch,
	};
	if (request->worker) {
		snprintf(spec.board, sizeof(spec.board), "%s", ff_worker_name(request->worker));
	}
	spec.select = request->select ? strdup(request->select) : NULL;
	spec.left_out = request->left_out ? strdup(request->left_out) : NULL;
	ff_queue_complete_spec(queue, &spec);
	bool complete = (!request->select || spec.select) && (!request->left_out || spec.left_out);
	struct ff_job *job = complete ? ff_job_new(&spec) : NULL;
	if (!job) {
		free(spec.select);
		free(spec.left_out);
	}
	return job;
}

/* The first of so many numbers. */
static uint64_t take_numbers(struct ff_queue *queue, size_t count)
{
	pthread_mutex_lock(&queue->mutex);
	uint64_t number = queue->next_number;
	queue->next_number += count;
	pthread_mutex_unlock(&queue->mutex);
	return number;
}

enum ff_status ff_queue_enlist(struct ff_queue *queue, struct ff_job *job)
{
	enum ff_status status = FF_OK;
	struct ff_queue_entry *entry = calloc(1, sizeof(*entry));
	if (!entry) {
		return FF_ERR_NO_MEMORY;
	}
	/* Whoever stops the queue either finds the job or prevents it. */
	pthread_mutex_lock(&queue->mutex);
	if (queue->stopping) {
		status = FF_ERR_CANCELLED;
	} else {
		entry->job = ff_job_ref(job);
		link_entry(queue, entry);
	}
	pthread_mutex_unlock(&queue->mutex);
	if (status != FF_OK) {
		free(entry);
	}
	return status;
}

enum ff_status ff_queue_post(struct ff_queue *queue, struct ff_job *job)
{
	ff_tally_wait(&queue->tally);
	enum ff_status status = ff_job_post(job);
	if (status != FF_OK) {
		ff_tally_withdraw(&queue->tally);
		pthread_mutex_lock(&queue->mutex);
		struct ff_queue_entry *entry = find_entry(queue, job);
		if (entry) {
			unlink_entry(queue, entry);
		}
		pthread_mutex_unlock(&queue->mutex);
		free_entry(entry);
	}
	return status;
}

/* First the ledger, so that nobody sees a job that might be lost: all of them or none, as half a batch would look like a whole
 * one. */
static enum ff_status take_up(struct ff_queue *queue, struct ff_job *const *jobs, size_t count, struct ff_error *error)
{
	const struct ff_ledger *ledger = queue->options.ledger;
	enum ff_status status = ledger ? ledger->accept(ledger->context, jobs, count, error) : FF_OK;
	size_t posted = 0;
	while (status == FF_OK && posted < count) {
		status = ff_queue_enlist(queue, jobs[posted]);
		if (status == FF_OK) {
			status = ff_queue_post(queue, jobs[posted]);
		}
		posted += status == FF_OK;
	}
	for (size_t i = 0; i < count && status != FF_OK; i++) {
		if (i < posted) {
			ff_job_cancel(jobs[i], false);
		} else {
			forget(queue, ff_job_number(jobs[i]));
		}
	}
	return status;
}

static bool is_stopping(struct ff_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	bool stopping = queue->stopping;
	pthread_mutex_unlock(&queue->mutex);
	return stopping;
}

enum ff_status ff_queue_submit(struct ff_queue *queue, const struct ff_queue_request *request, struct ff_job **job,
			       struct ff_error *error)
{
	if (is_stopping(queue)) {
		ff_queue_request_release(request);
		return FF_ERR_CANCELLED;
	}
	struct ff_job *made = make_job(queue, request, take_numbers(queue, 1), 0);
	if (!made) {
		ff_queue_request_release(request);
		return FF_ERR_NO_MEMORY;
	}
	enum ff_status status = take_up(queue, &made, 1, error);
	if (status != FF_OK) {
		ff_job_unref(made);
		return status;
	}
	*job = made;
	return FF_OK;
}

/* The job of the request for one of its boards, with parts of its own. NULL: out of memory. */
static struct ff_job *make_job_for(struct ff_queue *queue, const struct ff_queue_request *request,
				   struct ff_worker *board, uint64_t number, uint64_t batch)
{
	struct ff_queue_request own = *request;
	own.worker = board;
	own.left_out = number == batch ? request->left_out : NULL; /* the first one tells it for all of them */
	own.regions = ff_job_regions_copy(request->regions, request->region_count);
	own.watch = request->watch ? ff_job_watch_copy(request->watch) : NULL;
	own.region_count = own.regions ? own.region_count : 0;
	bool complete = own.regions && (!request->watch || own.watch);
	struct ff_job *job = complete ? make_job(queue, &own, number, batch) : NULL;
	if (!job) {
		ff_queue_request_release(&own);
	}
	return job;
}

enum ff_status ff_queue_submit_all(struct ff_queue *queue, const struct ff_queue_request *request,
				   struct ff_worker *const *boards, struct ff_job **jobs, size_t count,
				   struct ff_error *error)
{
	uint64_t batch = take_numbers(queue, count);
	enum ff_status status = is_stopping(queue) ? FF_ERR_CANCELLED : FF_OK;
	size_t made = 0;
	while (status == FF_OK && made < count) {
		jobs[made] = make_job_for(queue, request, boards[made], batch + made, batch);
		status = jobs[made] ? FF_OK : FF_ERR_NO_MEMORY;
		made += status == FF_OK;
	}
	if (status == FF_OK) {
		status = take_up(queue, jobs, count, error);
	}
	for (size_t i = 0; i < made && status != FF_OK; i++) {
		ff_job_unref(jobs[i]);
	}
	ff_queue_request_release(request);
	return status;
}

size_t ff_queue_batch(struct ff_queue *queue, uint64_t batch, struct ff_job **jobs, size_t capacity)
{
	size_t count = 0;
	pthread_mutex_lock(&queue->mutex);
	for (struct ff_queue_entry *entry = queue->oldest; entry && count < capacity; entry = entry->newer) {
		if (ff_job_batch(entry->job) == batch && ff_job_repeated_by(entry->job) == 0) {
			jobs[count++] = ff_job_ref(entry->job);
		}
	}
	pthread_mutex_unlock(&queue->mutex);
	return count;
}

bool ff_queue_history(struct ff_queue *queue, const char *board, struct ff_board_history *history)
{
	const struct ff_ledger *ledger = queue->options.ledger;
	if (ledger) {
		ledger->history(ledger->context, board, history);
	}
	return ledger != NULL;
}

bool ff_queue_facts(struct ff_queue *queue, const char *board, struct ff_board_facts *facts)
{
	const struct ff_ledger *ledger = queue->options.ledger;
	return ledger && ledger->facts(ledger->context, board, facts);
}

struct ff_job *ff_queue_find(struct ff_queue *queue, const char *id)
{
	struct ff_job *found = NULL;
	pthread_mutex_lock(&queue->mutex);
	for (struct ff_queue_entry *entry = queue->newest; entry && !found; entry = entry->older) {
		if (strcmp(ff_job_id(entry->job), id) == 0) {
			found = ff_job_ref(entry->job);
		}
	}
	pthread_mutex_unlock(&queue->mutex);
	return found;
}

size_t ff_queue_list(struct ff_queue *queue, const char *board, struct ff_job **jobs, size_t capacity)
{
	size_t count = 0;
	pthread_mutex_lock(&queue->mutex);
	for (struct ff_queue_entry *entry = queue->newest; entry && count < capacity; entry = entry->older) {
		if (!board || strcmp(ff_job_board(entry->job), board) == 0) {
			jobs[count++] = ff_job_ref(entry->job);
		}
	}
	pthread_mutex_unlock(&queue->mutex);
	return count;
}

size_t ff_queue_count(struct ff_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	size_t count = queue->count;
	pthread_mutex_unlock(&queue->mutex);
	return count;
}

/* A job of the lease that has not ended; NULL: there is none more. */
static struct ff_job *find_of_lease(struct ff_queue *queue, uint64_t lease)
{
	struct ff_job *found = NULL;
	pthread_mutex_lock(&queue->mutex);
	for (struct ff_queue_entry *entry = queue->newest; entry && !found; entry = entry->older) {
		if (!entry->ended && !entry->lease_over && ff_job_lease(entry->job) == lease) {
			entry->lease_over = true;
			found = ff_job_ref(entry->job);
		}
	}
	pthread_mutex_unlock(&queue->mutex);
	return found;
}

void ff_queue_end_lease(struct ff_queue *queue, uint64_t lease)
{
	struct ff_job *job;
	while ((job = find_of_lease(queue, lease))) {
		ff_job_end_lease(job);
		ff_job_unref(job);
	}
}

/* The same of the board. */
static struct ff_job *find_of_board(struct ff_queue *queue, const struct ff_worker *worker)
{
	struct ff_job *found = NULL;
	pthread_mutex_lock(&queue->mutex);
	for (struct ff_queue_entry *entry = queue->newest; entry && !found; entry = entry->older) {
		if (!entry->ended && !entry->board_over && ff_job_worker(entry->job) == worker) {
			entry->board_over = true;
			found = ff_job_ref(entry->job);
		}
	}
	pthread_mutex_unlock(&queue->mutex);
	return found;
}

void ff_queue_end_board(struct ff_queue *queue, const struct ff_worker *worker)
{
	struct ff_job *job;
	while ((job = find_of_board(queue, worker))) {
		ff_job_end_board(job);
		ff_job_unref(job);
	}
}

void ff_queue_stop(struct ff_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->stopping = true;
	size_t count = queue->count;
	pthread_mutex_unlock(&queue->mutex);

	/* Nothing is added any more, so the list cannot outgrow this. */
	struct ff_job **jobs = calloc(count + 1, sizeof(struct ff_job *));
	count = jobs ? ff_queue_list(queue, NULL, jobs, count) : 0;
	for (size_t i = 0; i < count; i++) {
		ff_job_cancel(jobs[count - 1 - i], true);
		ff_job_unref(jobs[count - 1 - i]);
	}
	free(jobs);
}
