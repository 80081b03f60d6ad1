// SPDX-License-Identifier: Apache-2.0
/* The rate of a terminal as a number: struct termios2, whose header cannot stand beside <termios.h>. Any thread. */
#ifndef FF_VB_PTY_BAUD_H
#define FF_VB_PTY_BAUD_H

#include <stdint.h>

/* The rate set on the other end of the pty whose master this is, 0 when it cannot be told. */
uint32_t ff_pty_baud_get(int master);

#endif
