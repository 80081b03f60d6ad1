// SPDX-License-Identifier: Apache-2.0
/* The sequences of DTR and RTS that reset a board, as data.
 *
 * Two transistors on most boards: asserting RTS alone pulls EN low (reset), asserting DTR alone pulls IO0 low
 * (bootloader), both or none release both. Constants; any thread. Source: esptool 5.3, reset.py. */
#ifndef FF_LOADER_RESET_H
#define FF_LOADER_RESET_H

#include <stddef.h>

#include <farflash/transport.h>

struct ff_reset {
	const char *name;
	const struct ff_line_step *steps;
	size_t count;
};

/* Into the ROM loader: the sequence for the n-th attempt, counted from 0. They take turns: both lines at once or one
 * after the other, and 50 or 550 ms with IO0 held, for boards whose EN rises slowly. Never NULL. */
const struct ff_reset *ff_reset_to_loader(unsigned attempt);

/* Into the application. Never NULL. */
const struct ff_reset *ff_reset_to_application(void);

#endif
