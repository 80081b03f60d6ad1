// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <string.h>

void ff_lines_init(struct ff_lines *lines)
{
	lines->begun_us = 0;
	lines->size = 0;
}

static void deliver(struct ff_lines *lines, const struct ff_lines_events *events)
{
	size_t size = lines->size;
	while (size > 0 && lines->text[size - 1] == '\r') {
		size--;
	}
	lines->size = 0;
	events->line(events->context, lines->begun_us, lines->text, size);
}

static void append(struct ff_lines *lines, const uint8_t *bytes, size_t size, int64_t now_us)
{
	if (lines->size == 0) {
		lines->begun_us = now_us;
	}
	memcpy(lines->text + lines->size, bytes, size);
	lines->size += size;
}

void ff_lines_feed(struct ff_lines *lines, const uint8_t *bytes, size_t size, int64_t now_us,
		   const struct ff_lines_events *events)
{
	while (size > 0) {
		const uint8_t *end = memchr(bytes, '\n', size);
		size_t piece = end ? (size_t)(end - bytes) : size;
		size_t room = sizeof(lines->text) - lines->size;
		bool full = piece > room;
		piece = full ? room : piece;
		append(lines, bytes, piece, now_us);
		size_t used = piece + (end && !full ? 1 : 0);
		bytes += used;
		size -= used;
		if (full || end) {
			deliver(lines, events);
		}
	}
	if (lines->size > 0) {
		events->unfinished(events->context, lines->begun_us, lines->text, lines->size);
	}
}

void ff_lines_end(struct ff_lines *lines, const struct ff_lines_events *events)
{
	if (lines->size > 0) {
		deliver(lines, events);
	}
}
