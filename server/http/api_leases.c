// SPDX-License-Identifier: Apache-2.0
/* Boards for a time. A request that waits for one is parked, like one that waits for a job, until it has a lease or has waited
 * long enough. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board_labels.h"
#include "lease_gate.h"
#include "lease_wait.h"
#include "listen.h"
#include "present.h"
#include "reply.h"
#include "selector.h"
#include "text.h"
#include "trail.h"
#include "utf8.h"

#define USUAL_SECONDS 600
#define LONGEST_WAIT_S 3600
#define MOST_SHOWN 1000 /* of those who wait */
#define BODY_DEPTH 8    /* one would do */
#define LOOK_US 5000000 /* how often it is looked whether the client still waits */

static const char *const take_params[] = { "board",    "select", "seconds", "owner", "wait",
					   "priority", "ticket", "address", NULL };
static const char *const renew_params[] = { "seconds", NULL };

/* What a request says, in its query or its body. */
struct asking {
	char body[FF_REQUEST_SMALL_BODY + 1];
	size_t body_size;
	json_t *json; /* NULL: there is no body */

	/* Of one that takes a board. */
	bool understood;
	struct ff_worker *board; /* a reference; NULL: the selector says */
	struct ff_lease_wait wait;
	struct ff_selector selector;
	char owner[FF_KEEP_OWNER_SIZE];
	char peer[FF_KEEP_PEER_SIZE];
	uint32_t seconds;
	int64_t look_us;
};

static void free_asking(void *state)
{
	struct asking *asking = state;
	ff_lease_wait_end(&asking->wait);
	json_decref(asking->json);
	ff_worker_unref(asking->board);
	free(asking);
}

static void begin(struct ff_request *request)
{
	request->state = calloc(1, sizeof(struct asking));
	request->free_state = free_asking;
	if (!request->state) {
		request->free_state = NULL;
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
	}
}

static void take_body(struct ff_request *request, const uint8_t *bytes, size_t size)
{
	struct asking *asking = request->state;
	memcpy(asking->body + asking->body_size, bytes, size); /* the request's cap is the array's size */
	asking->body_size += size;
}

/* ---- what is asked for ---- */

static void read_body(struct ff_request *request, const char *const *known)
{
	struct asking *asking = request->state;
	const char *key;
	json_t *value;
	if (asking->body_size == 0) {
		return;
	}
	if (ff_text_is_shallow(asking->body, asking->body_size, BODY_DEPTH)) {
		asking->json = json_loadb(asking->body, asking->body_size, JSON_REJECT_DUPLICATES, NULL);
	}
	if (!json_is_object(asking->json)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "the body is no JSON object");
		return;
	}
	json_object_foreach(asking->json, key, value)
	{
		const char *const *at = known;
		while (*at && strcmp(*at, key) != 0) {
			at++;
		}
		if (!*at || (!json_is_string(value) && !json_is_integer(value))) {
			char clean[32];
			snprintf(clean, sizeof(clean), "%s", key);
			ff_text_clean(clean);
			ff_problem_set(
				&request->problem, FF_PROBLEM_BAD_REQUEST,
				"\"%s\" is no member of the body that is known here, or neither text nor a number",
				clean);
		}
	}
}

/* NULL: it is not said, or not as text. */
static const char *text_of(const struct ff_request *request, const char *name)
{
	const struct asking *asking = request->state;
	const char *text = ff_request_param(request, name);
	return text ? text : json_string_value(json_object_get(asking->json, name));
}

static void read_number(struct ff_request *request, const char *name, uint32_t least, uint32_t most, uint32_t *value)
{
	const struct asking *asking = request->state;
	const json_t *member = json_object_get(asking->json, name);
	const char *text = text_of(request, name);
	long long number = *value;
	if (text) {
		size_t digits = strspn(text, "0123456789");
		number = digits > 0 && digits < 8 && !text[digits] ? atoll(text) : -1;
	} else if (member) {
		number = json_integer_value(member);
	}
	if (number < (long long)least || number > (long long)most) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "%s must be from %u to %u", name, least,
			       most);
	} else {
		*value = (uint32_t)number;
	}
}

static void read_board(struct ff_request *request)
{
	struct asking *asking = request->state;
	const char *name = text_of(request, "board");
	const char *select = text_of(request, "select");
	struct ff_error error = FF_ERROR_NONE;
	if (!name == !select) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "give either board, a name, or select, labels as in chip=esp32s3");
	} else if (name) {
		asking->board = ff_request_find_board(request, name);
	} else if (ff_selector_parse(&asking->selector, select, &error) != FF_OK) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "%s", error.text);
	}
}

/* With tokens in force, a lease opens the board's TCP ports to an address only if that is asked for. */
static void read_address(struct ff_request *request, const char *own)
{
	struct asking *asking = request->state;
	const char *address = text_of(request, "address");
	bool open = !request->http->keyring || !ff_keyring_is_in_force(request->http->keyring);
	if (address ? strcmp(address, "mine") == 0 : open) {
		snprintf(asking->peer, sizeof(asking->peer), "%s", own);
	} else if (address && !ff_listen_address_text(address, asking->peer)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "address must be mine, or an IPv4 or IPv6 address, as in 192.0.2.7");
	}
}

static void read_people(struct ff_request *request)
{
	struct asking *asking = request->state;
	char asker[FF_LISTEN_PEER_SIZE];
	char own[FF_LISTEN_ADDRESS_SIZE];
	ff_listen_peer(ff_request_socket(request), asker, sizeof(asker));
	ff_listen_peer_address(asker, own);
	const char *owner = text_of(request, "owner");
	if (owner && (!owner[0] || strlen(owner) >= sizeof(asking->owner))) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "owner must have 1 to %d bytes",
			       FF_KEEP_OWNER_SIZE - 1);
		return;
	}
	if (request->who[0] && owner) { /* what somebody says of himself stands behind what is known */
		snprintf(asking->owner, sizeof(asking->owner), "%s (%.25s)", request->who, owner);
	} else {
		snprintf(asking->owner, sizeof(asking->owner), "%s",
			 request->who[0] ? request->who
			 : owner         ? owner
					 : own);
	}
	ff_text_clean(asking->owner);
	read_address(request, own);
}

static void read_seconds(struct ff_request *request)
{
	struct asking *asking = request->state;
	asking->seconds =
		USUAL_SECONDS > request->http->shortest_lease_s ? USUAL_SECONDS : request->http->shortest_lease_s;
	read_number(request, "seconds", request->http->shortest_lease_s, FF_LEASE_LONGEST_S, &asking->seconds);
}

static void read_priority(struct ff_request *request)
{
	struct asking *asking = request->state;
	const json_t *member = json_object_get(asking->json, "priority");
	const char *text = text_of(request, "priority");
	char *end = NULL;
	long long value = text ? strtol(text, &end, 10) : json_integer_value(member);
	if ((text && (end == text || *end)) || value < FF_ORDER_LOWEST || value > FF_ORDER_HIGHEST) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "priority must be from %d to %d",
			       FF_ORDER_LOWEST, FF_ORDER_HIGHEST);
		return;
	}
	asking->wait.wish.priority = (int)value;
}

/* A token may be for some boards only. */
static void narrow(struct ff_request *request)
{
	struct ff_selector *selector = &((struct asking *)request->state)->selector;
	const struct ff_identity *identity = &request->identity;
	for (size_t i = 0; identity->has_boards && i < identity->boards.count; i++) {
		if (selector->count == FF_SELECTOR_MAX_TERMS) {
			ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "select has too many terms");
			return;
		}
		selector->terms[selector->count++] = identity->boards.terms[i];
	}
}

static void understand(struct ff_request *request)
{
	struct asking *asking = request->state;
	uint32_t wait = 0;
	asking->understood = true;
	read_body(request, take_params);
	read_seconds(request);
	read_number(request, "wait", 0, LONGEST_WAIT_S, &wait);
	read_board(request);
	read_people(request);
	read_priority(request);
	narrow(request);
	asking->wait.wish.deadline_us = ff_now_us() + (int64_t)wait * 1000000;
}

/* ---- taking ---- */

/* Whether there is a board that it may ever get. */
static bool can_be_met(const struct ff_request *request)
{
	const struct asking *asking = request->state;
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
	struct asking *asking = request->state;
	return atomic_load(&asking->wait.settled) ? now_us : asking->look_us;
}

static void get_in_line(struct ff_request *request)
{
	struct asking *asking = request->state;
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
	enum ff_status status = ff_lease_wait_begin(wait, text_of(request, "ticket"));
	if (status == FF_ERR_BUSY) {
		ff_problem_set(&request->problem, FF_PROBLEM_TOO_MANY_JOBS, "too many wait already");
	} else if (status != FF_OK) {
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server stops");
	}
}

/* Where it stood, and how to stand there again. */
static void add_place(struct ff_request *request, unsigned position)
{
	struct asking *asking = request->state;
	char ticket[FF_TICKET_SIZE];
	if (ff_lease_wait_keep_place(&asking->wait, ticket)) {
		request->problem_members = json_pack("{s:i, s:s}", "position", (int)position, "ticket", ticket);
	}
}

static void say_busy(struct ff_request *request)
{
	const struct asking *asking = request->state;
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
	struct asking *asking = request->state;
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
	struct asking *asking = request->state;
	if (!asking->understood) {
		understand(request);
		if (!request->problem.http_status) {
			get_in_line(request);
		}
	} else if (ff_request_is_abandoned(request)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BOARD_BUSY, "the client waits no more");
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

/* Those whose boards are not to be seen are not shown either. */
static json_t *present_waiting(const struct ff_request *request)
{
	struct ff_waiting *waiting = calloc(MOST_SHOWN, sizeof(*waiting));
	json_t *list = json_array();
	size_t count = waiting && !request->identity.has_boards
			       ? ff_dispatch_list(request->http->dispatch, waiting, MOST_SHOWN)
			       : 0;
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, ff_present_waiting(&waiting[i]));
	}
	free(waiting);
	return list;
}

static enum MHD_Result answer_list(struct ff_request *request)
{
	size_t most = FF_BOARDS_MAX;
	struct ff_lease *leases = calloc(most, sizeof(*leases));
	json_t *list = leases ? json_array() : NULL;
	const struct ff_board_list *boards = ff_boards_list(request->http->boards);
	size_t count = leases ? ff_leases_list(request->http->leases, leases, most) : 0;
	for (size_t i = 0; i < count; i++) {
		const char *board = name_of(request, boards, &leases[i]);
		if (board && json_array_append_new(list, ff_present_lease(&leases[i], board)) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	ff_board_list_unref(boards);
	free(leases);
	return ff_reply_json(request, MHD_HTTP_OK,
			     list ? json_pack("{s:o, s:o}", "leases", list, "waiting", present_waiting(request))
				  : NULL);
}

static enum MHD_Result reply_lost(struct ff_request *request, enum ff_status status)
{
	if (status == FF_ERR_LOST) {
		ff_problem_set(&request->problem, FF_PROBLEM_LEASE_ENDED, "the lease has ended");
	} else if (status != FF_ERR_NOT_FOUND) {
		say_unrecorded(request, status);
	} else {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_LEASE,
			       "the server knows no such lease; those that have ended are forgotten after a while");
	}
	return ff_reply_problem(request);
}

static enum MHD_Result reply_lease(struct ff_request *request, enum ff_status status, const struct ff_lease *lease)
{
	if (status != FF_OK) {
		return reply_lost(request, status);
	}
	const struct ff_board_list *boards = ff_boards_list(request->http->boards);
	const char *board = name_of(request, boards, lease);
	ff_trail_about(request, lease->keep.owner, board ? board : "");
	enum MHD_Result result = board ? ff_reply_json(request, MHD_HTTP_OK, ff_present_lease(lease, board))
				       : reply_lost(request, FF_ERR_LOST);
	ff_board_list_unref(boards);
	return result;
}

static enum MHD_Result answer_get(struct ff_request *request)
{
	struct ff_lease lease;
	return reply_lease(request, ff_leases_find(request->http->leases, request->param, &lease), &lease);
}

static enum MHD_Result answer_renew(struct ff_request *request)
{
	const struct asking *asking = request->state;
	struct ff_lease lease;
	read_body(request, renew_params);
	read_seconds(request);
	if (request->problem.http_status) {
		return ff_reply_problem(request);
	}
	enum ff_status status = ff_leases_renew(request->http->leases, request->param, asking->seconds, &lease);
	return reply_lease(request, status, &lease);
}

static enum MHD_Result answer_end(struct ff_request *request)
{
	struct ff_lease lease;
	if (ff_leases_find(request->http->leases, request->param, &lease) == FF_OK) {
		const struct ff_board_list *boards = ff_boards_list(request->http->boards);
		const char *board = name_of(request, boards, &lease);
		ff_trail_about(request, lease.keep.owner, board ? board : "");
		ff_board_list_unref(boards);
	}
	enum ff_status status = ff_leases_end(request->http->leases, request->param);
	return status == FF_OK ? ff_reply_empty(request) : reply_lost(request, status);
}

const struct ff_handler ff_api_leases_take = {
	.params = take_params,
	.body_kind = FF_BODY_SMALL,
	.begin = begin,
	.body = take_body,
	.answer = answer_take,
};
const struct ff_handler ff_api_leases_list = { .answer = answer_list };
const struct ff_handler ff_api_leases_get = { .answer = answer_get };
const struct ff_handler ff_api_leases_renew = {
	.params = renew_params,
	.body_kind = FF_BODY_SMALL,
	.begin = begin,
	.body = take_body,
	.answer = answer_renew,
};
const struct ff_handler ff_api_leases_end = { .answer = answer_end };
