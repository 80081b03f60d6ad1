// SPDX-License-Identifier: Apache-2.0
/* The TCP ports of the boards, from the configuration to the bridge. A board's ports are opened before the board is, so that
 * one that is taken is known before anything else happens. Main thread, but for ff_doors_notify and
 * ff_doors_welcome. */
#ifndef FF_DOORS_DOORS_H
#define FF_DOORS_DOORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "bridge.h"
#include "config.h"
#include "keyring.h"
#include "ports.h"

struct ff_doors;

/* What belongs to one board, in the place that it has in the bridge. It outlives the board, for a worker's last words. */
struct ff_door {
	struct ff_doors *doors;
	size_t place;
	bool taken;
	struct ff_ports_result rfc2217;
	struct ff_ports_result raw;
};

struct ff_doors {
	struct ff_bridge *bridge;
	bool loopback;              /* only this machine reaches the ports */
	struct ff_keyring *keyring; /* where it is in force, ports are open beyond loopback only if they are named */
	const struct ff_log *log;
	struct ff_door doors[FF_BRIDGE_MAX_BOARDS];
	void (*notify)(void *context); /* passed on by ff_doors_notify */
	void *notify_context;
};

/* Nothing is open yet. On failure ff_doors_close() is still due. Errors as ff_bridge_new(). */
FF_WARN_UNUSED enum ff_status ff_doors_init(struct ff_doors *doors, struct ff_keyring *keyring,
					    const struct ff_log *log, struct ff_error *error);

/* Opens the ports of a board, which is the one with this index for the server's own series of ports. Errors as
 * ff_ports_open(); FF_ERR_BUSY: there are too many boards. */
FF_WARN_UNUSED enum ff_status ff_doors_open(struct ff_doors *doors, const struct ff_config *config,
					    const struct ff_config_board *board, size_t index, struct ff_door **door,
					    struct ff_error *error);

/* Lets clients come to the board, once the bridge runs. Errors as ff_bridge_add(); ff_doors_shut() is due either way. */
FF_WARN_UNUSED enum ff_status ff_doors_admit(struct ff_door *door, struct ff_worker *worker, bool passthrough,
					     struct ff_error *error);

/* Changes what becomes of DTR and RTS. */
void ff_doors_set_passthrough(struct ff_door *door, bool passthrough);

/* Ends the board's sessions, which learn why, and closes its ports. NULL is harmless. */
void ff_doors_shut(struct ff_door *door, const char *why);

/* Starts the bridge. Errors as ff_bridge_start(). */
FF_WARN_UNUSED enum ff_status ff_doors_start(struct ff_doors *doors, struct ff_error *error);

/* For a worker's notify; the context is its struct ff_door. Any thread. */
void ff_doors_notify(void *door);

/* For the HTTP server's welcome; the context is the struct ff_doors. Any thread. */
void ff_doors_welcome(void *doors, struct ff_worker *worker, struct ff_guest *guest);

/* For its has_tunnel; the same. */
bool ff_doors_has_tunnel(void *doors, struct ff_worker *worker, const char *name);

/* For the HTTP server's health; the context is the struct ff_doors. Any thread. */
bool ff_doors_are_stuck(void *doors, int64_t patience_us);

/* Ends all sessions. */
void ff_doors_stop(struct ff_doors *doors);

/* The workers must have ended. Harmless on a zeroed one. */
void ff_doors_close(struct ff_doors *doors);

#endif
