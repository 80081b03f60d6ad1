// SPDX-License-Identifier: Apache-2.0
/* What the owner thread does between tasks: it moves the board's output into the console, and waits until there is
 * something to do. Belongs to the owner thread. */
#ifndef FF_PORT_PUMP_H
#define FF_PORT_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include <farflash/status.h>
#include <farflash/transport.h>

#include "console.h"

/* Takes what has come from the board, up to a limit that keeps the owner thread free for tasks. *moved: something came,
 * and there may be more. Errors: those of the transport's read; the port is lost then. */
FF_WARN_UNUSED enum ff_status ff_pump_output(const struct ff_transport *transport, struct ff_console *console,
					     bool *moved, struct ff_error *error);

/* Waits until the port has input or `wake_fd` is written to, and empties that. `transport` is NULL while the port is
 * closed: then it waits until `deadline_us` at most. */
void ff_pump_wait(const struct ff_transport *transport, int wake_fd, int64_t deadline_us);

#endif
