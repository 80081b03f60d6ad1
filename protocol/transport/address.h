// SPDX-License-Identifier: Apache-2.0
/* Board addresses in pyserial's notation, taken apart. Pure, any thread. */
#ifndef FF_TRANSPORT_ADDRESS_H
#define FF_TRANSPORT_ADDRESS_H

#include <farflash/status.h>

/* The longest address, host and port number, each with its terminating zero. */
#define FF_ADDRESS_SIZE 512
#define FF_ADDRESS_HOST_SIZE 256
#define FF_ADDRESS_PORT_SIZE 6

enum ff_address_kind { FF_ADDRESS_DEVICE, FF_ADDRESS_RFC2217, FF_ADDRESS_SOCKET };

struct ff_address {
	enum ff_address_kind kind;
	char text[FF_ADDRESS_SIZE];      /* as given, for messages */
	char path[FF_ADDRESS_SIZE];      /* of a device; else empty */
	char host[FF_ADDRESS_HOST_SIZE]; /* without the brackets of an IPv6 address; empty for a device */
	char port[FF_ADDRESS_PORT_SIZE]; /* decimal, 1 to 65535; empty for a device */
};

/* FF_ERR_ARGUMENT with a reason that names the address, for anything but
 *   /absolute/path, serial:PATH, rfc2217://HOST:PORT[?...], socket://HOST:PORT[?...]
 * What follows the question mark are settings of pyserial's own (ign_set_control, timeout=3...): they are ignored. */
FF_WARN_UNUSED enum ff_status ff_address_parse(struct ff_address *address, const char *text, struct ff_error *error);

#endif
