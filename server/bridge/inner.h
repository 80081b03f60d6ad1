// SPDX-License-Identifier: Apache-2.0
/* The inside of the bridge, for the files that share it. */
#ifndef FF_BRIDGE_INNER_H
#define FF_BRIDGE_INNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "bridge.h"
#include "pulse.h"
#include "room.h"

/* Lets so many lines through in so much time, and counts the others: what any stranger can cause must not fill a disk. */
struct ff_quota {
	int64_t since_us;
	unsigned lines;
	unsigned kept_back;
};

/* A tunnel's session, for those who ask whether there is such a one. */
struct ff_known_tunnel {
	uint64_t board;
	char name[FF_GUEST_SESSION_SIZE]; /* empty: a free place */
};

/* What the bridge's thread is asked to do with its rooms, one thing at a time. */
struct ff_bridge_order {
	struct ff_room *room; /* NULL: there is none */
	const char *why;      /* the room goes, and this is why; NULL: it comes */
	int failed;           /* errno of one that could not come */
};

struct ff_bridge {
	const struct ff_log *log;
	struct ff_watched wake;
	int epoll_fd;
	pthread_t thread;
	bool started;
	atomic_bool stopping;
	atomic_bool dirty[FF_BRIDGE_MAX_BOARDS];     /* by place: kicked since the thread last looked */
	struct ff_room *rooms[FF_BRIDGE_MAX_BOARDS]; /* by place; NULL: there is no board */
	size_t session_count;
	struct ff_session *graves; /* sessions that have gone, but may be meant by an event that is still at hand */
	uint64_t last_id;
	struct ff_quota quota;
	struct ff_pulse pulse;
	bool (*guarded)(void *context); /* NULL: never */
	void *guarded_context;
	struct ff_metric *sessions_now; /* NULL: not measured, like the next two */
	struct ff_metric *sessions_ever;
	struct ff_metric *turned_away;
	void (*writes)(void *context, struct ff_worker *worker, const char *kind, const char *peer, const char *owner);
	void *writes_context;

	pthread_mutex_t mutex;
	pthread_cond_t obeyed;
	struct ff_bridge_order order; /* behind the mutex, like the rest */
	struct ff_guest *guests;      /* that wait to be let in, the latest first */
	bool closed;                  /* no more of them are taken */
	struct ff_known_tunnel tunnels[FF_BRIDGE_MAX_TUNNELS];
};

/* A session with this name begins. False: there are too many. */
bool ff_bridge_know_tunnel(struct ff_bridge *bridge, uint64_t board, const char *name);

/* It is no more. */
void ff_bridge_forget_tunnel(struct ff_bridge *bridge, const char *name);

/* Does what another thread wants done with the rooms. */
void ff_bridge_obey(struct ff_bridge *bridge);

/* Does one thing of that kind; `order` says what came of it. */
void ff_bridge_execute(struct ff_bridge *bridge, struct ff_bridge_order *order);

/* Closes what a room has open and releases it. NULL is harmless. */
void ff_bridge_close_room(struct ff_room *room);

/* Logs a line about what peers do, with the board's name in front, unless there have been too many. */
void ff_bridge_log(struct ff_bridge *bridge, const struct ff_room *room, const char *format, ...) FF_PRINTF(3, 4);

/* A session comes or goes. */
void ff_bridge_count(const struct ff_session *session, bool comes);

#endif
