// SPDX-License-Identifier: Apache-2.0
/* How boards come to the bridge and go from it. Rooms are its thread's alone, so whoever wants a change leaves an order
 * and waits until it is done. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "inner.h"
#include "lobby.h"
#include "session.h"

void ff_bridge_close_room(struct ff_room *room)
{
	if (!room) {
		return;
	}
	const int fds[] = { room->rfc2217.fd, room->raw.fd };
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
	ff_worker_unref(room->worker);
	free(room);
}

/* ---- in the bridge's thread ---- */

static int open_room(struct ff_bridge *bridge, struct ff_room *room)
{
	struct ff_watched *const sources[] = { &room->rfc2217, &room->raw };
	for (int i = 0; i < 2; i++) {
		if (sources[i]->fd >= 0 && !ff_lobby_watch(bridge, EPOLL_CTL_ADD, sources[i], EPOLLIN)) {
			int failed = errno;
			if (i > 0 && sources[0]->fd >= 0) {
				(void)!ff_lobby_watch(bridge, EPOLL_CTL_DEL, sources[0], 0);
			}
			return failed;
		}
	}
	bridge->rooms[room->place] = room;
	atomic_store(&bridge->dirty[room->place], true);
	return 0;
}

/* No event at hand can mean the room: whoever obeys has seen to them. */
static void empty_room(struct ff_bridge *bridge, struct ff_room *room, const char *why)
{
	for (struct ff_session *session = room->sessions; session;) {
		struct ff_session *next = session->next;
		ff_session_say(session, "%s: %s", ff_worker_name(room->worker), why);
		(void)!ff_lobby_serve(session, false);
		session = next;
	}
	while (room->sessions) {
		ff_lobby_drop(room->sessions);
	}
	ff_lobby_bury(bridge);
	bridge->rooms[room->place] = NULL;
	ff_bridge_close_room(room);
}

void ff_bridge_execute(struct ff_bridge *bridge, struct ff_bridge_order *order)
{
	if (order->why) {
		empty_room(bridge, order->room, order->why);
	} else {
		order->failed = open_room(bridge, order->room);
	}
	order->room = NULL;
}

void ff_bridge_obey(struct ff_bridge *bridge)
{
	pthread_mutex_lock(&bridge->mutex);
	struct ff_bridge_order order = bridge->order;
	pthread_mutex_unlock(&bridge->mutex);
	if (!order.room) {
		return;
	}
	ff_bridge_execute(bridge, &order);
	pthread_mutex_lock(&bridge->mutex);
	bridge->order = order;
	pthread_cond_signal(&bridge->obeyed);
	pthread_mutex_unlock(&bridge->mutex);
}

/* ---- in the thread of whoever wants it ---- */

/* Answers errno. */
static int command(struct ff_bridge *bridge, struct ff_room *room, const char *why)
{
	struct ff_bridge_order order = { .room = room, .why = why };
	if (!bridge->started) {
		ff_bridge_execute(bridge, &order);
		return order.failed;
	}
	pthread_mutex_lock(&bridge->mutex);
	bridge->order = order;
	eventfd_write(bridge->wake.fd, 1);
	while (bridge->order.room) {
		pthread_cond_wait(&bridge->obeyed, &bridge->mutex);
	}
	order = bridge->order;
	pthread_mutex_unlock(&bridge->mutex);
	return order.failed;
}

enum ff_status ff_bridge_add(struct ff_bridge *bridge, size_t place, const struct ff_bridge_board *board,
			     struct ff_error *error)
{
	struct ff_room *room = malloc(sizeof(*room));
	if (!room) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	ff_room_init(room, bridge, ff_worker_ref(board->worker), !board->passthrough);
	room->place = place;
	room->rfc2217 = (struct ff_watched){ FF_WATCHED_RFC2217, board->rfc2217_fd, room };
	room->raw = (struct ff_watched){ FF_WATCHED_RAW, board->raw_fd, room };
	int failed = command(bridge, room, NULL);
	if (failed) {
		room->rfc2217.fd = room->raw.fd = -1; /* still the caller's */
		ff_bridge_close_room(room);
		return ff_error_set_errno(error, FF_ERR_IO, failed, "%s: its ports cannot be served",
					  ff_worker_name(board->worker));
	}
	return FF_OK;
}

void ff_bridge_set_passthrough(struct ff_bridge *bridge, size_t place, bool passthrough)
{
	if (bridge->rooms[place]) {
		atomic_store(&bridge->rooms[place]->smart, !passthrough);
	}
}

void ff_bridge_remove(struct ff_bridge *bridge, size_t place, const char *why)
{
	/* The thread alone changes the places, and only when it is told to from here. */
	struct ff_room *room = bridge->rooms[place];
	if (room) {
		(void)command(bridge, room, why);
	}
}
