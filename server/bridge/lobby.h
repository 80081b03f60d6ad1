// SPDX-License-Identifier: Apache-2.0
/* Where connections come in and go: from the boards' listeners, and as guests of HTTP. Belongs to the bridge's thread. */
#ifndef FF_BRIDGE_LOBBY_H
#define FF_BRIDGE_LOBBY_H

#include <stdbool.h>
#include <stdint.h>

#include "inner.h"
#include "session.h"

/* Has the event loop look at a descriptor, or no more (EPOLL_CTL_ADD, ...). */
bool ff_lobby_watch(struct ff_bridge *bridge, int operation, struct ff_watched *source, uint32_t events);

/* Takes in what a listener has. */
void ff_lobby_accept(struct ff_bridge *bridge, struct ff_watched *listener);

/* Takes in the guests that wait. */
void ff_lobby_admit_guests(struct ff_bridge *bridge);

/* Sends away those that wait and all that come from now on. Any thread. */
void ff_lobby_turn_guests_away(struct ff_bridge *bridge);

/* Serves a session, which may be gone afterwards: its memory stays until ff_lobby_bury(). True: it has more to do. */
bool ff_lobby_serve(struct ff_session *session, bool readable);

/* Ends a session. */
void ff_lobby_drop(struct ff_session *session);

/* Releases the sessions that have gone. No event that is at hand may mean one of them. */
void ff_lobby_bury(struct ff_bridge *bridge);

#endif
