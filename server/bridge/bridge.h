// SPDX-License-Identifier: Apache-2.0
/* The boards' TCP ports and WebSockets: one thread with an event loop serves all listeners and sessions of all boards.
 *
 * Each board has an RFC 2217 port, a raw port, both or none. Everyone who connects reads what the board says; one at a time
 * writes: see room.h. Boards come and go while it runs. The thread never waits for a board. new/start/free; kick and welcome
 * from any thread, the rest from the one that made it. */
#ifndef FF_BRIDGE_BRIDGE_H
#define FF_BRIDGE_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "guest.h"
#include "metrics.h"
#include "worker.h"

#define FF_BRIDGE_MAX_BOARDS 256
#define FF_BRIDGE_MAX_SESSIONS 512      /* of all boards */
#define FF_BRIDGE_MAX_ROOM_SESSIONS 128 /* of one board */
#define FF_BRIDGE_MAX_TUNNELS 64        /* of all boards */

struct ff_bridge;

struct ff_bridge_board {
	struct ff_worker *worker; /* the bridge takes a reference of its own */
	int rfc2217_fd;           /* listening, non-blocking; -1: none. Taken over if the board is added */
	int raw_fd;               /* the same */
	bool passthrough;         /* DTR and RTS as they come, instead of recognised resets */
};

/* FF_ERR_NO_MEMORY, FF_ERR_IO (no descriptor left). `log` may be NULL and must outlive it. */
FF_WARN_UNUSED enum ff_status ff_bridge_new(struct ff_bridge **bridge, const struct ff_log *log,
					    struct ff_error *error);

/* While `guarded` says so, connections to the boards' TCP ports, which carry no token, are let in only while the board's lease
 * names their address. Asked from the bridge's thread; must not wait. Once at most, before the start. */
void ff_bridge_guard(struct ff_bridge *bridge, bool (*guarded)(void *context), void *context);

/* Makes the metrics of the sessions. `metrics` must outlive the bridge. Once at most, before the start. */
void ff_bridge_measure(struct ff_bridge *bridge, struct ff_metrics *metrics);

/* Has `writes` told of each session that becomes a board's writer, by the bridge's thread; it must not wait. `peer` is the session's
 * address, `owner` that of the lease that it comes with (NULL: none). Once at most, before the start. */
void ff_bridge_watch_writers(struct ff_bridge *bridge,
			     void (*writes)(void *context, struct ff_worker *worker, const char *kind, const char *peer,
					    const char *owner),
			     void *context);

/* Starts the thread. Errors as above. */
FF_WARN_UNUSED enum ff_status ff_bridge_start(struct ff_bridge *bridge, struct ff_error *error);

/* Lets clients come to a board, whose place, below FF_BRIDGE_MAX_BOARDS, is free. Before the start or after it. Errors as
 * above; then nothing was taken. */
FF_WARN_UNUSED enum ff_status ff_bridge_add(struct ff_bridge *bridge, size_t place, const struct ff_bridge_board *board,
					    struct ff_error *error);

/* Tells the sessions of the board in this place, for people, why they end, and ends them; closes its ports. The place is
 * free on return. Harmless if it was. */
void ff_bridge_remove(struct ff_bridge *bridge, size_t place, const char *why);

/* Changes what becomes of DTR and RTS at the board in this place, for its sessions too. Harmless if there is none. */
void ff_bridge_set_passthrough(struct ff_bridge *bridge, size_t place, bool passthrough);

/* Something has changed at the board in this place: output, progress of its input, its state. Never blocks; harmless before
 * the start, and where there is no board. */
void ff_bridge_kick(struct ff_bridge *bridge, size_t place);

/* The same of all boards. */
void ff_bridge_kick_all(struct ff_bridge *bridge);

/* Takes in a WebSocket that wants to be the console or the tunnel of the board with this ff_worker_number(), and takes over
 * the guest; if the board has gone, it is turned away. Never blocks. Any thread. */
void ff_bridge_welcome(struct ff_bridge *bridge, uint64_t board, struct ff_guest *guest);

/* Whether that board has a tunnel's session with this name. Any thread; a moment later it may be no more. */
bool ff_bridge_has_tunnel(struct ff_bridge *bridge, uint64_t board, const char *name);

/* As ff_worker_is_stuck(), of the bridge's thread. Any thread, between start and stop. */
bool ff_bridge_is_stuck(struct ff_bridge *bridge, int64_t patience_us);

/* Closes all sessions and ends the thread; guests are turned away from then on. */
void ff_bridge_stop(struct ff_bridge *bridge);

/* Stops and releases. NULL is harmless. */
void ff_bridge_free(struct ff_bridge *bridge);

#endif
