// SPDX-License-Identifier: Apache-2.0
#include "job_stream.h"

#include <stdlib.h>

#include "present.h"
#include "progress_text.h"
#include "stream.h"
#include "utf8.h"

#define OUTPUT_PIECE 4096        /* bytes of a board's output in one event */
#define INTERVAL_US 100000       /* between looks at a running job's progress */
#define MAX_PENDING (512 * 1024) /* one rendering: a finished job with FF_MAX_REGIONS long names */

struct stream {
	struct ff_stream base; /* first */
	uint64_t seen_version;
	int64_t next_look_us;

	int seen_state;    /* -1: none */
	unsigned position; /* among those who wait, as it was told last */
	bool listens;      /* of a test: the board's output is told from `output_at` of its console on */
	uint64_t output_at;
	bool in_line; /* the board's output may have ended within a line */
	struct ff_progress_text text;
};

/* Whether more of the board's output may be waiting than one rendering takes. Then there is another. */
static bool is_full(const struct stream *stream)
{
	return stream->base.pending.size >= MAX_PENDING / 2;
}

/* The next piece of what the board says to a test, as text; NULL: there is none. */
static json_t *next_output(struct stream *stream, const struct ff_job_view *view)
{
	uint8_t bytes[OUTPUT_PIECE];
	if (!view->listens) { /* it may not even have a board yet */
		return NULL;
	}
	struct ff_console *console = ff_worker_console(ff_job_worker(stream->base.request->job));
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
		status = ff_stream_event(&stream->base, "output", json_pack("{s:o}", "text", text));
	}
	return status;
}

static unsigned position_of(const struct stream *stream, const struct ff_job_view *view)
{
	struct ff_forecast forecast = { .position = 0 };
	if (view->state == FF_JOB_QUEUED) {
		ff_job_forecast(stream->base.request->job, &forecast);
	}
	return forecast.position;
}

static enum ff_status render_position(struct stream *stream, const struct ff_job_view *view)
{
	struct ff_forecast forecast;
	if (view->state != FF_JOB_QUEUED) {
		return FF_OK;
	}
	ff_job_forecast(stream->base.request->job, &forecast);
	bool told = forecast.position == 0 || forecast.position == stream->position;
	stream->position = forecast.position;
	return told ? FF_OK : ff_stream_event(&stream->base, "position", ff_present_forecast(&forecast));
}

static enum ff_status render_events(struct stream *stream, const struct ff_job_view *view)
{
	enum ff_status status = FF_OK;
	if (stream->seen_state != (int)view->state) {
		stream->seen_state = (int)view->state;
		status = ff_stream_event(&stream->base, "state",
					 json_pack("{s:s}", "state", ff_job_state_name(view->state)));
	}
	if (status == FF_OK) {
		status = render_position(stream, view);
	}
	if (status == FF_OK && view->has_progress && !ff_job_state_ended(view->state)) {
		status = ff_stream_event(&stream->base, "progress", ff_present_progress(view));
	}
	if (status == FF_OK) {
		status = render_output_events(stream, view);
	}
	if (status == FF_OK && !is_full(stream) && ff_job_state_ended(view->state)) {
		stream->base.verdict = MHD_CONTENT_READER_END_OF_STREAM;
		status = ff_stream_event(&stream->base, "end", ff_present_job(stream->base.request->job));
	}
	return status;
}

/* As it is; what comes behind it begins with a line of its own. */
static enum ff_status render_output_text(struct stream *stream, const struct ff_job_view *view)
{
	struct ff_buf *out = &stream->base.pending;
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
	enum ff_status status =
		ff_progress_text_render(&stream->text, stream->base.request->job, view, &stream->base.pending);
	if (status == FF_OK) {
		status = render_output_text(stream, view);
	}
	if (status == FF_OK && !is_full(stream) && ff_job_state_ended(view->state)) {
		stream->base.verdict = view->state == FF_JOB_DONE ? MHD_CONTENT_READER_END_OF_STREAM
								  : MHD_CONTENT_READER_END_WITH_ERROR;
		status = ff_progress_text_verdict(stream->base.request->job, view, &stream->base.pending);
	}
	return status;
}

static enum ff_status render(struct ff_stream *base, int64_t now_us)
{
	struct stream *stream = (struct stream *)base;
	struct ff_job_view view;
	ff_job_view(base->request->job, &view);
	bool news = view.version != stream->seen_version || position_of(stream, &view) != stream->position;
	if (!news || (now_us < stream->next_look_us && !ff_job_state_ended(view.state))) {
		return FF_ERR_TIMEOUT;
	}
	stream->seen_version = view.version;
	stream->next_look_us = now_us + INTERVAL_US;
	enum ff_status status = base->is_events ? render_events(stream, &view) : render_text(stream, &view);
	if (is_full(stream)) {
		stream->seen_version = 0;
	}
	return status;
}

static int64_t due(const struct ff_stream *base, int64_t now_us)
{
	const struct stream *stream = (const struct stream *)base;
	struct ff_job_view view;
	ff_job_view(base->request->job, &view);
	if (ff_job_state_ended(view.state)) {
		return now_us;
	}
	if (view.version != stream->seen_version || position_of(stream, &view) != stream->position) {
		return stream->next_look_us;
	}
	/* Progress alone does not kick the waker, so that a fast board does not keep it busy. */
	return view.state == FF_JOB_RUNNING ? now_us + INTERVAL_US : FF_WAKER_NEVER;
}

static const struct ff_stream_kind kind = { .max_pending = MAX_PENDING, .render = render, .due = due };

static enum MHD_Result start(struct ff_request *request, bool is_events)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	if (stream) {
		stream->seen_state = -1;
	}
	return ff_stream_start((struct ff_stream *)stream, &kind, request, is_events);
}

enum MHD_Result ff_job_stream_events(struct ff_request *request)
{
	return start(request, true);
}

enum MHD_Result ff_job_stream_text(struct ff_request *request)
{
	return start(request, false);
}
