// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "board_labels.h"
#include "present.h"
#include "query.h"
#include "reply.h"
#include "selector.h"

static const char *const list_params[] = { "select", NULL };
static const char *const job_params[] = { FF_QUERY_JOB, NULL };
static const char *const power_params[] = { "action", FF_QUERY_JOB, NULL };
static const char *const resets_params[] = { FF_QUERY_RESETS, NULL };
static const char *const probe_params[] = { "wiring", FF_QUERY_RESETS, NULL };

static void begin_list(struct ff_request *request)
{
	const char *text = ff_request_param(request, "select");
	struct ff_error error = FF_ERROR_NONE;
	if (!text) {
		return;
	}
	struct ff_selector *selector = calloc(1, sizeof(*selector));
	if (!selector) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		return;
	}
	request->state = selector;
	request->free_state = free;
	if (ff_selector_parse(selector, text, &error) != FF_OK) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "%s", error.text);
	}
}

static bool is_selected(const struct ff_request *request, struct ff_worker *worker)
{
	struct ff_labels labels;
	if (!ff_request_may_see(request, worker)) {
		return false;
	}
	if (!request->state) {
		return true;
	}
	ff_board_labels(worker, &labels);
	return ff_selector_matches(request->state, &labels);
}

static json_t *present(const struct ff_request *request, struct ff_worker *worker)
{
	const struct ff_http *http = request->http;
	struct ff_board_standing standing = { .waiting = ff_dispatch_waiting(http->dispatch, worker) };
	struct ff_lease lease;
	struct ff_board_history history;
	standing.history = ff_queue_history(http->queue, ff_worker_name(worker), &history) ? &history : NULL;
	ff_quarantine_look(http->quarantine, ff_worker_name(worker), &standing.quarantine);
	standing.lease = http->leases && ff_leases_of(http->leases, worker, &lease) ? &lease : NULL;
	return ff_present_board(worker, &standing);
}

static enum MHD_Result answer_list(struct ff_request *request)
{
	json_t *list = json_array();
	const struct ff_board_list *boards = ff_boards_list(request->http->boards);
	for (size_t i = 0; i < boards->count; i++) {
		if (is_selected(request, boards->workers[i]) &&
		    json_array_append_new(list, present(request, boards->workers[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	ff_board_list_unref(boards);
	return ff_reply_json(request, MHD_HTTP_OK, list ? json_pack("{s:o}", "boards", list) : NULL);
}

static enum MHD_Result answer_board(struct ff_request *request)
{
	return ff_reply_json(request, MHD_HTTP_OK, present(request, request->worker));
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

static void begin_power(struct ff_request *request)
{
	const char *name = ff_request_param(request, "action");
	const struct ff_power *power = ff_worker_power(request->worker);
	enum ff_power_action action;
	if (!ff_power_find_action(name, &action)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "say what to do: action=on, off or cycle");
	} else if (!ff_power_can(power, action)) {
		char text[FF_ERROR_TEXT_SIZE];
		snprintf(text, sizeof(text), "%s has no program for power %s in the server's configuration",
			 ff_worker_name(request->worker), name);
		ff_problem_set_status(&request->problem, FF_ERR_UNSUPPORTED, text);
	}
}

static enum MHD_Result answer_power(struct ff_request *request)
{
	struct ff_queue_request wanted = { .kind = FF_JOB_POWER, .worker = request->worker };
	enum ff_power_action action;
	if (ff_answer_is_made(request) || !ff_power_find_action(ff_request_param(request, "action"), &action)) {
		return ff_answer_job(request);
	}
	wanted.target.value = action;
	ff_query_job(request, &wanted.options);
	return request->problem.http_status ? ff_reply_problem(request) : ff_answer_submit(request, &wanted);
}

const struct ff_handler ff_api_boards_list = { .params = list_params, .begin = begin_list, .answer = answer_list };
const struct ff_handler ff_api_boards_get = { .names_board = true, .answer = answer_board };
const struct ff_handler ff_api_boards_reset = {
	.names_board = true, .params = job_params, .lease = FF_LEASE_NEEDED, .answer = answer_reset
};
const struct ff_handler ff_api_any_reset = { .selects_board = true, .params = job_params, .answer = answer_reset };
const struct ff_handler ff_api_any_probe = { .selects_board = true, .params = probe_params, .answer = answer_probe };
const struct ff_handler ff_api_boards_run = {
	.names_board = true, .params = resets_params, .lease = FF_LEASE_NEEDED, .answer = answer_run
};
const struct ff_handler ff_api_boards_power = {
	.names_board = true,
	.lease = FF_LEASE_NEEDED,
	.params = power_params,
	.begin = begin_power,
	.answer = answer_power,
};
const struct ff_handler ff_api_boards_get_info = { .names_board = true, .answer = answer_info };
const struct ff_handler ff_api_boards_probe = {
	.names_board = true, .params = probe_params, .lease = FF_LEASE_NEEDED, .answer = answer_probe
};
