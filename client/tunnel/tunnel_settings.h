// SPDX-License-Identifier: Apache-2.0
/* What a local RFC 2217 client may be told of the board's line without asking the server.
 *
 * Each request of the client goes to the server, in its order, so that the line is right whatever is answered here. The
 * answer comes at once where it is foreseen: DTR and RTS always, a setting that is the one that the server told last.
 * For the rest it is the server's own. RFC 2217 has no numbers on its messages, so answers are told apart by the group
 * that they are about, and counted: within a group the server answers in the order in which it was asked, except that a
 * question may overtake a change that the port still has to make. So a question waits here for the changes before it.
 *
 * Pure, a plain value; one thread. */
#ifndef FF_TUNNEL_TUNNEL_SETTINGS_H
#define FF_TUNNEL_TUNNEL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "comport.h"

/* What a request or an answer is about. */
enum ff_tunnel_group {
	FF_TUNNEL_BAUD,
	FF_TUNNEL_DATA_BITS,
	FF_TUNNEL_PARITY,
	FF_TUNNEL_STOP_BITS,
	FF_TUNNEL_FLOW,
	FF_TUNNEL_FLOW_IN,
	FF_TUNNEL_BREAK,
	FF_TUNNEL_DTR,
	FF_TUNNEL_RTS,
	FF_TUNNEL_GROUPS
};

/* Requests of a group that the server has not answered: a bit for each, the oldest lowest. */
struct ff_tunnel_open {
	unsigned count;
	uint32_t waits;   /* the client has no answer yet */
	uint32_t changes; /* it is no question */
};

struct ff_tunnel_settings {
	struct ff_tunnel_open open[FF_TUNNEL_GROUPS];
	int64_t told[FF_TUNNEL_GROUPS]; /* the value that holds, as far as is known; -1: it is not */
};

enum ff_tunnel_verdict {
	FF_TUNNEL_HOLD,   /* nothing can be done before the server has answered more; ask again then */
	FF_TUNNEL_ANSWER, /* forward it, and tell the client now that it is so */
	FF_TUNNEL_WAIT,   /* forward it; the answer will come */
};

void ff_tunnel_settings_init(struct ff_tunnel_settings *settings);

/* What to do with a request of the client: SET-BAUDRATE to SET-CONTROL. Unless the answer is FF_TUNNEL_HOLD, it counts as
 * forwarded. */
enum ff_tunnel_verdict ff_tunnel_settings_request(struct ff_tunnel_settings *settings, enum ff_comport_code code,
						  uint32_t value);

/* A request that nobody here waits for goes to the server. False: there are too many already. */
bool ff_tunnel_settings_ask(struct ff_tunnel_settings *settings, enum ff_comport_code code, uint32_t value);

/* The server has answered. True: the client waits for that. */
bool ff_tunnel_settings_answer(struct ff_tunnel_settings *settings, enum ff_comport_code code, uint32_t value);

#endif
