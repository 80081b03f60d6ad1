// SPDX-License-Identifier: Apache-2.0
/* Suspended connections and the thread that wakes them.
 *
 * A handler that has to wait for a board parks its connection instead of blocking libmicrohttpd's thread. Boards and jobs
 * kick the waker when something changes, which never blocks them; the waker's thread then asks each parked connection
 * whether its time has come, and resumes it. new/free; parking from the connection's own thread, the rest from any. */
#ifndef FF_HTTP_WAKER_H
#define FF_HTTP_WAKER_H

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#define FF_WAKER_NEVER INT64_MAX

struct ff_waker;

/* A connection that waits. Embedded in the request, which libmicrohttpd keeps alive while it is suspended. */
struct ff_wait {
	struct MHD_Connection *connection;
	/* When to resume, in microseconds of the monotonic clock: `now` or earlier means at once, FF_WAKER_NEVER not before
	 * the next kick. Called from the waker's thread. */
	int64_t (*due)(void *context, int64_t now_us);
	void *context;
	struct ff_wait *next; /* the waker's */
};

/* Starts the thread. NULL: no memory, thread or descriptor left. */
struct ff_waker *ff_waker_new(void);

/* Ends the thread. Nothing may be parked. NULL is harmless. */
void ff_waker_free(struct ff_waker *waker);

/* Something has changed. The context is the waker; never blocks. */
void ff_waker_kick(void *waker);

/* Suspends the connection until it is due. False: the server is stopping, and the connection was not suspended. */
bool ff_waker_park(struct ff_waker *waker, struct ff_wait *wait);

/* From now on nothing is parked any more. Resumes what is, and returns when all of it has been. */
void ff_waker_drain(struct ff_waker *waker);

#endif
