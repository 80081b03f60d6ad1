// SPDX-License-Identifier: Apache-2.0
/* The way to a board for `farflash connect`: a WebSocket that the bridge serves. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "reply.h"
#include "upgrade.h"

static const char *const params[] = { "session", "received", NULL };

static bool is_name(const char *text)
{
	return strlen(text) == FF_GUEST_SESSION_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == FF_GUEST_SESSION_SIZE - 1;
}

static void read_session(struct ff_request *request, struct ff_guest *guest)
{
	const char *session = ff_request_param(request, "session");
	bool has_received = ff_query_position(request, "received", &guest->received);
	if ((session != NULL) != has_received || (session && !is_name(session))) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "session is a name that the server gave, and received says how much of it has arrived");
	} else if (session) {
		memcpy(guest->session, session, sizeof(guest->session));
	}
}

static void begin(struct ff_request *request)
{
	struct ff_guest *guest = calloc(1, sizeof(*guest));
	if (!guest) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		return;
	}
	request->state = guest;
	request->free_state = free;
	guest->tunnel = true;
	read_session(request, guest);
	if (!ff_upgrade_is_asked(request)) {
		ff_problem_set(&request->problem, FF_PROBLEM_UPGRADE_REQUIRED, "the tunnel is a WebSocket");
		return;
	}
	ff_upgrade_check(request);
	const struct ff_http *http = request->http;
	if (!request->problem.http_status && guest->session[0] &&
	    !http->has_tunnel(http->welcome_context, request->worker, guest->session)) {
		ff_problem_set(&request->problem, FF_PROBLEM_SESSION_EXPIRED,
			       "%s has no such session (any more): its connection was away for too long, or the server "
			       "was started anew",
			       ff_worker_name(request->worker));
	}
}

static enum MHD_Result answer(struct ff_request *request)
{
	struct ff_guest *guest = request->state;
	request->state = NULL;
	request->free_state = NULL;
	guest->lease = request->lease;
	return ff_upgrade_answer(request, guest);
}

const struct ff_handler ff_api_tunnel = {
	.names_board = true,
	.lease = FF_LEASE_OPTIONAL,
	.params = params,
	.begin = begin,
	.answer = answer,
};
