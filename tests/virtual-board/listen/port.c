// SPDX-License-Identifier: Apache-2.0
#include "port.h"

#include <string.h>

/* What follows `prefix` in `spec`, or NULL. */
static const char *after(const char *spec, const char *prefix)
{
	size_t length = strlen(prefix);
	return strncmp(spec, prefix, length) == 0 && spec[length] != '\0' ? spec + length : NULL;
}

enum ff_status ff_port_open(struct ff_port *port, const char *spec, const char *name,
			    const struct ff_port_events *events, struct ff_error *error)
{
	*port = (struct ff_port){ 0 };
	const char *where;
	if ((where = after(spec, "rfc2217:"))) {
		return ff_port_net2217_open(port, where, name, events, error);
	}
	if ((where = after(spec, "raw:"))) {
		return ff_port_raw_open(port, where, events, error);
	}
	if ((where = after(spec, "pty:"))) {
		return ff_port_pty_open(port, where, events, error);
	}
	return ff_error_set(error, FF_ERR_ARGUMENT,
			    "Cannot listen on \"%s\": give rfc2217:[HOST:]PORT, raw:[HOST:]PORT or pty:LINK", spec);
}

void ff_port_close(struct ff_port *port)
{
	if (port->ops) {
		port->ops->close(port->self);
	}
	*port = (struct ff_port){ 0 };
}
