// SPDX-License-Identifier: Apache-2.0
#include "console.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "random.h"

enum ff_status ff_console_init(struct ff_console *console)
{
	uint8_t *ring = malloc(FF_CONSOLE_SIZE);
	struct ff_console_mark *marks = calloc(FF_CONSOLE_MARKS, sizeof(*marks));
	if (!ring || !marks) {
		free(ring);
		free(marks);
		return FF_ERR_NO_MEMORY;
	}
	*console = (struct ff_console){ .ring = ring, .marks = marks };
	if (!ff_random_hex(console->epoch, sizeof(console->epoch) / 2)) {
		snprintf(console->epoch, sizeof(console->epoch), "%016" PRIx64, (uint64_t)ff_now_us());
	}
	pthread_mutex_init(&console->mutex, NULL);
	return FF_OK;
}

void ff_console_release(struct ff_console *console)
{
	if (console->ring) {
		pthread_mutex_destroy(&console->mutex);
		free(console->ring);
		free(console->marks);
		console->ring = NULL;
	}
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void ff_console_write(struct ff_console *console, const uint8_t *bytes, size_t size)
{
	size_t kept = smaller(size, FF_CONSOLE_SIZE);
	pthread_mutex_lock(&console->mutex);
	console->end += size - kept;
	bytes += size - kept;
	size_t at = console->end % FF_CONSOLE_SIZE;
	size_t first = smaller(kept, FF_CONSOLE_SIZE - at);
	memcpy(console->ring + at, bytes, first);
	memcpy(console->ring, bytes + first, kept - first);
	console->end += kept;
	pthread_mutex_unlock(&console->mutex);
}

void ff_console_mark(struct ff_console *console, const char *format, ...)
{
	struct ff_console_mark mark;
	struct timespec now;
	va_list arguments;
	clock_gettime(CLOCK_REALTIME, &now);
	mark.at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	va_start(arguments, format);
	vsnprintf(mark.text, sizeof(mark.text), format, arguments);
	va_end(arguments);
	for (char *at = mark.text; *at; at++) {
		*at = (unsigned char)*at < ' ' || *at == 0x7f ? ' ' : *at;
	}
	pthread_mutex_lock(&console->mutex);
	mark.position = console->end;
	console->marks[console->mark_count++ % FF_CONSOLE_MARKS] = mark;
	pthread_mutex_unlock(&console->mutex);
}

bool ff_console_next_mark(struct ff_console *console, uint64_t *number, struct ff_console_mark *mark)
{
	pthread_mutex_lock(&console->mutex);
	uint64_t oldest = console->mark_count > FF_CONSOLE_MARKS ? console->mark_count - FF_CONSOLE_MARKS : 0;
	*number = *number < oldest ? oldest : *number;
	bool found = *number < console->mark_count;
	if (found) {
		*mark = console->marks[*number % FF_CONSOLE_MARKS];
	}
	pthread_mutex_unlock(&console->mutex);
	return found;
}

uint64_t ff_console_end(struct ff_console *console)
{
	pthread_mutex_lock(&console->mutex);
	uint64_t end = console->end;
	pthread_mutex_unlock(&console->mutex);
	return end;
}

uint64_t ff_console_before_end(struct ff_console *console, uint64_t size)
{
	uint64_t end = ff_console_end(console);
	uint64_t kept = end < FF_CONSOLE_SIZE ? end : FF_CONSOLE_SIZE;
	return end - (size < kept ? size : kept);
}

uint64_t ff_console_place(struct ff_console *console, bool resumes, const char *epoch, uint64_t position,
			  uint64_t history)
{
	bool ours = epoch[0] == '\0' || strcmp(epoch, console->epoch) == 0;
	return resumes && ours && position <= ff_console_end(console) ? position
								      : ff_console_before_end(console, history);
}

const char *ff_console_epoch(const struct ff_console *console)
{
	return console->epoch;
}

size_t ff_console_read(struct ff_console *console, uint64_t *position, uint8_t *bytes, size_t capacity)
{
	pthread_mutex_lock(&console->mutex);
	if (console->end - *position > FF_CONSOLE_SIZE) {
		*position = console->end - FF_CONSOLE_SIZE;
	}
	size_t size = smaller(capacity, (size_t)(console->end - *position));
	size_t at = *position % FF_CONSOLE_SIZE;
	size_t first = smaller(size, FF_CONSOLE_SIZE - at);
	memcpy(bytes, console->ring + at, first);
	memcpy(bytes + first, console->ring, size - first);
	pthread_mutex_unlock(&console->mutex);
	*position += size;
	return size;
}

static bool end_hold(struct ff_console *console)
{
	bool held = console->held;
	console->held = false;
	return held;
}

void ff_console_set_patience(struct ff_console *console, uint32_t patience_ms)
{
	pthread_mutex_lock(&console->mutex);
	console->patience_ms = patience_ms;
	pthread_mutex_unlock(&console->mutex);
}

uint32_t ff_console_patience(struct ff_console *console)
{
	pthread_mutex_lock(&console->mutex);
	uint32_t patience_ms = console->patience_ms;
	pthread_mutex_unlock(&console->mutex);
	return patience_ms > 0 ? patience_ms : FF_CONSOLE_PATIENCE_MS;
}

bool ff_console_follow(struct ff_console *console, uint64_t position)
{
	pthread_mutex_lock(&console->mutex);
	console->follows = true;
	console->followed = position;
	bool held = end_hold(console);
	pthread_mutex_unlock(&console->mutex);
	return held;
}

bool ff_console_unfollow(struct ff_console *console)
{
	pthread_mutex_lock(&console->mutex);
	console->follows = false;
	bool held = end_hold(console);
	pthread_mutex_unlock(&console->mutex);
	return held;
}

size_t ff_console_room(struct ff_console *console, size_t wanted)
{
	pthread_mutex_lock(&console->mutex);
	if (console->follows) {
		uint64_t behind = console->end - console->followed;
		size_t room = behind < FF_CONSOLE_SIZE ? FF_CONSOLE_SIZE - (size_t)behind : 0;
		console->held = room < wanted;
		wanted = smaller(wanted, room);
	}
	pthread_mutex_unlock(&console->mutex);
	return wanted;
}
