// SPDX-License-Identifier: Apache-2.0
/* The sequences of DTR and RTS that reset a board, as data.
 *
 * Two transistors on most boards: asserting RTS alone pulls EN low (reset), asserting DTR alone pulls IO0 low
 * (bootloader), both or none release both. The USB-Serial-JTAG peripheral acts on the same states of the two lines, but
 * wants each of them held. On USB-OTG it is the fall of RTS that resets, into the loader if DTR is asserted (ESP-IDF,
 * usb_console.c). Constants; any thread. Source: esptool 5.3, reset.py, and its package esp-pylib 1,
 * serial_reset.py. */
#ifndef FF_LOADER_RESET_H
#define FF_LOADER_RESET_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/transport.h>

struct ff_reset {
	const char *name;
	const struct ff_line_step *steps;
	size_t count;
};

/* Into the ROM loader: the sequence for the n-th attempt, counted from 0, through this port. On USB-Serial-JTAG, or if
 * `usb` asks for it, that is one and the same, and so on USB-OTG. Elsewhere they take turns: both lines at once or one after the other, and
 * 50 or 550 ms with IO0 held, for boards whose EN rises slowly; where nobody knows what is behind the port, a board on
 * USB-Serial-JTAG gets its turn too. Never NULL. */
const struct ff_reset *ff_reset_to_loader(const struct ff_transport *transport, bool usb, unsigned attempt);

/* Into the application. `usb` is for a board that has to get onto the bus anew: a longer pulse, and a pause. Never NULL. */
const struct ff_reset *ff_reset_to_application(const struct ff_transport *transport, bool usb);

#endif
