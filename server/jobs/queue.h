// SPDX-License-Identifier: Apache-2.0
/* The jobs that the server knows: those that wait or run, and the last FF_QUEUE_HISTORY that have ended.
 *
 * They wait in the dispatcher, which gives them their boards (dispatch.h in server/farm). With a ledger
 * they outlive the process. Of what jobs have read, the newest FF_QUEUE_CONTENTS contents are kept, and fewer if they are
 * large; they go with the process. new/free; any thread. */
#ifndef FF_JOBS_QUEUE_H
#define FF_JOBS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "job.h"
#include "ledger.h"
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
	struct ff_dispatch *
		dispatch; /* where jobs wait for their boards; NULL: in the boards' mailboxes; must outlive the queue */
	struct ff_quarantine *quarantine; /* is told how jobs end; may be NULL; must outlive the queue */
	const struct ff_ledger *ledger;   /* what is kept beyond the process; NULL: nothing; must outlive the queue */
	struct ff_metrics *metrics;       /* gets those of the jobs; may be NULL; must outlive the queue */
	uint64_t max_content;             /* bytes of it: of one job, and of all jobs that have ended */
};

/* NULL: out of memory. */
struct ff_queue *ff_queue_new(const struct ff_queue_options *options);

/* Takes up what the ledger has kept, once, before anything is submitted: what had ended is history again, what waited waits in
 * its order, and what ran has been interrupted. `find` gives the board of a name, NULL: there is none. A job that cannot
 * wait again has failed, and says why. Errors of the ledger's load(). */
FF_WARN_UNUSED enum ff_status ff_queue_restore(struct ff_queue *queue,
					       struct ff_worker *(*find)(void *context, const char *name),
					       void *context, struct ff_error *error);

/* The workers must have ended. NULL is harmless. */
void ff_queue_free(struct ff_queue *queue);

struct ff_queue_request {
	enum ff_job_kind kind;
	struct ff_worker *worker; /* NULL: any that `select` matches */
	const char *select;       /* copied; may be NULL if there is a worker */
	const char *left_out;     /* of a batch, copied; NULL: none; see ff_job_spec */
	int priority;             /* FF_ORDER_LOWEST to FF_ORDER_HIGHEST */
	uint32_t wait_s;          /* how long it waits for its board; 0: for ever */
	uint64_t lease;           /* that it is asked for under, 0: none */
	uint64_t repeats;         /* the number of the interrupted job that it repeats, 0: none */
	struct ff_job_options options;
	struct ff_job_target target;
	struct ff_job_region *regions; /* taken over in any case */
	size_t region_count;
	struct ff_job_watch *watch; /* the same; FF_JOB_TEST alone has one */
};

/* Releases what a request owns, if it is not submitted after all. */
void ff_queue_request_release(const struct ff_queue_request *request);

/* Accepts a job and gives the caller a reference. FF_ERR_BUSY: too many wait for this board; FF_ERR_CANCELLED: the
 * server is stopping; FF_ERR_DENIED: the board is kept for another lease, or the request's is over; FF_ERR_NO_MEMORY; what
 * the ledger answers, which alone sets `error`. Waits for the ledger. */
FF_WARN_UNUSED enum ff_status ff_queue_submit(struct ff_queue *queue, const struct ff_queue_request *request,
					      struct ff_job **job, struct ff_error *error);

/* Accepts the job once for each of the boards, which `request` leaves open, as one batch, whose number is that of the first; the
 * caller gets a reference to each. All are accepted or, with an error as of ff_queue_submit(), none. */
FF_WARN_UNUSED enum ff_status ff_queue_submit_all(struct ff_queue *queue, const struct ff_queue_request *request,
						  struct ff_worker *const *boards, struct ff_job **jobs, size_t count,
						  struct ff_error *error);

/* Copies references to the jobs of a batch, in their order, at most `capacity`, and returns how many. Of those that were repeated
 * the repeat counts alone, so that there is one for each board. */
size_t ff_queue_batch(struct ff_queue *queue, uint64_t batch, struct ff_job **jobs, size_t capacity);

/* A reference to the job with this id, or NULL. */
struct ff_job *ff_queue_find(struct ff_queue *queue, const char *id);

/* Copies references to the jobs of the board of this name (NULL: of all boards), newest first, at most `capacity`, into
 * `jobs` and returns how many; the caller gives each back. */
size_t ff_queue_list(struct ff_queue *queue, const char *board, struct ff_job **jobs, size_t capacity);

/* How many jobs a list can hold at this moment. */
size_t ff_queue_count(struct ff_queue *queue);

/* What has become of the jobs of the board of this name. False: nothing is kept. */
bool ff_queue_history(struct ff_queue *queue, const char *board, struct ff_board_history *history);

/* What is known of the chip of the board of this name, from an earlier run too. False: nothing. */
bool ff_queue_facts(struct ff_queue *queue, const char *board, struct ff_board_facts *facts);

/* Cancels the jobs of a lease that is over at their board. */
void ff_queue_end_lease(struct ff_queue *queue, uint64_t lease);

/* Cancels the jobs of a board that was removed. */
void ff_queue_end_board(struct ff_queue *queue, const struct ff_worker *worker);

/* Accepts no more and cancels everything; with a ledger, what has not begun waits for the next start. */
void ff_queue_stop(struct ff_queue *queue);

#endif
