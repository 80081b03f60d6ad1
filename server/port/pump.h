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

struct ff_pump {
	bool moved; /* something came, and there may be more */
	bool held;  /* the reader that the console follows has to read first */
};

/* Takes what has come from the board, up to a limit that keeps the owner thread free for the rest. Errors: those of the
 * transport's read; the port is lost then. */
FF_WARN_UNUSED enum ff_status ff_pump_output(const struct ff_transport *transport, struct ff_console *console,
					     struct ff_pump *pump, struct ff_error *error);

/* What to wait for. */
struct ff_pump_wait {
	const struct ff_transport *transport; /* NULL while the port is closed */
	bool readable;
	bool writable;
	int wake_fd;         /* an eventfd, emptied on return */
	int64_t deadline_us; /* INT64_MAX: none */
};

void ff_pump_wait(const struct ff_pump_wait *wait);

#endif
