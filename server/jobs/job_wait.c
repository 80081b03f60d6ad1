// SPDX-License-Identifier: Apache-2.0
/* A job before it begins: it waits for its board, gets it, or is cancelled. */
#include <stdlib.h>

#include "clock.h"
#include "durations.h"
#include "job_inner.h"

_Static_assert(FF_JOB_KIND_COUNT <= FF_DURATIONS_KINDS, "each kind has its durations");

#define LONGEST_AGE_MS ((int64_t)30 * 86400 * 1000)

/* Who cancels a job. */
enum cause { BY_HAND, BY_SHUTDOWN, BY_LEASE, BY_REMOVAL };

static struct ff_job *of_wish(struct ff_wish *wish)
{
	return (struct ff_job *)((char *)wish - offsetof(struct ff_job, wish));
}

void ff_job_publish_board(struct ff_job *job)
{
	atomic_store(&job->worker, job->chosen);
}

static bool take_board(struct ff_job *job, struct ff_worker *board)
{
	if (job->spec.worker) {
		return ff_worker_post(board, &job->task) == FF_OK;
	}
	job->chosen = ff_worker_ref(board);
	if (ff_worker_post_if_free(board, &job->task) == FF_OK) {
		return true;
	}
	job->chosen = NULL;
	ff_worker_unref(board);
	return false;
}

/* Once it is taken it may end at any moment, so it needs a reference for the rest. */
static bool offer(struct ff_wish *wish, struct ff_worker *board)
{
	struct ff_job *job = ff_job_ref(of_wish(wish));
	bool taken = take_board(job, board);
	if (taken) {
		atomic_store(&job->worker, board);
	}
	ff_job_unref(job);
	return taken;
}

static void give_up(struct ff_wish *wish, enum ff_status status)
{
	struct ff_job *job = of_wish(wish);
	struct ff_error error = FF_ERROR_NONE;
	if (status == FF_ERR_NOT_FOUND) {
		ff_error_set(&error, status, "the board is no longer there");
	} else {
		ff_error_set(&error, status, "%s within the %u s that the job was to wait",
			     wish->board ? "the board was not free" : "no board that matches was free",
			     job->spec.wait_s);
	}
	ff_job_end(job, status, &error);
}

static const struct ff_wish_ops wish_ops = { .offer = offer, .give_up = give_up };

void ff_job_init_wait(struct ff_job *job)
{
	const struct ff_job_spec *spec = &job->spec;
	int64_t now_ms = ff_wall_ms();
	int64_t created_ms = job->view.created_ms;
	/* The clock may have been set since, and what is not true does not count. */
	bool true_age = created_ms > now_ms - LONGEST_AGE_MS && created_ms < now_ms;
	int64_t waited_ms = true_age ? now_ms - created_ms : 0;
	atomic_init(&job->worker, spec->worker);
	job->wish = (struct ff_wish){
		.ops = &wish_ops,
		.board = spec->worker,
		.priority = spec->priority,
		.since_us = ff_now_us() - waited_ms * 1000,
		.lease = spec->lease,
		.kind = spec->kind,
	};
	job->wish.deadline_us = spec->wait_s ? job->wish.since_us + (int64_t)spec->wait_s * 1000000 : INT64_MAX;
}

void ff_job_await_board(struct ff_job *job, int64_t until_us)
{
	job->wish.lost_until_us = until_us;
}

static enum ff_status wait_in_mailbox(struct ff_job *job)
{
	return job->chosen ? ff_worker_post(job->chosen, &job->task) : FF_ERR_NOT_FOUND;
}

static enum ff_status read_selector(struct ff_job *job)
{
	struct ff_error ignored = FF_ERROR_NONE;
	job->selector = calloc(1, sizeof(*job->selector));
	job->wish.selector = job->selector;
	if (!job->selector) {
		return FF_ERR_NO_MEMORY;
	}
	return job->spec.select ? ff_selector_parse(job->selector, job->spec.select, &ignored) : FF_ERR_NOT_FOUND;
}

static enum ff_status wait_for_board(struct ff_job *job)
{
	struct ff_worker *board = job->spec.worker;
	if (board && job->spec.lease && !ff_worker_admits(board, job->spec.lease)) {
		return FF_ERR_DENIED;
	}
	if (board) {
		job->wish.ticket = job->task.number = ff_worker_ticket(board);
	} else {
		enum ff_status status = read_selector(job);
		if (status != FF_OK) {
			return status;
		}
	}
	return ff_dispatch_add(job->spec.dispatch, &job->wish);
}

/* Takes it back from wherever it waits. False: it does not wait. */
static bool withdraw(struct ff_job *job)
{
	if (job->spec.dispatch && ff_dispatch_withdraw(job->spec.dispatch, &job->wish)) {
		return true;
	}
	struct ff_worker *worker = ff_job_worker(job);
	return worker && ff_worker_withdraw(worker, &job->task);
}

static void end_before_begin(struct ff_job *job)
{
	struct ff_error error = FF_ERROR_NONE;
	if (withdraw(job)) {
		ff_error_set(&error, FF_ERR_CANCELLED, "cancelled before it began");
		ff_job_end(job, FF_ERR_CANCELLED, &error);
	}
}

enum ff_status ff_job_post(struct ff_job *job)
{
	ff_job_ref(job);
	enum ff_status status = job->spec.dispatch ? wait_for_board(job) : wait_in_mailbox(job);
	if (status != FF_OK) {
		ff_job_unref(job);
	} else if (ff_job_cancelled(job)) {
		end_before_begin(job); /* by somebody who did not find it anywhere yet */
	}
	return status;
}

static bool cancel(struct ff_job *job, enum cause cause)
{
	ff_job_lock(job);
	bool ended = ff_job_state_ended(job->view.state);
	if (!ended) {
		job->view.by_shutdown |= cause == BY_SHUTDOWN;
		job->view.by_lease |= cause == BY_LEASE;
		job->view.by_removal |= cause == BY_REMOVAL;
	}
	pthread_mutex_unlock(&job->mutex);
	if (ended) {
		return false;
	}
	atomic_store(&job->cancel, true);
	end_before_begin(job);
	return true;
}

bool ff_job_cancel(struct ff_job *job, bool by_shutdown)
{
	return cancel(job, by_shutdown ? BY_SHUTDOWN : BY_HAND);
}

bool ff_job_end_lease(struct ff_job *job)
{
	return cancel(job, BY_LEASE);
}

bool ff_job_end_board(struct ff_job *job)
{
	return cancel(job, BY_REMOVAL);
}

void ff_job_forecast(struct ff_job *job, struct ff_forecast *forecast)
{
	if (job->spec.dispatch) {
		ff_dispatch_forecast(job->spec.dispatch, &job->wish, forecast);
	} else {
		*forecast = (struct ff_forecast){ .position = 0 };
	}
}

struct ff_worker *ff_job_worker(const struct ff_job *job)
{
	return atomic_load(&job->worker);
}

const char *ff_job_board(const struct ff_job *job)
{
	const struct ff_worker *worker = ff_job_worker(job);
	return worker ? ff_worker_name(worker) : job->spec.board;
}

const char *ff_job_select(const struct ff_job *job)
{
	return job->spec.select;
}

const char *ff_job_left_out(const struct ff_job *job)
{
	return job->spec.left_out;
}

const char *ff_job_place(const struct ff_job *job)
{
	const char *board = ff_job_board(job);
	return board[0] || !job->spec.select ? board : job->spec.select;
}

int ff_job_priority(const struct ff_job *job)
{
	return job->spec.priority;
}

uint32_t ff_job_wait_s(const struct ff_job *job)
{
	return job->spec.wait_s;
}

uint64_t ff_job_batch(const struct ff_job *job)
{
	return job->spec.batch;
}
