// SPDX-License-Identifier: Apache-2.0
/* The Host field of a request: for whom the client takes us. A page from elsewhere can bring a browser to connect to this
 * machine under a name of its own (DNS rebinding), but not under an address, nor under a name that is ours. Pure functions;
 * any thread. */
#ifndef FF_HTTP_HOST_H
#define FF_HTTP_HOST_H

#include <stdbool.h>
#include <stddef.h>

#define FF_HOST_NAME_SIZE 256

/* Takes the name out of "NAME", "NAME:PORT", "[::1]:PORT": in lower case, without brackets and without a dot at its end.
 * False: it is none of these. */
bool ff_host_parse(const char *field, char name[FF_HOST_NAME_SIZE]);

/* Whether such a name is this machine's whoever asks: an IPv4 or IPv6 address, "localhost", "x.localhost". */
bool ff_host_is_plain(const char *name);

#endif
