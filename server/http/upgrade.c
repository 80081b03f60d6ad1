// SPDX-License-Identifier: Apache-2.0
#include "upgrade.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "admission.h"
#include "handshake.h"
#include "header.h"
#include "listen.h"
#include "reply.h"

bool ff_upgrade_is_asked(const struct ff_request *request)
{
	return ff_header_lists(ff_request_header(request, MHD_HTTP_HEADER_UPGRADE), "websocket");
}

void ff_upgrade_check(struct ff_request *request)
{
	const char *version = ff_request_header(request, MHD_HTTP_HEADER_SEC_WEBSOCKET_VERSION);
	const char *key = ff_request_header(request, MHD_HTTP_HEADER_SEC_WEBSOCKET_KEY);
	char accept[FF_HANDSHAKE_ACCEPT_SIZE];
	if (!version || strcmp(version, FF_HANDSHAKE_VERSION) != 0) {
		ff_problem_set(&request->problem, FF_PROBLEM_UPGRADE_REQUIRED,
			       "a WebSocket of version " FF_HANDSHAKE_VERSION " is understood here");
	} else if (!key || !ff_handshake_accept(key, accept) ||
		   !ff_header_lists(ff_request_header(request, MHD_HTTP_HEADER_CONNECTION), "upgrade")) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "the handshake of a WebSocket has Connection: Upgrade and a Sec-WebSocket-Key");
	} else if (atomic_load(&request->http->stopping)) {
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server stops");
	}
}

static void close_upgraded(void *closer)
{
	MHD_upgrade_action(closer, MHD_UPGRADE_ACTION_CLOSE);
}

/* Of a guest that has no connection yet. */
static void free_guest(void *context)
{
	struct ff_guest *guest = context;
	free(guest->pass);
	free(guest);
}

/* What lets a guest in, for as long as it is there. */
struct pass {
	struct ff_keyring *keyring;
	struct ff_identity identity;
};

static bool is_admitted(const void *context)
{
	const struct pass *pass = context;
	return ff_keyring_still_admits(pass->keyring, &pass->identity);
}

static bool give_pass(struct ff_guest *guest, const struct ff_request *request)
{
	if (!request->http->keyring) {
		return true; /* it needs none */
	}
	struct pass *pass = malloc(sizeof(*pass));
	if (pass) {
		*pass = (struct pass){ request->http->keyring, request->identity };
		guest->pass = pass;
		guest->admitted = is_admitted;
	}
	return pass != NULL;
}

/* What came behind the handshake belongs to the WebSocket. */
static bool take_extra(struct ff_guest *guest, const char *bytes, size_t size)
{
	guest->extra = size > 0 ? malloc(size) : NULL;
	if (size > 0 && !guest->extra) {
		return false;
	}
	if (size > 0) {
		memcpy(guest->extra, bytes, size);
	}
	guest->extra_size = size;
	return true;
}

static void hand_over(void *context, struct MHD_Connection *connection, void *request_state, const char *extra,
		      size_t extra_size, MHD_socket fd, struct MHD_UpgradeResponseHandle *upgraded)
{
	struct ff_request *request = request_state;
	struct ff_guest *guest = request->state;
	(void)context;
	(void)connection;
	request->state = NULL;
	request->free_state = NULL;
	guest->fd = fd;
	guest->close = close_upgraded;
	guest->closer = upgraded;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (take_extra(guest, extra, extra_size)) {
		request->http->welcome(request->http->welcome_context, request->worker, guest);
	} else {
		ff_guest_free(guest);
	}
}

enum MHD_Result ff_upgrade_answer(struct ff_request *request, struct ff_guest *guest)
{
	char accept[FF_HANDSHAKE_ACCEPT_SIZE];
	struct MHD_Response *response = MHD_create_response_for_upgrade(hand_over, NULL);
	if (!response || !give_pass(guest, request) ||
	    !ff_handshake_accept(ff_request_header(request, MHD_HTTP_HEADER_SEC_WEBSOCKET_KEY), accept)) {
		free_guest(guest);
		return MHD_NO;
	}
	/* Over TLS, what the bridge gets is one end of a pair, and the socket stays libmicrohttpd's. */
	(void)setsockopt(ff_request_socket(request), IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	ff_listen_peer(ff_request_socket(request), guest->peer, sizeof(guest->peer));
	request->state = guest;
	request->free_state = free_guest;
	MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
	MHD_add_response_header(response, MHD_HTTP_HEADER_SEC_WEBSOCKET_ACCEPT, accept);
	if (ff_header_lists(ff_request_header(request, MHD_HTTP_HEADER_SEC_WEBSOCKET_PROTOCOL),
			    FF_ADMISSION_PROTOCOL)) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_SEC_WEBSOCKET_PROTOCOL, FF_ADMISSION_PROTOCOL);
	}
	ff_meters_answer(&request->http->meters, MHD_HTTP_SWITCHING_PROTOCOLS);
	ff_callers_let_go(request->http->callers, ff_request_caller(request));
	enum MHD_Result result = MHD_queue_response(request->connection, MHD_HTTP_SWITCHING_PROTOCOLS, response);
	MHD_destroy_response(response);
	return result;
}
