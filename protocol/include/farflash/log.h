// SPDX-License-Identifier: Apache-2.0
/* The log sink that a caller injects. libfarflash never prints; it hands finished lines to this sink, from whichever
 * thread runs the call. A NULL sink, or one without `write`, discards them before they are formatted. */
#ifndef FARFLASH_LOG_H
#define FARFLASH_LOG_H

#include <farflash/status.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum ff_log_level { FF_LOG_ERROR, FF_LOG_WARN, FF_LOG_INFO, FF_LOG_DEBUG, FF_LOG_TRACE };

struct ff_log {
	void (*write)(void *context, enum ff_log_level level,
		      const char *line); /* line: no newline, at most 511 bytes */
	void *context;
	enum ff_log_level level; /* lines above this level are not formatted */
};

/* Formats one line and hands it to the sink. Any thread that the sink allows. */
void ff_log(const struct ff_log *log, enum ff_log_level level, const char *format, ...) FF_PRINTF(3, 4);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
