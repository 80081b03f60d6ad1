// SPDX-License-Identifier: Apache-2.0
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "reply.h"

#define KEEPALIVE_US 15000000 /* between comments that show that the stream lives */
#define COMMENT ":\n\n"

enum ff_status ff_stream_event(struct ff_stream *stream, const char *name, json_t *data)
{
	char *text = data ? json_dumps(data, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
	json_decref(data);
	if (!text) {
		return FF_ERR_NO_MEMORY;
	}
	enum ff_status status = ff_buf_printf(&stream->pending, "event: %s\ndata: %s\n\n", name, text);
	free(text);
	return status;
}

/* Renders what is due; false: nothing was. */
static bool render(struct ff_stream *stream, int64_t now_us)
{
	if (!ff_request_is_admitted(stream->request)) {
		stream->verdict = MHD_CONTENT_READER_END_WITH_ERROR;
		return true;
	}
	enum ff_status status = stream->kind->render(stream, now_us);
	if (status == FF_ERR_TIMEOUT && stream->is_events && now_us >= stream->keepalive_us) {
		status = ff_buf_append(&stream->pending, COMMENT, strlen(COMMENT));
	}
	if (status == FF_ERR_TIMEOUT) {
		return false;
	}
	stream->keepalive_us = now_us + KEEPALIVE_US;
	if (status != FF_OK) {
		stream->verdict = MHD_CONTENT_READER_END_WITH_ERROR;
	}
	return true;
}

static int64_t due(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	const struct ff_stream *stream = request->state;
	int64_t due_us = ff_request_is_admitted(request) ? stream->kind->due(stream, now_us) : now_us;
	return stream->is_events && stream->keepalive_us < due_us ? stream->keepalive_us : due_us;
}

static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t capacity)
{
	(void)position;
	struct ff_stream *stream = context;
	while (stream->pending.size == 0) {
		if (stream->verdict != 0) {
			return stream->verdict;
		}
		if (!render(stream, ff_now_us())) {
			return ff_request_park(stream->request, due) ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
		}
	}
	size_t size = stream->pending.size < capacity ? stream->pending.size : capacity;
	memcpy(bytes, stream->pending.bytes, size);
	ff_buf_consume(&stream->pending, size);
	return (ssize_t)size;
}

static void free_stream(void *state)
{
	struct ff_stream *stream = state;
	if (stream->kind->release) {
		stream->kind->release(stream);
	}
	ff_buf_release(&stream->pending);
	free(stream);
}

enum MHD_Result ff_stream_start(struct ff_stream *stream, const struct ff_stream_kind *kind, struct ff_request *request,
				bool is_events)
{
	if (!stream) {
		return ff_reply_json(request, MHD_HTTP_OK, NULL);
	}
	stream->kind = kind;
	stream->request = request;
	stream->is_events = is_events;
	stream->keepalive_us = ff_now_us() + KEEPALIVE_US;
	ff_buf_init(&stream->pending, kind->max_pending);
	if (request->free_state) {
		request->free_state(request->state);
	}
	request->state = stream;
	request->free_state = free_stream;
	return ff_reply_stream(request, is_events ? FF_STREAM_EVENTS : FF_STREAM_TEXT, read_stream, stream);
}
