// SPDX-License-Identifier: Apache-2.0
/* Virtual serial ports (ptys, socat, other programs' ports), which libserialport refuses because the kernel lists them
 * in no /sys/class/tty: plain termios. */
#ifndef FF_TRANSPORT_TTY_H
#define FF_TRANSPORT_TTY_H

#include <farflash/transport.h>

/* As ff_transport_open. `path` is resolved, `name` is the address for messages, `options` has its defaults. Control
 * lines exist if the driver knows them. */
FF_WARN_UNUSED enum ff_status ff_tty_open(struct ff_transport *transport, const char *path, const char *name,
					  const struct ff_transport_options *options, struct ff_error *error);

#endif
