// SPDX-License-Identifier: Apache-2.0
/* The console as people have it, over a WebSocket: binary messages are bytes of the board, text messages are JSON about
 * it; docs/rest-api.md lists them. Belongs to the bridge's thread. */
#ifndef FF_BRIDGE_TALK_H
#define FF_BRIDGE_TALK_H

#include <stdbool.h>

#include "guest.h"
#include "session.h"

/* Makes a new session the guest's console, says hello and finds its place in the output. False: out of memory; the guest
 * is still the caller's. */
bool ff_talk_open(struct ff_session *session, struct ff_guest *guest);

#endif
