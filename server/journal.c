// SPDX-License-Identifier: Apache-2.0
#include "journal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"
#include "worker.h"

#define LINE_SIZE 640

static void write_line(void *context, enum ff_log_level level, const char *line)
{
	static const char *const names[] = {
		[FF_LOG_ERROR] = "error", [FF_LOG_WARN] = "warn ",  [FF_LOG_INFO] = "info ",
		[FF_LOG_DEBUG] = "debug", [FF_LOG_TRACE] = "trace",
	};
	(void)context;
	char time[FF_TEXT_TIME_SIZE];
	char text[LINE_SIZE];
	ff_text_time(time, ff_wall_ms());
	snprintf(text, sizeof(text) - 1, "%s %s %s", time, names[level], line);
	/* Boards and clients have a say in some messages; they must not forge lines or drive the terminal. */
	ff_text_clean(text);
	size_t size = strlen(text);
	text[size++] = '\n';
	/* One write, so that the kernel keeps lines whole. There is nowhere to report a failure to. */
	(void)!write(STDERR_FILENO, text, size);
}

struct ff_log ff_journal(enum ff_log_level level)
{
	return (struct ff_log){ .write = write_line, .level = level };
}
