// SPDX-License-Identifier: Apache-2.0
/* One local connection of `farflash connect`: a thread that joins a socket or a pseudo terminal of this machine with a tunnel
 * of its own. At most FF_CONNECT_MAX at a time.
 *
 * A connection that is over wakes the command, which then reaps it. What has gone wrong with a tunnel that stood ends the
 * command: struct ff_connect keeps the first such failure. */
#ifndef FF_CLIENT_CONNECT_LOCAL_H
#define FF_CLIENT_CONNECT_LOCAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "api.h"

#define FF_CONNECT_MAX 8

enum ff_connect_kind { FF_CONNECT_RFC2217, FF_CONNECT_RAW, FF_CONNECT_PTY };

struct ff_connect_local;

/* What the command shares with its connections' threads. */
struct ff_connect {
	const struct ff_api *api;
	const char *board;
	int wake_fd; /* eventfd: a connection is over */
	int stop_fd; /* eventfd, readable from then on: everybody shall end */
	atomic_bool stopping;
	pthread_mutex_t mutex;     /* of what follows, and of stderr */
	struct ff_failure failure; /* why the command ends, if a tunnel was lost for good */
};

/* False: no descriptor or no memory. */
bool ff_connect_init(struct ff_connect *connect, const struct ff_api *api, const char *board);

void ff_connect_release(struct ff_connect *connect);

/* Starts a thread for a connection. `fd` is non-blocking; a socket is taken over, the master of a pseudo terminal borrowed.
 * `name` is for people. NULL: it could not be started, and the descriptor is as it was. */
struct ff_connect_local *ff_connect_start(struct ff_connect *connect, enum ff_connect_kind kind, int fd,
					  const char *name);

/* Whether it is over. */
bool ff_connect_is_over(const struct ff_connect_local *local);

enum ff_connect_kind ff_connect_kind(const struct ff_connect_local *local);

/* Waits for its end, which is near if it is over or all are to end, and releases it. NULL is harmless. */
void ff_connect_reap(struct ff_connect_local *local);

/* A line on stderr. Any thread. */
void ff_connect_tell(struct ff_connect *connect, const char *format, ...) FF_PRINTF(2, 3);

#endif
