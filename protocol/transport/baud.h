// SPDX-License-Identifier: Apache-2.0
/* Any baud rate on a tty, by Linux' termios2: the B constants of termios end at a few standard rates. Any thread. */
#ifndef FF_TRANSPORT_BAUD_H
#define FF_TRANSPORT_BAUD_H

#include <stdbool.h>
#include <stdint.h>

#define FF_BAUD_MIN 50
#define FF_BAUD_MAX 4000000

/* Sets both directions. Answers 0 or errno. */
int ff_baud_set(int fd, uint32_t baud);

/* The rate that the driver chose, 0 if it does not tell. */
uint32_t ff_baud_get(int fd);

/* Whether a UART can live with the difference: 3 %, about what ten bits sampled in their middle allow when both ends
 * share the error. */
bool ff_baud_is_near(uint32_t actual, uint32_t wanted);

#endif
