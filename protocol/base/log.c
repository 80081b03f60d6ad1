// SPDX-License-Identifier: Apache-2.0
#include <farflash/log.h>

#include <stdarg.h>
#include <stdio.h>

#define LINE_SIZE 512

void ff_log(const struct ff_log *log, enum ff_log_level level, const char *format, ...)
{
	if (!log || !log->write || level > log->level) {
		return;
	}
	char line[LINE_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	log->write(log->context, level, line);
}
