// SPDX-License-Identifier: Apache-2.0
/* The ports that the environment names: see shim.c. Everything here is called with shim_mutex held. */
#ifndef FF_SHIM_PORTS_H
#define FF_SHIM_PORTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#pragma GCC visibility push(hidden)

#define SHIM_PORTS_MAX 16

struct shim_port {
	char link[102]; /* so that LINK.lines still fits into sun_path */
	dev_t device;   /* of the slave that the link led to last: it may be gone while a descriptor is open */
	unsigned opens;
	int bits; /* TIOCM_DTR | TIOCM_RTS */
};

/* What FF_SHIM_USB says of one port. */
struct shim_usb {
	unsigned vendor, product;
	char serial[64];
	unsigned bus, address;
	char path[32];
	unsigned interface;
};

extern pthread_mutex_t shim_mutex;

/* The port whose slave this is, or was until it went away; NULL for none. */
struct shim_port *shim_port_of_device(dev_t device);
struct shim_port *shim_port_of_fd(int fd);

/* The port that is there under this name, "pts/N" or, with a USB identity, "ttyACMN"; NULL for none. */
struct shim_port *shim_port_of_name(const char *name);

/* The name of the `index`th port that is there and has a USB identity, "ttyACMN". False past the last one. */
bool shim_usb_name(size_t index, char *name, size_t size);

/* False: it has none. */
bool shim_usb_of_port(const struct shim_port *port, struct shim_usb *usb);

/* Where the device file `path` really is: the slave, for a /dev/ttyACMN of ours; otherwise `path` itself. `real` has room for
 * the answer. */
const char *shim_device_path(const char *path, char *real, size_t size);

#pragma GCC visibility pop

#endif
