// SPDX-License-Identifier: Apache-2.0
/* Boards out of use: what put them there, and the way in and out by hand. */
#include "api.h"

#include <stdio.h>
#include <string.h>

#include "listen.h"
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

/* It is done, unless there was no memory; what is not sure is whether the next start knows. */
static void set_unrecorded(struct ff_request *request, const struct ff_error *error)
{
	char detail[FF_ERROR_TEXT_SIZE + 64];
	snprintf(detail, sizeof(detail), "it is so now, but a restart may not know it: %s", error->text);
	ff_problem_set_status(&request->problem, error->status,
			      error->status == FF_ERR_NO_MEMORY ? "the server is out of memory" : detail);
}

static void begin_put(struct ff_request *request)
{
	const char *reason = ff_request_param(request, "reason");
	if (!reason || !reason[0] || strlen(reason) >= FF_QUARANTINE_REASON_SIZE) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "give a reason of 1 to %d bytes",
			       FF_QUARANTINE_REASON_SIZE - 1);
	}
}

static void put(struct ff_request *request)
{
	char reason[FF_QUARANTINE_REASON_SIZE];
	char peer[FF_LISTEN_PEER_SIZE];
	char address[FF_KEEP_PEER_SIZE];
	struct ff_error error = FF_ERROR_NONE;
	snprintf(reason, sizeof(reason), "%s", ff_request_param(request, "reason"));
	ff_text_clean(reason);
	ff_listen_peer(ff_request_socket(request), peer, sizeof(peer));
	ff_listen_peer_address(peer, address);
	const char *who = request->who[0] ? request->who : address;
	enum ff_status status =
		ff_quarantine_put(request->http->quarantine, ff_worker_name(request->worker), who, reason, &error);
	if (status != FF_ERR_NO_MEMORY) {
		ff_log(ff_worker_log(request->worker), FF_LOG_WARN, "put in quarantine by %s: %s", who, reason);
	}
	if (status != FF_OK) {
		set_unrecorded(request, &error);
	}
}

/* One that is not in stays out. */
static void end(struct ff_request *request)
{
	struct ff_error error = FF_ERROR_NONE;
	bool was_in = false;
	enum ff_status status =
		ff_quarantine_end(request->http->quarantine, ff_worker_name(request->worker), &was_in, &error);
	if (was_in) {
		ff_log(ff_worker_log(request->worker), FF_LOG_INFO, "the quarantine was ended by hand");
	}
	if (status != FF_OK) {
		set_unrecorded(request, &error);
	}
}

const struct ff_handler ff_api_quarantine_get = { .names_board = true, .answer = reply_view };
const struct ff_handler ff_api_quarantine_put = {
	.names_board = true, .params = put_params, .begin = begin_put, .change = put, .answer = reply_view
};
const struct ff_handler ff_api_quarantine_end = { .names_board = true, .change = end, .answer = ff_reply_empty };
