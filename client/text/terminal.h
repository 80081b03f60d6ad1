// SPDX-License-Identifier: Apache-2.0
/* What the terminal can do, and its raw mode for the monitor. Belongs to one thread. */
#ifndef FF_CLIENT_TERMINAL_H
#define FF_CLIENT_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>
#include <termios.h>

/* True for a terminal that can return to the start of its line (any but TERM=dumb). */
bool ff_terminal_can_redraw(FILE *stream);

/* Columns, at least 20; 80 where the terminal does not say. */
unsigned ff_terminal_width(FILE *stream);

/* True if colours are welcome: a terminal, and NO_COLOR not set (https://no-color.org). */
bool ff_terminal_has_colour(FILE *stream);

struct ff_terminal_raw {
	bool active;
	int fd;
	struct termios before;
};

/* Keys come one by one, unechoed and untranslated, Ctrl-C and its like among them; in what is shown LF begins a line. Does nothing
 * where `fd` is no terminal, or not ours at this time.
 * Every way out must pass ff_terminal_raw_leave(). Returns whether the mode was entered. */
bool ff_terminal_raw_enter(struct ff_terminal_raw *raw, int fd);

/* Puts everything back. Harmless on a zeroed record and the second time. */
void ff_terminal_raw_leave(struct ff_terminal_raw *raw);

#endif
