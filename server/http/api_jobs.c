// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include <stdlib.h>

#include "answer.h"
#include "job_stream.h"
#include "present.h"
#include "reply.h"
#include "text.h"

static const char *const list_params[] = { "board", NULL };

static json_t *present_jobs(const struct ff_request *request, const char *board)
{
	struct ff_queue *queue = request->http->queue;
	size_t count = ff_queue_count(queue);
	struct ff_job **jobs = calloc(count + 1, sizeof(struct ff_job *));
	json_t *list = jobs ? json_array() : NULL;
	count = jobs ? ff_queue_list(queue, board, jobs, count) : 0;
	for (size_t i = 0; i < count; i++) {
		if (ff_request_may_see_job(request, jobs[i]) &&
		    json_array_append_new(list, ff_present_job(jobs[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
		ff_job_unref(jobs[i]);
	}
	free(jobs);
	return list ? json_pack("{s:o}", "jobs", list) : NULL;
}

/* With a board named in the query the list holds its jobs alone. */
static enum MHD_Result answer_list(struct ff_request *request)
{
	const char *name = ff_request_param(request, "board");
	struct ff_worker *worker = name ? ff_request_find_board(request, name) : NULL;
	if (name && !worker) {
		return ff_reply_problem(request);
	}
	ff_worker_unref(worker);
	return ff_reply_json(request, MHD_HTTP_OK, present_jobs(request, name));
}

static bool find_job(struct ff_request *request)
{
	if (!request->job) {
		request->job = ff_queue_find(request->http->queue, request->param);
	}
	if (request->job && !ff_request_may_see_job(request, request->job)) {
		ff_job_unref(request->job);
		request->job = NULL;
	}
	if (!request->job) {
		ff_text_clean(request->param);
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_JOB,
			       "the server does not know a job \"%s\"; it remembers the last %d that have ended",
			       request->param, FF_QUEUE_HISTORY);
	}
	return request->job != NULL;
}

static enum MHD_Result answer_job(struct ff_request *request)
{
	return find_job(request) ? ff_reply_json(request, MHD_HTTP_OK, ff_present_job(request->job))
				 : ff_reply_problem(request);
}

static void cancel(struct ff_request *request)
{
	if (!find_job(request)) {
		return;
	}
	if (!ff_request_owns(request, ff_job_options(request->job)->who)) {
		ff_problem_set(&request->problem, FF_PROBLEM_FORBIDDEN,
			       "job %s is of another token: it takes that one, or one with the scope admin",
			       ff_job_id(request->job));
	} else if (!ff_job_cancel(request->job, false)) {
		struct ff_job_view view;
		ff_job_view(request->job, &view);
		ff_problem_set(&request->problem, FF_PROBLEM_JOB_ENDED, "job %s has ended already: %s",
			       ff_job_id(request->job), ff_job_state_name(view.state));
	}
}

static enum MHD_Result answer_cancelled(struct ff_request *request)
{
	return ff_reply_json(request, MHD_HTTP_ACCEPTED, ff_present_job(request->job));
}

static enum MHD_Result answer_events(struct ff_request *request)
{
	return find_job(request) ? ff_job_stream_events(request) : ff_reply_problem(request);
}

static enum MHD_Result answer_content(struct ff_request *request)
{
	return find_job(request) ? ff_answer_content(request) : ff_reply_problem(request);
}

const struct ff_handler ff_api_jobs_list = { .params = list_params, .answer = answer_list };
const struct ff_handler ff_api_jobs_get = { .answer = answer_job };
const struct ff_handler ff_api_jobs_cancel = { .change = cancel, .answer = answer_cancelled };
const struct ff_handler ff_api_jobs_content = { .answer = answer_content };
const struct ff_handler ff_api_jobs_events = { .answer = answer_events };
