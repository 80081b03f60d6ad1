// SPDX-License-Identifier: Apache-2.0
#include "bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "inner.h"
#include "lobby.h"
#include "session.h"
#include "thread.h"

#define STACK_SIZE (256 * 1024)
#define MAX_EVENTS 64

static bool serve_room(struct ff_room *room)
{
	bool more = false;
	ff_room_refresh(room);
	for (struct ff_session *session = room->sessions; session;) {
		struct ff_session *next = session->next;
		more |= ff_lobby_serve(session, false);
		session = next;
	}
	return more;
}

/* Serves the boards that were kicked. True: one of them is to be looked at again at once. */
static bool serve_kicked(struct ff_bridge *bridge)
{
	bool again = false;
	for (size_t i = 0; i < FF_BRIDGE_MAX_BOARDS; i++) {
		bool kicked = bridge->rooms[i] && atomic_exchange(&bridge->dirty[i], false);
		if (kicked && serve_room(bridge->rooms[i])) {
			atomic_store(&bridge->dirty[i], true);
			again = true;
		}
	}
	return again;
}

/* Serves the sessions of a room whose time has come, and answers when the next one's will. */
static int64_t serve_due_in(const struct ff_room *room, int64_t now)
{
	int64_t next_us = INT64_MAX;
	for (struct ff_session *session = room->sessions; session;) {
		struct ff_session *next = session->next;
		int64_t due = ff_session_deadline(session);
		if (due <= now) {
			(void)!ff_lobby_serve(session, false);
		} else if (due < next_us) {
			next_us = due;
		}
		session = next;
	}
	return next_us;
}

static int64_t serve_due(struct ff_bridge *bridge)
{
	int64_t now = ff_now_us();
	int64_t next_us = INT64_MAX;
	for (size_t i = 0; i < FF_BRIDGE_MAX_BOARDS; i++) {
		int64_t due = bridge->rooms[i] ? serve_due_in(bridge->rooms[i], now) : INT64_MAX;
		next_us = due < next_us ? due : next_us;
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
		ff_lobby_accept(bridge, source);
		break;
	case FF_WATCHED_SESSION: {
		struct ff_session *session = (struct ff_session *)source;
		if (session->gone) {
			break;
		}
		session->broken |= (event->events & (EPOLLERR | EPOLLHUP)) != 0;
		size_t place = source->room->place;
		if (ff_lobby_serve(session, true)) {
			atomic_store(&bridge->dirty[place], true);
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
		ff_lobby_admit_guests(bridge);
		ff_bridge_obey(bridge);
		ff_lobby_bury(bridge);
	}
	for (size_t i = 0; i < FF_BRIDGE_MAX_BOARDS; i++) {
		while (bridge->rooms[i] && bridge->rooms[i]->sessions) {
			ff_lobby_drop(bridge->rooms[i]->sessions);
		}
	}
	ff_lobby_bury(bridge);
	return NULL;
}

/* ---- life ---- */

enum ff_status ff_bridge_new(struct ff_bridge **result, const struct ff_log *log, struct ff_error *error)
{
	struct ff_bridge *bridge = calloc(1, sizeof(*bridge));
	if (!bridge) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	pthread_mutex_init(&bridge->mutex, NULL);
	pthread_cond_init(&bridge->obeyed, NULL);
	bridge->log = log;
	bridge->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	bridge->wake = (struct ff_watched){ FF_WATCHED_WAKE, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), NULL };
	if (bridge->epoll_fd < 0 || bridge->wake.fd < 0 ||
	    !ff_lobby_watch(bridge, EPOLL_CTL_ADD, &bridge->wake, EPOLLIN)) {
		enum ff_status status =
			ff_error_set_errno(error, FF_ERR_IO, errno, "no descriptor is left for the boards' ports");
		ff_bridge_free(bridge);
		return status;
	}
	*result = bridge;
	return FF_OK;
}

void ff_bridge_guard(struct ff_bridge *bridge, bool (*guarded)(void *context), void *context)
{
	bridge->guarded = guarded;
	bridge->guarded_context = context;
}

void ff_bridge_watch_writers(struct ff_bridge *bridge,
			     void (*writes)(void *context, struct ff_worker *worker, const char *kind, const char *peer,
					    const char *owner),
			     void *context)
{
	bridge->writes = writes;
	bridge->writes_context = context;
}

enum ff_status ff_bridge_start(struct ff_bridge *bridge, struct ff_error *error)
{
	int failed = ff_thread_start(&bridge->thread, "ff-bridge", STACK_SIZE, run, bridge);
	if (failed) {
		return ff_error_set_errno(error, FF_ERR_IO, failed, "cannot start the boards' ports");
	}
	bridge->started = true;
	return FF_OK;
}

void ff_bridge_kick(struct ff_bridge *bridge, size_t place)
{
	if (!atomic_exchange(&bridge->dirty[place], true)) {
		eventfd_write(bridge->wake.fd, 1);
	}
}

void ff_bridge_kick_all(struct ff_bridge *bridge)
{
	for (size_t i = 0; i < FF_BRIDGE_MAX_BOARDS; i++) {
		ff_bridge_kick(bridge, i);
	}
}

void ff_bridge_welcome(struct ff_bridge *bridge, uint64_t board, struct ff_guest *guest)
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
		ff_lobby_turn_guests_away(bridge);
		bridge->started = false;
	}
	for (size_t i = 0; i < FF_BRIDGE_MAX_BOARDS; i++) {
		ff_bridge_close_room(bridge->rooms[i]);
		bridge->rooms[i] = NULL;
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
	ff_lobby_turn_guests_away(bridge);
	pthread_cond_destroy(&bridge->obeyed);
	pthread_mutex_destroy(&bridge->mutex);
	free(bridge);
}
