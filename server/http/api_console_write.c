// SPDX-License-Identifier: Apache-2.0
/* Bytes for a board, from a request's body: written by its owner thread. The request may give up before that happens, so
 * the bytes are shared between the two. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "lease_gate.h"
#include "reply.h"

#define WRITE_TIMEOUT_MS 2000   /* 4096 bytes at 115200 baud take 0.4 s */
#define TURN_TIMEOUT_US 3000000 /* how long the bytes wait for the board's owner thread */

#define PIECE ((size_t)256) /* written before it is looked whether the lease is still in force */

struct writing {
	struct ff_task task;
	struct ff_worker *worker;
	atomic_uint references;
	uint8_t bytes[FF_REQUEST_SMALL_BODY];
	size_t size;
	bool posted;
	int64_t turn_deadline_us;

	/* Written by the owner thread before `done`. */
	enum ff_status status;
	struct ff_error error;
	atomic_bool done;
};

static void unref_writing(void *state)
{
	struct writing *writing = state;
	if (atomic_fetch_sub(&writing->references, 1) == 1) {
		free(writing);
	}
}

static enum ff_status run_writing(struct ff_task *task, struct ff_transport *transport, struct ff_error *error)
{
	struct writing *writing = (struct writing *)task;
	int64_t deadline = ff_deadline_ms(WRITE_TIMEOUT_MS);
	enum ff_status status = FF_OK;
	for (size_t at = 0; at < writing->size && status == FF_OK; at += PIECE) {
		size_t left = writing->size - at;
		if (!ff_worker_admits(writing->worker, writing->task.lease)) {
			return ff_error_set(error, FF_ERR_CANCELLED, "the lease has ended: %zu bytes were not sent",
					    left);
		}
		status = transport->ops->write(transport->self, writing->bytes + at, left < PIECE ? left : PIECE,
					       deadline, error);
	}
	return status;
}

static void finish_writing(struct ff_task *task, enum ff_status status, const struct ff_error *error)
{
	struct writing *writing = (struct writing *)task;
	writing->status = status;
	writing->error = *error;
	atomic_store(&writing->done, true);
	unref_writing(writing);
}

static const struct ff_task_ops writing_ops = { .run = run_writing, .finished = finish_writing };

static void begin_write(struct ff_request *request)
{
	struct writing *writing = calloc(1, sizeof(*writing));
	if (!writing) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		return;
	}
	writing->task = (struct ff_task){ .ops = &writing_ops, .lease = request->lease };
	writing->worker = request->worker;
	atomic_init(&writing->references, 1);
	atomic_init(&writing->done, false);
	request->state = writing;
	request->free_state = unref_writing;
}

static void take_bytes(struct ff_request *request, const uint8_t *bytes, size_t size)
{
	struct writing *writing = request->state;
	memcpy(writing->bytes + writing->size, bytes, size); /* the request's cap is the array's size */
	writing->size += size;
}

static int64_t due_when_written(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	struct writing *writing = request->state;
	return atomic_load(&writing->done) ? now_us : writing->turn_deadline_us;
}

static void post_bytes(struct ff_request *request, struct writing *writing)
{
	struct ff_board_view board;
	if (!ff_answer_check_holder(request)) {
		return;
	}
	ff_worker_view(request->worker, &board);
	if (board.state == FF_BOARD_BUSY || board.waiting > 0) {
		ff_problem_set(&request->problem, FF_PROBLEM_BOARD_BUSY, "%s is at work on job %s",
			       ff_worker_name(request->worker), board.task[0] ? board.task : "of the queue");
		return;
	}
	writing->posted = true;
	writing->turn_deadline_us = ff_now_us() + TURN_TIMEOUT_US;
	atomic_fetch_add(&writing->references, 1);
	enum ff_status status = ff_worker_post(request->worker, &writing->task);
	if (status != FF_OK) {
		atomic_fetch_sub(&writing->references, 1); /* the request's own is left */
		if (status == FF_ERR_DENIED) {
			ff_lease_gate_refuse(request);
		}
		ff_problem_set(&request->problem,
			       status == FF_ERR_BUSY ? FF_PROBLEM_BOARD_BUSY : FF_PROBLEM_SHUTTING_DOWN,
			       "%s takes no more input now", ff_worker_name(request->worker));
	}
}

static enum MHD_Result answer_written(struct ff_request *request, const struct writing *writing)
{
	if (writing->status == FF_OK) {
		return ff_reply_empty(request);
	}
	ff_problem_set_status(&request->problem, writing->status, writing->error.text);
	return ff_reply_problem(request);
}

static enum MHD_Result answer_write(struct ff_request *request)
{
	struct writing *writing = request->state;
	if (writing->size == 0) {
		return ff_reply_empty(request);
	}
	if (!writing->posted) {
		post_bytes(request, writing);
	}
	if (request->problem.http_status) {
		return ff_reply_problem(request);
	}
	if (atomic_load(&writing->done)) {
		return answer_written(request, writing);
	}
	if (ff_now_us() >= writing->turn_deadline_us) {
		if (ff_worker_withdraw(writing->worker, &writing->task)) {
			atomic_fetch_sub(&writing->references, 1);
			ff_problem_set(&request->problem, FF_PROBLEM_BOARD_BUSY,
				       "%s was busy all the time; nothing was sent to it",
				       ff_worker_name(request->worker));
			return ff_reply_problem(request);
		}
		/* It is being written, which has a deadline of its own. */
		writing->turn_deadline_us = FF_WAKER_NEVER;
	}
	if (ff_request_park(request, due_when_written)) {
		return MHD_YES;
	}
	ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server stops");
	return ff_reply_problem(request);
}

const struct ff_handler ff_api_console_write = {
	.names_board = true,
	.lease = FF_LEASE_NEEDED,
	.body_kind = FF_BODY_SMALL,
	.begin = begin_write,
	.body = take_bytes,
	.answer = answer_write,
};
