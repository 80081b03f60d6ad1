// SPDX-License-Identifier: Apache-2.0
/* Serial ports of the kernel, through libserialport (0.1.1), which finds and configures them. Reading, writing and the
 * control lines go to its handle directly: see serial.c for what that avoids. */
#ifndef FF_TRANSPORT_SERIAL_H
#define FF_TRANSPORT_SERIAL_H

#include <farflash/transport.h>

/* As ff_transport_open. `path` is resolved (libserialport takes no symbolic links), `name` is the address for messages,
 * `options` has its defaults. */
FF_WARN_UNUSED enum ff_status ff_serial_open(struct ff_transport *transport, const char *path, const char *name,
					     const struct ff_transport_options *options, struct ff_error *error);

#endif
