// SPDX-License-Identifier: Apache-2.0
/* The inside of the bridge, for the files that share it. */
#ifndef FF_BRIDGE_INNER_H
#define FF_BRIDGE_INNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "bridge.h"
#include "room.h"

/* Lets so many lines through in so much time, and counts the others: what any stranger can cause must not fill a disk. */
struct ff_quota {
	int64_t since_us;
	unsigned lines;
	unsigned kept_back;
};

struct ff_bridge {
	const struct ff_log *log;
	struct ff_watched wake;
	int epoll_fd;
	pthread_t thread;
	bool started;
	atomic_bool stopping;
	atomic_bool *dirty; /* by board: kicked since the thread last looked */
	struct ff_room *rooms;
	size_t room_count;
	size_t session_count;
	struct ff_session *graves; /* sessions that have gone, but may be meant by an event that is still at hand */
	uint64_t last_id;
	struct ff_quota quota;

	pthread_mutex_t mutex;
	struct ff_guest *guests; /* that wait to be let in, the latest first; behind the mutex, like the rest */
	bool closed;             /* no more of them are taken */
};

/* Logs a line about what peers do, with the board's name in front, unless there have been too many. */
void ff_bridge_log(struct ff_bridge *bridge, const struct ff_room *room, const char *format, ...) FF_PRINTF(3, 4);

#endif
