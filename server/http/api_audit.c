// SPDX-License-Identifier: Apache-2.0
/* Who has done what, and from where. */
#include "api.h"

#include <string.h>
#include <time.h>

#include "present.h"
#include "query.h"
#include "reply.h"
#include "text.h"

#define USUAL_LIMIT 100
#define LARGEST_LIMIT 1000
#define MS 1000

static const char *const audit_params[] = { "board", "since", "limit", NULL };

/* Seconds of Unix time, or as the server writes times; true if there is one. */
static bool read_since(struct ff_request *request, int64_t *since_ms)
{
	const char *text = ff_request_param(request, "since");
	struct tm parts = { .tm_year = 0 };
	uint64_t seconds = 0;
	if (!text) {
		return false;
	}
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	if (end) {
		size_t digits = *end == '.' ? 1 + strspn(end + 1, "0123456789") : 0;
		*since_ms = (int64_t)timegm(&parts) * MS;
		if (strcmp(end + digits, "Z") == 0 && *since_ms > 0) {
			return true;
		}
	} else if (strspn(text, "0123456789") == strlen(text) && strlen(text) <= 11 &&
		   ff_query_position(request, "since", &seconds)) {
		*since_ms = (int64_t)seconds * MS;
		return true;
	}
	ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
		       "since must be a time such as 2026-01-31T12:00:00Z, or seconds since 1970");
	return false;
}

/* Boards may have had other names, so this is not one that the server has to know. */
static void read_query(struct ff_request *request, struct ff_audit_query *query)
{
	uint32_t limit = USUAL_LIMIT;
	query->board = ff_request_param(request, "board");
	(void)read_since(request, &query->since_ms);
	ff_query_number(request, "limit", &limit);
	if (limit < 1 || limit > LARGEST_LIMIT) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "limit must be from 1 to %d", LARGEST_LIMIT);
	}
	query->limit = limit;
}

/* The ledger gives valid UTF-8. */
static void on_line(void *context, const struct ff_audit_line *line)
{
	char at[FF_TEXT_TIME_SIZE];
	ff_text_time(at, line->at_ms);
	json_array_append_new(context, json_pack("{s:I, s:s, s:s?, s:s?, s:s, s:s?, s:s?, s:s?}", "number",
						 (json_int_t)line->number, "at", at, "who", line->who, "from",
						 line->from, "action", line->action ? line->action : "", "board",
						 line->board, "job", line->job, "result", line->result));
}

static enum MHD_Result answer_list(struct ff_request *request)
{
	const struct ff_audit *audit = request->http->audit;
	struct ff_audit_query query = { .since_ms = 0 };
	struct ff_error error = FF_ERROR_NONE;
	read_query(request, &query);
	if (request->problem.http_status) {
		return ff_reply_problem(request);
	}
	json_t *list = json_array();
	enum ff_status status = audit && list ? audit->list(audit->context, &query, on_line, list, &error) : FF_OK;
	if (status != FF_OK) {
		json_decref(list);
		ff_problem_set(&request->problem, FF_PROBLEM_NOT_RECORDED, "%s", error.text);
		return ff_reply_problem(request);
	}
	return ff_reply_json(request, MHD_HTTP_OK, list ? json_pack("{s:o}", "audit", list) : NULL);
}

const struct ff_handler ff_api_audit_list = { .params = audit_params, .answer = answer_list };
