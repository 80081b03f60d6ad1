// SPDX-License-Identifier: Apache-2.0
#include "heartbeat.h"

#define PING_US 20000000
#define SILENCE_US 50000000 /* so long without a frame, pongs included, is the end */

void ff_heartbeat_begin(struct ff_heartbeat *heartbeat, int64_t now_us)
{
	*heartbeat = (struct ff_heartbeat){ .alive_us = now_us, .ping_us = now_us + PING_US };
}

bool ff_heartbeat_tick(struct ff_heartbeat *heartbeat, struct ff_websocket *websocket, int64_t now_us)
{
	uint64_t frames = ff_websocket_frames(websocket);
	if (frames != heartbeat->frames) {
		heartbeat->frames = frames;
		heartbeat->alive_us = now_us;
	}
	if (now_us >= heartbeat->ping_us) {
		heartbeat->ping_us = now_us + PING_US;
		ff_websocket_ping(websocket);
	}
	return now_us - heartbeat->alive_us < SILENCE_US;
}

int64_t ff_heartbeat_due(const struct ff_heartbeat *heartbeat)
{
	int64_t silence_us = heartbeat->alive_us + SILENCE_US;
	return heartbeat->ping_us < silence_us ? heartbeat->ping_us : silence_us;
}
