// SPDX-License-Identifier: Apache-2.0
/* Boards for a time. A request that waits for one is parked, like one that waits for a job, until it has a lease or has waited
 * long enough. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board_labels.h"
#include "lease_asking.h"
#include "lease_gate.h"
#include "present.h"
#include "reply.h"
#include "trail.h"

#define MOST_SHOWN 1000 /* of those who wait */
#define LOOK_US 5000000 /* how often it is looked whether the client still waits */

/* ---- taking ---- */

/* Whether there is a board that it may ever get. */
static bool can_be_met(const struct ff_request *request)
{
	const struct ff_lease_asking *asking = request->state;
	const struct ff_board_list *boards = ff_boards_list(request->http->boards);
	bool matches = asking->board != NULL;
	for (size_t i = 0; i < boards->count && !matches; i++) {
		struct ff_labels labels;
		ff_board_labels(boards->workers[i], &labels);
		matches = ff_selector_matches(&asking->selector, &labels);
	}
	ff_board_list_unref(boards);
	return matches;
}

static int64_t due_when_settled(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	struct ff_lease_asking *asking = request->state;
	return atomic_load(&asking->wait.settled) ? now_us : asking->look_us;
}

static void get_in_line(struct ff_request *request)
{
	struct ff_lease_asking *asking = request->state;
	struct ff_lease_wait *wait = &asking->wait;
	const struct ff_http *http = request->http;
	if (!can_be_met(request)) {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_BOARD, "no board matches");
		return;
	}
	wait->dispatch = http->dispatch;
	wait->leases = http->leases;
	wait->waker = http->waker;
	wait->tickets = http->tickets;
	wait->owner = asking->owner;
	wait->peer = asking->peer;
	wait->seconds = asking->seconds;
	wait->wish.board = asking->board;
	wait->wish.selector = asking->board ? NULL : &asking->selector;
	enum ff_status status = ff_lease_wait_begin(wait, asking->ticket);
	if (status == FF_ERR_BUSY) {
		ff_problem_set(&request->problem, FF_PROBLEM_TOO_MANY_JOBS, "too many wait already");
	} else if (status != FF_OK) {
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server stops");
	}
}

/* Where it stood, and how to stand there again. */
static void add_place(struct ff_request *request, unsigned position)
{
	struct ff_lease_asking *asking = request->state;
	char ticket[FF_TICKET_SIZE];
	if (ff_lease_wait_keep_place(&asking->wait, ticket)) {
		request->problem_members = json_pack("{s:i, s:s}", "position", (int)position, "ticket", ticket);
	}
}

static void say_busy(struct ff_request *request)
{
	const struct ff_lease_asking *asking = request->state;
	struct ff_board_view view;
	if (!asking->board) {
		ff_problem_set(&request->problem, FF_PROBLEM_BOARD_BUSY,
			       "all boards that match are leased, in use or lost");
		return;
	}
	if (ff_lease_gate_refuse_leased(request, asking->board)) {
		return;
	}
	ff_worker_view(asking->board, &view);
	ff_problem_set(&request->problem, FF_PROBLEM_BOARD_BUSY, "%s is in use by %s%s", ff_worker_name(asking->board),
		       view.holder.kind != FF_HOLDER_NONE ? "the " : "a job",
		       view.holder.kind != FF_HOLDER_NONE ? view.holder.name : "");
}

/* The ledger's refusals, and what nobody expects. */
static void say_unrecorded(struct ff_request *request, enum ff_status status)
{
	static const char text[] = "the lease cannot be recorded: the server's disk is full, or does not answer";
	if (status == FF_ERR_NO_SPACE || status == FF_ERR_NO_MEMORY) {
		ff_problem_set_status(&request->problem, status, text);
	} else {
		ff_problem_set(&request->problem, FF_PROBLEM_NOT_RECORDED, "%s", text);
	}
}

static enum MHD_Result answer_settled(struct ff_request *request)
{
	struct ff_lease_asking *asking = request->state;
	struct ff_lease_wait *wait = &asking->wait;
	if (wait->status == FF_OK) {
		wait->answered = true;
		ff_trail_about(request, asking->owner, ff_worker_name(wait->board));
		snprintf(request->location, sizeof(request->location), "/api/v1/leases/%s", wait->lease.id);
		return ff_reply_json(request, MHD_HTTP_CREATED,
				     ff_present_lease(&wait->lease, ff_worker_name(wait->board)));
	}
	if (wait->status == FF_ERR_NO_BOARD) {
		say_busy(request);
		add_place(request, wait->wish.position);
	} else if (wait->status == FF_ERR_NOT_FOUND) {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_BOARD, "the board is no longer there");
	} else {
		say_unrecorded(request, wait->status);
	}
	return ff_reply_problem(request);
}

static enum MHD_Result answer_take(struct ff_request *request)
{
	struct ff_lease_asking *asking = request->state;
	if (!asking->understood) {
		ff_lease_asking_read_take(request);
		if (!request->problem.http_status) {
			get_in_line(request);
		}
	} else if (ff_request_is_abandoned(request)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BOARD_BUSY, "the client waits no more");
	} else if (!ff_request_is_admitted(request)) {
		ff_problem_set(&request->problem, FF_PROBLEM_UNAUTHORIZED, "the token is not in force any more");
	}
	if (request->problem.http_status) {
		return ff_reply_problem(request);
	}
	if (atomic_load(&asking->wait.settled)) {
		return answer_settled(request);
	}
	asking->look_us = ff_now_us() + LOOK_US;
	if (ff_request_park(request, due_when_settled)) {
		return MHD_YES;
	}
	ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server stops");
	return ff_reply_problem(request);
}

/* ---- the rest ---- */

/* The board of a lease is looked for among those that there are: it may have gone since, and the lease with it. NULL also if
 * whoever asks may not see it. */
static const char *name_of(const struct ff_request *request, const struct ff_board_list *boards,
			   const struct ff_lease *lease)
{
	for (size_t i = 0; i < boards->count; i++) {
		if (boards->workers[i] == lease->board && ff_request_may_see(request, boards->workers[i])) {
			return ff_worker_name(boards->workers[i]);
		}
	}
	return NULL;
}

/* Those who wait for any board of several are shown to those alone who may see all. */
static bool may_see_waiting(const struct ff_request *request, const struct ff_board_list *boards,
			    const struct ff_waiting *waiting)
{
	bool may = !request->identity.has_boards;
	for (size_t i = 0; i < boards->count && !may; i++) {
		may = strcmp(ff_worker_name(boards->workers[i]), waiting->board) == 0 &&
		      ff_request_may_see(request, boards->workers[i]);
	}
	return may;
}

/* A list without one of them would not be true: then there is none. */
static void append(json_t **list, json_t *item)
{
	if (json_array_append_new(*list, item) != 0) {
		json_decref(*list);
		*list = NULL;
	}
}

static json_t *present_waiting(const struct ff_request *request, const struct ff_board_list *boards)
{
	struct ff_waiting *waiting = calloc(MOST_SHOWN, sizeof(*waiting));
	json_t *list = waiting ? json_array() : NULL;
	size_t count = list ? ff_dispatch_list(request->http->dispatch, waiting, MOST_SHOWN) : 0;
	for (size_t i = 0; i < count; i++) {
		if (may_see_waiting(request, boards, &waiting[i])) {
			append(&list, ff_present_waiting(&waiting[i]));
		}
	}
	free(waiting);
	return list;
}

static json_t *present_leases(const struct ff_request *request, const struct ff_board_list *boards)
{
	struct ff_lease *leases = calloc(FF_BOARDS_MAX, sizeof(*leases));
	json_t *list = leases ? json_array() : NULL;
	size_t count = list ? ff_leases_list(request->http->leases, leases, FF_BOARDS_MAX) : 0;
	for (size_t i = 0; i < count; i++) {
		const char *board = name_of(request, boards, &leases[i]);
		if (board) {
			append(&list, ff_present_lease(&leases[i], board));
		}
	}
	free(leases);
	return list;
}

static enum MHD_Result answer_list(struct ff_request *request)
{
	const struct ff_board_list *boards = ff_boards_list(request->http->boards);
	json_t *leases = present_leases(request, boards);
	json_t *waiting = present_waiting(request, boards);
	json_t *both = json_pack("{s:O, s:O}", "leases", leases, "waiting", waiting); /* NULL if one of them is */
	json_decref(leases);
	json_decref(waiting);
	ff_board_list_unref(boards);
	return ff_reply_json(request, MHD_HTTP_OK, both);
}

static void set_lost(struct ff_request *request, enum ff_status status)
{
	if (status == FF_ERR_LOST) {
		ff_problem_set(&request->problem, FF_PROBLEM_LEASE_ENDED, "the lease has ended");
	} else if (status != FF_ERR_NOT_FOUND) {
		say_unrecorded(request, status);
	} else {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_LEASE,
			       "the server knows no such lease; those that have ended are forgotten after a while");
	}
}

static enum MHD_Result reply_lease(struct ff_request *request, const struct ff_lease *lease)
{
	const struct ff_board_list *boards = ff_boards_list(request->http->boards);
	const char *board = name_of(request, boards, lease);
	ff_trail_about(request, lease->keep.owner, board ? board : "");
	json_t *presented = board ? ff_present_lease(lease, board) : NULL;
	ff_board_list_unref(boards);
	if (!board) {
		set_lost(request, FF_ERR_LOST);
		return ff_reply_problem(request);
	}
	return ff_reply_json(request, MHD_HTTP_OK, presented);
}

static enum MHD_Result answer_get(struct ff_request *request)
{
	struct ff_lease lease;
	enum ff_status status = ff_leases_find(request->http->leases, request->param, &lease);
	if (status != FF_OK) {
		set_lost(request, status);
		return ff_reply_problem(request);
	}
	return reply_lease(request, &lease);
}

static void renew(struct ff_request *request)
{
	struct ff_lease_asking *asking = request->state;
	ff_lease_asking_read_renew(request);
	if (!request->problem.http_status) {
		enum ff_status status =
			ff_leases_renew(request->http->leases, request->param, asking->seconds, &asking->renewed);
		if (status != FF_OK) {
			set_lost(request, status);
		}
	}
}

static enum MHD_Result answer_renewed(struct ff_request *request)
{
	const struct ff_lease_asking *asking = request->state;
	return reply_lease(request, &asking->renewed);
}

static void end(struct ff_request *request)
{
	struct ff_lease lease;
	if (ff_leases_find(request->http->leases, request->param, &lease) == FF_OK) {
		const struct ff_board_list *boards = ff_boards_list(request->http->boards);
		const char *board = name_of(request, boards, &lease);
		ff_trail_about(request, lease.keep.owner, board ? board : "");
		ff_board_list_unref(boards);
	}
	enum ff_status status = ff_leases_end(request->http->leases, request->param);
	if (status != FF_OK) {
		set_lost(request, status);
	}
}

/* Whose lease it was stands in the trail, beside who has ended it. */
static void take_away(struct ff_request *request)
{
	struct ff_lease lease;
	const char *board = ff_worker_name(request->worker);
	if (ff_leases_of(request->http->leases, request->worker, &lease)) {
		ff_trail_about(request, lease.keep.owner, board);
	}
	if (ff_leases_take_away(request->http->leases, request->worker) != FF_OK) {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_LEASE, "nobody has leased %s", board);
	}
}

const struct ff_handler ff_api_leases_take_away = { .names_board = true,
						    .change = take_away,
						    .answer = ff_reply_empty };
const struct ff_handler ff_api_leases_take = {
	.params = ff_lease_asking_take_params,
	.body_kind = FF_BODY_SMALL,
	.begin = ff_lease_asking_begin,
	.body = ff_lease_asking_take_body,
	.answer = answer_take,
};
const struct ff_handler ff_api_leases_list = { .answer = answer_list };
const struct ff_handler ff_api_leases_get = { .answer = answer_get };
const struct ff_handler ff_api_leases_renew = {
	.params = ff_lease_asking_renew_params,
	.body_kind = FF_BODY_SMALL,
	.begin = ff_lease_asking_begin,
	.body = ff_lease_asking_take_body,
	.change = renew,
	.answer = answer_renewed,
};
const struct ff_handler ff_api_leases_end = { .change = end, .answer = ff_reply_empty };
