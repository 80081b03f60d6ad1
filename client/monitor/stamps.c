// SPDX-License-Identifier: Apache-2.0
#include "stamps.h"

#include <stdio.h>
#include <string.h>

/* Puts the milliseconds in place of each %N, which strftime does not know. */
static bool fill_in(char *to, size_t size, const char *format, long ms)
{
	size_t used = 0;

	while (*format != '\0') {
		size_t taken = format[0] == '%' && format[1] != '\0' ? 2 : 1;
		int made;

		if (taken == 2 && format[1] == 'N') {
			made = snprintf(to + used, size - used, "%03ld", ms);
		} else {
			made = snprintf(to + used, size - used, "%.*s", (int)taken, format);
		}
		if (made < 0 || (size_t)made >= size - used) {
			return false;
		}
		used += (size_t)made;
		format += taken;
	}
	return used > 0;
}

/* The format is the user's: strftime reads no arguments, so the worst that it can do is to be long. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
bool ff_stamps_text(char text[FF_STAMPS_SIZE], const char *format, const struct timespec *now)
{
	char filled[FF_STAMPS_SIZE] = "";
	struct tm local;
	size_t size;

	if (localtime_r(&now->tv_sec, &local) == NULL ||
	    !fill_in(filled, sizeof(filled), format, now->tv_nsec / 1000000)) {
		return false;
	}
	size = strftime(text, FF_STAMPS_SIZE - 1, filled, &local);
	if (size == 0) {
		return false;
	}
	text[size] = ' ';
	text[size + 1] = '\0';
	return true;
}
#pragma GCC diagnostic pop

void ff_stamps_put(struct ff_stamps *stamps, const uint8_t *bytes, size_t size, const struct timespec *now,
		   ff_stamps_sink sink, void *context)
{
	char text[FF_STAMPS_SIZE];
	bool has_text = stamps->on && ff_stamps_text(text, stamps->format, now);

	while (size > 0) {
		const uint8_t *end = has_text ? memchr(bytes, '\n', size) : NULL;
		size_t line = end != NULL ? (size_t)(end - bytes) + 1 : size;

		if (has_text && !stamps->in_line) {
			sink(context, (const uint8_t *)text, strlen(text));
		}
		sink(context, bytes, line);
		stamps->in_line = bytes[line - 1] != '\n';
		bytes += line;
		size -= line;
	}
}
