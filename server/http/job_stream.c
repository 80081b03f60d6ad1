// SPDX-License-Identifier: Apache-2.0
#include "job_stream.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "present.h"
#include "progress_text.h"
#include "reply.h"
#include "utf8.h"

#define OUTPUT_PIECE 4096        /* bytes of a board's output in one event */
#define INTERVAL_US 100000       /* between looks at a running job's progress */
#define KEEPALIVE_US 15000000    /* between comments that show that the stream lives */
#define MAX_PENDING (512 * 1024) /* one rendering: a finished job with FF_MAX_REGIONS long names */

struct stream;

struct stream_format {
	const char *content_type;
	/* Renders what is new in `view`. */
	enum ff_status (*render)(struct stream *stream, const struct ff_job_view *view);
	const char *keepalive; /* what to send when nothing happens; NULL: nothing */
};

struct stream {
	const struct stream_format *format;
	struct ff_request *request;
	struct ff_buf pending;
	uint64_t seen_version;
	int64_t next_look_us;
	int64_t keepalive_us;
	ssize_t verdict; /* how the stream ends once `pending` is empty; 0: not yet */

	int seen_state;    /* -1: none */
	unsigned position; /* among those who wait, as it was told last */
	bool listens;      /* of a test: the board's output is told from `output_at` of its console on */
	uint64_t output_at;
	bool in_line; /* the board's output may have ended within a line */
	struct ff_progress_text text;
};

static enum ff_status append_event(struct stream *stream, const char *name, json_t *data)
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

/* Whether more of the board's output may be waiting than one rendering takes. Then there is another. */
static bool is_full(const struct stream *stream)
{
	return stream->pending.size >= MAX_PENDING / 2;
}

/* The next piece of what the board says to a test, as text; NULL: there is none. */
static json_t *next_output(struct stream *stream, const struct ff_job_view *view)
{
	uint8_t bytes[OUTPUT_PIECE];
	if (!view->listens) { /* it may not even have a board yet */
		return NULL;
	}
	struct ff_console *console = ff_worker_console(ff_job_worker(stream->request->job));
	if (!stream->listens) {
		stream->listens = true;
		stream->output_at = view->output_from;
	}
	uint64_t end = ff_console_end(console);
	bool complete = view->output_to <= end;
	end = complete ? view->output_to : end;
	uint64_t left = end > stream->output_at ? end - stream->output_at : 0;
	size_t size = ff_console_read(console, &stream->output_at, bytes, left < sizeof(bytes) ? left : sizeof(bytes));
	if (stream->output_at > end) { /* what was to be read is no longer kept, and this came after it */
		uint64_t beyond = stream->output_at - end;
		size -= beyond < size ? (size_t)beyond : size;
		stream->output_at = end;
	}
	if (stream->output_at < end || !complete) {
		size_t unfinished = ff_utf8_unfinished(bytes, size); /* the end of the character is on its way */
		size -= unfinished;
		stream->output_at -= unfinished;
	}
	return size > 0 ? ff_utf8_json(bytes, size) : NULL;
}

static enum ff_status render_output_events(struct stream *stream, const struct ff_job_view *view)
{
	json_t *text;
	enum ff_status status = FF_OK;
	while (status == FF_OK && !is_full(stream) && (text = next_output(stream, view))) {
		status = append_event(stream, "output", json_pack("{s:o}", "text", text));
	}
	return status;
}

static unsigned position_of(const struct stream *stream, const struct ff_job_view *view)
{
	struct ff_forecast forecast = { .position = 0 };
	if (view->state == FF_JOB_QUEUED) {
		ff_job_forecast(stream->request->job, &forecast);
	}
	return forecast.position;
}

static enum ff_status render_position(struct stream *stream, const struct ff_job_view *view)
{
	struct ff_forecast forecast;
	if (view->state != FF_JOB_QUEUED) {
		return FF_OK;
	}
	ff_job_forecast(stream->request->job, &forecast);
	bool told = forecast.position == 0 || forecast.position == stream->position;
	stream->position = forecast.position;
	return told ? FF_OK : append_event(stream, "position", ff_present_forecast(&forecast));
}

static enum ff_status render_events(struct stream *stream, const struct ff_job_view *view)
{
	enum ff_status status = FF_OK;
	if (stream->seen_state != (int)view->state) {
		stream->seen_state = (int)view->state;
		status = append_event(stream, "state", json_pack("{s:s}", "state", ff_job_state_name(view->state)));
	}
	if (status == FF_OK) {
		status = render_position(stream, view);
	}
	if (status == FF_OK && view->has_progress && !ff_job_state_ended(view->state)) {
		status = append_event(stream, "progress", ff_present_progress(view));
	}
	if (status == FF_OK) {
		status = render_output_events(stream, view);
	}
	if (status == FF_OK && !is_full(stream) && ff_job_state_ended(view->state)) {
		stream->verdict = MHD_CONTENT_READER_END_OF_STREAM;
		status = append_event(stream, "end", ff_present_job(stream->request->job));
	}
	return status;
}

/* As it is; what comes behind it begins with a line of its own. */
static enum ff_status render_output_text(struct stream *stream, const struct ff_job_view *view)
{
	struct ff_buf *out = &stream->pending;
	json_t *text;
	enum ff_status status = FF_OK;
	while (status == FF_OK && !is_full(stream) && (text = next_output(stream, view))) {
		stream->in_line = json_string_value(text)[json_string_length(text) - 1] != '\n';
		status = ff_buf_append(out, json_string_value(text), json_string_length(text));
		json_decref(text);
	}
	if (status == FF_OK && !is_full(stream) && stream->in_line && ff_job_state_ended(view->state)) {
		stream->in_line = false;
		status = ff_buf_append(out, "\n", 1);
	}
	return status;
}

static enum ff_status render_text(struct stream *stream, const struct ff_job_view *view)
{
	stream->position = position_of(stream, view);
	enum ff_status status = ff_progress_text_render(&stream->text, stream->request->job, view, &stream->pending);
	if (status == FF_OK) {
		status = render_output_text(stream, view);
	}
	if (status == FF_OK && !is_full(stream) && ff_job_state_ended(view->state)) {
		stream->verdict = view->state == FF_JOB_DONE ? MHD_CONTENT_READER_END_OF_STREAM
							     : MHD_CONTENT_READER_END_WITH_ERROR;
		status = ff_progress_text_verdict(stream->request->job, view, &stream->pending);
	}
	return status;
}

static const struct stream_format events_format = { "text/event-stream", render_events, ":\n\n" };
static const struct stream_format text_format = { "text/plain; charset=utf-8", render_text, NULL };

/* Renders what is due; false: nothing was. */
static bool render(struct stream *stream, int64_t now_us)
{
	struct ff_job_view view;
	ff_job_view(stream->request->job, &view);
	bool news = view.version != stream->seen_version || position_of(stream, &view) != stream->position;
	if (news && (now_us >= stream->next_look_us || ff_job_state_ended(view.state))) {
		stream->seen_version = view.version;
		stream->next_look_us = now_us + INTERVAL_US;
		stream->keepalive_us = now_us + KEEPALIVE_US;
		if (stream->format->render(stream, &view) != FF_OK) {
			stream->verdict = MHD_CONTENT_READER_END_WITH_ERROR;
		}
		if (is_full(stream)) {
			stream->seen_version = 0;
		}
		return true;
	}
	if (stream->format->keepalive && now_us >= stream->keepalive_us) {
		stream->keepalive_us = now_us + KEEPALIVE_US;
		const char *comment = stream->format->keepalive;
		if (ff_buf_append(&stream->pending, comment, strlen(comment)) != FF_OK) {
			stream->verdict = MHD_CONTENT_READER_END_WITH_ERROR;
		}
		return true;
	}
	return false;
}

static int64_t due(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	const struct stream *stream = request->state;
	struct ff_job_view view;
	ff_job_view(request->job, &view);
	if (ff_job_state_ended(view.state)) {
		return now_us;
	}
	if (view.version != stream->seen_version || position_of(stream, &view) != stream->position) {
		return stream->next_look_us;
	}
	/* Progress alone does not kick the waker, so that a fast board does not keep it busy. */
	int64_t look_us = view.state == FF_JOB_RUNNING ? now_us + INTERVAL_US : FF_WAKER_NEVER;
	bool alive = stream->format->keepalive != NULL;
	return alive && stream->keepalive_us < look_us ? stream->keepalive_us : look_us;
}

static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t capacity)
{
	(void)position;
	struct stream *stream = context;
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
	struct stream *stream = state;
	ff_buf_release(&stream->pending);
	free(stream);
}

static enum MHD_Result start(struct ff_request *request, const struct stream_format *format)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	if (!stream) {
		return ff_reply_json(request, MHD_HTTP_OK, NULL);
	}
	stream->format = format;
	stream->request = request;
	stream->seen_state = -1;
	stream->keepalive_us = ff_now_us() + KEEPALIVE_US;
	ff_buf_init(&stream->pending, MAX_PENDING);
	if (request->free_state) {
		request->free_state(request->state);
	}
	request->state = stream;
	request->free_state = free_stream;
	return ff_reply_stream(request, format->content_type, read_stream, stream);
}

enum MHD_Result ff_job_stream_events(struct ff_request *request)
{
	return start(request, &events_format);
}

enum MHD_Result ff_job_stream_text(struct ff_request *request)
{
	return start(request, &text_format);
}
