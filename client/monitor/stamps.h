// SPDX-License-Identifier: Apache-2.0
/* The time before each line of a board's output. A line begins behind a line feed; a carriage return alone begins none, so
 * progress that is drawn over and over stays on its line.
 *
 * No I/O and no clock; one thread. */
#ifndef FF_MONITOR_STAMPS_H
#define FF_MONITOR_STAMPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define FF_STAMPS_SIZE 128                       /* of a stamp, its end included */
#define FF_STAMPS_DEFAULT "%Y-%m-%dT%H:%M:%S.%N" /* local time, ISO 8601 */

typedef void (*ff_stamps_sink)(void *context, const uint8_t *bytes, size_t size);

struct ff_stamps {
	bool on;
	bool in_line;       /* the last byte was no line feed */
	const char *format; /* of strftime, with %N for milliseconds; borrowed */
};

/* Writes a time, and a blank behind it. False: it is empty or does not fit. */
bool ff_stamps_text(char text[FF_STAMPS_SIZE], const char *format, const struct timespec *now);

/* Hands the bytes to the sink, with stamps if they are on. */
void ff_stamps_put(struct ff_stamps *stamps, const uint8_t *bytes, size_t size, const struct timespec *now,
		   ff_stamps_sink sink, void *context);

#endif
