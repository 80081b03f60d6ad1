// SPDX-License-Identifier: Apache-2.0
#include "sse.h"

#include <string.h>

void ff_sse_init(struct ff_sse *sse, ff_sse_handler handler, void *context)
{
	*sse = (struct ff_sse){ .handler = handler, .context = context };
	ff_buf_init(&sse->line, FF_SSE_MAX_LINE);
	ff_buf_init(&sse->data, FF_SSE_MAX_DATA);
}

void ff_sse_release(struct ff_sse *sse)
{
	ff_buf_release(&sse->line);
	ff_buf_release(&sse->data);
}

/* An empty line ends an event; one without data is dropped, as the standard says. */
static enum ff_status dispatch(struct ff_sse *sse)
{
	enum ff_status status = FF_OK;

	if (sse->has_data) {
		status = ff_buf_append(&sse->data, "", 1);
		if (status == FF_OK) {
			sse->handler(sse->context, sse->event[0] != '\0' ? sse->event : "message",
				     (const char *)sse->data.bytes);
		}
	}
	ff_buf_clear(&sse->data);
	sse->has_data = false;
	sse->event[0] = '\0';
	return status;
}

static enum ff_status add_data(struct ff_sse *sse, const char *value, size_t size)
{
	enum ff_status status = FF_OK;

	if (sse->has_data) {
		status = ff_buf_append(&sse->data, "\n", 1);
	}
	sse->has_data = true;
	return status == FF_OK ? ff_buf_append(&sse->data, value, size) : status;
}

static void set_event(struct ff_sse *sse, const char *value, size_t size)
{
	size_t kept = size < sizeof(sse->event) ? size : sizeof(sse->event) - 1;

	memcpy(sse->event, value, kept);
	sse->event[kept] = '\0';
}

static enum ff_status take_line(struct ff_sse *sse)
{
	const char *line = (const char *)sse->line.bytes;
	size_t size = sse->line.size;
	const char *colon;
	size_t name_size, value_at;

	if (size == 0) {
		return dispatch(sse);
	}
	colon = memchr(line, ':', size);
	name_size = colon != NULL ? (size_t)(colon - line) : size;
	value_at = colon != NULL ? name_size + 1 : size;
	if (value_at < size && line[value_at] == ' ') {
		value_at++;
	}
	if (name_size == 4 && memcmp(line, "data", 4) == 0) {
		return add_data(sse, line + value_at, size - value_at);
	}
	if (name_size == 5 && memcmp(line, "event", 5) == 0) {
		set_event(sse, line + value_at, size - value_at);
	}
	return FF_OK;
}

enum ff_status ff_sse_feed(struct ff_sse *sse, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = bytes[i];
		bool belongs_to_cr = c == '\n' && sse->after_cr;
		enum ff_status status = FF_OK;

		sse->after_cr = c == '\r';
		if (belongs_to_cr) {
			continue;
		}
		if (c == '\n' || c == '\r') {
			status = take_line(sse);
			ff_buf_clear(&sse->line);
		} else {
			status = ff_buf_append(&sse->line, &c, 1);
		}
		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}
