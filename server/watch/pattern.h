// SPDX-License-Identifier: Apache-2.0
/* A regular expression of a user's, in Perl's syntax (PCRE2), for lines of a board's output.
 *
 * Lines need not be UTF-8; where they are, a dot is a character. What a pattern may cost is bounded. new/free; one thread
 * at a time. */
#ifndef FF_WATCH_PATTERN_H
#define FF_WATCH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/status.h>

#define FF_PATTERN_MAX 1024 /* characters of a pattern */

struct ff_pattern;

enum ff_pattern_match {
	FF_PATTERN_NO,
	FF_PATTERN_YES,
	FF_PATTERN_COSTLY, /* given up: it would take too long */
};

/* FF_ERR_ARGUMENT with what is wrong and where, beginning with `what` ("expect"); FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_pattern_new(struct ff_pattern **pattern, const char *what, const char *text,
					     struct ff_error *error);

/* NULL is harmless. */
void ff_pattern_free(struct ff_pattern *pattern);

/* Looks for it in a line. Of one that is not `complete` it says yes only if nothing that may still come can change that. */
enum ff_pattern_match ff_pattern_find(struct ff_pattern *pattern, const char *line, size_t size, bool complete);

#endif
