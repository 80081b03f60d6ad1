// SPDX-License-Identifier: Apache-2.0
/* The TCP ports of the boards, from the configuration to the bridge. The ports are opened before the boards are, so that one
 * that is taken is known before anything else happens. Main thread, but for ff_doors_notify and
 * ff_doors_welcome. */
#ifndef FF_SERVER_DOORS_H
#define FF_SERVER_DOORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "bridge.h"
#include "config.h"
#include "ports.h"

struct ff_doors;

/* What belongs to one board. */
struct ff_door {
	struct ff_doors *doors;
	size_t index;
	struct ff_ports_result rfc2217;
	struct ff_ports_result raw;
};

struct ff_doors {
	struct ff_bridge *bridge;
	struct ff_door *doors; /* one for each board */
	size_t count;
	struct ff_worker *const *workers; /* as many */
	void (*notify)(void *context);    /* passed on by ff_doors_notify */
	void *notify_context;
};

/* Opens the ports. On failure ff_doors_close() is still due. Errors as ff_ports_open() and ff_bridge_new(). */
FF_WARN_UNUSED enum ff_status ff_doors_open(struct ff_doors *doors, const struct ff_config *config,
					    const struct ff_log *log, struct ff_error *error);

/* Lets clients in. `workers` must outlive the doors. */
FF_WARN_UNUSED enum ff_status ff_doors_start(struct ff_doors *doors, const struct ff_config *config,
					     struct ff_worker *const *workers, const struct ff_log *log,
					     struct ff_error *error);

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
