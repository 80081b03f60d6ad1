// SPDX-License-Identifier: Apache-2.0
#include "web.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define SLICE 4096 /* bytes of the connection at once */

_Static_assert(SLICE + FF_WEB_HEAD_MIN + FF_WEB_MESSAGE_MAX <= FF_SESSION_IN_SIZE, "a message and a slice fit");

/* Moves what the WebSocket has to say to what goes out. There is always room: see FF_SESSION_OUT_FULL. */
static void drain(struct ff_session *session)
{
	uint8_t bytes[SLICE];
	size_t size;
	while (!session->doomed && (size = ff_websocket_output(session->web->websocket, bytes, sizeof(bytes))) > 0) {
		ff_session_send(session, bytes, size);
	}
}

void ff_web_send(struct ff_session *session, bool is_text, const void *bytes, size_t size)
{
	if (ff_websocket_send(session->web->websocket, is_text, bytes, size)) {
		drain(session);
	}
}

void ff_web_close(struct ff_session *session, enum ff_websocket_code code, const char *reason)
{
	ff_websocket_close(session->web->websocket, code, reason);
	drain(session);
}

int64_t ff_web_tick(struct ff_session *session, int64_t now_us)
{
	struct ff_web *web = session->web;
	session->doomed |= !ff_heartbeat_tick(&web->heartbeat, web->websocket, now_us);
	drain(session);
	session->doomed |= session->half_closed && ff_session_pending(session) == 0;
	return ff_heartbeat_due(&web->heartbeat);
}

/* ---- the wire ---- */

static enum ff_wire_read read_web(struct ff_session *session)
{
	struct ff_websocket *websocket = session->web->websocket;
	struct ff_error error = FF_ERROR_NONE;
	uint8_t bytes[SLICE];
	if (session->web->over) {
		session->unread = false;
		return FF_WIRE_END;
	}
	if (ff_session_pending(session) > FF_SESSION_OUT_FULL) {
		return FF_WIRE_NOTHING; /* a peer that asks and does not read */
	}
	ssize_t got = ff_guest_receive(session->web->guest, bytes, sizeof(bytes));
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return FF_WIRE_NOTHING;
	}
	if (got <= 0) {
		return FF_WIRE_BROKEN; /* there is no half of a WebSocket */
	}
	session->unread = ff_guest_has_extra(session->web->guest);
	session->in_at = 0;
	session->in_end = 0;
	enum ff_status status = ff_websocket_receive(websocket, bytes, (size_t)got, &error);
	drain(session);
	/* What had come before the end is run first. */
	session->web->over = status != FF_OK || ff_websocket_close_code(websocket) != FF_WEBSOCKET_NO_FRAME;
	session->unread |= session->web->over;
	return FF_WIRE_SOME;
}

static void close_web(struct ff_session *session)
{
	/* Not for one that has said it already: it takes no more then. */
	ff_websocket_close(session->web->websocket, FF_WEBSOCKET_GOING_AWAY, NULL);
	drain(session);
	if (!session->broken) {
		(void)!ff_wire_flush_socket(session);
	}
	ff_websocket_free(session->web->websocket);
	ff_guest_free(session->web->guest);
	free(session->web);
	session->web = NULL;
}

static const struct ff_guest *guest_of(const struct ff_session *session)
{
	return session->web->guest;
}

static void part(struct ff_session *session, const char *why)
{
	ff_web_close(session, FF_WEBSOCKET_POLICY, why);
	(void)!ff_wire_flush_socket(session);
}

const struct ff_wire ff_wire_websocket = {
	.read = read_web,
	.flush = ff_wire_flush_socket,
	.guest = guest_of,
	.part = part,
	.close = close_web,
};

bool ff_web_open(struct ff_session *session, struct ff_guest *guest, ff_websocket_handler handler)
{
	struct ff_web *web = calloc(1, sizeof(*web));
	struct ff_error error = FF_ERROR_NONE;
	if (!web || ff_websocket_new(&web->websocket, FF_WEBSOCKET_SERVER, FF_WEB_MESSAGE_MAX, handler, session,
				     &error) != FF_OK) {
		free(web);
		return false;
	}
	ff_heartbeat_begin(&web->heartbeat, ff_now_us());
	web->guest = guest;
	session->web = web;
	session->wire = &ff_wire_websocket;
	session->unread = ff_guest_has_extra(guest);
	memcpy(session->peer, guest->peer, sizeof(session->peer));
	session->host[0] = '\0';
	session->lease = guest->lease;
	return true;
}

static void pass_over(void *context, bool is_text, const uint8_t *bytes, size_t size)
{
	(void)context;
	(void)is_text;
	(void)bytes;
	(void)size;
}

void ff_web_turn_away(struct ff_guest *guest, enum ff_websocket_code code, const char *reason)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_websocket *websocket = NULL;
	uint8_t bytes[FF_WEBSOCKET_REASON_SIZE + FF_WEB_HEAD_MIN];
	if (ff_websocket_new(&websocket, FF_WEBSOCKET_SERVER, 1, pass_over, NULL, &error) == FF_OK) {
		ff_websocket_close(websocket, code, reason);
		size_t size = ff_websocket_output(websocket, bytes, sizeof(bytes));
		(void)!send(guest->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	ff_websocket_free(websocket);
	ff_guest_free(guest);
}
