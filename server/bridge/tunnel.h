// SPDX-License-Identifier: Apache-2.0
/* A session whose peer is far away: the RFC 2217 stream of `farflash connect`, in a pipe that one WebSocket after the other
 * carries. When a connection is lost the session stays for FF_TUNNEL_GRACE_S, its hold on the board included, and goes on over
 * the next one without a lost or repeated byte. Belongs to the bridge's thread. */
#ifndef FF_BRIDGE_TUNNEL_H
#define FF_BRIDGE_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "guest.h"
#include "session.h"

#define FF_TUNNEL_GRACE_S 30
/* The reason of the close that tells a guest so. */
#define FF_TUNNEL_EXPIRED "session-expired"

/* Gives a new session the guest's connection, and says hello. False: out of memory, or there are too many tunnels; the guest
 * is still the caller's. */
bool ff_tunnel_open(struct ff_session *session, struct ff_guest *guest);

/* Goes on over the guest's connection, in place of the one before if that is still there. False: the guest asks for
 * something that cannot be, or memory is short; the guest is still the caller's, and the session as it was. */
bool ff_tunnel_resume(struct ff_session *session, struct ff_guest *guest);

/* Whether it is the tunnel with this name. */
bool ff_tunnel_is(const struct ff_session *session, const char *name);

/* Whether it waits for its peer to come back. */
bool ff_tunnel_is_detached(const struct ff_session *session);

/* ---- for its speech ---- */

/* Sends words about the session beside its bytes, as a text message of this type. */
void ff_tunnel_tell(struct ff_session *session, const char *type, const char *text);

/* Looks after pings, silence and the end; answers when it wants its turn again. */
int64_t ff_tunnel_tick(struct ff_session *session, int64_t now_us);

#endif
