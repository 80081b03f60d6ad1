// SPDX-License-Identifier: Apache-2.0
/* Carries a pipe to the server, by one WebSocket after the other: GET …/tunnel opens a session there, which outlives the
 * connection for a while (the server's grace); a connection that is lost or silent is replaced by a new one of the same
 * session. The only thing that waits here is opening a connection, and that has a deadline.
 *
 * new/open/turn/free; belongs to one thread. */
#ifndef FF_CLIENT_CONNECT_CARRIER_H
#define FF_CLIENT_CONNECT_CARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "api.h"
#include "pipe.h"

struct ff_carrier;

/* Asked and told while it works; all are mandatory. */
struct ff_carrier_events {
	bool (*go_on)(void *context);                  /* false: give up opening a connection */
	void (*tell)(void *context, const char *text); /* something that the user should know, a sentence */
};

enum ff_carrier_state {
	FF_CARRIER_UP,    /* there is a connection */
	FF_CARRIER_DOWN,  /* there is none at the moment; turn tries again */
	FF_CARRIER_ENDED, /* for good: ff_carrier_failure() says why, if it has failed */
};

/* Borrows all of it. NULL: out of memory. */
struct ff_carrier *ff_carrier_new(const struct ff_api *api, const char *board, struct ff_pipe *pipe,
				  const struct ff_carrier_events *events, void *context);

/* NULL is harmless. */
void ff_carrier_free(struct ff_carrier *carrier);

/* Opens the session. False: the failure says why. */
bool ff_carrier_open(struct ff_carrier *carrier);

/* Sends and receives what can be without waiting, and tries to get a new connection when it is time for that. */
enum ff_carrier_state ff_carrier_turn(struct ff_carrier *carrier);

/* Ends the session as soon as all of the pipe has gone out; turn answers FF_CARRIER_ENDED when the server has confirmed it. */
void ff_carrier_finish(struct ff_carrier *carrier);

/* The descriptor to wait for, with the events of poll; -1: there is none. */
int ff_carrier_fd(const struct ff_carrier *carrier, short *events);

/* When it wants its turn at the latest. */
int64_t ff_carrier_deadline(const struct ff_carrier *carrier);

/* Its code is empty while nothing has failed. */
const struct ff_failure *ff_carrier_failure(const struct ff_carrier *carrier);

#endif
