// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "batch.h"
#include "header.h"
#include "job_stream.h"
#include "lease_gate.h"
#include "present.h"
#include "query.h"
#include "reply.h"
#include "trail.h"
#include "selection.h"

static int64_t due_when_ended(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	struct ff_job_view view;
	ff_job_view(request->job, &view);
	return ff_job_state_ended(view.state) ? now_us : FF_WAKER_NEVER;
}

/* Whether what the job makes is the answer to the request that made the job. */
static bool is_answered_with_content(const struct ff_job *job)
{
	return ff_job_kind(job) == FF_JOB_READ || ff_job_kind(job) == FF_JOB_READ_MEMORY;
}

static bool makes_content(const struct ff_job *job)
{
	return is_answered_with_content(job) || ff_job_kind(job) == FF_JOB_TEST;
}

static void say_why_no_content(struct ff_request *request)
{
	struct ff_job *job = request->job;
	struct ff_job_view view;
	ff_job_view(job, &view);
	if (!makes_content(job)) {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_CONTENT, "job %s (%s) reads nothing",
			       ff_job_id(job), ff_job_kind_name(ff_job_kind(job)));
	} else if (!ff_job_state_ended(view.state)) {
		ff_problem_set(&request->problem, FF_PROBLEM_JOB_NOT_ENDED, "job %s is %s: ask again when it is done",
			       ff_job_id(job), ff_job_state_name(view.state));
	} else if (view.state != FF_JOB_DONE && !view.listens) {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_CONTENT, "job %s has %s: %s", ff_job_id(job),
			       view.state == FF_JOB_FAILED ? "failed" : "been stopped", view.detail);
	} else {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_CONTENT,
			       "what job %s has read is no longer kept; the server keeps the newest %d contents within "
			       "farflashd --max-content",
			       ff_job_id(job), FF_QUEUE_CONTENTS);
	}
}

enum MHD_Result ff_answer_content(struct ff_request *request)
{
	struct ff_job_view view;
	ff_job_view(request->job, &view);
	struct ff_firmware *content = ff_job_state_ended(view.state) ? ff_job_content(request->job) : NULL;
	if (!content) {
		say_why_no_content(request);
		return ff_reply_problem(request);
	}
	enum MHD_Result result = ff_reply_content(request, content);
	ff_firmware_unref(content);
	return result;
}

static enum MHD_Result answer_at_end(struct ff_request *request)
{
	struct ff_job_view view;
	ff_job_view(request->job, &view);
	if (view.state == FF_JOB_DONE && is_answered_with_content(request->job)) {
		return ff_answer_content(request);
	}
	if (view.state == FF_JOB_DONE) {
		return ff_reply_json(request, MHD_HTTP_OK, ff_present_job(request->job));
	}
	if (ff_job_state_ended(view.state)) {
		ff_problem_set_job(&request->problem, &view);
		return ff_reply_problem(request);
	}
	if (ff_request_park(request, due_when_ended)) {
		return MHD_YES;
	}
	ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server stops before the job has ended");
	return ff_reply_problem(request);
}

bool ff_answer_is_made(const struct ff_request *request)
{
	return request->job || request->batch;
}

enum MHD_Result ff_answer_job(struct ff_request *request)
{
	if (request->batch) {
		return ff_batch_answer(request);
	}
	if (ff_header_has_preference(ff_request_header(request, MHD_HTTP_HEADER_PREFER), "respond-async")) {
		snprintf(request->location, sizeof(request->location), "/api/v1/jobs/%s", ff_job_id(request->job));
		request->applied_async = true;
		return ff_reply_json(request, MHD_HTTP_ACCEPTED, ff_present_job(request->job));
	}
	if (ff_header_prefers_text(ff_request_header(request, MHD_HTTP_HEADER_ACCEPT))) {
		return ff_job_stream_text(request);
	}
	return answer_at_end(request);
}

bool ff_answer_check_holder(struct ff_request *request)
{
	struct ff_board_view board;
	ff_worker_view(request->worker, &board);
	if (board.holder.kind == FF_HOLDER_NONE) {
		return true;
	}
	ff_problem_set(&request->problem, FF_PROBLEM_BOARD_BUSY, "%s is in use by the %s: try again when that has gone",
		       ff_worker_name(request->worker), board.holder.name);
	return false;
}

/* What finds out how a board is, or may mend it, is what it is there for. */
static bool check_quarantine(struct ff_request *request, const struct ff_queue_request *wanted)
{
	const char *board = ff_worker_name(request->worker);
	struct ff_quarantine_view view;
	if (wanted->kind == FF_JOB_INFO || wanted->kind == FF_JOB_POWER || wanted->options.force ||
	    !ff_quarantine_look(request->http->quarantine, board, &view)) {
		return true;
	}
	ff_problem_set(&request->problem, FF_PROBLEM_BOARD_QUARANTINED,
		       "%s is in quarantine: %s. POST .../boards/%s/info probes it%s", board, view.reason, board,
		       view.by_hand ? ", DELETE .../quarantine ends that" : ", and success ends that");
	return false;
}

bool ff_answer_check_board(struct ff_request *request, const struct ff_queue_request *wanted)
{
	if (!request->worker) {
		return true;
	}
	size_t waiting = ff_dispatch_waiting(request->http->dispatch, request->worker);
	if (waiting >= FF_DISPATCH_MOST_FOR_A_BOARD) {
		ff_problem_set(&request->problem, FF_PROBLEM_TOO_MANY_JOBS,
			       "%zu jobs wait for %s already; try again when some of them have ended", waiting,
			       ff_worker_name(request->worker));
		return false;
	}
	return check_quarantine(request, wanted) &&
	       (request->http->jobs_wait_for_writers || ff_answer_check_holder(request));
}

static void explain_refusal(struct ff_request *request, enum ff_status status, const struct ff_error *error)
{
	switch (status) {
	case FF_ERR_BUSY:
		ff_problem_set(&request->problem, FF_PROBLEM_TOO_MANY_JOBS,
			       "too many jobs wait for %s already; try again when some of them have ended",
			       request->worker ? ff_worker_name(request->worker) : "boards");
		break;
	case FF_ERR_DENIED:
		ff_lease_gate_refuse(request);
		break;
	case FF_ERR_CANCELLED:
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server takes no more jobs");
		break;
	case FF_ERR_NO_MEMORY:
		ff_problem_set_status(&request->problem, status, "the server is out of memory");
		break;
	case FF_ERR_NO_SPACE:
		ff_problem_set_status(&request->problem, status, error->text);
		break;
	default:
		ff_problem_set(&request->problem, FF_PROBLEM_NOT_RECORDED, "%s", error->text);
	}
}

/* Takes over what the request owns, as ff_queue_submit() does. */
static enum ff_status submit_all(struct ff_request *request, struct ff_queue_request *wanted, struct ff_error *error)
{
	struct ff_selected selected;
	enum ff_status status = ff_selection_find(request, &selected);
	char *left_out = status == FF_OK ? ff_selected_left_out(&selected) : NULL;
	if (status == FF_OK && selected.count == 0) {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_BOARD, "no board matches any more");
	}
	if (selected.count > 0 && (left_out || selected.quarantined_count == 0)) {
		wanted->left_out = left_out;
		status = ff_batch_submit(&request->batch, request->http->queue, wanted, selected.boards, selected.count,
					 error);
	} else {
		ff_queue_request_release(wanted);
		/* What is no fault of memory has been said above, and the first problem counts. */
		status = FF_ERR_NO_MEMORY;
	}
	free(left_out);
	ff_selected_release(&selected);
	return status;
}

/* An errand: a job is accepted once it is safe on disk. */
static void submit(struct ff_request *request, void *context)
{
	struct ff_queue_request *wanted = context;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = request->selection && request->selection->all
					? submit_all(request, wanted, &error)
					: ff_queue_submit(request->http->queue, wanted, &request->job, &error);
	free(wanted);
	if (status == FF_OK) {
		ff_trail_note(request, "accepted"); /* its end is the job's */
	} else {
		explain_refusal(request, status, &error);
	}
}

enum MHD_Result ff_answer_submit(struct ff_request *request, const struct ff_queue_request *asked)
{
	struct ff_queue_request *wanted = malloc(sizeof(*wanted));
	if (!wanted) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
	}
	if (!wanted || !ff_answer_check_board(request, asked)) {
		ff_queue_request_release(asked);
		free(wanted);
		return ff_reply_problem(request);
	}
	*wanted = *asked;
	snprintf(wanted->options.who, sizeof(wanted->options.who), "%s", request->who);
	wanted->lease = request->lease;
	wanted->priority = request->priority;
	wanted->wait_s = request->wait_s;
	wanted->select = request->selection ? request->selection->text : NULL;
	return ff_errand_run(request, submit, wanted);
}

enum MHD_Result ff_answer_job_of_kind(struct ff_request *request, enum ff_job_kind kind)
{
	if (ff_answer_is_made(request)) {
		return ff_answer_job(request);
	}
	/* No rate, no stub: the ROM tells all there is to know, and sooner. */
	struct ff_queue_request wanted = { .kind = kind, .worker = request->worker };
	if (kind == FF_JOB_RESET) {
		ff_query_job(request, &wanted.options);
	} else {
		ff_query_resets(request, &wanted.options);
	}
	if (kind == FF_JOB_INFO) {
		bool wiring = false;
		ff_query_bool(request, "wiring", &wiring);
		wanted.target.value = wiring;
	}
	if (request->problem.http_status) {
		return ff_reply_problem(request);
	}
	return ff_answer_submit(request, &wanted);
}
