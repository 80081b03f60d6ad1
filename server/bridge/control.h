// SPDX-License-Identifier: Apache-2.0
/* What RFC 2217 clients ask of the line: settings, DTR and RTS, break, purge. What is so already is acknowledged at once;
 * the rest becomes commands, acknowledged with what came of them. Belongs to the bridge's thread. */
#ifndef FF_BRIDGE_CONTROL_H
#define FF_BRIDGE_CONTROL_H

#include "session.h"

/* A request of the client. Puts at most FF_CONTROL_MAX_COMMANDS commands. */
#define FF_CONTROL_MAX_COMMANDS 2
void ff_control_request(struct ff_session *session, enum ff_comport_code code, uint32_t value);

#define FF_CONTROL_LOWEST_BAUD 50
#define FF_CONTROL_HIGHEST_BAUD 4000000

/* For those who do not speak RFC 2217: puts a command, for which there is room, if the session may write. `tag`, below
 * 0x10000, comes back with what came of it. False: it may not, and has been told. */
bool ff_control_put(struct ff_session *session, uint32_t tag, const struct ff_input_command *command);

/* The same for a reset into the application. The port has control lines. */
bool ff_control_reset(struct ff_session *session, uint32_t tag);

/* What came of a command. */
void ff_control_done(struct ff_session *session, const struct ff_input_done *done);

/* The time of a reset sequence that has come in part is up. */
void ff_control_expire(struct ff_session *session, int64_t now_us);

/* The session goes: lets go of the lines. */
void ff_control_close(struct ff_session *session);

#endif
