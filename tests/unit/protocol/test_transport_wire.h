// SPDX-License-Identifier: Apache-2.0
/* A pty in the place of the wire, for tests of local ports. */
#ifndef TEST_TRANSPORT_WIRE_H
#define TEST_TRANSPORT_WIRE_H

#include <stdint.h>

#include <farflash/transport.h>

/* A pty with a link to its slave, and a listener for its lines. */
struct wire {
	int master;
	int lines;
	char dir[40];
	char link[64];
	char socket[80];
	char slave[64];
};

/* cmocka's fixtures: *state becomes a struct wire. The first leaves the pty as it is, for tty.c; the second puts it
 * behind the serial shim, which makes it look like a port of the kernel, for the path through libserialport. */
int setup_tty(void **state);
int setup_serial(void **state);
int teardown(void **state);

/* Takes the device away, and brings one back, under another name behind the link. */
void unplug(struct wire *wire);
void plug_in(struct wire *wire);

/* Fails the test unless the next change of the lines, within 5 s, is to "<dtr><rts>". */
void expect_lines(struct wire *wire, const char *expected);

/* Fails the test if the lines have changed again. */
void expect_no_lines(struct wire *wire);

/* Opens the port at a rate (0: the default), or fails the test. */
void open_port(struct wire *wire, struct ff_transport *transport, uint32_t baud);

#endif
