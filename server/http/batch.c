// SPDX-License-Identifier: Apache-2.0
#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "present.h"
#include "reply.h"

static struct ff_batch *make(size_t capacity)
{
	struct ff_batch *batch = calloc(1, sizeof(*batch));
	struct ff_job **jobs = calloc(capacity + 1, sizeof(struct ff_job *));
	if (!batch || !jobs) {
		free(batch);
		free(jobs);
		return NULL;
	}
	batch->jobs = jobs;
	return batch;
}

void ff_batch_free(struct ff_batch *batch)
{
	if (batch) {
		for (size_t i = 0; i < batch->count; i++) {
			ff_job_unref(batch->jobs[i]);
		}
		free(batch->jobs);
		free(batch);
	}
}

enum ff_status ff_batch_submit(struct ff_batch **result, struct ff_queue *queue, const struct ff_queue_request *wanted,
			       struct ff_worker *const *boards, size_t count, struct ff_error *error)
{
	struct ff_batch *batch = make(count);
	if (!batch) {
		ff_queue_request_release(wanted);
		return FF_ERR_NO_MEMORY;
	}
	enum ff_status status = ff_queue_submit_all(queue, wanted, boards, batch->jobs, count, error);
	if (status != FF_OK) {
		ff_batch_free(batch);
		return status;
	}
	batch->count = count;
	batch->number = ff_job_number(batch->jobs[0]);
	*result = batch;
	return FF_OK;
}

struct ff_batch *ff_batch_find(struct ff_queue *queue, const char *id)
{
	size_t digits = strspn(id, "0123456789");
	uint64_t number = digits > 0 && digits < 20 && !id[digits] ? strtoull(id, NULL, 10) : 0;
	struct ff_batch *batch = number ? make(FF_BOARDS_MAX) : NULL;
	if (!batch) {
		return NULL;
	}
	batch->number = number;
	batch->count = ff_queue_batch(queue, number, batch->jobs, FF_BOARDS_MAX);
	if (batch->count == 0) {
		ff_batch_free(batch);
		return NULL;
	}
	return batch;
}

const char *ff_batch_left_out(const struct ff_batch *batch)
{
	return ff_job_left_out(batch->jobs[0]);
}

bool ff_batch_take_name(const char **left_out, char name[FF_BOARD_NAME_SIZE])
{
	const char *at = *left_out ? *left_out + strspn(*left_out, ", ") : "";
	size_t size = strcspn(at, ",");
	snprintf(name, FF_BOARD_NAME_SIZE, "%.*s", (int)size, at);
	*left_out = at + size;
	return size > 0;
}

void ff_batch_count(const struct ff_batch *batch, size_t counts[FF_JOB_STATE_COUNT])
{
	memset(counts, 0, FF_JOB_STATE_COUNT * sizeof(counts[0]));
	for (size_t i = 0; i < batch->count; i++) {
		struct ff_job_view view;
		ff_job_view(batch->jobs[i], &view);
		counts[view.state]++;
	}
}

enum ff_job_state ff_batch_state(const struct ff_batch *batch)
{
	size_t counts[FF_JOB_STATE_COUNT];
	ff_batch_count(batch, counts);
	if (counts[FF_JOB_QUEUED] == batch->count) {
		return FF_JOB_QUEUED;
	}
	if (counts[FF_JOB_QUEUED] + counts[FF_JOB_RUNNING] > 0) {
		return FF_JOB_RUNNING;
	}
	return counts[FF_JOB_DONE] == batch->count ? FF_JOB_DONE : FF_JOB_FAILED;
}

static int64_t due_when_ended(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	return ff_job_state_ended(ff_batch_state(request->batch)) ? now_us : FF_WAKER_NEVER;
}

static enum MHD_Result answer_at_end(struct ff_request *request)
{
	enum ff_job_state state = ff_batch_state(request->batch);
	size_t counts[FF_JOB_STATE_COUNT];
	if (state == FF_JOB_DONE) {
		return ff_reply_json(request, MHD_HTTP_OK, ff_present_batch(request->batch));
	}
	if (ff_job_state_ended(state)) {
		ff_batch_count(request->batch, counts);
		ff_problem_set(&request->problem, FF_PROBLEM_BATCH_FAILED, "%zu of %zu boards are done",
			       counts[FF_JOB_DONE], request->batch->count);
		return ff_reply_problem(request);
	}
	if (ff_request_park(request, due_when_ended)) {
		return MHD_YES;
	}
	ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server stops before the jobs have ended");
	return ff_reply_problem(request);
}

enum MHD_Result ff_batch_answer(struct ff_request *request)
{
	if (ff_header_has_preference(ff_request_header(request, MHD_HTTP_HEADER_PREFER), "respond-async")) {
		snprintf(request->location, sizeof(request->location), "/api/v1/batches/%llu",
			 (unsigned long long)request->batch->number);
		request->applied_async = true;
		return ff_reply_json(request, MHD_HTTP_ACCEPTED, ff_present_batch(request->batch));
	}
	if (ff_header_prefers_text(ff_request_header(request, MHD_HTTP_HEADER_ACCEPT))) {
		return ff_batch_stream_text(request);
	}
	return answer_at_end(request);
}
