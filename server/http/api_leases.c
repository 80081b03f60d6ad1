// SPDX-License-Identifier: Apache-2.0
/* Boards for a time. A request that waits for one is parked, like one that waits for a job, and looks again whenever
 * something changes at a board. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board_labels.h"
#include "lease_gate.h"
#include "listen.h"
#include "present.h"
#include "reply.h"
#include "selector.h"
#include "text.h"
#include "trail.h"
#include "utf8.h"

#define USUAL_SECONDS 600
#define LONGEST_WAIT_S 3600
#define BODY_DEPTH 8    /* one would do */
#define LOOK_US 5000000 /* how often it is looked whether the client still waits */

static const char *const take_params[] = { "board", "select", "seconds", "owner", "wait", "address", NULL };
static const char *const renew_params[] = { "seconds", NULL };

/* What a request says, in its query or its body. */
struct asking {
	char body[FF_REQUEST_SMALL_BODY + 1];
	size_t body_size;
	json_t *json; /* NULL: there is no body */

	/* Of one that takes a board. */
	bool understood;
	struct ff_worker *board; /* a reference; NULL: the selector says */
	struct ff_worker *taken; /* a reference, once there is a lease */
	struct ff_selector selector;
	char owner[FF_KEEP_OWNER_SIZE];
	char peer[FF_KEEP_PEER_SIZE];
	uint32_t seconds;
	int64_t deadline_us;
	int64_t look_us;
};

static void free_asking(void *state)
{
	struct asking *asking = state;
	json_decref(asking->json);
	ff_worker_unref(asking->board);
	ff_worker_unref(asking->taken);
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
	asking->deadline_us = ff_now_us() + (int64_t)wait * 1000000;
}

/* ---- taking ---- */

/* Whether it may be taken, and is not lost: nobody who leaves the choice to us wants such a one. */
static bool is_meant(const struct ff_request *request, struct ff_worker *worker, bool *matches)
{
	const struct asking *asking = request->state;
	struct ff_labels labels;
	struct ff_board_view view;
	if (asking->board) {
		*matches |= worker == asking->board;
		return worker == asking->board;
	}
	ff_board_labels(worker, &labels);
	if (!ff_request_may_see(request, worker) || !ff_selector_matches(&asking->selector, &labels)) {
		return false;
	}
	*matches = true;
	ff_worker_view(worker, &view);
	return view.state != FF_BOARD_LOST;
}

static int64_t due_when_free(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	const struct asking *asking = request->state;
	const struct ff_board_list *boards = ff_boards_list(request->http->boards);
	bool matches = false;
	bool found = false;
	for (size_t i = 0; i < boards->count && !found; i++) {
		found = is_meant(request, boards->workers[i], &matches) && ff_worker_is_free(boards->workers[i]);
	}
	ff_board_list_unref(boards);
	if (found || !matches) {
		return now_us;
	}
	return asking->look_us < asking->deadline_us ? asking->look_us : asking->deadline_us;
}

/* FF_ERR_NOT_FOUND: no board is meant; FF_ERR_BUSY: all that are, are in use. */
static enum ff_status take(struct ff_request *request, struct ff_lease *lease)
{
	struct asking *asking = request->state;
	const struct ff_board_list *boards = ff_boards_list(request->http->boards);
	enum ff_status status = FF_ERR_BUSY;
	bool matches = false;
	for (size_t i = 0; i < boards->count && status == FF_ERR_BUSY; i++) {
		struct ff_worker *worker = boards->workers[i];
		if (!is_meant(request, worker, &matches)) {
			continue;
		}
		status = ff_leases_take(request->http->leases, worker, asking->owner, asking->peer, asking->seconds,
					lease);
		if (status == FF_OK) {
			ff_log(ff_worker_log(worker), FF_LOG_INFO, "leased to %s (%s)", lease->keep.owner,
			       lease->keep.peer);
			asking->taken = ff_worker_ref(worker);
		}
	}
	ff_board_list_unref(boards);
	return matches ? status : FF_ERR_NOT_FOUND;
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

static enum MHD_Result answer_take(struct ff_request *request)
{
	struct asking *asking = request->state;
	struct ff_lease lease;
	if (!asking->understood) {
		understand(request);
	} else if (ff_request_is_abandoned(request)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BOARD_BUSY, "the client waits no more");
	}
	if (request->problem.http_status) {
		return ff_reply_problem(request);
	}
	enum ff_status status = take(request, &lease);
	if (status == FF_OK) {
		ff_trail_about(request, asking->owner, ff_worker_name(asking->taken));
		snprintf(request->location, sizeof(request->location), "/api/v1/leases/%s", lease.id);
		return ff_reply_json(request, MHD_HTTP_CREATED,
				     ff_present_lease(&lease, ff_worker_name(asking->taken)));
	}
	if (status == FF_ERR_BUSY && ff_now_us() < asking->deadline_us) {
		asking->look_us = ff_now_us() + LOOK_US;
		if (ff_request_park(request, due_when_free)) {
			return MHD_YES;
		}
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server stops");
	} else if (status == FF_ERR_BUSY) {
		say_busy(request);
	} else if (status == FF_ERR_NOT_FOUND) {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_BOARD, "no board matches");
	} else {
		say_unrecorded(request, status);
	}
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
	return ff_reply_json(request, MHD_HTTP_OK, list ? json_pack("{s:o}", "leases", list) : NULL);
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
