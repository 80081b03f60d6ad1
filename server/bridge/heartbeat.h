// SPDX-License-Identifier: Apache-2.0
/* Whether the peer of a WebSocket is still there: it is pinged, and every frame is a sign of life. A peer that has vanished
 * is found within a minute, also behind a proxy, whose TCP connection lives on. Belongs to the bridge's thread. */
#ifndef FF_BRIDGE_HEARTBEAT_H
#define FF_BRIDGE_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "websocket.h"

struct ff_heartbeat {
	uint64_t frames; /* that had come when it was looked at last */
	int64_t alive_us;
	int64_t ping_us; /* when the next ping is due */
};

/* A new connection, of which no frame has come. */
void ff_heartbeat_begin(struct ff_heartbeat *heartbeat, int64_t now_us);

/* Pings, if it is time to. False: the peer has been silent for too long. */
bool ff_heartbeat_tick(struct ff_heartbeat *heartbeat, struct ff_websocket *websocket, int64_t now_us);

/* When it has to be looked at again. */
int64_t ff_heartbeat_due(const struct ff_heartbeat *heartbeat);

#endif
