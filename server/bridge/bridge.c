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
				(void)!ff_lobby_serve(session, false);
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
		ff_lobby_accept(bridge, source);
		break;
	case FF_WATCHED_SESSION: {
		struct ff_session *session = (struct ff_session *)source;
		if (session->gone) {
			break;
		}
		session->broken |= (event->events & (EPOLLERR | EPOLLHUP)) != 0;
		size_t index = (size_t)(source->room - bridge->rooms);
		if (ff_lobby_serve(session, true)) {
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
		ff_lobby_admit_guests(bridge);
		ff_lobby_bury(bridge);
	}
	for (size_t i = 0; i < bridge->room_count; i++) {
		while (bridge->rooms[i].sessions) {
			ff_lobby_drop(bridge->rooms[i].sessions);
		}
	}
	ff_lobby_bury(bridge);
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
		   !ff_lobby_watch(bridge, EPOLL_CTL_ADD, &bridge->wake, EPOLLIN)) {
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
	return fd < 0 || ff_lobby_watch(bridge, EPOLL_CTL_ADD, source, EPOLLIN);
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
		ff_lobby_turn_guests_away(bridge);
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
	ff_lobby_turn_guests_away(bridge);
	pthread_mutex_destroy(&bridge->mutex);
	free(bridge->dirty);
	free(bridge->rooms);
	free(bridge);
}
