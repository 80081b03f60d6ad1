// SPDX-License-Identifier: Apache-2.0
/* A session's WebSocket: what is the same for everything that is spoken over one. Belongs to the bridge's thread. */
#ifndef FF_BRIDGE_WEB_H
#define FF_BRIDGE_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest.h"
#include "heartbeat.h"
#include "session.h"
#include "websocket.h"

#define FF_WEB_MESSAGE_MAX 8192 /* bytes of a peer's message */
#define FF_WEB_HEAD_MIN 6       /* bytes of the head of any of its frames */

/* ff_wire_websocket's part of a session. */
struct ff_web {
	struct ff_websocket *websocket;
	struct ff_guest *guest;
	bool over; /* the peer has closed, or has to be: nothing more is read */
	struct ff_heartbeat heartbeat;
};

/* Gives a new session the guest's connection. `handler` gets the session and whole messages, and may append to session->in
 * what a message has and FF_WEB_HEAD_MIN bytes more. False: out of memory; the guest is still the caller's. */
bool ff_web_open(struct ff_session *session, struct ff_guest *guest, ff_websocket_handler handler);

/* Closes a guest that cannot be let in, with words, and releases it. */
void ff_web_turn_away(struct ff_guest *guest, enum ff_websocket_code code, const char *reason);

/* Sends a message, unless the WebSocket is about to close. */
void ff_web_send(struct ff_session *session, bool is_text, const void *bytes, size_t size);

/* Closes it in order; the session ends when that has gone out. */
void ff_web_close(struct ff_session *session, enum ff_websocket_code code, const char *reason);

/* Looks after pings and the end; for ff_speech.tick. */
int64_t ff_web_tick(struct ff_session *session, int64_t now_us);

#endif
