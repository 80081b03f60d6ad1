// SPDX-License-Identifier: Apache-2.0
/* What becomes of the rows of a batch, told while it happens. */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "present.h"
#include "progress_text.h"
#include "stream.h"

#define INTERVAL_US 250000        /* between looks at rows that run */
#define MAX_PENDING (8 * 1048576) /* the last event: all rows with FF_MAX_REGIONS long names */

/* What has been told of a row. */
struct row {
	uint64_t version;
	int state; /* -1: none */
};

struct stream {
	struct ff_stream base; /* first */
	struct row *rows;      /* owned */
	int64_t next_look_us;
	bool begun; /* text: what comes before the rows is told */
};

/* ---- events ---- */

static enum ff_status row_event(struct stream *stream, struct ff_job *job, const struct ff_job_view *view)
{
	return ff_stream_event(&stream->base, "row",
			       json_pack("{s:s, s:s, s:s, s:o}", "id", ff_job_id(job), "board", ff_job_board(job),
					 "state", ff_job_state_name(view->state), "progress",
					 view->has_progress ? ff_present_progress(view) : json_null()));
}

static enum ff_status end_event(struct stream *stream)
{
	stream->base.verdict = MHD_CONTENT_READER_END_OF_STREAM;
	return ff_stream_event(&stream->base, "end", ff_present_batch(stream->base.request->batch));
}

/* ---- text ---- */

/* Once. FF_ERR_TIMEOUT: there is nothing to tell. */
static enum ff_status begin_text(struct stream *stream)
{
	const char *left_out = stream->begun ? NULL : ff_batch_left_out(stream->base.request->batch);
	stream->begun = true;
	return left_out ? ff_buf_printf(&stream->base.pending, "left out, as they are in quarantine: %s\n", left_out)
			: FF_ERR_TIMEOUT;
}

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
		status = ff_buf_printf(&stream->base.pending, "%s: %.*s", ff_job_board(job), (int)size, text + at);
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
		return ff_buf_printf(&stream->base.pending, "%s: job %s %s\n", board, ff_job_id(job),
				     view->state == FF_JOB_QUEUED ? "waits for its turn" : "begins");
	}
	return tell_verdict(stream, job, view);
}

/* A client that takes the text for all there is must see a broken stream after a failure. */
static enum ff_status end_text(struct stream *stream)
{
	const struct ff_batch *batch = stream->base.request->batch;
	size_t counts[FF_JOB_STATE_COUNT];
	ff_batch_count(batch, counts);
	bool good = counts[FF_JOB_DONE] == batch->count;
	stream->base.verdict = good ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
	return ff_buf_printf(&stream->base.pending, "%s: %zu of %zu boards are done\n", good ? "done" : "failed",
			     counts[FF_JOB_DONE], batch->count);
}

/* ---- either ---- */

/* FF_ERR_TIMEOUT: there is nothing new of the row. */
static enum ff_status render_row(struct stream *stream, size_t at)
{
	struct ff_job *job = stream->base.request->batch->jobs[at];
	struct row *row = &stream->rows[at];
	struct ff_job_view view;
	ff_job_view(job, &view);
	if (view.version == row->version) {
		return FF_ERR_TIMEOUT;
	}
	bool entered = row->state != (int)view.state;
	row->version = view.version;
	row->state = (int)view.state;
	return stream->base.is_events ? row_event(stream, job, &view) : row_text(stream, job, &view, entered);
}

static bool have_all_ended(const struct stream *stream)
{
	bool ended = true;
	for (size_t i = 0; i < stream->base.request->batch->count && ended; i++) {
		ended = stream->rows[i].state >= 0 && ff_job_state_ended((enum ff_job_state)stream->rows[i].state);
	}
	return ended;
}

static bool is_news(const struct stream *stream)
{
	const struct ff_batch *batch = stream->base.request->batch;
	bool news = false;
	for (size_t i = 0; i < batch->count && !news; i++) {
		struct ff_job_view view;
		ff_job_view(batch->jobs[i], &view);
		news = view.version != stream->rows[i].version;
	}
	return news;
}

static enum ff_status render(struct ff_stream *base, int64_t now_us)
{
	struct stream *stream = (struct stream *)base;
	const struct ff_batch *batch = base->request->batch;
	enum ff_status told = base->is_events ? FF_ERR_TIMEOUT : begin_text(stream);
	if (told != FF_OK && told != FF_ERR_TIMEOUT) {
		return told;
	}
	if (now_us < stream->next_look_us && !ff_job_state_ended(ff_batch_state(batch))) {
		return told;
	}
	stream->next_look_us = now_us + INTERVAL_US;
	for (size_t i = 0; i < batch->count; i++) {
		enum ff_status status = render_row(stream, i);
		if (status != FF_OK && status != FF_ERR_TIMEOUT) {
			return status;
		}
		told = status == FF_OK ? FF_OK : told;
	}
	if (have_all_ended(stream)) {
		told = base->is_events ? end_event(stream) : end_text(stream);
	}
	return told;
}

static int64_t due(const struct ff_stream *base, int64_t now_us)
{
	const struct stream *stream = (const struct stream *)base;
	enum ff_job_state state = ff_batch_state(base->request->batch);
	if (ff_job_state_ended(state)) {
		return now_us;
	}
	if (is_news(stream)) {
		return stream->next_look_us;
	}
	return state == FF_JOB_RUNNING ? now_us + INTERVAL_US : FF_WAKER_NEVER;
}

static void release(struct ff_stream *base)
{
	free(((struct stream *)base)->rows);
}

static const struct ff_stream_kind kind = {
	.max_pending = MAX_PENDING,
	.render = render,
	.due = due,
	.release = release,
};

static enum MHD_Result start(struct ff_request *request, bool is_events)
{
	size_t count = request->batch->count;
	struct stream *stream = calloc(1, sizeof(*stream));
	struct row *rows = stream ? calloc(count, sizeof(*rows)) : NULL;
	if (!rows) {
		free(stream);
		return ff_stream_start(NULL, &kind, request, is_events);
	}
	for (size_t i = 0; i < count; i++) {
		rows[i].state = -1;
	}
	stream->rows = rows;
	return ff_stream_start(&stream->base, &kind, request, is_events);
}

enum MHD_Result ff_batch_stream_events(struct ff_request *request)
{
	return start(request, true);
}

enum MHD_Result ff_batch_stream_text(struct ff_request *request)
{
	return start(request, false);
}
