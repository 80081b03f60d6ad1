// SPDX-License-Identifier: Apache-2.0
/* What the queue's own files share. For nobody else. */
#ifndef FF_JOBS_QUEUE_INNER_H
#define FF_JOBS_QUEUE_INNER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue.h"
#include "tally.h"

/* A job in the list, which holds a reference to it. */
struct ff_queue_entry {
	struct ff_job *job;
	bool ended;
	bool lease_over; /* it has been told so */
	bool board_over; /* the same */
	struct ff_queue_entry *newer;
	struct ff_queue_entry *older;
};

/* What an ended job has read; the job is a reference. */
struct ff_queue_content {
	struct ff_job *job;
	uint64_t size;
};

struct ff_queue {
	struct ff_queue_options options;
	struct ff_tally tally;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	struct ff_queue_entry *newest;
	struct ff_queue_entry *oldest;
	size_t count;
	size_t ended;
	uint64_t next_number;
	bool stopping;
	struct ff_queue_content contents[FF_QUEUE_CONTENTS + 1]; /* in the order of their end */
	size_t content_count;
	uint64_t content_bytes;
};

/* Adds what belongs to the queue to a job's description. */
void ff_queue_complete_spec(struct ff_queue *queue, struct ff_job_spec *spec);

/* Lists a job in the order of the numbers, with a reference of its own. FF_ERR_NO_MEMORY; FF_ERR_CANCELLED: the queue
 * stops. */
FF_WARN_UNUSED enum ff_status ff_queue_enlist(struct ff_queue *queue, struct ff_job *job);

/* Has a listed job wait for its turn. On failure it is no longer listed. Errors as ff_job_post(). */
FF_WARN_UNUSED enum ff_status ff_queue_post(struct ff_queue *queue, struct ff_job *job);

/* Notes that a listed job has ended, and forgets the oldest if there are too many. */
void ff_queue_retire(struct ff_queue *queue, struct ff_job *job);

#endif
