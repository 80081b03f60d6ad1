// SPDX-License-Identifier: Apache-2.0
/* A local connection to a board that hangs on a server far away: joins a local peer, RFC 2217 or raw, with an RFC 2217
 * stream that travels through a pipe to the server.
 *
 * The local peer is answered here and at once wherever that needs no board: option negotiation, signature, masks, polls of
 * modem and line state, settings that are so already, DTR and RTS, purges. All but the first of these go to the server
 * as well, in their order among the data: there resets are recognised and replayed beside the port. Only a setting that
 * changes something, and a question, wait for the server's answer.
 *
 * A purge of what came from the board is exact although it is answered at once: what arrives until the server has
 * confirmed it is what was on its way, and goes nowhere.
 *
 * No I/O, no clock, no allocation, nothing to release; buffers have fixed sizes, and nothing is taken that does not fit:
 * whoever moves the bytes leaves them where they are then, and TCP does the rest. One thread at a time. */
#ifndef FF_TUNNEL_TUNNEL_H
#define FF_TUNNEL_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "pipe.h"
#include "resync.h"
#include "tunnel_settings.h"
#include "telnet.h"

#define FF_TUNNEL_OUT_SIZE 65536

struct ff_tunnel {
	struct ff_pipe pipe; /* to the server: frames go in and out through its own functions */
	bool rfc2217;        /* what the local peer speaks; otherwise bytes */
	bool broken;         /* the server sends what no server would: the tunnel is of no more use */
	bool refused;        /* the server does not speak RFC 2217 in here */
	struct ff_access access;
	struct ff_telnet inner;
	struct ff_tunnel_settings settings;
	bool holds; /* a request of the local peer's waits until the server has answered others */
	enum ff_comport_code held_code;
	uint32_t held_value;
	struct ff_resync resync;
	unsigned purges; /* of what came from the board, not confirmed by the server */
	size_t out_at;   /* for the local peer: out[out_at..out_end) */
	size_t out_end;
	uint8_t out[FF_TUNNEL_OUT_SIZE];
};

/* A fresh one. What the server is to be asked first is in the pipe already. `signature` is borrowed, at most
 * FF_ACCESS_SIGNATURE_MAX characters. */
void ff_tunnel_init(struct ff_tunnel *tunnel, bool rfc2217, const char *signature);

/* Takes bytes from the local peer, and answers how many; fewer than all: there is no room for what comes of the rest, or a
 * request waits for the server. Offer the rest again when something has moved. */
size_t ff_tunnel_take(struct ff_tunnel *tunnel, const uint8_t *bytes, size_t size);

/* Moves what has come out of the pipe towards the local peer. True: something moved. */
bool ff_tunnel_move(struct ff_tunnel *tunnel);

/* `size` bytes of the output have gone to the local peer. */
void ff_tunnel_sent(struct ff_tunnel *tunnel, size_t size);

/* Sets something by itself, for a local end that has settings of its own kind: SET-BAUDRATE to SET-STOPSIZE. False: there is
 * no room now. */
bool ff_tunnel_set(struct ff_tunnel *tunnel, enum ff_comport_code code, uint32_t value);

#endif
