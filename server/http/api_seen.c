// SPDX-License-Identifier: Apache-2.0
/* What machines ask that watch the server: /metrics and /healthz. */
#include "api.h"

#include <farflash/version.h>

#include "reply.h"

/* Longer than anything that a thread does between two turns: opening a port takes five seconds, and name services as long
 * as they like. */
#define PATIENCE_US 30000000

static enum MHD_Result answer_metrics(struct ff_request *request)
{
	const struct ff_http *http = request->http;
	const struct ff_board_list *boards = ff_boards_list(http->boards);
	ff_meters_look(&http->meters, boards->workers, boards->count, http->quarantine);
	ff_board_list_unref(boards);
	return ff_reply_text(request, FF_REPLY_METRICS, http->metrics ? ff_metrics_print(http->metrics) : NULL);
}

static void complain(json_t *problems, const char *what, const char *why)
{
	json_array_append_new(problems, json_pack("{s:s, s:s}", "what", what, "detail", why));
}

/* Looks at the boards' threads; answers how many boards are lost, which is no fault of the server. */
static size_t look_at_boards(const struct ff_board_list *boards, json_t *problems)
{
	size_t lost = 0;
	for (size_t i = 0; i < boards->count; i++) {
		struct ff_worker *worker = boards->workers[i];
		struct ff_board_view view;
		ff_worker_view(worker, &view);
		lost += view.state == FF_BOARD_LOST;
		if (ff_worker_is_stuck(worker, PATIENCE_US)) {
			complain(problems, ff_worker_name(worker), "the board's thread does not respond");
		}
	}
	return lost;
}

static enum MHD_Result answer_health(struct ff_request *request)
{
	const struct ff_http *http = request->http;
	struct ff_error error = FF_ERROR_NONE;
	json_t *problems = json_array();
	bool stopping = atomic_load(&http->stopping);
	const struct ff_board_list *boards = ff_boards_list(http->boards);
	size_t count = boards->count;
	size_t lost = look_at_boards(boards, problems);
	ff_board_list_unref(boards);
	if (http->disk && ff_diskcheck_ask(http->disk, &error) != FF_OK) {
		complain(problems, "data-dir", error.text);
	}
	if (http->bridge_is_stuck && http->bridge_is_stuck(http->welcome_context, PATIENCE_US)) {
		complain(problems, "bridge", "the thread of the boards' ports does not respond");
	}
	const char *status = json_array_size(problems) > 0 ? "failing" : "ok";
	bool healthy = !stopping && json_array_size(problems) == 0;
	return ff_reply_json(request, healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
			     json_pack("{s:s, s:s, s:I, s:I, s:I, s:o}", "status", stopping ? "shutting-down" : status,
				       "version", FF_VERSION, "boards", (json_int_t)count, "lost", (json_int_t)lost,
				       "uptime", (json_int_t)((ff_now_us() - http->started_us) / 1000000), "problems",
				       problems));
}

const struct ff_handler ff_api_metrics = { .answer = answer_metrics };
const struct ff_handler ff_api_health = { .answer = answer_health };
