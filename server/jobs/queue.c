// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"
#include "tasks.h"

/* A job in the list, which holds a reference to it. */
struct entry {
	struct ff_job *job;
	bool ended;
	bool lease_over; /* it has been told so */
	struct entry *newer;
	struct entry *older;
};

/* What an ended job has read; the job is a reference. */
struct content {
	struct ff_job *job;
	uint64_t size;
};

struct ff_queue {
	struct ff_queue_options options;
	struct ff_tally tally;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	struct entry *newest;
	struct entry *oldest;
	size_t count;
	size_t ended;
	uint64_t next_number;
	bool stopping;
	struct content contents[FF_QUEUE_CONTENTS + 1]; /* in the order of their end */
	size_t content_count;
	uint64_t content_bytes;
};

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

static void unlink_entry(struct ff_queue *queue, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &queue->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &queue->oldest) = entry->newer;
	queue->count--;
}

static void link_newest(struct ff_queue *queue, struct entry *entry)
{
	entry->older = queue->newest;
	*(queue->newest ? &queue->newest->newer : &queue->oldest) = entry;
	queue->newest = entry;
	queue->count++;
}

static void free_entry(struct entry *entry)
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
	while (queue->newest) {
		struct entry *entry = queue->newest;
		unlink_entry(queue, entry);
		free_entry(entry);
	}
	for (size_t i = 0; i < queue->content_count; i++) {
		ff_job_unref(queue->contents[i].job);
	}
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

static void log_end(struct ff_job *job)
{
	struct ff_job_view view;
	ff_job_view(job, &view);
	const struct ff_log *log = ff_worker_log(ff_job_worker(job));
	const char *kind = ff_job_kind_name(ff_job_kind(job));
	if (view.state == FF_JOB_DONE) {
		ff_log(log, FF_LOG_INFO, "job %s (%s) is done", ff_job_id(job), kind);
	} else if (view.state == FF_JOB_CANCELLED) {
		ff_log(log, FF_LOG_INFO, "job %s (%s) was cancelled", ff_job_id(job), kind);
	} else {
		const char *text = view.detail + strlen(ff_worker_name(ff_job_worker(job))) + strlen(": ");
		ff_log(log, FF_LOG_ERROR, "job %s (%s) failed: %s: %s", ff_job_id(job), kind,
		       ff_status_code(view.status), text);
	}
}

/* Marks the job as ended and picks the oldest ended one for removal if there are too many. */
static struct entry *retire(struct ff_queue *queue, const struct ff_job *job)
{
	struct entry *entry = queue->newest;
	while (entry && entry->job != job) {
		entry = entry->older;
	}
	if (entry) {
		entry->ended = true;
		queue->ended++;
	}
	if (queue->ended <= FF_QUEUE_HISTORY) {
		return NULL;
	}
	struct entry *surplus = queue->oldest;
	while (!surplus->ended) {
		surplus = surplus->newer;
	}
	unlink_entry(queue, surplus);
	queue->ended--;
	return surplus;
}

/* Takes the oldest content off the shelf if there are too many or too large ones; NULL: there are not. */
static struct ff_job *unshelve(struct ff_queue *queue)
{
	if (queue->content_count == 0 ||
	    (queue->content_count <= FF_QUEUE_CONTENTS && queue->content_bytes <= queue->options.max_content)) {
		return NULL;
	}
	struct content oldest = queue->contents[0];
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
	queue->contents[queue->content_count++] = (struct content){ ff_job_ref(job), content->size };
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

static void on_begin(void *context)
{
	ff_tally_begin(&((struct ff_queue *)context)->tally);
}

/* Older contents make room before anybody can ask for them because this job has ended. */
static void on_ending(void *context, struct ff_job *job)
{
	shelve(context, job);
}

static void on_end(void *context, struct ff_job *job)
{
	struct ff_queue *queue = context;
	ff_tally_end(&queue->tally, job);
	log_end(job);
	pthread_mutex_lock(&queue->mutex);
	struct entry *surplus = retire(queue, job);
	pthread_mutex_unlock(&queue->mutex);
	free_entry(surplus);
}

void ff_queue_request_release(const struct ff_queue_request *request)
{
	ff_job_regions_free(request->regions, request->region_count);
	ff_job_watch_free(request->watch);
}

static struct ff_job *make_job(struct ff_queue *queue, const struct ff_queue_request *request, uint64_t number)
{
	struct ff_job_spec spec = {
		.kind = request->kind,
		.number = number,
		.worker = request->worker,
		.lease = request->lease,
		.work = ff_task_run,
		.options = request->options,
		.target = request->target,
		.regions = request->regions,
		.region_count = request->region_count,
		.watch = request->watch,
		.store = queue->options.store,
		.max_content = queue->options.max_content,
		.notify = queue->options.notify,
		.notify_context = queue->options.notify_context,
		.begun = on_begin,
		.ending = on_ending,
		.ended = on_end,
		.ended_context = queue,
	};
	return ff_job_new(&spec);
}

/* Makes the job and lists it. Both under one lock: whoever stops the queue either finds the job or prevents it. */
static enum ff_status enter(struct ff_queue *queue, const struct ff_queue_request *request, struct entry *entry)
{
	enum ff_status status = FF_OK;
	pthread_mutex_lock(&queue->mutex);
	if (queue->stopping) {
		status = FF_ERR_CANCELLED;
	} else {
		entry->job = make_job(queue, request, queue->next_number);
		status = entry->job ? FF_OK : FF_ERR_NO_MEMORY;
	}
	if (status == FF_OK) {
		queue->next_number++;
		link_newest(queue, entry);
	}
	pthread_mutex_unlock(&queue->mutex);
	return status;
}

enum ff_status ff_queue_submit(struct ff_queue *queue, const struct ff_queue_request *request, struct ff_job **job)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	enum ff_status status = entry ? enter(queue, request, entry) : FF_ERR_NO_MEMORY;
	if (status != FF_OK) {
		ff_queue_request_release(request);
		free(entry);
		return status;
	}
	/* A reference of our own: once it is posted, the job may end and leave the history at any moment. */
	struct ff_job *made = ff_job_ref(entry->job);
	ff_tally_wait(&queue->tally);
	status = ff_job_post(made);
	if (status != FF_OK) {
		ff_tally_withdraw(&queue->tally);
		pthread_mutex_lock(&queue->mutex);
		unlink_entry(queue, entry);
		pthread_mutex_unlock(&queue->mutex);
		free_entry(entry);
		ff_job_unref(made);
		return status;
	}
	*job = made;
	return FF_OK;
}

struct ff_job *ff_queue_find(struct ff_queue *queue, const char *id)
{
	struct ff_job *found = NULL;
	pthread_mutex_lock(&queue->mutex);
	for (struct entry *entry = queue->newest; entry && !found; entry = entry->older) {
		if (strcmp(ff_job_id(entry->job), id) == 0) {
			found = ff_job_ref(entry->job);
		}
	}
	pthread_mutex_unlock(&queue->mutex);
	return found;
}

size_t ff_queue_list(struct ff_queue *queue, const struct ff_worker *worker, struct ff_job **jobs, size_t capacity)
{
	size_t count = 0;
	pthread_mutex_lock(&queue->mutex);
	for (struct entry *entry = queue->newest; entry && count < capacity; entry = entry->older) {
		if (!worker || ff_job_worker(entry->job) == worker) {
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
	for (struct entry *entry = queue->newest; entry && !found; entry = entry->older) {
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
