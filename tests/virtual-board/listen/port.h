// SPDX-License-Identifier: Apache-2.0
/* The end of the board's serial line that clients reach: RFC 2217, raw TCP, or a pseudo terminal.
 *
 * open/close; one thread. A port never blocks: its owner polls the descriptors that it names and calls service. What the
 * client does comes out through the events. One client at a time, as with any serial port. */
#ifndef FF_VB_PORT_H
#define FF_VB_PORT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_PORT_FDS_MAX 3
#define FF_PORT_ADDRESS_SIZE 512

/* All mandatory. They may be called from open, service and nothing else. */
struct ff_port_events {
	void *context;
	size_t (*room)(void *context); /* how many bytes the line takes now; more are left with the client */
	void (*bytes)(void *context, const uint8_t *bytes, size_t size);
	void (*lines)(void *context, bool dtr, bool rts); /* both lines as they are now, asserted = true */
	void (*baud)(void *context, uint32_t baud);       /* the client's rate */
	void (*purge)(void *context, bool from_board, bool to_board);
};

/* All mandatory. */
struct ff_port_ops {
	/* Names what to poll for, at most FF_PORT_FDS_MAX descriptors; answers how many. */
	size_t (*poll_fds)(void *self, struct pollfd *fds);
	/* Reacts to what poll found in exactly those descriptors. */
	void (*service)(void *self, const struct pollfd *fds, size_t count);
	/* Hands over bytes from the board. Answers how many were taken: all of them when nobody is there to read them, fewer
	 * when the client is slow. */
	size_t (*write)(void *self, const uint8_t *bytes, size_t size);
	/* Whether a write would take something. */
	bool (*writable)(void *self);
	/* The cable is pulled: the client loses the port. */
	void (*vanish)(void *self);
	/* The device behind the port goes away for a moment, as a USB port does when its chip resets: the client loses it, but
	 * what others listen on (a socket) stays. */
	void (*detach)(void *self);
	/* It is plugged in again, or there again. */
	enum ff_status (*come_back)(void *self, struct ff_error *error);
	void (*close)(void *self);
};

struct ff_port {
	const struct ff_port_ops *ops;
	void *self;
	bool has_lines;                     /* DTR and RTS reach the board */
	bool may_have_lines;                /* they do if the client knows how */
	char address[FF_PORT_ADDRESS_SIZE]; /* where clients find it */
};

/* Opens what --listen names: rfc2217:[HOST:]PORT, raw:[HOST:]PORT or pty:LINK. `events` is borrowed. `name` is told to
 * RFC 2217 clients that ask who is there. FF_ERR_ARGUMENT: not such a thing; FF_ERR_BUSY, FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_port_open(struct ff_port *port, const char *spec, const char *name,
					   const struct ff_port_events *events, struct ff_error *error);

/* Harmless on a zeroed one. */
void ff_port_close(struct ff_port *port);

/* For ff_port_open: the kinds of port. `where` is what follows the colon. */
enum ff_status ff_port_net2217_open(struct ff_port *port, const char *where, const char *name,
				    const struct ff_port_events *events, struct ff_error *error);
enum ff_status ff_port_raw_open(struct ff_port *port, const char *where, const struct ff_port_events *events,
				struct ff_error *error);
enum ff_status ff_port_pty_open(struct ff_port *port, const char *where, const struct ff_port_events *events,
				struct ff_error *error);

#endif
