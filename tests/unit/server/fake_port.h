// SPDX-License-Identifier: Apache-2.0
/* A port without a board behind it, for tests of what owns ports: the test sees what is written, says what is read,
 * refuses to open it, unplugs it, and holds up a reset for as long as it likes. Waits end when something changes, never after
 * a fixed time. */
#ifndef FF_TEST_FAKE_PORT_H
#define FF_TEST_FAKE_PORT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <farflash/transport.h>

struct ff_fake_port {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	char address[64]; /* for struct ff_worker_options */
	int far;          /* the board's end; -1 while the port is closed */
	enum ff_status open_status;
	unsigned opened; /* how often open() was tried */
	unsigned closed;
	unsigned resets;  /* calls of set_lines() that have begun */
	bool hold_resets; /* they wait */
	unsigned rates;   /* calls of set_baud() that have begun */
	bool hold_rates;  /* they wait */
	bool no_lines;
	bool on_usb;           /* what is unplugged is looked for, in vain */
	uint32_t baud;         /* that was set last, 0: none */
	uint32_t refused_baud; /* set_baud() answers FF_ERR_UNSUPPORTED to it */
	unsigned discards;
	struct ff_line_status line; /* its modem lines, and what it has counted */
};

void ff_fake_port_init(struct ff_fake_port *port);
void ff_fake_port_release(struct ff_fake_port *port);

/* For struct ff_worker_options. */
enum ff_status ff_fake_port_open(struct ff_transport *transport, const char *address,
				 const struct ff_transport_options *options, struct ff_error *error);

/* For notify: the context is the port. */
void ff_fake_port_notify(void *context);

/* What the next open() answers. */
void ff_fake_port_set_open_status(struct ff_fake_port *port, enum ff_status status);

/* Pulls the plug: reads answer FF_ERR_LOST until it is opened again. */
void ff_fake_port_unplug(struct ff_fake_port *port);

void ff_fake_port_hold_resets(struct ff_fake_port *port, bool hold);
void ff_fake_port_hold_rates(struct ff_fake_port *port, bool hold);

/* The modem lines and counts from now on. */
void ff_fake_port_set_line(struct ff_fake_port *port, const struct ff_line_status *line);

/* The board says `text`. */
void ff_fake_port_say(struct ff_fake_port *port, const char *text);

/* What has been written to the board, up to `capacity` - 1 bytes, zero-terminated; waits for the first. */
void ff_fake_port_hear(struct ff_fake_port *port, char *text, size_t capacity);

/* Waits until so many resets have begun, as below. */
void ff_fake_port_wait_resets(struct ff_fake_port *port, unsigned count);

/* Waits until `holds` is true, looking again after each change; fails the test after ten seconds. */
void ff_fake_port_wait(struct ff_fake_port *port, bool (*holds)(void *context), void *context);

#endif
