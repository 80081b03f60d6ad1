// SPDX-License-Identifier: Apache-2.0
/* Bytes from a board as lines, each with the time of its first byte.
 *
 * A line ends at a line feed; carriage returns in front of it do not count. A line that is longer than FF_LINES_MAX is cut
 * into pieces of that size. No allocation, nothing to release; one thread at a time. */
#ifndef FF_WATCH_LINES_H
#define FF_WATCH_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_LINES_MAX 4096

struct ff_lines {
	int64_t begun_us; /* when the first byte of the line came */
	size_t size;
	char text[FF_LINES_MAX]; /* the line as far as it has come */
};

struct ff_lines_events {
	/* A whole line, without its end. */
	void (*line)(void *context, int64_t begun_us, const char *text, size_t size);
	/* The last one is not complete, and has changed. */
	void (*unfinished)(void *context, int64_t begun_us, const char *text, size_t size);
	void *context;
};

void ff_lines_init(struct ff_lines *lines);

void ff_lines_feed(struct ff_lines *lines, const uint8_t *bytes, size_t size, int64_t now_us,
		   const struct ff_lines_events *events);

/* Nothing more will come: what is there is a line. */
void ff_lines_end(struct ff_lines *lines, const struct ff_lines_events *events);

#endif
