// SPDX-License-Identifier: Apache-2.0
/* What a board says: as bytes, as server-sent events, or over a WebSocket that the bridge serves. */
#include "api.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "console.h"
#include "header.h"
#include "query.h"
#include "reply.h"
#include "upgrade.h"
#include "utf8.h"

#define LOOK_US 5000000 /* how often a silent stream looks whether its client is still there */
#define KEEPALIVE_US 15000000
#define UNFINISHED_US 500000 /* how long the beginning of a character waits for its end */
#define PIECE 4096           /* bytes of output in one event */
#define MAX_PENDING (PIECE * 8)

static const char *const params[] = { "history", "from", "epoch", NULL };

/* Where in the output a reader wants to begin. */
struct wish {
	bool resumes;
	uint64_t from;
	char epoch[FF_CONSOLE_EPOCH_SIZE];
	uint32_t history;
};

struct reader {
	struct wish wish; /* first */
	struct ff_request *request;
	struct ff_console *console;
	uint64_t position;
	int64_t next_look_us;

	/* Of an event stream. */
	struct ff_buf pending;
	uint64_t seen; /* where the output ended that was looked at; half a character may stay in front of it */
	int64_t keepalive_us;
	int64_t unfinished_us; /* when half a character is sent as it is; 0: there is none */
};

/* ---- the request ---- */

static void read_epoch(struct ff_request *request, struct wish *wish)
{
	const char *epoch = ff_request_param(request, "epoch");
	if (epoch && (strlen(epoch) != sizeof(wish->epoch) - 1 ||
		      strspn(epoch, "0123456789abcdef") != sizeof(wish->epoch) - 1)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "epoch must be one that the server told");
	} else if (epoch) {
		memcpy(wish->epoch, epoch, sizeof(wish->epoch));
	}
}

/* "EPOCH-POSITION", which the server itself has made; anything else is passed over, as browsers send what they were given. */
static void read_last_event(const struct ff_request *request, struct wish *wish)
{
	const char *id = ff_request_header(request, "Last-Event-ID");
	size_t size = sizeof(wish->epoch) - 1;
	if (id && strlen(id) > size + 1 && id[size] == '-' && strspn(id + size + 1, "0123456789") <= 19) {
		memcpy(wish->epoch, id, size);
		wish->epoch[size] = '\0';
		wish->from = strtoull(id + size + 1, NULL, 10);
		wish->resumes = true;
	}
}

static void begin(struct ff_request *request)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	if (!reader) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		return;
	}
	ff_buf_init(&reader->pending, MAX_PENDING);
	request->state = reader;
	request->free_state = free;
	ff_query_number(request, "history", &reader->wish.history);
	reader->wish.resumes = ff_query_position(request, "from", &reader->wish.from);
	read_epoch(request, &reader->wish);
	if (ff_upgrade_is_asked(request)) {
		ff_upgrade_check(request);
	}
}

static void find_place(struct reader *reader)
{
	const struct wish *wish = &reader->wish;
	reader->position = ff_console_place(reader->console, wish->resumes, wish->epoch, wish->from, wish->history);
}

/* A suspended connection does not hear that its client left, and a silent board gives no reason to write. False: there is
 * nobody to write to, or nothing to come. */
static bool park(struct reader *reader, int64_t (*due)(void *context, int64_t now_us))
{
	reader->next_look_us = ff_now_us() + LOOK_US;
	return !ff_request_is_abandoned(reader->request) && !ff_worker_is_stopping(reader->request->worker) &&
	       ff_request_park(reader->request, due);
}

/* Whether the stream ends though its client is there. */
static bool is_over(const struct ff_request *request)
{
	return ff_worker_is_stopping(request->worker) || !ff_request_is_admitted(request);
}

/* ---- bytes ---- */

static int64_t due_when_output(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	const struct reader *reader = request->state;
	bool news = ff_console_end(reader->console) != reader->position || is_over(request);
	return news ? now_us : reader->next_look_us;
}

static ssize_t read_output(void *context, uint64_t position, char *bytes, size_t capacity)
{
	(void)position;
	struct reader *reader = context;
	if (!ff_request_is_admitted(reader->request)) {
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	size_t size = ff_console_read(reader->console, &reader->position, (uint8_t *)bytes, capacity);
	if (size > 0) {
		return (ssize_t)size;
	}
	return park(reader, due_when_output) ? 0 : MHD_CONTENT_READER_END_OF_STREAM;
}

/* ---- events ---- */

static enum ff_status append_event(struct reader *reader, const char *name, json_t *data)
{
	char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
	json_decref(data);
	if (!text) {
		return FF_ERR_NO_MEMORY;
	}
	enum ff_status status = ff_buf_printf(&reader->pending, "event: %s\nid: %s-%" PRIu64 "\ndata: %s\n\n", name,
					      ff_console_epoch(reader->console), reader->position, text);
	free(text);
	return status;
}

/* The beginning of a character at the end waits a moment for the rest. */
static size_t without_unfinished(struct reader *reader, const uint8_t *bytes, size_t size, int64_t now_us)
{
	size_t kept_back = ff_utf8_unfinished(bytes, size);
	if (kept_back == 0 || (reader->unfinished_us != 0 && now_us >= reader->unfinished_us)) {
		reader->unfinished_us = 0;
		return size;
	}
	if (kept_back < size || reader->unfinished_us == 0) {
		reader->unfinished_us = now_us + UNFINISHED_US;
	}
	return size - kept_back;
}

/* FF_ERR_TIMEOUT: there is nothing new. */
static enum ff_status render(struct reader *reader, int64_t now_us)
{
	uint8_t bytes[PIECE];
	uint64_t before = reader->position;
	uint64_t after = before;
	size_t size = ff_console_read(reader->console, &after, bytes, sizeof(bytes));
	uint64_t missed = after - size - before;
	reader->seen = after;
	enum ff_status status = FF_OK;
	if (missed > 0) {
		reader->position = after - size;
		status = append_event(reader, "missed", json_pack("{s:I}", "bytes", (json_int_t)missed));
	}
	size_t shown = without_unfinished(reader, bytes, size, now_us);
	if (status != FF_OK || shown == 0) {
		return status == FF_OK && missed == 0 ? FF_ERR_TIMEOUT : status;
	}
	reader->position += shown;
	return append_event(
		reader, "output",
		json_pack("{s:I, s:o}", "position", (json_int_t)reader->position, "text", ff_utf8_json(bytes, shown)));
}

static int64_t due_event(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	const struct reader *reader = request->state;
	int64_t due = reader->next_look_us < reader->keepalive_us ? reader->next_look_us : reader->keepalive_us;
	if (ff_console_end(reader->console) != reader->seen || is_over(request)) {
		return now_us;
	}
	return reader->unfinished_us != 0 && reader->unfinished_us < due ? reader->unfinished_us : due;
}

static ssize_t read_events(void *context, uint64_t position, char *bytes, size_t capacity)
{
	(void)position;
	struct reader *reader = context;
	while (reader->pending.size == 0) {
		int64_t now = ff_now_us();
		bool admitted = ff_request_is_admitted(reader->request);
		enum ff_status status = admitted ? render(reader, now) : FF_ERR_DENIED;
		if (status == FF_OK) {
			reader->keepalive_us = now + KEEPALIVE_US;
		} else if (status == FF_ERR_TIMEOUT && now >= reader->keepalive_us) {
			reader->keepalive_us = now + KEEPALIVE_US;
			status = ff_buf_append(&reader->pending, ":\n\n", 3);
		} else if (status == FF_ERR_TIMEOUT) {
			return park(reader, due_event) ? 0 : MHD_CONTENT_READER_END_OF_STREAM;
		}
		if (status != FF_OK) {
			return MHD_CONTENT_READER_END_WITH_ERROR;
		}
	}
	size_t size = reader->pending.size < capacity ? reader->pending.size : capacity;
	memcpy(bytes, reader->pending.bytes, size);
	ff_buf_consume(&reader->pending, size);
	return (ssize_t)size;
}

static void free_reader(void *state)
{
	struct reader *reader = state;
	ff_buf_release(&reader->pending);
	free(reader);
}

/* ---- the three ways ---- */

static enum MHD_Result answer_websocket(struct ff_request *request)
{
	const struct wish *wish = request->state;
	struct ff_guest *guest = calloc(1, sizeof(*guest));
	if (!guest) {
		return ff_reply_json(request, MHD_HTTP_OK, NULL);
	}
	guest->lease = request->lease;
	guest->resumes = wish->resumes;
	guest->position = wish->from;
	guest->history = wish->history;
	memcpy(guest->epoch, wish->epoch, sizeof(guest->epoch));
	request->free_state(request->state);
	request->state = NULL;
	request->free_state = NULL;
	return ff_upgrade_answer(request, guest);
}

static enum MHD_Result answer_read(struct ff_request *request)
{
	struct reader *reader = request->state;
	const char *accept = ff_request_header(request, MHD_HTTP_HEADER_ACCEPT);
	if (ff_upgrade_is_asked(request)) {
		return answer_websocket(request);
	}
	reader->request = request;
	reader->console = ff_worker_console(request->worker);
	request->free_state = free_reader;
	bool events = ff_header_lists(accept, "text/event-stream");
	if (events) {
		read_last_event(request, &reader->wish);
	}
	find_place(reader);
	reader->keepalive_us = ff_now_us() + KEEPALIVE_US;
	return events ? ff_reply_stream(request, "text/event-stream", read_events, reader)
		      : ff_reply_stream(request, FF_REPLY_BYTES, read_output, reader);
}

const struct ff_handler ff_api_console_read = {
	.names_board = true,
	.lease = FF_LEASE_OPTIONAL,
	.params = params,
	.begin = begin,
	.answer = answer_read,
};
