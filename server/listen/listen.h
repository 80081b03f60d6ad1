// SPDX-License-Identifier: Apache-2.0
/* Listening sockets. Plain values; any thread. */
#ifndef FF_LISTEN_LISTEN_H
#define FF_LISTEN_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_LISTEN_HOST_SIZE 256
#define FF_LISTEN_PORT_SIZE 6

struct ff_listen_address {
	char host[FF_LISTEN_HOST_SIZE]; /* a name or a number, without brackets; empty: every address */
	char port[FF_LISTEN_PORT_SIZE]; /* "0": any free one */
};

/* Takes "ADDR:PORT" apart: "127.0.0.1:8217", "[::1]:8217", "localhost:0", ":8217". FF_ERR_ARGUMENT. Pure. */
FF_WARN_UNUSED enum ff_status ff_listen_parse(const char *text, struct ff_listen_address *address,
					      struct ff_error *error);

/* An open socket, and where it can be reached. */
struct ff_listener {
	int fd;
	char url[FF_LISTEN_HOST_SIZE + 32]; /* "http://127.0.0.1:8217" */
	char host[FF_LISTEN_HOST_SIZE + 2]; /* "127.0.0.1", "[::1]" */
	uint16_t port;
	bool loopback; /* only this machine can reach it */
};

/* Binds and listens. `option` is what chooses the port, for the message. FF_ERR_ARGUMENT (unknown host), FF_ERR_BUSY (port in use), FF_ERR_DENIED, FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_listen_open(struct ff_listener *listener, const struct ff_listen_address *address,
					     const char *option, struct ff_error *error);

/* It speaks HTTPS: its URL says so. */
void ff_listen_secure(struct ff_listener *listener);

/* The other end of a connection, for people: "192.0.2.7:50123", "[::1]:50123". `text` has FF_LISTEN_PEER_SIZE bytes at
 * least for all of any address. */
#define FF_LISTEN_PEER_SIZE 64
void ff_listen_peer(int fd, char *text, size_t size);

/* The address in such a text, as ff_listen_address_text() writes it: "192.0.2.7", "::1". `host` has FF_LISTEN_ADDRESS_SIZE
 * bytes; empty where there is none. Pure. */
#define FF_LISTEN_ADDRESS_SIZE 46
void ff_listen_peer_address(const char *peer, char *host);

/* The one way to write an IPv4 or IPv6 address, so that texts can be compared; an IPv4 address within IPv6 counts as
 * what it is. False: `text` is no address. Pure. */
bool ff_listen_address_text(const char *text, char *host);

#endif
