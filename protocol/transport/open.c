// SPDX-License-Identifier: Apache-2.0
#include <farflash/transport.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "address.h"
#include "device.h"
#include "net2217.h"
#include "serial.h"
#include "tcp.h"
#include "tty.h"

#define DEFAULT_BAUD 115200
#define DEFAULT_CONNECT_TIMEOUT_MS 5000

/* Whether the kernel lists the tty. libserialport takes those; ptys and the like are for tty.c. */
static bool is_listed(const char *path)
{
	char entry[PATH_MAX + 32];
	struct stat info;
	if (strncmp(path, "/dev/", 5) != 0) {
		return false;
	}
	snprintf(entry, sizeof(entry), "/sys/class/tty/%s", path + 5);
	return lstat(entry, &info) == 0;
}

static enum ff_status open_device(struct ff_transport *transport, const struct ff_address *address,
				  const struct ff_transport_options *options, struct ff_error *error)
{
	char path[PATH_MAX];
	struct stat info;
	/* The real path, because /dev/serial/by-id and a virtual board's link are symbolic links. */
	if (!realpath(address->path, path) || stat(path, &info) < 0) {
		return ff_device_open_failed(address->text, errno, error);
	}
	/* Opening anything else could wait, or have effects of its own. */
	if (!S_ISCHR(info.st_mode)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s is no serial port", address->text);
	}
	if (is_listed(path)) {
		return ff_serial_open(transport, path, address->text, options, error);
	}
	return ff_tty_open(transport, path, address->text, options, error);
}

enum ff_status ff_transport_open(struct ff_transport *transport, const char *text,
				 const struct ff_transport_options *options, struct ff_error *error)
{
	struct ff_address address;
	enum ff_status status = ff_address_parse(&address, text, error);
	if (status != FF_OK) {
		return status;
	}
	struct ff_transport_options filled = options ? *options : (struct ff_transport_options){ .baud = 0 };
	filled.baud = filled.baud ? filled.baud : DEFAULT_BAUD;
	filled.connect_timeout_ms = filled.connect_timeout_ms ? filled.connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
	switch (address.kind) {
	case FF_ADDRESS_RFC2217:
		return ff_net2217_open(transport, &address, &filled, error);
	case FF_ADDRESS_SOCKET:
		return ff_tcp_open(transport, &address, &filled, error);
	case FF_ADDRESS_DEVICE:
		break;
	}
	return open_device(transport, &address, &filled, error);
}

void ff_transport_close(struct ff_transport *transport)
{
	if (transport->ops) {
		transport->ops->close(transport->self);
	}
	*transport = (struct ff_transport){ .ops = NULL };
}

enum ff_status ff_transport_check_address(const char *text, struct ff_error *error)
{
	struct ff_address address;
	return ff_address_parse(&address, text, error);
}
