// SPDX-License-Identifier: Apache-2.0
/* A connection that one door has accepted and another one serves: HTTP takes WebSockets in, the bridge has the boards.
 * Whoever has the guest, owns it; any thread. */
#ifndef FF_LISTEN_GUEST_H
#define FF_LISTEN_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FF_GUEST_PEER_SIZE 64
#define FF_GUEST_SESSION_SIZE 33 /* 128 bits in hexadecimal digits */
#define FF_GUEST_EPOCH_SIZE 17   /* as FF_CONSOLE_EPOCH_SIZE */

struct ff_guest {
	struct ff_guest *next; /* the owner's, like the number of the board */
	uint64_t board;
	int fd; /* does not block; nothing is known of what it is a descriptor of */
	char peer[FF_GUEST_PEER_SIZE];
	uint8_t *extra; /* what came together with the handshake; owned */
	size_t extra_size;
	size_t extra_at; /* so much of it has been received */
	/* Gives the descriptor back, once. */
	void (*close)(void *closer);
	void *closer;

	uint64_t lease; /* that it comes with, 0: none */

	/* Whether it may still be there, though nothing of it has changed; any thread, must not wait. NULL: it may. */
	bool (*admitted)(const void *pass);
	void *pass; /* owned, by free() */

	/* A tunnel, which has a session of its own; otherwise it is a console. */
	bool tunnel;
	char session[FF_GUEST_SESSION_SIZE]; /* the one to go on with; empty: a new one */
	uint64_t received;                   /* bytes of it that the guest has */

	/* What a console wants to see of the board's output first. */
	bool resumes;
	uint64_t position;               /* from here on, ... */
	char epoch[FF_GUEST_EPOCH_SIZE]; /* ... if that is meant; empty: whatever the server's is */
	uint64_t history;                /* otherwise this many of the latest bytes */
};

/* Answers as recv(), and takes first what came together with the handshake. */
ssize_t ff_guest_receive(struct ff_guest *guest, uint8_t *bytes, size_t capacity);

/* Whether some of that is left, of which no event will tell. */
bool ff_guest_has_extra(const struct ff_guest *guest);

/* Closes it and releases everything. NULL is harmless. */
void ff_guest_free(struct ff_guest *guest);

#endif
