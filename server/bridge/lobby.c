// SPDX-License-Identifier: Apache-2.0
#include "lobby.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "talk.h"
#include "tunnel.h"
#include "web.h"

#define ACCEPTS 16 /* connections of one listener before others have their turn */
/* A peer that has vanished without a word is found after 20 + 3 * 10 s, whether or not anything is on its way to it. */
#define KEEPALIVE_IDLE_S 20
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MS 50000

static void set_option(int fd, int level, int option, int value)
{
	/* Fails on what is no TCP socket, which does not matter to it. */
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

static void prepare(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
}

bool ff_lobby_watch(struct ff_bridge *bridge, int operation, struct ff_watched *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .ptr = source } };
	return epoll_ctl(bridge->epoll_fd, operation, source->fd, &event) == 0;
}

void ff_lobby_drop(struct ff_session *session)
{
	struct ff_room *room = session->source.room;
	struct ff_session **at = &room->sessions;
	while (*at != session) {
		at = &(*at)->next;
	}
	*at = session->next;
	ff_room_leave(room, session);
	if (session->speech->watches_lines) {
		ff_room_watch(room, false);
	}
	room->session_count--;
	room->bridge->session_count--;
	ff_bridge_count(session, false);
	ff_bridge_log(room->bridge, room, "%s has gone", session->peer);
	if (session->speech->release) {
		session->speech->release(session);
	}
	if (!session->unwatched) {
		/* A descriptor that somebody else closes stays in the event loop until then. */
		(void)!ff_lobby_watch(room->bridge, EPOLL_CTL_DEL, &session->source, 0);
	}
	session->wire->close(session);
	session->gone = true;
	session->next = room->bridge->graves;
	room->bridge->graves = session;
}

void ff_lobby_bury(struct ff_bridge *bridge)
{
	while (bridge->graves) {
		struct ff_session *session = bridge->graves;
		bridge->graves = session->next;
		free(session);
	}
}

/* True: it has more to do. The session may be gone afterwards. */
bool ff_lobby_serve(struct ff_session *session, bool readable)
{
	struct ff_bridge *bridge = session->source.room->bridge;
	bool more = ff_session_serve(session, readable);
	if (session->broken && !session->unwatched) {
		/* Its end would be reported again and again. */
		session->unwatched = true;
		(void)!ff_lobby_watch(bridge, EPOLL_CTL_DEL, &session->source, 0);
	}
	uint32_t wants = ff_session_wants(session);
	if (!session->doomed && !session->unwatched && wants != session->events) {
		session->events = wants;
		session->doomed = !ff_lobby_watch(bridge, EPOLL_CTL_MOD, &session->source, wants);
	}
	if (session->doomed) {
		ff_lobby_drop(session);
		return false;
	}
	return more;
}

/* Makes room for a new connection at the cost of one whose peer sends no more, or has lost its connection and holds nothing. */
static void evict(struct ff_room *room)
{
	for (struct ff_session *session = room->sessions; session; session = session->next) {
		if (session->half_closed || (ff_tunnel_is_detached(session) && room->holder != session)) {
			ff_lobby_drop(session);
			return;
		}
	}
}

/* Whether one more fits into the room. */
static bool has_place(struct ff_bridge *bridge, struct ff_room *room)
{
	if (room->session_count >= FF_BRIDGE_MAX_ROOM_SESSIONS) {
		evict(room);
	}
	bool full =
		room->session_count >= FF_BRIDGE_MAX_ROOM_SESSIONS || bridge->session_count >= FF_BRIDGE_MAX_SESSIONS;
	if (full) {
		ff_metric_count(bridge->turned_away, 0, 0, 1);
		ff_bridge_log(bridge, room, "a connection was turned away: there are %zu already",
			      bridge->session_count);
	}
	return !full;
}

static void turn_away(const struct ff_room *room, int fd, const char *why)
{
	char line[256];
	int size = snprintf(line, sizeof(line), "farflashd: %s%s\r\n", ff_worker_name(room->worker), why);
	(void)!send(fd, line, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

/* Lets a session in. False: it cannot be watched, and is still the caller's. */
static bool enter(struct ff_bridge *bridge, struct ff_room *room, struct ff_session *session)
{
	session->events = EPOLLIN;
	if (!ff_lobby_watch(bridge, EPOLL_CTL_ADD, &session->source, EPOLLIN)) {
		return false;
	}
	ff_room_enter(room, session);
	session->next = room->sessions;
	room->sessions = session;
	room->session_count++;
	bridge->session_count++;
	ff_bridge_count(session, true);
	if (session->speech->watches_lines) {
		ff_room_watch(room, true);
	}
	ff_bridge_log(bridge, room, "%s connected (%s)", session->peer, session->speech->name);
	(void)!ff_lobby_serve(session, true);
	return true;
}

/* What somebody at a terminal should know. */
static void greet(struct ff_session *session)
{
	const struct ff_room *room = session->source.room;
	if (room->state == FF_BOARD_BUSY) {
		ff_session_say(session, "%s is at work on job %s: its output pauses", ff_worker_name(room->worker),
			       room->task);
	} else if (room->state == FF_BOARD_LOST) {
		ff_session_say(session, "%s is lost", ff_worker_name(room->worker));
	}
}

static void admit(struct ff_bridge *bridge, struct ff_watched *listener, int fd)
{
	struct ff_room *room = listener->room;
	bool raw = listener->kind == FF_WATCHED_RAW;
	if (!has_place(bridge, room)) {
		turn_away(room, fd, " has too many connections already");
		return;
	}
	prepare(fd);
	ff_room_refresh(room); /* what has happened before is no news to it */
	struct ff_session *session =
		ff_session_new(room, fd, ++bridge->last_id, raw ? &ff_speech_raw : &ff_speech_rfc2217);
	if (session) {
		ff_room_enter(room, session);
	}
	if (session && !ff_room_admits(room, session)) {
		ff_bridge_log(bridge, room, "%s was turned away: no lease names its address", session->peer);
		turn_away(
			room, fd,
			" is for those whose lease names their address (farflash lease --address mine), and for farflash "
			"connect");
		free(session);
		return;
	}
	if (session && raw) {
		greet(session);
	}
	if (!session || !enter(bridge, room, session)) {
		close(fd);
		free(session);
	}
}

static void admit_tunnel(struct ff_bridge *bridge, struct ff_room *room, struct ff_guest *guest)
{
	if (!has_place(bridge, room)) {
		ff_web_turn_away(guest, FF_WEBSOCKET_TRY_LATER, "too many connections to this board");
		return;
	}
	prepare(guest->fd);
	ff_room_refresh(room);
	struct ff_session *session = ff_session_new(room, guest->fd, ++bridge->last_id, &ff_speech_tunnel);
	if (!session || !ff_tunnel_open(session, guest)) {
		free(session);
		ff_web_turn_away(guest, FF_WEBSOCKET_TRY_LATER, "too many tunnels");
		return;
	}
	if (!enter(bridge, room, session)) {
		session->wire->close(session);
		free(session);
	}
}

static void resume_tunnel(struct ff_bridge *bridge, struct ff_room *room, struct ff_guest *guest)
{
	struct ff_session *session = room->sessions;
	(void)bridge;
	while (session && !ff_tunnel_is(session, guest->session)) {
		session = session->next;
	}
	prepare(guest->fd);
	if (session && ff_tunnel_resume(session, guest)) {
		(void)!ff_lobby_serve(session, true);
	} else {
		ff_web_turn_away(guest, FF_WEBSOCKET_POLICY, FF_TUNNEL_EXPIRED);
	}
}

/* NULL: the board has gone. */
static struct ff_room *room_of(const struct ff_bridge *bridge, uint64_t board)
{
	for (size_t i = 0; i < FF_BRIDGE_MAX_BOARDS; i++) {
		if (bridge->rooms[i] && ff_worker_number(bridge->rooms[i]->worker) == board) {
			return bridge->rooms[i];
		}
	}
	return NULL;
}

static void admit_guest(struct ff_bridge *bridge, struct ff_guest *guest)
{
	struct ff_room *room = room_of(bridge, guest->board);
	if (!room) {
		ff_web_turn_away(guest, FF_WEBSOCKET_GOING_AWAY, "the board was removed from the server");
		return;
	}
	if (guest->tunnel) {
		(guest->session[0] ? resume_tunnel : admit_tunnel)(bridge, room, guest);
		return;
	}
	if (!has_place(bridge, room)) {
		ff_web_turn_away(guest, FF_WEBSOCKET_TRY_LATER, "too many connections to this board");
		return;
	}
	prepare(guest->fd);
	ff_room_refresh(room);
	struct ff_session *session = ff_session_new(room, guest->fd, ++bridge->last_id, &ff_speech_raw);
	if (!session || !ff_talk_open(session, guest)) {
		free(session);
		ff_guest_free(guest);
		return;
	}
	if (!enter(bridge, room, session)) {
		session->speech->release(session);
		session->wire->close(session);
		free(session);
	}
}

static struct ff_guest *take_guests(struct ff_bridge *bridge, bool close)
{
	pthread_mutex_lock(&bridge->mutex);
	struct ff_guest *guests = bridge->guests;
	bridge->guests = NULL;
	bridge->closed |= close;
	pthread_mutex_unlock(&bridge->mutex);
	return guests;
}

void ff_lobby_admit_guests(struct ff_bridge *bridge)
{
	for (struct ff_guest *guest = take_guests(bridge, false); guest;) {
		struct ff_guest *next = guest->next;
		admit_guest(bridge, guest);
		guest = next;
	}
}

void ff_lobby_turn_guests_away(struct ff_bridge *bridge)
{
	for (struct ff_guest *guest = take_guests(bridge, true); guest;) {
		struct ff_guest *next = guest->next;
		ff_web_turn_away(guest, FF_WEBSOCKET_GOING_AWAY, NULL);
		guest = next;
	}
}

void ff_lobby_accept(struct ff_bridge *bridge, struct ff_watched *listener)
{
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			admit(bridge, listener, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			/* The connection stays in the listener's queue, and epoll would tell of it for ever. */
			ff_sleep_ms(20);
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}
