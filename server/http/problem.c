// SPDX-License-Identifier: Apache-2.0
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>

struct problem_row {
	unsigned http_status;
	const char *code;
	const char *title;
};

static const struct problem_row rows[FF_PROBLEM_COUNT] = {
#define PROBLEM_ROW(name, http, code, title) [name] = { http, code, title },
	FF_PROBLEM_MAP(PROBLEM_ROW)
#undef PROBLEM_ROW
};

/* 502 and 504: this server is a gateway to the board, and the board gave a bad answer or none. */
static const unsigned http_statuses[FF_STATUS_COUNT] = {
	[FF_OK] = 200,           [FF_ERR_ARGUMENT] = 400,    [FF_ERR_NO_MEMORY] = 500,      [FF_ERR_IO] = 502,
	[FF_ERR_TIMEOUT] = 504,  [FF_ERR_CANCELLED] = 409,   [FF_ERR_NOT_FOUND] = 503,      [FF_ERR_DENIED] = 503,
	[FF_ERR_BUSY] = 409,     [FF_ERR_UNREACHABLE] = 503, [FF_ERR_LOST] = 503,           [FF_ERR_NO_ANSWER] = 504,
	[FF_ERR_PROTOCOL] = 502, [FF_ERR_REFUSED] = 502,     [FF_ERR_UNSUPPORTED] = 422,    [FF_ERR_UNKNOWN_CHIP] = 502,
	[FF_ERR_EMPTY] = 400,    [FF_ERR_ALIGNMENT] = 400,   [FF_ERR_OVERLAP] = 400,        [FF_ERR_TOO_LARGE] = 422,
	[FF_ERR_FORMAT] = 422,   [FF_ERR_WRONG_CHIP] = 422,  [FF_ERR_WRONG_REVISION] = 422, [FF_ERR_VERIFY] = 502,
	[FF_ERR_NO_SPACE] = 507, [FF_ERR_PROTECTED] = 422,   [FF_ERR_TEST] = 422,           [FF_ERR_POWER] = 502,
	[FF_ERR_NO_BOARD] = 409,
};

unsigned ff_problem_http_status(enum ff_status status)
{
	unsigned http_status = (unsigned)status < FF_STATUS_COUNT ? http_statuses[status] : 0;
	return http_status ? http_status : 500;
}

void ff_problem_set(struct ff_problem *problem, enum ff_problem_kind kind, const char *format, ...)
{
	if (problem->http_status) {
		return;
	}
	problem->http_status = rows[kind].http_status;
	problem->code = rows[kind].code;
	problem->title = rows[kind].title;
	va_list args;
	va_start(args, format);
	vsnprintf(problem->detail, sizeof(problem->detail), format, args);
	va_end(args);
}

void ff_problem_set_status(struct ff_problem *problem, enum ff_status status, const char *detail)
{
	if (problem->http_status) {
		return;
	}
	problem->http_status = ff_problem_http_status(status);
	problem->code = ff_status_code(status);
	problem->title = ff_status_text(status);
	snprintf(problem->detail, sizeof(problem->detail), "%s", detail);
}

void ff_problem_set_job(struct ff_problem *problem, const struct ff_job_view *view)
{
	if (view->state == FF_JOB_CANCELLED && view->by_shutdown) {
		ff_problem_set(problem, FF_PROBLEM_SHUTTING_DOWN, "%s", view->detail);
	} else if (view->state == FF_JOB_INTERRUPTED) {
		ff_problem_set(problem, FF_PROBLEM_INTERRUPTED, "%s", view->detail);
	} else {
		ff_problem_set_status(problem, view->status, view->detail);
	}
}

const char *ff_problem_job_code(const struct ff_job_view *view)
{
	struct ff_problem problem = { 0 };
	ff_problem_set_job(&problem, view);
	return problem.code;
}
