// SPDX-License-Identifier: Apache-2.0
#include "tunnel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <jansson.h>

#include "clock.h"
#include "heartbeat.h"
#include "inner.h"
#include "pipe.h"
#include "random.h"
#include "websocket.h"

#define OUT_SIZE 16384
#define SLICE 16384 /* bytes of the connection at once */
#define TURNS 8     /* slices before others have their turn */
#define QUEUE_LOW (4 * FF_PIPE_FRAME_MAX)
#define GRACE_US (FF_TUNNEL_GRACE_S * INT64_C(1000000))

struct ff_tunnel {
	struct ff_websocket *websocket; /* NULL while there is no connection */
	struct ff_guest *guest;         /* the same */
	bool ended;       /* the peer has closed it, or does not keep to the rules: no connection comes any more */
	int64_t until_us; /* its end, while there is no connection */
	struct ff_heartbeat heartbeat;
	char name[FF_GUEST_SESSION_SIZE]; /* cannot be guessed: whoever knows it has the session */
	size_t out_at;
	size_t out_end;
	uint8_t out[OUT_SIZE]; /* of the WebSocket, for the socket */
	struct ff_pipe pipe;
};

/* ---- connections ---- */

static void drop_connection(struct ff_session *session)
{
	struct ff_tunnel *tunnel = session->tunnel;
	struct ff_bridge *bridge = session->source.room->bridge;
	if (!tunnel->websocket) {
		return;
	}
	if (!session->unwatched) {
		(void)epoll_ctl(bridge->epoll_fd, EPOLL_CTL_DEL, session->source.fd, NULL);
	}
	session->unwatched = true;
	session->broken = false;
	session->source.fd = -1;
	ff_websocket_free(tunnel->websocket);
	ff_guest_free(tunnel->guest);
	tunnel->websocket = NULL;
	tunnel->guest = NULL;
	tunnel->out_at = tunnel->out_end = 0;
	tunnel->until_us = ff_now_us() + GRACE_US;
}

static void lose(struct ff_session *session)
{
	struct ff_room *room = session->source.room;
	bool was_there = session->tunnel->websocket != NULL;
	drop_connection(session);
	if (was_there && !session->tunnel->ended) {
		ff_bridge_log(room->bridge, room, "%s has lost its connection: kept for %d s", session->peer,
			      FF_TUNNEL_GRACE_S);
	}
}

static void send_json(struct ff_websocket *websocket, json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	if (text) {
		(void)!ff_websocket_send(websocket, true, text, strlen(text));
	}
	free(text);
	json_decref(message);
}

static void on_message(void *context, bool is_text, const uint8_t *bytes, size_t size)
{
	struct ff_session *session = context;
	struct ff_tunnel *tunnel = session->tunnel;
	struct ff_error error = FF_ERROR_NONE;
	if (is_text || tunnel->ended) {
		return; /* later clients may say more */
	}
	if (ff_pipe_receive(&tunnel->pipe, bytes, size, &error) != FF_OK) {
		tunnel->ended = true;
		ff_websocket_close(tunnel->websocket, FF_WEBSOCKET_POLICY, error.text);
	}
}

static bool attach(struct ff_session *session, struct ff_guest *guest)
{
	struct ff_tunnel *tunnel = session->tunnel;
	struct ff_error error = FF_ERROR_NONE;
	if (ff_websocket_new(&tunnel->websocket, FF_WEBSOCKET_SERVER, FF_PIPE_FRAME_MAX, on_message, session, &error) !=
	    FF_OK) {
		return false;
	}
	tunnel->guest = guest;
	ff_heartbeat_begin(&tunnel->heartbeat, ff_now_us());
	session->source.fd = guest->fd;
	session->unread = ff_guest_has_extra(guest);
	snprintf(session->peer, sizeof(session->peer), "%s", guest->peer);
	send_json(tunnel->websocket,
		  json_pack("{s:s, s:s, s:s, s:I, s:i}", "type", "hello", "board",
			    ff_worker_name(session->source.room->worker), "session", tunnel->name, "received",
			    (json_int_t)ff_pipe_received(&tunnel->pipe), "grace", FF_TUNNEL_GRACE_S));
	return true;
}

/* ---- the wire ---- */

/* Each ping asks for an answer: nothing is read while those wait. */
static bool reads(const struct ff_tunnel *tunnel)
{
	return tunnel->websocket && !tunnel->ended && tunnel->out_at == tunnel->out_end;
}

static void receive(struct ff_session *session)
{
	struct ff_tunnel *tunnel = session->tunnel;
	for (int i = 0; i < TURNS && reads(tunnel); i++) {
		uint8_t bytes[SLICE];
		struct ff_error error = FF_ERROR_NONE;
		ssize_t got = ff_guest_receive(tunnel->guest, bytes, sizeof(bytes));
		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			return;
		}
		if (got <= 0) {
			lose(session);
			return;
		}
		enum ff_status status = ff_websocket_receive(tunnel->websocket, bytes, (size_t)got, &error);
		tunnel->ended |= status != FF_OK || ff_websocket_close_code(tunnel->websocket) != FF_WEBSOCKET_NO_FRAME;
	}
}

static void note_unread(struct ff_session *session)
{
	const struct ff_tunnel *tunnel = session->tunnel;
	const uint8_t *bytes;
	bool extra = tunnel->guest && ff_guest_has_extra(tunnel->guest);
	session->unread = ff_pipe_peek(&tunnel->pipe, &bytes) > 0 || tunnel->ended || extra;
}

static void pump(struct ff_session *session, bool readable)
{
	if (session->broken) {
		receive(session); /* what had come before */
		lose(session);
	} else if (readable || session->unread) {
		receive(session);
	}
	note_unread(session);
}

static enum ff_wire_read read_pipe(struct ff_session *session)
{
	struct ff_tunnel *tunnel = session->tunnel;
	const uint8_t *bytes;
	size_t size = ff_pipe_peek(&tunnel->pipe, &bytes);
	size = size < sizeof(session->in) ? size : sizeof(session->in);
	memcpy(session->in, bytes, size);
	ff_pipe_consume(&tunnel->pipe, size);
	session->in_at = 0;
	session->in_end = size;
	note_unread(session);
	return size > 0 ? FF_WIRE_SOME : tunnel->ended ? FF_WIRE_END : FF_WIRE_NOTHING;
}

static void send_frames(struct ff_tunnel *tunnel)
{
	while (!tunnel->ended && ff_websocket_room(tunnel->websocket) + QUEUE_LOW > FF_WEBSOCKET_QUEUE_MAX) {
		uint8_t frame[FF_PIPE_FRAME_MAX];
		size_t size = ff_pipe_build(&tunnel->pipe, frame);
		if (size == 0 || !ff_websocket_send(tunnel->websocket, false, frame, size)) {
			return;
		}
	}
}

/* Sends what the socket takes. False: it is broken. */
static bool flush_socket(struct ff_session *session)
{
	struct ff_tunnel *tunnel = session->tunnel;
	for (;;) {
		if (tunnel->out_at == tunnel->out_end) {
			tunnel->out_at = 0;
			tunnel->out_end = ff_websocket_output(tunnel->websocket, tunnel->out, sizeof(tunnel->out));
		}
		if (tunnel->out_end == 0) {
			return true;
		}
		ssize_t sent = send(session->source.fd, tunnel->out + tunnel->out_at, tunnel->out_end - tunnel->out_at,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0) {
			return errno == EAGAIN || errno == EINTR;
		}
		tunnel->out_at += (size_t)sent;
	}
}

static bool flush(struct ff_session *session)
{
	struct ff_tunnel *tunnel = session->tunnel;
	session->out_at += ff_pipe_put(&tunnel->pipe, session->out + session->out_at, ff_session_pending(session));
	if (session->out_at == session->out_end) {
		session->out_at = session->out_end = 0;
	}
	if (tunnel->websocket) {
		send_frames(tunnel);
		if (!flush_socket(session)) {
			lose(session);
		}
	}
	return ff_session_pending(session) == 0;
}

static uint32_t wants(const struct ff_session *session)
{
	const struct ff_tunnel *tunnel = session->tunnel;
	if (!tunnel->websocket) {
		return 0;
	}
	bool sends = tunnel->out_at < tunnel->out_end || ff_websocket_has_output(tunnel->websocket);
	return (reads(tunnel) ? EPOLLIN : 0u) | (sends ? EPOLLOUT : 0u);
}

static void close_tunnel(struct ff_session *session)
{
	struct ff_tunnel *tunnel = session->tunnel;
	struct ff_bridge *bridge = session->source.room->bridge;
	if (tunnel->websocket) {
		/* Not for one that has said it already: it takes no more then. */
		ff_websocket_close(tunnel->websocket, FF_WEBSOCKET_GOING_AWAY,
				   atomic_load(&bridge->stopping) ? "the server stops" : NULL);
		(void)!flush_socket(session);
	}
	drop_connection(session);
	ff_bridge_forget_tunnel(bridge, tunnel->name);
	free(tunnel);
	session->tunnel = NULL;
}

static const struct ff_guest *guest_of(const struct ff_session *session)
{
	return session->tunnel->guest;
}

static const struct ff_wire ff_wire_tunnel = {
	.pump = pump,
	.read = read_pipe,
	.flush = flush,
	.wants = wants,
	.guest = guest_of,
	.close = close_tunnel,
};

/* ---- life ---- */

bool ff_tunnel_open(struct ff_session *session, struct ff_guest *guest)
{
	struct ff_tunnel *tunnel = malloc(sizeof(*tunnel)); /* its rings take memory when they are used */
	if (!tunnel) {
		return false;
	}
	memset(tunnel, 0, offsetof(struct ff_tunnel, out));
	ff_pipe_init(&tunnel->pipe);
	struct ff_bridge *bridge = session->source.room->bridge;
	session->tunnel = tunnel;
	bool known = ff_random_hex(tunnel->name, sizeof(tunnel->name) / 2) &&
		     ff_bridge_know_tunnel(bridge, guest->board, tunnel->name);
	if (!known || !attach(session, guest)) {
		if (known) {
			ff_bridge_forget_tunnel(bridge, tunnel->name);
		}
		session->tunnel = NULL;
		free(tunnel);
		return false;
	}
	session->wire = &ff_wire_tunnel;
	session->host[0] = '\0'; /* it brings its lease itself */
	session->lease = guest->lease;
	return true;
}

bool ff_tunnel_resume(struct ff_session *session, struct ff_guest *guest)
{
	struct ff_tunnel *tunnel = session->tunnel;
	struct ff_bridge *bridge = session->source.room->bridge;
	struct ff_error error = FF_ERROR_NONE;
	if (tunnel->ended || ff_pipe_resume(&tunnel->pipe, guest->received, &error) != FF_OK) {
		return false;
	}
	drop_connection(session);
	struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = &session->source } };
	if (!attach(session, guest)) {
		return false;
	}
	session->events = EPOLLIN;
	session->unwatched = epoll_ctl(bridge->epoll_fd, EPOLL_CTL_ADD, guest->fd, &event) != 0;
	if (session->unwatched) {
		tunnel->guest = NULL; /* the caller's again */
		drop_connection(session);
		return false;
	}
	ff_bridge_log(bridge, session->source.room, "%s goes on with its session", session->peer);
	return true;
}

bool ff_tunnel_is(const struct ff_session *session, const char *name)
{
	return session->tunnel && strcmp(session->tunnel->name, name) == 0;
}

bool ff_tunnel_is_detached(const struct ff_session *session)
{
	return session->tunnel && !session->tunnel->websocket;
}

/* ---- for its speech ---- */

void ff_tunnel_tell(struct ff_session *session, const char *type, const char *text)
{
	struct ff_tunnel *tunnel = session->tunnel;
	if (tunnel->websocket && !tunnel->ended) {
		send_json(tunnel->websocket, json_pack("{s:s, s:s}", "type", type, "text", text));
	}
}

int64_t ff_tunnel_tick(struct ff_session *session, int64_t now_us)
{
	struct ff_tunnel *tunnel = session->tunnel;
	if (!tunnel->websocket) {
		session->doomed |= now_us >= tunnel->until_us;
		return tunnel->until_us;
	}
	if (!ff_heartbeat_tick(&tunnel->heartbeat, tunnel->websocket, now_us)) {
		lose(session);
		return tunnel->until_us;
	}
	return ff_heartbeat_due(&tunnel->heartbeat);
}
