// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include <farflash/version.h>

#include "answer.h"
#include "present.h"
#include "reply.h"

static enum MHD_Result answer_list(struct ff_request *request)
{
	json_t *list = json_array();
	for (size_t i = 0; i < request->http->worker_count; i++) {
		if (json_array_append_new(list, ff_present_board(request->http->workers[i])) != 0) {
			json_decref(list);
			return ff_reply_json(request, MHD_HTTP_OK, NULL);
		}
	}
	return ff_reply_json(request, MHD_HTTP_OK, json_pack("{s:o}", "boards", list));
}

static enum MHD_Result answer_board(struct ff_request *request)
{
	return ff_reply_json(request, MHD_HTTP_OK, ff_present_board(request->worker));
}

static enum MHD_Result answer_info(struct ff_request *request)
{
	struct ff_board_view view;
	ff_worker_view(request->worker, &view);
	return ff_reply_json(request, MHD_HTTP_OK, ff_present_info(&view.facts));
}

static enum MHD_Result answer_reset(struct ff_request *request)
{
	return ff_answer_job_of_kind(request, FF_JOB_RESET);
}

static enum MHD_Result answer_run(struct ff_request *request)
{
	return ff_answer_job_of_kind(request, FF_JOB_RUN);
}

static enum MHD_Result answer_probe(struct ff_request *request)
{
	return ff_answer_job_of_kind(request, FF_JOB_INFO);
}

static enum MHD_Result answer_health(struct ff_request *request)
{
	const struct ff_http *http = request->http;
	bool stopping = atomic_load(&http->stopping);
	return ff_reply_json(request, stopping ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK,
			     json_pack("{s:s, s:s, s:I, s:I}", "status", stopping ? "shutting-down" : "ok", "version",
				       FF_VERSION, "boards", (json_int_t)http->worker_count, "uptime",
				       (json_int_t)((ff_now_us() - http->started_us) / 1000000)));
}

const struct ff_handler ff_api_boards_list = { .answer = answer_list };
const struct ff_handler ff_api_boards_get = { .names_board = true, .answer = answer_board };
const struct ff_handler ff_api_boards_reset = { .names_board = true, .answer = answer_reset };
const struct ff_handler ff_api_boards_run = { .names_board = true, .answer = answer_run };
const struct ff_handler ff_api_boards_get_info = { .names_board = true, .answer = answer_info };
const struct ff_handler ff_api_boards_probe = { .names_board = true, .answer = answer_probe };
const struct ff_handler ff_api_health = { .answer = answer_health };
