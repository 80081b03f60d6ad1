// SPDX-License-Identifier: Apache-2.0
/* A board's port through its life: opened, lost, tried again with growing pauses, found again under another name. Belongs to the owner thread. */
#ifndef FF_PORT_PLUG_H
#define FF_PORT_PLUG_H

#include <stdbool.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/status.h>
#include <farflash/transport.h>

#include "comeback.h"

struct ff_plug {
	struct ff_transport transport; /* while it is open */
	struct ff_comeback comeback;   /* while it is closed */
	bool is_open;
	int64_t retry_us; /* when a closed one is tried again */
	uint32_t pause_ms;
	const char *address;      /* borrowed */
	const struct ff_log *log; /* borrowed */
	enum ff_status (*open)(struct ff_transport *transport, const char *address,
			       const struct ff_transport_options *options, struct ff_error *error);
};

/* Closed, to be opened at once. */
void ff_plug_init(struct ff_plug *plug);

/* Opens it at `baud`, if it is not open. A failure is the transport's and puts off the next attempt. */
FF_WARN_UNUSED enum ff_status ff_plug_open(struct ff_plug *plug, uint32_t baud, struct ff_error *error);

/* The address has changed; empty: there is no port to open. One that is open stays so unless it is to be given up
 * `at_once`. */
void ff_plug_move(struct ff_plug *plug, bool at_once);

/* Closes it, to be opened again at once. */
void ff_plug_close(struct ff_plug *plug);

/* The same for good. */
void ff_plug_release(struct ff_plug *plug);

/* Closes it because it went away, and puts off the next attempt. */
void ff_plug_lose(struct ff_plug *plug);

/* Whether a closed one should be tried now. */
bool ff_plug_is_due(const struct ff_plug *plug);

#endif
