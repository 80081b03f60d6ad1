// SPDX-License-Identifier: Apache-2.0
/* A TCP port of this machine that `farflash connect` listens on. open/close; belongs to one thread. */
#ifndef FF_CLIENT_CONNECT_LISTEN_H
#define FF_CLIENT_CONNECT_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

#define FF_CONNECT_RFC2217_PORT 2217

struct ff_connect_listener {
	int fd; /* non-blocking; -1: there is none */
	bool rfc2217;
	bool loopback;  /* nobody but this machine reaches it */
	char host[256]; /* as it stands in a URL */
	uint16_t port;
};

/* Listens on `text`, [HOST:]PORT, HOST being 127.0.0.1 where it is not said and port 0 any free one. NULL: on
 * FF_CONNECT_RFC2217_PORT of 127.0.0.1, or any free one if that is taken. `option` names it in messages. False: the failure. */
bool ff_connect_listen(struct ff_connect_listener *listener, const char *text, bool rfc2217, const char *option,
		       struct ff_failure *failure);

/* Harmless where there is none. */
void ff_connect_unlisten(struct ff_connect_listener *listener);

#endif
