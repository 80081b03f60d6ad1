// SPDX-License-Identifier: Apache-2.0
#include "query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "params.h"
#include "resets.h"
#include "text.h"

#define SHOWN_SIZE 32
#define MAX_DIGITS 19
#define USUAL_TIMEOUT_S 60
#define LONGEST_TIMEOUT_S 86400
#define USUAL_WAIT_S 3600 /* for any board */
#define LONGEST_WAIT_S 604800
#define MOST_BOOTS 1000

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

/* One of the words, in the order of their values; -1: it is not given or none of them. */
static int read_choice(struct ff_request *request, const char *name, const char *const *words)
{
	const char *text = ff_request_param(request, name);
	char known[SHOWN_SIZE * 4] = "";
	size_t used = 0;
	for (int i = 0; text && words[i]; i++) {
		if (strcmp(text, words[i]) == 0) {
			return i;
		}
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i > 0 ? ", " : "", words[i]);
	}
	if (text) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "%s must be one of %s", name, known);
	}
	return -1;
}

static void read_priority(struct ff_request *request)
{
	const char *text = ff_request_param(request, "priority");
	char *end = NULL;
	long value = text ? strtol(text, &end, 10) : 0;
	bool sensible = !text || (text[strspn(text, "-0123456789")] == '\0' && end != text && *end == '\0');
	if (!sensible || value < FF_ORDER_LOWEST || value > FF_ORDER_HIGHEST) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "priority must be from %d to %d",
			       FF_ORDER_LOWEST, FF_ORDER_HIGHEST);
		return;
	}
	request->priority = (int)value;
}

void ff_query_job(struct ff_request *request, struct ff_job_options *options)
{
	ff_query_bool(request, "rerun", &options->rerun);
	read_priority(request);
	request->wait_s = request->selection ? USUAL_WAIT_S : 0;
	if (ff_query_number(request, "wait", &request->wait_s) &&
	    (request->wait_s < 1 || request->wait_s > LONGEST_WAIT_S)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "wait must be from 1 to %d seconds",
			       LONGEST_WAIT_S);
	}
}

void ff_query_resets(struct ff_request *request, struct ff_job_options *options)
{
	ff_query_job(request, options);
	uint32_t attempts = 0;
	int before = read_choice(request, "before", ff_resets_before);
	int after = read_choice(request, "after", ff_resets_after);
	if (before >= 0) {
		options->before = (enum ff_before)before;
	}
	if (after >= 0) {
		options->after = (enum ff_after)after;
	}
	if (ff_query_number(request, "connect_attempts", &attempts)) {
		options->attempts = attempts;
		if (attempts < 1 || attempts > FF_RESETS_MAX_ATTEMPTS) {
			ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
				       "connect_attempts must be from 1 to %d", FF_RESETS_MAX_ATTEMPTS);
		}
	}
}

void ff_query_loader(struct ff_request *request, struct ff_job_options *options)
{
	const char *baud = ff_request_param(request, "baud");
	ff_query_resets(request, options);
	options->baud = request->worker ? ff_worker_work_baud(request->worker) : FF_JOB_BOARDS_BAUD;
	options->stub = true;
	ff_query_bool(request, "stub", &options->stub);
	if (baud && !ff_params_baud(baud, &options->baud)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "baud must be 0 (keep the connect rate) or a number from 50 to 4000000");
	}
}

/* A pattern as it was given; false: out of memory. */
static bool copy_pattern(const struct ff_request *request, const char *name, char **pattern)
{
	const char *text = ff_request_param(request, name);
	*pattern = text ? strdup(text) : NULL;
	return !text || *pattern;
}

static void read_watch(struct ff_request *request, struct ff_job_watch *watch)
{
	uint32_t timeout = USUAL_TIMEOUT_S;
	uint32_t boots = 0;
	bool crash = true;
	ff_query_bool(request, "crash", &crash);
	ff_query_number(request, "timeout", &timeout);
	if (ff_query_number(request, "boots", &boots) && (boots < 2 || boots > MOST_BOOTS)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "boots must be from 2 to %d", MOST_BOOTS);
	}
	if (timeout < 1 || timeout > LONGEST_TIMEOUT_S) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "timeout must be from 1 to %d seconds",
			       LONGEST_TIMEOUT_S);
	}
	watch->timeout_ms = timeout * 1000;
	watch->boots = boots;
	watch->ignore_crashes = !crash;
}

/* A pattern with a mistake in it is better told before the board is touched. */
static void check_patterns(struct ff_request *request, const struct ff_job_watch *watch)
{
	const struct ff_watch_options options = { .expect = watch->expect, .fail = watch->fail, .limit_us = 1 };
	struct ff_watch *trial = NULL;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_watch_new(&trial, &options, 0, &error);
	if (status != FF_OK) {
		ff_problem_set_status(&request->problem, status, error.text);
	}
	ff_watch_free(trial);
}

struct ff_job_watch *ff_query_watch(struct ff_request *request)
{
	struct ff_job_watch *watch = calloc(1, sizeof(*watch));
	if (!watch || !copy_pattern(request, "expect", &watch->expect) ||
	    !copy_pattern(request, "fail", &watch->fail)) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		ff_job_watch_free(watch);
		return NULL;
	}
	read_watch(request, watch);
	check_patterns(request, watch);
	return watch;
}
