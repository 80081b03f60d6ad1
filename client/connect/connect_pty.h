// SPDX-License-Identifier: Apache-2.0
/* A pseudo terminal of this machine behind a link, for programs that want a device file. It carries bytes and follows rate
 * and format that a program sets on it; there are no control lines on one. open/close; belongs to one thread. */
#ifndef FF_CLIENT_CONNECT_PTY_H
#define FF_CLIENT_CONNECT_PTY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

struct ff_connect_pty {
	int master; /* non-blocking; -1: there is none */
	int watch;  /* readable when a program may have opened the terminal */
	char link[PATH_MAX];
	char slave[64];
};

/* What a program has set, in RFC 2217's words. */
struct ff_connect_pty_line {
	uint32_t baud; /* 0: a rate that is none */
	uint8_t data_bits;
	uint8_t parity;    /* enum ff_comport_parity */
	uint8_t stop_bits; /* enum ff_comport_stop */
};

/* Makes the terminal and its link. A link that is there already is replaced if it leads nowhere or to a pseudo terminal.
 * False: the failure. */
bool ff_connect_pty_open(struct ff_connect_pty *pty, const char *link, struct ff_failure *failure);

/* Removes the link. Harmless where there is none. */
void ff_connect_pty_close(struct ff_connect_pty *pty);

/* Forgets what `watch` has told, and answers whether a program has the terminal open, or had it for so short a time that only
 * what it wrote is left. */
bool ff_connect_pty_is_used(struct ff_connect_pty *pty);

/* For when a program has gone: the next one shall not read what was for this one. What the next one may have written already
 * stays. */
void ff_connect_pty_forget_unread(int master);

/* False: it cannot be told. */
bool ff_connect_pty_line(int master, struct ff_connect_pty_line *line);

#endif
