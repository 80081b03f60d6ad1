// SPDX-License-Identifier: Apache-2.0
/* Which port is which board's: by its place on the USB and its serial number, whatever the kernel calls it today.
 *
 * What a device says of itself is hostile: it comes in through ff_port_id_clean() and is bounded, valid UTF-8 without control
 * characters from there on. Plain values, pure; any thread. */
#ifndef FF_DISCOVER_PORT_ID_H
#define FF_DISCOVER_PORT_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker.h"

#define FF_FOUND_DEVICE_SIZE FF_BOARD_ADDRESS_SIZE

/* A serial port that is there. */
struct ff_found_port {
	char device[FF_FOUND_DEVICE_SIZE]; /* "/dev/ttyACM0" */
	uint16_t vendor;
	uint16_t product_id;
	unsigned interface;                  /* of the device's, as adapters with several ports have them */
	char usb[FF_BOARD_USB_SIZE];         /* "1-1.2"; never empty */
	char serial[FF_BOARD_SERIAL_SIZE];   /* cleaned; empty: none */
	char product[FF_BOARD_PRODUCT_SIZE]; /* the same */
};

/* What a board's port is known by. All that is given has to hold. */
struct ff_port_id {
	char usb[FF_BOARD_USB_SIZE];       /* "1-1.2", or with an interface "1-1.2:1"; empty: any */
	char serial[FF_BOARD_SERIAL_SIZE]; /* the same */
	uint8_t mac[6];
	bool has_mac; /* native USB ports of Espressif's chips have it for a serial number */
};

/* Copies what a device says, bounded: what is no UTF-8, and characters that control a terminal or the order of writing, become
 * "\x0a". Never cuts through one of either. `size` > 0. */
void ff_port_id_clean(char *text, size_t size, const char *raw);

/* "1-1.2" or "1-1.2:1". */
bool ff_port_id_is_usb(const char *text);

/* "7c:df:a1:00:00:01" or without colons. False: it is none. */
bool ff_port_id_parse_mac(const char *text, uint8_t mac[6]);

/* Whether nothing is given. */
bool ff_port_id_is_empty(const struct ff_port_id *identity);

bool ff_port_id_equals(const struct ff_port_id *one, const struct ff_port_id *other);

/* Whether this is the port, as far as the port itself tells: a MAC only by its serial number. */
bool ff_port_id_matches(const struct ff_port_id *identity, const struct ff_found_port *port);

/* For people: "usb 1-1.2, serial 0001". */
void ff_port_id_describe(const struct ff_port_id *identity, char *text, size_t size);

/* Whether a port is of a kind that such boards have: Espressif, Silicon Labs, FTDI, WCH, Prolific. */
bool ff_port_id_is_usual(const struct ff_found_port *port);

/* Whether two ports that were there at different times are the same one: the serial number tells if it is one that tells
 * anything, otherwise the place. `alone`: no other port has this serial number now. */
bool ff_port_id_is_same(const struct ff_found_port *before, const struct ff_found_port *now, bool alone);

/* A name for the board at a port, from its maker and its serial number or its place; within the rules for names. */
void ff_port_id_name(char name[FF_BOARD_NAME_SIZE], const struct ff_found_port *port, bool by_place);

#endif
