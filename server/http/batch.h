// SPDX-License-Identifier: Apache-2.0
/* The jobs of one request for many boards, a row a board. The jobs themselves know that they belong together; this is who
 * looks on. new/free; one thread. */
#ifndef FF_HTTP_BATCH_H
#define FF_HTTP_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "boards.h"
#include "queue.h"
#include "request.h"

struct ff_batch {
	uint64_t number;
	size_t count;
	struct ff_job **jobs; /* references, in the order of the boards */
};

/* Has the job done on all of the boards. Takes over what `wanted` owns. Errors as ff_queue_submit_all(). */
FF_WARN_UNUSED enum ff_status ff_batch_submit(struct ff_batch **batch, struct ff_queue *queue,
					      const struct ff_queue_request *wanted, struct ff_worker *const *boards,
					      size_t count, struct ff_error *error);

/* The batch with this id; NULL: there is none. */
struct ff_batch *ff_batch_find(struct ff_queue *queue, const char *id);

/* NULL is harmless. */
void ff_batch_free(struct ff_batch *batch);

/* The boards that it would be for too, were they not in quarantine: "lab1, lab2". NULL: there are none. */
const char *ff_batch_left_out(const struct ff_batch *batch);

/* Copies the first name of those at `*left_out`, which is moved behind it. False: there is none any more, as in NULL. */
bool ff_batch_take_name(const char **left_out, char name[FF_BOARD_NAME_SIZE]);

/* How many of its jobs are in each state. */
void ff_batch_count(const struct ff_batch *batch, size_t counts[FF_JOB_STATE_COUNT]);

/* The state of the whole: "queued", "running", and when all have ended "done" if all are, or else "failed". */
enum ff_job_state ff_batch_state(const struct ff_batch *batch);

/* Answers for the request's batch, in one of the three ways of a job. */
enum MHD_Result ff_batch_answer(struct ff_request *request);

/* batch_stream.c: tells what becomes of the rows, as events or as text. */
enum MHD_Result ff_batch_stream_events(struct ff_request *request);
enum MHD_Result ff_batch_stream_text(struct ff_request *request);

#endif
