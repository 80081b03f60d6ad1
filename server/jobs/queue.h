// SPDX-License-Identifier: Apache-2.0
/* The jobs that the server knows: those that wait or run, and the last FF_QUEUE_HISTORY that have ended.
 *
 * Jobs of one board run in the order in which they were accepted, at most FF_WORKER_MAX_TASKS of them wait. All of it
 * lives in memory, but for what jobs have read: the newest FF_QUEUE_CONTENTS of these contents are kept, and fewer if they
 * are large. new/free; any thread. */
#ifndef FF_JOBS_QUEUE_H
#define FF_JOBS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "job.h"
#include "worker.h"

#define FF_QUEUE_HISTORY 1000
#define FF_QUEUE_CONTENTS 16

struct ff_queue;

struct ff_queue_options {
	const struct ff_log *log;
	void (*notify)(
		void *context); /* told after each change of a job but mere progress; must not wait; may be NULL */
	void *notify_context;
	struct ff_firmware_store *store; /* for what jobs read; must outlive the queue */
	struct ff_metrics *metrics;      /* gets those of the jobs; may be NULL; must outlive the queue */
	uint64_t max_content;            /* bytes of it: of one job, and of all jobs that have ended */
};

/* NULL: out of memory. */
struct ff_queue *ff_queue_new(const struct ff_queue_options *options);

/* The workers must have ended. NULL is harmless. */
void ff_queue_free(struct ff_queue *queue);

struct ff_queue_request {
	enum ff_job_kind kind;
	struct ff_worker *worker;
	uint64_t lease; /* that it is asked for under, 0: none */
	struct ff_job_options options;
	struct ff_job_target target;
	struct ff_job_region *regions; /* taken over in any case */
	size_t region_count;
	struct ff_job_watch *watch; /* the same; FF_JOB_TEST alone has one */
};

/* Releases what a request owns, if it is not submitted after all. */
void ff_queue_request_release(const struct ff_queue_request *request);

/* Accepts a job and gives the caller a reference. FF_ERR_BUSY: too many wait for this board; FF_ERR_CANCELLED: the
 * server is stopping; FF_ERR_DENIED: the board is kept for another lease, or the request's is over; FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_queue_submit(struct ff_queue *queue, const struct ff_queue_request *request,
					      struct ff_job **job);

/* A reference to the job with this id, or NULL. */
struct ff_job *ff_queue_find(struct ff_queue *queue, const char *id);

/* Copies references to the jobs of `worker` (NULL: of all boards), newest first, at most `capacity`, into `jobs` and
 * returns how many; the caller gives each back. */
size_t ff_queue_list(struct ff_queue *queue, const struct ff_worker *worker, struct ff_job **jobs, size_t capacity);

/* How many jobs a list can hold at this moment. */
size_t ff_queue_count(struct ff_queue *queue);

/* Cancels the jobs of a lease that is over at their board. */
void ff_queue_end_lease(struct ff_queue *queue, uint64_t lease);

/* Accepts no more and cancels everything. */
void ff_queue_stop(struct ff_queue *queue);

#endif
