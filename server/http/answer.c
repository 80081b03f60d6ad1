// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include <stdio.h>

#include "header.h"
#include "job_stream.h"
#include "lease_gate.h"
#include "present.h"
#include "query.h"
#include "reply.h"
#include "trail.h"

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

enum MHD_Result ff_answer_job(struct ff_request *request)
{
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

enum MHD_Result ff_answer_submit(struct ff_request *request, const struct ff_queue_request *wanted)
{
	if (!request->http->jobs_wait_for_writers && !ff_answer_check_holder(request)) {
		ff_queue_request_release(wanted);
		return ff_reply_problem(request);
	}
	struct ff_queue_request leased = *wanted;
	leased.lease = request->lease;
	snprintf(leased.options.who, sizeof(leased.options.who), "%s", request->who);
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_queue_submit(request->http->queue, &leased, &request->job, &error);
	if (status == FF_OK) {
		ff_trail_note(request, "accepted"); /* its end is the job's */
		return ff_answer_job(request);
	}
	if (status == FF_ERR_BUSY) {
		ff_problem_set(&request->problem, FF_PROBLEM_TOO_MANY_JOBS,
			       "%d jobs wait for %s already; try again when some of them have ended",
			       FF_WORKER_MAX_TASKS, ff_worker_name(request->worker));
	} else if (status == FF_ERR_DENIED) {
		ff_lease_gate_refuse(request);
	} else if (status == FF_ERR_CANCELLED) {
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server takes no more jobs");
	} else if (status == FF_ERR_NO_MEMORY) {
		ff_problem_set_status(&request->problem, status, "the server is out of memory");
	} else if (status == FF_ERR_NO_SPACE) {
		ff_problem_set_status(&request->problem, status, error.text);
	} else {
		ff_problem_set(&request->problem, FF_PROBLEM_NOT_RECORDED, "%s", error.text);
	}
	return ff_reply_problem(request);
}

enum MHD_Result ff_answer_job_of_kind(struct ff_request *request, enum ff_job_kind kind)
{
	if (request->job) {
		return ff_answer_job(request);
	}
	/* No rate, no stub: the ROM tells all there is to know, and sooner. */
	struct ff_queue_request wanted = { .kind = kind, .worker = request->worker };
	if (kind == FF_JOB_RESET) {
		ff_query_job(request, &wanted.options);
	} else {
		ff_query_resets(request, &wanted.options);
	}
	if (request->problem.http_status) {
		return ff_reply_problem(request);
	}
	return ff_answer_submit(request, &wanted);
}
