// SPDX-License-Identifier: Apache-2.0
/* Boards out of use: what put them there, and the way in and out by hand. */
#include "api.h"

#include <stdio.h>
#include <string.h>

#include "present.h"
#include "reply.h"
#include "text.h"

static const char *const put_params[] = { "reason", NULL };

static enum MHD_Result reply_view(struct ff_request *request)
{
	struct ff_quarantine_view view;
	ff_quarantine_look(request->http->quarantine, ff_worker_name(request->worker), &view);
	return ff_reply_json(request, MHD_HTTP_OK,
			     json_pack("{s:s, s:o}", "board", ff_worker_name(request->worker), "quarantine",
				       ff_present_quarantine(&view)));
}

static void begin_put(struct ff_request *request)
{
	const char *reason = ff_request_param(request, "reason");
	if (!reason || !reason[0] || strlen(reason) >= FF_QUARANTINE_REASON_SIZE) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "give a reason of 1 to %d bytes",
			       FF_QUARANTINE_REASON_SIZE - 1);
	}
}

static enum MHD_Result answer_put(struct ff_request *request)
{
	char reason[FF_QUARANTINE_REASON_SIZE];
	snprintf(reason, sizeof(reason), "%s", ff_request_param(request, "reason"));
	ff_text_clean(reason);
	if (ff_quarantine_put(request->http->quarantine, ff_worker_name(request->worker), reason) != FF_OK) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		return ff_reply_problem(request);
	}
	ff_log(ff_worker_log(request->worker), FF_LOG_WARN, "put in quarantine by hand: %s", reason);
	return reply_view(request);
}

/* One that is not in stays out. */
static enum MHD_Result answer_end(struct ff_request *request)
{
	if (ff_quarantine_end(request->http->quarantine, ff_worker_name(request->worker))) {
		ff_log(ff_worker_log(request->worker), FF_LOG_INFO, "the quarantine was ended by hand");
	}
	return ff_reply_empty(request);
}

const struct ff_handler ff_api_quarantine_get = { .names_board = true, .answer = reply_view };
const struct ff_handler ff_api_quarantine_put = {
	.names_board = true, .params = put_params, .begin = begin_put, .answer = answer_put
};
const struct ff_handler ff_api_quarantine_end = { .names_board = true, .answer = answer_end };
