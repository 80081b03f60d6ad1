// SPDX-License-Identifier: Apache-2.0
/* Which tunnels there are, for those outside the bridge's thread. */
#include <string.h>

#include "inner.h"

bool ff_bridge_know_tunnel(struct ff_bridge *bridge, uint64_t board, const char *name)
{
	bool found = false;
	pthread_mutex_lock(&bridge->mutex);
	for (size_t i = 0; i < FF_BRIDGE_MAX_TUNNELS && !found; i++) {
		struct ff_known_tunnel *known = &bridge->tunnels[i];
		found = known->name[0] == '\0';
		if (found) {
			known->board = board;
			memcpy(known->name, name, sizeof(known->name));
		}
	}
	pthread_mutex_unlock(&bridge->mutex);
	return found;
}

void ff_bridge_forget_tunnel(struct ff_bridge *bridge, const char *name)
{
	pthread_mutex_lock(&bridge->mutex);
	for (size_t i = 0; i < FF_BRIDGE_MAX_TUNNELS; i++) {
		if (strcmp(bridge->tunnels[i].name, name) == 0) {
			bridge->tunnels[i].name[0] = '\0';
		}
	}
	pthread_mutex_unlock(&bridge->mutex);
}

bool ff_bridge_has_tunnel(struct ff_bridge *bridge, uint64_t board, const char *name)
{
	bool found = false;
	pthread_mutex_lock(&bridge->mutex);
	for (size_t i = 0; i < FF_BRIDGE_MAX_TUNNELS && !found; i++) {
		const struct ff_known_tunnel *known = &bridge->tunnels[i];
		found = known->board == board && known->name[0] != '\0' && strcmp(known->name, name) == 0;
	}
	pthread_mutex_unlock(&bridge->mutex);
	return found;
}
