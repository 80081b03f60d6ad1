// SPDX-License-Identifier: Apache-2.0
/* Which TCP ports a board gets. */
#ifndef FF_BRIDGE_PORTS_H
#define FF_BRIDGE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/status.h>

#define FF_PORTS_DEFAULT (-1)
#define FF_PORTS_RFC2217_BASE 2217
#define FF_PORTS_RAW_BASE 3217

/* What was asked for. */
struct ff_ports_wish {
	const char *host;  /* to listen on; empty: every address */
	const char *board; /* its name, for messages */
	const char *key;   /* "rfc2217" or "raw": the board's key and the server's option */
	size_t index;      /* of the board, from 0 */
	int own;           /* the board's own: a port, 0: none, FF_PORTS_DEFAULT: not said */
	int base;          /* the server's first: the same */
	int usual_base;    /* if nobody has said anything */
	bool any;          /* then any free port serves, because the server's own is of that kind */
};

struct ff_ports_result {
	int fd;        /* listening; -1: the board has no such port */
	uint16_t port; /* 0: the same */
};

/* Opens the port. One that was asked for, by the board's key or as a number after the server's first, is that one or an
 * error. One that nobody asked for is the usual one, or, with a line in the log, the next one that is free. Errors as
 * ff_listen_open(). */
FF_WARN_UNUSED enum ff_status ff_ports_open(struct ff_ports_result *result, const struct ff_ports_wish *wish,
					    const struct ff_log *log, struct ff_error *error);

#endif
