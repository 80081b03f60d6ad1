// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include "batch.h"
#include "present.h"
#include "reply.h"
#include "text.h"

static bool may_see_left_out(const struct ff_request *request, const struct ff_batch *batch)
{
	const char *left_out = ff_batch_left_out(batch);
	char name[FF_BOARD_NAME_SIZE];
	bool sees = true;
	while (sees && ff_batch_take_name(&left_out, name)) {
		struct ff_worker *board = ff_boards_find(request->http->boards, name);
		sees = !board || ff_request_may_see(request, board); /* one that is gone is no secret */
		ff_worker_unref(board);
	}
	return sees;
}

/* All rows, or nothing: a part of a report would be taken for the whole. */
static bool may_see(const struct ff_request *request, const struct ff_batch *batch)
{
	bool sees = may_see_left_out(request, batch);
	for (size_t i = 0; i < batch->count && sees; i++) {
		sees = ff_request_may_see_job(request, batch->jobs[i]);
	}
	return sees;
}

static bool find_batch(struct ff_request *request)
{
	if (!request->batch) {
		request->batch = ff_batch_find(request->http->queue, request->param);
	}
	if (request->batch && !may_see(request, request->batch)) {
		ff_batch_free(request->batch);
		request->batch = NULL;
	}
	if (!request->batch) {
		ff_text_clean(request->param);
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_BATCH,
			       "the server does not know a batch \"%s\", or has forgotten its jobs", request->param);
	}
	return request->batch != NULL;
}

static enum MHD_Result answer_batch(struct ff_request *request)
{
	return find_batch(request) ? ff_reply_json(request, MHD_HTTP_OK, ff_present_batch(request->batch))
				   : ff_reply_problem(request);
}

/* Those of its jobs that have not ended. */
static void cancel(struct ff_request *request)
{
	bool cancelled = false;
	if (!find_batch(request)) {
		return;
	}
	if (!ff_request_owns(request, ff_job_options(request->batch->jobs[0])->who)) {
		ff_problem_set(&request->problem, FF_PROBLEM_FORBIDDEN,
			       "batch %s is of another token: it takes that one, or one with the scope admin",
			       request->param);
		return;
	}
	for (size_t i = 0; i < request->batch->count; i++) {
		cancelled |= ff_job_cancel(request->batch->jobs[i], false);
	}
	if (!cancelled) {
		ff_problem_set(&request->problem, FF_PROBLEM_JOB_ENDED, "all jobs of batch %s have ended already",
			       request->param);
	}
}

static enum MHD_Result answer_cancelled(struct ff_request *request)
{
	return ff_reply_json(request, MHD_HTTP_ACCEPTED, ff_present_batch(request->batch));
}

static enum MHD_Result answer_events(struct ff_request *request)
{
	return find_batch(request) ? ff_batch_stream_events(request) : ff_reply_problem(request);
}

const struct ff_handler ff_api_batches_get = { .answer = answer_batch };
const struct ff_handler ff_api_batches_cancel = { .change = cancel, .answer = answer_cancelled };
const struct ff_handler ff_api_batches_events = { .answer = answer_events };
