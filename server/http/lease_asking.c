// SPDX-License-Identifier: Apache-2.0
#include "lease_asking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listen.h"
#include "text.h"

#define USUAL_SECONDS 600
#define LONGEST_WAIT_S 3600
#define BODY_DEPTH 8 /* one would do */

const char *const ff_lease_asking_take_params[] = { "board",    "select", "seconds", "owner", "wait",
						    "priority", "ticket", "address", NULL };
const char *const ff_lease_asking_renew_params[] = { "seconds", NULL };

static void free_asking(void *state)
{
	struct ff_lease_asking *asking = state;
	ff_lease_wait_end(&asking->wait);
	json_decref(asking->json);
	ff_worker_unref(asking->board);
	free(asking);
}

void ff_lease_asking_begin(struct ff_request *request)
{
	request->state = calloc(1, sizeof(struct ff_lease_asking));
	request->free_state = free_asking;
	if (!request->state) {
		request->free_state = NULL;
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
	}
}

void ff_lease_asking_take_body(struct ff_request *request, const uint8_t *bytes, size_t size)
{
	struct ff_lease_asking *asking = request->state;
	memcpy(asking->body + asking->body_size, bytes, size); /* the request's cap is the array's size */
	asking->body_size += size;
}

static void read_body(struct ff_request *request, const char *const *known)
{
	struct ff_lease_asking *asking = request->state;
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
	const struct ff_lease_asking *asking = request->state;
	const char *text = ff_request_param(request, name);
	return text ? text : json_string_value(json_object_get(asking->json, name));
}

static void read_number(struct ff_request *request, const char *name, uint32_t least, uint32_t most, uint32_t *value)
{
	const struct ff_lease_asking *asking = request->state;
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
	struct ff_lease_asking *asking = request->state;
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
	struct ff_lease_asking *asking = request->state;
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
	struct ff_lease_asking *asking = request->state;
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
	struct ff_lease_asking *asking = request->state;
	asking->seconds =
		USUAL_SECONDS > request->http->shortest_lease_s ? USUAL_SECONDS : request->http->shortest_lease_s;
	read_number(request, "seconds", request->http->shortest_lease_s, FF_LEASE_LONGEST_S, &asking->seconds);
}

static void read_priority(struct ff_request *request)
{
	struct ff_lease_asking *asking = request->state;
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
	struct ff_selector *selector = &((struct ff_lease_asking *)request->state)->selector;
	const struct ff_identity *identity = &request->identity;
	for (size_t i = 0; identity->has_boards && i < identity->boards.count; i++) {
		if (selector->count == FF_SELECTOR_MAX_TERMS) {
			ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "select has too many terms");
			return;
		}
		selector->terms[selector->count++] = identity->boards.terms[i];
	}
}

void ff_lease_asking_read_take(struct ff_request *request)
{
	struct ff_lease_asking *asking = request->state;
	uint32_t wait = 0;
	asking->understood = true;
	read_body(request, ff_lease_asking_take_params);
	read_seconds(request);
	read_number(request, "wait", 0, LONGEST_WAIT_S, &wait);
	read_board(request);
	read_people(request);
	read_priority(request);
	narrow(request);
	asking->ticket = text_of(request, "ticket");
	asking->wait.wish.deadline_us = ff_now_us() + (int64_t)wait * 1000000;
}

void ff_lease_asking_read_renew(struct ff_request *request)
{
	read_body(request, ff_lease_asking_renew_params);
	read_seconds(request);
}
