// SPDX-License-Identifier: Apache-2.0
/* A listening TCP socket with one client at most, for the two network ports.
 *
 * open/close; one thread; never blocks. */
#ifndef FF_VB_TCP_H
#define FF_VB_TCP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_TCP_HOST_SIZE 256
#define FF_TCP_FDS 2

struct ff_tcp {
	int listener; /* -1 while the port has vanished */
	int client;   /* -1: nobody */
	bool blocked; /* the client does not take more */
	uint16_t port;
	char host[FF_TCP_HOST_SIZE];
};

/* Listens on [HOST:]PORT (HOST is 127.0.0.1 unless given; IPv6 in brackets); port 0 lets the system choose, and
 * tcp->port tells. FF_ERR_ARGUMENT, FF_ERR_BUSY, FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_tcp_open(struct ff_tcp *tcp, const char *where, struct ff_error *error);

/* Listens again after ff_tcp_close, on the same port. Nothing to do while it still listens. */
FF_WARN_UNUSED enum ff_status ff_tcp_reopen(struct ff_tcp *tcp, struct ff_error *error);

/* Ends client and listener. */
void ff_tcp_close(struct ff_tcp *tcp);

/* Ends the client only. */
void ff_tcp_drop(struct ff_tcp *tcp);

/* "SCHEME://host:port" */
void ff_tcp_address(const struct ff_tcp *tcp, const char *scheme, char *out, size_t size);

/* Writes FF_TCP_FDS entries; the client's asks for input if `want_input`. */
void ff_tcp_poll_fds(const struct ff_tcp *tcp, struct pollfd *fds, bool want_input, bool want_output);

/* Takes a new client if there is one; whoever comes second gets a line of explanation and is closed. Answers whether
 * there is a new one. */
bool ff_tcp_accept(struct ff_tcp *tcp, const struct pollfd *fds);

/* Reads; 0 when there is nothing or the client has gone (then tcp->client is -1). */
size_t ff_tcp_read(struct ff_tcp *tcp, uint8_t *bytes, size_t capacity);

/* Sends what the socket takes. A client that is gone is closed. */
size_t ff_tcp_write(struct ff_tcp *tcp, const uint8_t *bytes, size_t size);

#endif
