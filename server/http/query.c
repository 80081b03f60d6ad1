// SPDX-License-Identifier: Apache-2.0
#include "query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "params.h"
#include "text.h"

#define SHOWN_SIZE 32
#define MAX_DIGITS 19

static const char *shown(char clean[SHOWN_SIZE], const char *text)
{
	snprintf(clean, SHOWN_SIZE, "%s", text);
	ff_text_clean(clean);
	return clean;
}

void ff_query_bool(struct ff_request *request, const char *name, bool *value)
{
	const char *text = ff_request_param(request, name);
	if (text && !ff_params_bool(text, value)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "%s must be true or false", name);
	}
}

bool ff_query_number(struct ff_request *request, const char *name, uint32_t *value)
{
	const char *text = ff_request_param(request, name);
	char clean[SHOWN_SIZE];
	if (text && !ff_params_number(text, value)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "%s must be a 32-bit number such as 0x1000 or 4096, not \"%s\"", name,
			       shown(clean, text));
		return false;
	}
	return text != NULL;
}

bool ff_query_position(struct ff_request *request, const char *name, uint64_t *value)
{
	const char *text = ff_request_param(request, name);
	size_t digits = text ? strspn(text, "0123456789") : 0;
	if (text && (digits == 0 || digits > MAX_DIGITS || text[digits])) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "%s must be a position that the server told",
			       name);
		return false;
	}
	if (text) {
		*value = strtoull(text, NULL, 10);
	}
	return text != NULL;
}

bool ff_query_need(struct ff_request *request, const char *name, const char *what, uint32_t *value)
{
	if (!ff_request_param(request, name)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "say %s: ?%s=", what, name);
	}
	return ff_query_number(request, name, value);
}

bool ff_query_offset(struct ff_request *request, uint32_t *offset)
{
	const char *text = ff_request_param(request, "offset");
	char clean[SHOWN_SIZE];
	if (text && !ff_params_number(text, offset)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_OFFSET,
			       "\"%s\" is not a flash offset such as 0x10000 or 65536", shown(clean, text));
		return false;
	}
	return text != NULL;
}

void ff_query_loader(struct ff_request *request, struct ff_job_options *options)
{
	const char *baud = ff_request_param(request, "baud");
	options->baud = ff_worker_work_baud(request->worker);
	options->stub = true;
	ff_query_bool(request, "stub", &options->stub);
	if (baud && !ff_params_baud(baud, &options->baud)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "baud must be 0 (keep the connect rate) or a number from 50 to 4000000");
	}
}
