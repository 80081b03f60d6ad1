// SPDX-License-Identifier: Apache-2.0
/* A file that grows to a size and then makes room: NAME becomes NAME.1, NAME.1 becomes NAME.2, and the oldest goes.
 *
 * It is opened for each write, so that whoever moves or removes it, or its folder, does no harm. Values only; one thread. */
#ifndef FF_PORT_LOGFILE_H
#define FF_PORT_LOGFILE_H

#include <stddef.h>
#include <stdint.h>

#define FF_LOGFILE_MOST_KEPT 99

struct ff_logfile_limits {
	uint64_t size; /* bytes of one file */
	unsigned keep; /* older files beside it, at most FF_LOGFILE_MOST_KEPT */
};

/* Appends to DIR/NAME, which it makes with its folder if they are not there. Never more than limits->size bytes at once. 0, or
 * the errno; `*written` says how much is in the file all the same. */
int ff_logfile_append(const char *dir, const char *name, const struct ff_logfile_limits *limits, const void *bytes,
		      size_t size, size_t *written);

/* Removes older files than are to be kept, of a time when it was more. */
void ff_logfile_trim(const char *dir, const char *name, unsigned keep);

#endif
