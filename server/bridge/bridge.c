// SPDX-License-Identifier: Apache-2.0
#include "bridge.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "inner.h"
#include "session.h"
#include "talk.h"
#include "tunnel.h"
#include "web.h"

#define STACK_SIZE (256 * 1024)
#define MAX_EVENTS 64
#define ACCEPTS 16 /* connections of one listener before others have their turn */
/* A peer that has vanished without a word is found after 20 + 3 * 10 s, whether or not anything is on its way to it. */
#define KEEPALIVE_IDLE_S 20
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MS 50000

/* ---- connections ---- */

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

static bool watch(struct ff_bridge *bridge, int operation, struct ff_watched *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .ptr = source } };
	return epoll_ctl(bridge->epoll_fd, operation, source->fd, &event) == 0;
}

static void drop(struct ff_session *session)
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
		(void)!watch(room->bridge, EPOLL_CTL_DEL, &session->source, 0);
	}
	session->wire->close(session);
	session->gone = true;
	session->next = room->bridge->graves;
	room->bridge->graves = session;
}

static void bury(struct ff_bridge *bridge)
{
	while (bridge->graves) {
		struct ff_session *session = bridge->graves;
		bridge->graves = session->next;
		free(session);
	}
}

/* True: it has more to do. The session may be gone afterwards. */
static bool serve(struct ff_session *session, bool readable)
{
	struct ff_bridge *bridge = session->source.room->bridge;
	bool more = ff_session_serve(session, readable);
	if (session->broken && !session->unwatched) {
		/* Its end would be reported again and again. */
		session->unwatched = true;
		(void)!watch(bridge, EPOLL_CTL_DEL, &session->source, 0);
	}
	uint32_t wants = ff_session_wants(session);
	if (!session->doomed && !session->unwatched && wants != session->events) {
		session->events = wants;
		session->doomed = !watch(bridge, EPOLL_CTL_MOD, &session->source, wants);
	}
	if (session->doomed) {
		drop(session);
		return false;
	}
	return more;
}

/* Makes room for a new connection at the cost of one whose peer sends no more, or has lost its connection and holds nothing. */
static void evict(struct ff_room *room)
{
	for (struct ff_session *session = room->sessions; session; session = session->next) {
		if (session->half_closed || (ff_tunnel_is_detached(session) && room->holder != session)) {
			drop(session);
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

static void turn_away(const struct ff_room *room, int fd)
{
	char line[160];
	int size =
		snprintf(line, sizeof(line), "farflashd: too many connections to %s\r\n", ff_worker_name(room->worker));
	(void)!send(fd, line, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

/* Lets a session in. False: it cannot be watched, and is still the caller's. */
static bool enter(struct ff_bridge *bridge, struct ff_room *room, struct ff_session *session)
{
	session->events = EPOLLIN;
	if (!watch(bridge, EPOLL_CTL_ADD, &session->source, EPOLLIN)) {
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
	(void)!serve(session, true);
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
		turn_away(room, fd);
		return;
	}
	prepare(fd);
	ff_room_refresh(room); /* what has happened before is no news to it */
	struct ff_session *session =
		ff_session_new(room, fd, ++bridge->last_id, raw ? &ff_speech_raw : &ff_speech_rfc2217);
	if (session && raw) {
		greet(session);
	}
	if (!session || !enter(bridge, room, session)) {
		close(fd);
		free(session);
	}
}

static void admit_tunnel(struct ff_bridge *bridge, struct ff_guest *guest)
{
	struct ff_room *room = &bridge->rooms[guest->board];
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

static void resume_tunnel(struct ff_bridge *bridge, struct ff_guest *guest)
{
	struct ff_session *session = bridge->rooms[guest->board].sessions;
	while (session && !ff_tunnel_is(session, guest->session)) {
		session = session->next;
	}
	prepare(guest->fd);
	if (session && ff_tunnel_resume(session, guest)) {
		(void)!serve(session, true);
	} else {
		ff_web_turn_away(guest, FF_WEBSOCKET_POLICY, FF_TUNNEL_EXPIRED);
	}
}

static void admit_guest(struct ff_bridge *bridge, struct ff_guest *guest)
{
	struct ff_room *room = &bridge->rooms[guest->board];
	if (guest->tunnel) {
		(guest->session[0] ? resume_tunnel : admit_tunnel)(bridge, guest);
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

static void admit_guests(struct ff_bridge *bridge)
{
	for (struct ff_guest *guest = take_guests(bridge, false); guest;) {
		struct ff_guest *next = guest->next;
		admit_guest(bridge, guest);
		guest = next;
	}
}

static void turn_guests_away(struct ff_bridge *bridge)
{
	for (struct ff_guest *guest = take_guests(bridge, true); guest;) {
		struct ff_guest *next = guest->next;
		ff_web_turn_away(guest, FF_WEBSOCKET_GOING_AWAY, NULL);
		guest = next;
	}
}

static void accept_some(struct ff_bridge *bridge, struct ff_watched *listener)
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

/* ---- the loop ---- */

static bool serve_room(struct ff_room *room)
{
	bool more = false;
	ff_room_refresh(room);
	for (struct ff_session *session = room->sessions; session;) {
		struct ff_session *next = session->next;
		more |= serve(session, false);
		session = next;
	}
	return more;
}

/* Serves the boards that were kicked. True: one of them is to be looked at again at once. */
static bool serve_kicked(struct ff_bridge *bridge)
{
	bool again = false;
	for (size_t i = 0; i < bridge->room_count; i++) {
		if (atomic_exchange(&bridge->dirty[i], false) && serve_room(&bridge->rooms[i])) {
			atomic_store(&bridge->dirty[i], true);
			again = true;
		}
	}
	return again;
}

/* Serves the sessions whose time has come, and answers when the next one's will. */
static int64_t serve_due(struct ff_bridge *bridge)
{
	int64_t now = ff_now_us();
	int64_t next_us = INT64_MAX;
	for (size_t i = 0; i < bridge->room_count; i++) {
		for (struct ff_session *session = bridge->rooms[i].sessions; session;) {
			struct ff_session *next = session->next;
			int64_t due = ff_session_deadline(session);
			if (due <= now) {
				(void)!serve(session, false);
			} else if (due < next_us) {
				next_us = due;
			}
			session = next;
		}
	}
	return next_us;
}

static void handle(struct ff_bridge *bridge, const struct epoll_event *event)
{
	struct ff_watched *source = event->data.ptr;
	eventfd_t count;
	switch (source->kind) {
	case FF_WATCHED_WAKE:
		eventfd_read(source->fd, &count);
		break;
	case FF_WATCHED_RFC2217:
	case FF_WATCHED_RAW:
		accept_some(bridge, source);
		break;
	case FF_WATCHED_SESSION: {
		struct ff_session *session = (struct ff_session *)source;
		if (session->gone) {
			break;
		}
		session->broken |= (event->events & (EPOLLERR | EPOLLHUP)) != 0;
		size_t index = (size_t)(source->room - bridge->rooms);
		if (serve(session, true)) {
			atomic_store(&bridge->dirty[index], true);
		}
		break;
	}
	}
}

static void *run(void *argument)
{
	struct ff_bridge *bridge = argument;
	struct epoll_event events[MAX_EVENTS];
	while (!atomic_load(&bridge->stopping)) {
		ff_pulse_answer(&bridge->pulse);
		int64_t next_us = serve_due(bridge);
		int timeout = next_us == INT64_MAX ? -1 : ff_deadline_poll_ms(next_us);
		if (serve_kicked(bridge)) {
			timeout = 0;
		}
		int count = epoll_wait(bridge->epoll_fd, events, MAX_EVENTS, timeout);
		for (int i = 0; i < count; i++) {
			handle(bridge, &events[i]);
		}
		/* Behind the events at hand: one of them may be about a connection that a guest replaces. */
		admit_guests(bridge);
		bury(bridge);
	}
	for (size_t i = 0; i < bridge->room_count; i++) {
		while (bridge->rooms[i].sessions) {
			drop(bridge->rooms[i].sessions);
		}
	}
	bury(bridge);
	return NULL;
}

/* ---- life ---- */

enum ff_status ff_bridge_new(struct ff_bridge **result, size_t board_count, const struct ff_log *log,
			     struct ff_error *error)
{
	struct ff_bridge *bridge = calloc(1, sizeof(*bridge));
	if (!bridge) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	pthread_mutex_init(&bridge->mutex, NULL);
	bridge->log = log;
	bridge->room_count = board_count;
	bridge->rooms = calloc(board_count + 1, sizeof(*bridge->rooms));
	bridge->dirty = calloc(board_count + 1, sizeof(*bridge->dirty));
	bridge->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	bridge->wake = (struct ff_watched){ FF_WATCHED_WAKE, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), NULL };
	enum ff_status status = FF_OK;
	if (!bridge->rooms || !bridge->dirty) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	} else if (bridge->epoll_fd < 0 || bridge->wake.fd < 0 ||
		   !watch(bridge, EPOLL_CTL_ADD, &bridge->wake, EPOLLIN)) {
		status = ff_error_set_errno(error, FF_ERR_IO, errno, "no descriptor is left for the boards' ports");
	}
	if (status != FF_OK) {
		ff_bridge_free(bridge);
		return status;
	}
	*result = bridge;
	return FF_OK;
}

static bool open_source(struct ff_bridge *bridge, struct ff_watched *source, enum ff_watched_kind kind, int fd,
			struct ff_room *room)
{
	*source = (struct ff_watched){ .kind = kind, .fd = fd, .room = room };
	return fd < 0 || watch(bridge, EPOLL_CTL_ADD, source, EPOLLIN);
}

enum ff_status ff_bridge_start(struct ff_bridge *bridge, const struct ff_bridge_board *boards, struct ff_error *error)
{
	bool good = true;
	for (size_t i = 0; i < bridge->room_count; i++) {
		struct ff_room *room = &bridge->rooms[i];
		ff_room_init(room, bridge, boards[i].worker, !boards[i].passthrough);
		good = open_source(bridge, &room->rfc2217, FF_WATCHED_RFC2217, boards[i].rfc2217_fd, room) && good;
		good = open_source(bridge, &room->raw, FF_WATCHED_RAW, boards[i].raw_fd, room) && good;
		atomic_store(&bridge->dirty[i], true);
	}
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	int failed = good ? pthread_create(&bridge->thread, &attributes, run, bridge) : errno;
	pthread_attr_destroy(&attributes);
	if (failed) {
		for (size_t i = 0; i < bridge->room_count; i++) {
			bridge->rooms[i].rfc2217.fd = bridge->rooms[i].raw.fd = -1; /* still the caller's */
		}
		return ff_error_set_errno(error, FF_ERR_IO, failed, "cannot start the boards' ports");
	}
	pthread_setname_np(bridge->thread, "ff-bridge");
	bridge->started = true;
	return FF_OK;
}

void ff_bridge_kick(struct ff_bridge *bridge, size_t board)
{
	if (!atomic_exchange(&bridge->dirty[board], true)) {
		eventfd_write(bridge->wake.fd, 1);
	}
}

void ff_bridge_welcome(struct ff_bridge *bridge, size_t board, struct ff_guest *guest)
{
	guest->board = board;
	pthread_mutex_lock(&bridge->mutex);
	bool closed = bridge->closed;
	if (!closed) {
		guest->next = bridge->guests;
		bridge->guests = guest;
	}
	pthread_mutex_unlock(&bridge->mutex);
	if (closed) {
		ff_guest_free(guest);
	} else {
		eventfd_write(bridge->wake.fd, 1);
	}
}

void ff_bridge_stop(struct ff_bridge *bridge)
{
	if (bridge->started) {
		atomic_store(&bridge->stopping, true);
		eventfd_write(bridge->wake.fd, 1);
		pthread_join(bridge->thread, NULL);
		turn_guests_away(bridge);
		bridge->started = false;
		for (size_t i = 0; i < bridge->room_count; i++) {
			const int fds[] = { bridge->rooms[i].rfc2217.fd, bridge->rooms[i].raw.fd };
			for (int k = 0; k < 2; k++) {
				if (fds[k] >= 0) {
					close(fds[k]);
				}
			}
		}
	}
}

void ff_bridge_free(struct ff_bridge *bridge)
{
	if (!bridge) {
		return;
	}
	ff_bridge_stop(bridge);
	if (bridge->epoll_fd >= 0) {
		close(bridge->epoll_fd);
	}
	if (bridge->wake.fd >= 0) {
		close(bridge->wake.fd);
	}
	turn_guests_away(bridge);
	pthread_mutex_destroy(&bridge->mutex);
	free(bridge->dirty);
	free(bridge->rooms);
	free(bridge);
}
