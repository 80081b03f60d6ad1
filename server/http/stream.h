// SPDX-License-Identifier: Apache-2.0
/* An answer that is told while something happens: what has been rendered and waits for a reader, comments that show that the
 * stream lives, and how it ends. A reader gets the latest state whenever it is ready for more, so what is told has to be
 * merged by whoever renders. Lives as its request's state; the request's thread. */
#ifndef FF_HTTP_STREAM_H
#define FF_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <microhttpd.h>

#include <farflash/status.h>

#include "buf.h"
#include "request.h"

#define FF_STREAM_EVENTS "text/event-stream"
#define FF_STREAM_TEXT "text/plain; charset=utf-8"

struct ff_stream;

struct ff_stream_kind {
	size_t max_pending; /* bytes of one rendering at most */
	/* Renders into `pending` what is due; may set the verdict. FF_ERR_TIMEOUT: nothing is due; any other failure breaks the
	 * stream off. */
	enum ff_status (*render)(struct ff_stream *stream, int64_t now_us);
	/* When there will be something to render, the comments apart: at most `now_us`, or FF_WAKER_NEVER. From the waker's
	 * thread, while the request is parked. */
	int64_t (*due)(const struct ff_stream *stream, int64_t now_us);
	void (*release)(struct ff_stream *stream); /* what else its owner holds; NULL: nothing */
};

/* The first member of what its owner allocates. */
struct ff_stream {
	const struct ff_stream_kind *kind;
	struct ff_request *request;
	bool is_events; /* FF_STREAM_EVENTS rather than FF_STREAM_TEXT */
	struct ff_buf pending;
	int64_t keepalive_us; /* when the next comment is due, in a stream of events */
	ssize_t verdict;      /* MHD_CONTENT_READER_END_...: how it ends once `pending` is empty; 0: not yet */
};

/* Appends an event. Takes the reference; NULL, like no memory at all, is FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_stream_event(struct ff_stream *stream, const char *name, json_t *data);

/* Answers with the stream, which is calloc()ed, in place of what state the request has, and its owner from now on. NULL: there
 * was no memory for it, which is the answer then. */
enum MHD_Result ff_stream_start(struct ff_stream *stream, const struct ff_stream_kind *kind, struct ff_request *request,
				bool is_events);

#endif
