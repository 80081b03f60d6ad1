// SPDX-License-Identifier: Apache-2.0
/* Where the monitor's bytes come from: a board behind a server, or a port. Both can be lost and opened again.
 *
 * Belongs to one thread. */
#ifndef FF_CLIENT_MONITOR_FEED_H
#define FF_CLIENT_MONITOR_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run.h"

struct ff_feed;

enum ff_feed_state {
	FF_FEED_UP,
	FF_FEED_LOST,   /* the failure says why; open may find it again */
	FF_FEED_FAILED, /* the failure says why; there is no use in trying again */
};

struct ff_feed_events {
	/* It is open, for the first time or again; output follows. */
	void (*opened)(void *context);
	void (*output)(void *context, const uint8_t *bytes, size_t size);
	/* Something for people. */
	void (*told)(void *context, const char *text);
	/* Asked several times a second while something waits; false gives up. */
	bool (*go_on)(void *context);
	void *context;
};

struct ff_feed_ops {
	/* Opens it, or opens it again where it was lost and goes on where it was. May wait some seconds. */
	enum ff_feed_state (*open)(struct ff_feed *feed, struct ff_failure *failure);
	/* Resets the board when the feed is just open, before anything of it was shown. False: the failure. */
	bool (*begin)(struct ff_feed *feed, struct ff_failure *failure);
	/* Hands out what has come and sends what waits, without waiting. */
	enum ff_feed_state (*turn)(struct ff_feed *feed, struct ff_failure *failure);
	/* Takes bytes for the board and answers how many. */
	size_t (*write)(struct ff_feed *feed, const uint8_t *bytes, size_t size);
	void (*reset)(struct ff_feed *feed);
	void (*send_break)(struct ff_feed *feed);
	/* The descriptor to wait for after turn, and the events of poll. */
	int (*fd)(struct ff_feed *feed, short *events);
	/* Releases it too. */
	void (*close)(struct ff_feed *feed);
};

/* What both begin with. */
struct ff_feed {
	const struct ff_feed_ops *ops;
	struct ff_run *run;
	const char *board; /* its name, or the port's address; lives as long as the feed */
	struct ff_feed_events events;
};

/* Not open yet. NULL: run->failure. */
struct ff_feed *ff_feed_remote(struct ff_run *run, const struct ff_feed_events *events);
struct ff_feed *ff_feed_port(struct ff_run *run, const struct ff_feed_events *events);

#endif
