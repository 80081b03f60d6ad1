// SPDX-License-Identifier: Apache-2.0
/* Who knows which serial ports there are, and when that changes. One small interface, so that tests can be the USB.
 * Belongs to one thread. */
#ifndef FF_DISCOVER_PORT_SOURCE_H
#define FF_DISCOVER_PORT_SOURCE_H

#include <stddef.h>

#include <farflash/status.h>

#include "port_id.h"

#define FF_PORT_SOURCE_MAX 512 /* ports that are looked at */

struct ff_port_source_ops {
	/* A descriptor that becomes readable when something has changed. */
	int (*fd)(void *self);
	/* Takes what it has to say, so that it is not readable any more. */
	void (*drain)(void *self);
	/* The ports on USB that are there now, at most `capacity`. */
	size_t (*list)(void *self, struct ff_found_port *ports, size_t capacity);
	void (*close)(void *self);
};

struct ff_port_source {
	const struct ff_port_source_ops *ops; /* NULL: closed */
	void *self;
};

/* libudev's. It hears from udevd where that runs, once the port has its final owner and mode, and from the kernel
 * otherwise. FF_ERR_UNSUPPORTED: there is no way to hear of devices here, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_udev_ports_open(struct ff_port_source *source, struct ff_error *error);

/* Harmless on a closed one. */
void ff_port_source_close(struct ff_port_source *source);

#endif
