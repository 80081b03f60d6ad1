// SPDX-License-Identifier: Apache-2.0
/* A bridge with all its threads in front of a loopback plug, and what clients of it need. Whatever should not be, aborts.
 * There is one, which is never stopped; one thread. */
#ifndef FF_FUZZ_LOOPBACK_H
#define FF_FUZZ_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "bridge.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

/* The bridge, which is started with the first call. Its board is number 0. */
struct ff_bridge *loopback_start(void);

/* A connection to the board's raw port, or to the other one. */
int loopback_dial(bool raw);

/* Waits until something can be read, or sent if that is wanted; reads and counts it. False: the end. */
bool loopback_hear(int fd, bool send_too, size_t *heard);

/* Sends all of it in pieces, and reads in between, if it must or if that is wanted. False: the end. */
bool loopback_send(int fd, const uint8_t *bytes, size_t size, size_t piece, bool reads, size_t *heard);

/* A client that does nothing wrong, after another one: waits for the board to be free, and hears what it says. */
void loopback_probe(void);

#endif
