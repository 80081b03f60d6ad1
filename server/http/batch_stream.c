// SPDX-License-Identifier: Apache-2.0
/* What becomes of the rows of a batch, told while it happens. */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "buf.h"
#include "clock.h"
#include "present.h"
#include "progress_text.h"
#include "reply.h"

#define INTERVAL_US 250000        /* between looks at rows that run */
#define KEEPALIVE_US 15000000     /* between comments that show that the stream lives */
#define MAX_PENDING (8 * 1048576) /* the last event: all rows with FF_MAX_REGIONS long names */

struct stream;

struct stream_format {
	const char *content_type;
	enum ff_status (*row)(struct stream *stream, struct ff_job *job, const struct ff_job_view *view, bool entered);
	enum ff_status (*end)(struct stream *stream);
	const char *keepalive; /* NULL: none */
};

/* What has been told of a row. */
struct row {
	uint64_t version;
	int state; /* -1: none */
};

struct stream {
	const struct stream_format *format;
	struct ff_request *request;
	struct ff_buf pending;
	struct row *rows;
	int64_t next_look_us;
	int64_t keepalive_us;
	ssize_t verdict; /* how the stream ends once `pending` is empty; 0: not yet */
};

/* ---- events ---- */

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

static enum ff_status row_event(struct stream *stream, struct ff_job *job, const struct ff_job_view *view, bool entered)
{
	(void)entered;
	return append_event(stream, "row",
			    json_pack("{s:s, s:s, s:s, s:o}", "id", ff_job_id(job), "board", ff_job_board(job), "state",
				      ff_job_state_name(view->state), "progress",
				      view->has_progress ? ff_present_progress(view) : json_null()));
}

static enum ff_status end_event(struct stream *stream)
{
	stream->verdict = MHD_CONTENT_READER_END_OF_STREAM;
	return append_event(stream, "end", ff_present_batch(stream->request->batch));
}

static const struct stream_format events_format = { "text/event-stream", row_event, end_event, ":\n\n" };

/* ---- text ---- */

/* Each line with the board's name in front. */
static enum ff_status tell_verdict(struct stream *stream, struct ff_job *job, const struct ff_job_view *view)
{
	struct ff_buf lines;
	ff_buf_init(&lines, MAX_PENDING);
	enum ff_status status = ff_progress_text_verdict(job, view, &lines);
	const char *text = (const char *)lines.bytes;
	for (size_t at = 0; at < lines.size && status == FF_OK;) {
		const char *end = memchr(text + at, '\n', lines.size - at);
		size_t size = end ? (size_t)(end - text) + 1 - at : lines.size - at;
		status = ff_buf_printf(&stream->pending, "%s: %.*s", ff_job_board(job), (int)size, text + at);
		at += size;
	}
	ff_buf_release(&lines);
	return status;
}

static enum ff_status row_text(struct stream *stream, struct ff_job *job, const struct ff_job_view *view, bool entered)
{
	const char *board = ff_job_board(job);
	if (!entered) {
		return FF_OK;
	}
	if (!ff_job_state_ended(view->state)) {
		return ff_buf_printf(&stream->pending, "%s: job %s %s\n", board, ff_job_id(job),
				     view->state == FF_JOB_QUEUED ? "waits for its turn" : "begins");
	}
	return tell_verdict(stream, job, view);
}

/* A client that takes the text for all there is must see a broken stream after a failure. */
static enum ff_status end_text(struct stream *stream)
{
	const struct ff_batch *batch = stream->request->batch;
	size_t counts[FF_JOB_STATE_COUNT];
	ff_batch_count(batch, counts);
	bool good = counts[FF_JOB_DONE] == batch->count;
	stream->verdict = good ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
	return ff_buf_printf(&stream->pending, "%s: %zu of %zu boards are done\n", good ? "done" : "failed",
			     counts[FF_JOB_DONE], batch->count);
}

static const struct stream_format text_format = { "text/plain; charset=utf-8", row_text, end_text, NULL };

/* ---- either ---- */

/* True: there was something to tell of the row. */
static bool render_row(struct stream *stream, size_t at)
{
	struct ff_job *job = stream->request->batch->jobs[at];
	struct row *row = &stream->rows[at];
	struct ff_job_view view;
	ff_job_view(job, &view);
	if (view.version == row->version) {
		return false;
	}
	bool entered = row->state != (int)view.state;
	row->version = view.version;
	row->state = (int)view.state;
	if (stream->format->row(stream, job, &view, entered) != FF_OK) {
		stream->verdict = MHD_CONTENT_READER_END_WITH_ERROR;
	}
	return true;
}

static bool have_all_ended(const struct stream *stream)
{
	bool ended = true;
	for (size_t i = 0; i < stream->request->batch->count && ended; i++) {
		ended = stream->rows[i].state >= 0 && ff_job_state_ended((enum ff_job_state)stream->rows[i].state);
	}
	return ended;
}

static bool is_news(const struct stream *stream)
{
	const struct ff_batch *batch = stream->request->batch;
	bool news = false;
	for (size_t i = 0; i < batch->count && !news; i++) {
		struct ff_job_view view;
		ff_job_view(batch->jobs[i], &view);
		news = view.version != stream->rows[i].version;
	}
	return news;
}

/* Renders what is due; false: nothing was. */
static bool render(struct stream *stream, int64_t now_us)
{
	bool told = false;
	if (now_us < stream->next_look_us && !ff_job_state_ended(ff_batch_state(stream->request->batch))) {
		return false;
	}
	for (size_t i = 0; i < stream->request->batch->count; i++) {
		told |= render_row(stream, i);
	}
	stream->next_look_us = now_us + INTERVAL_US;
	if (stream->verdict == 0 && have_all_ended(stream)) {
		if (stream->format->end(stream) != FF_OK) {
			stream->verdict = MHD_CONTENT_READER_END_WITH_ERROR;
		}
		told = true;
	}
	if (!told && stream->format->keepalive && now_us >= stream->keepalive_us) {
		const char *comment = stream->format->keepalive;
		if (ff_buf_append(&stream->pending, comment, strlen(comment)) != FF_OK) {
			stream->verdict = MHD_CONTENT_READER_END_WITH_ERROR;
		}
		told = true;
	}
	stream->keepalive_us = told ? now_us + KEEPALIVE_US : stream->keepalive_us;
	return told;
}

static int64_t due(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	const struct stream *stream = request->state;
	enum ff_job_state state = ff_batch_state(request->batch);
	if (ff_job_state_ended(state)) {
		return now_us;
	}
	if (is_news(stream)) {
		return stream->next_look_us;
	}
	int64_t look_us = state == FF_JOB_RUNNING ? now_us + INTERVAL_US : FF_WAKER_NEVER;
	return stream->format->keepalive && stream->keepalive_us < look_us ? stream->keepalive_us : look_us;
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
	free(stream->rows);
	free(stream);
}

static enum MHD_Result start(struct ff_request *request, const struct stream_format *format)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct row *rows = calloc(request->batch->count, sizeof(*rows));
	if (!stream || !rows) {
		free(stream);
		free(rows);
		return ff_reply_json(request, MHD_HTTP_OK, NULL);
	}
	for (size_t i = 0; i < request->batch->count; i++) {
		rows[i].state = -1;
	}
	stream->rows = rows;
	stream->format = format;
	stream->request = request;
	stream->keepalive_us = ff_now_us() + KEEPALIVE_US;
	ff_buf_init(&stream->pending, MAX_PENDING);
	if (request->free_state) {
		request->free_state(request->state);
	}
	request->state = stream;
	request->free_state = free_stream;
	return ff_reply_stream(request, format->content_type, read_stream, stream);
}

enum MHD_Result ff_batch_stream_events(struct ff_request *request)
{
	return start(request, &events_format);
}

enum MHD_Result ff_batch_stream_text(struct ff_request *request)
{
	return start(request, &text_format);
}
