// SPDX-License-Identifier: Apache-2.0
#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "job.h"
#include "sse.h"

#define STREAM_QUIET_MS 20000
#define ASK_DEADLINE_MS 15000
#define PAUSE_MS 500
#define MAX_MISSES 40    /* in a row */
#define MOST_NAMES 16384 /* bytes of those of a whole rack */

struct follow {
	struct ff_api *api;
	json_t **batch;
	struct ff_display *display;
	struct ff_sse sse;
	bool cancel_sent;
	bool ended;
};

bool ff_batch_is_one(const json_t *answer)
{
	return json_is_array(json_object_get(answer, "rows"));
}

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : otherwise;
}

static bool has_ended(const json_t *batch)
{
	const char *state = text_of(batch, "state", "");

	return strcmp(state, "done") == 0 || strcmp(state, "failed") == 0;
}

/* Whether one of its jobs goes on when the server is started again. */
static bool comes_back(const json_t *batch)
{
	size_t index;
	json_t *row;
	bool back = false;

	json_array_foreach(json_object_get(batch, "rows"), index, row)
	{
		back |= ff_job_comes_back(row);
	}
	return back;
}

/* Takes over the reference. */
static void replace(struct follow *follow, json_t *batch)
{
	json_decref(*follow->batch);
	*follow->batch = batch;
	follow->ended = has_ended(batch) && !comes_back(batch);
}

static void take_event(void *context, const char *event, const char *data)
{
	struct follow *follow = context;
	json_t *value = json_loads(data, 0, NULL);
	char text[96];

	if (strcmp(event, "end") == 0 && ff_batch_is_one(value)) {
		replace(follow, value);
		return;
	}
	if (strcmp(event, "row") == 0) {
		const json_t *progress = json_object_get(value, "progress");

		snprintf(text, sizeof(text), "%.60s: %.20s", text_of(value, "board", "?"),
			 text_of(progress, "phase", text_of(value, "state", "?")));
		ff_display_update(follow->display, text, 0, 0);
	}
	json_decref(value);
}

static bool take_bytes(void *context, const char *bytes, size_t size)
{
	struct follow *follow = context;

	return ff_sse_feed(&follow->sse, bytes, size) == FF_OK && !follow->ended;
}

static bool is_interrupted(const struct follow *follow)
{
	return follow->api->interrupts != NULL && *follow->api->interrupts > (follow->cancel_sent ? 1 : 0);
}

static bool go_on(void *context, uint64_t sent, uint64_t to_send)
{
	struct follow *follow = context;

	(void)sent;
	(void)to_send;
	ff_display_tick(follow->display);
	return !is_interrupted(follow);
}

static bool always(void *context, uint64_t sent, uint64_t to_send)
{
	(void)context;
	(void)sent;
	(void)to_send;
	return true;
}

static void read_stream(struct follow *follow)
{
	char *path = ff_http_path("/api/v1/batches/", text_of(*follow->batch, "id", ""), "/events");
	const struct ff_http_request request = { .method = "GET",
						 .path = path,
						 .accept = "text/event-stream",
						 .quiet_ms = STREAM_QUIET_MS,
						 .sink = take_bytes,
						 .go_on = go_on,
						 .context = follow };
	struct ff_http_response response;

	if (path != NULL) {
		ff_sse_init(&follow->sse, take_event, follow);
		(void)ff_http_perform(follow->api->http, &request, &response);
		ff_http_response_release(&response);
		ff_sse_release(&follow->sse);
		free(path);
	}
}

/* GET or DELETE of the batch itself. */
static bool ask(struct follow *follow, const char *method, struct ff_failure *failure)
{
	char *path = ff_http_path("/api/v1/batches/", text_of(*follow->batch, "id", ""), "");
	const struct ff_http_request request = {
		.method = method, .path = path, .deadline_ms = ASK_DEADLINE_MS, .go_on = always, .context = follow
	};
	json_t *answer = NULL;
	bool good = path != NULL && ff_api_call(follow->api, &request, &answer, failure);

	free(path);
	if (good && ff_batch_is_one(answer)) {
		replace(follow, answer);
	} else {
		json_decref(answer);
	}
	return good;
}

/* False: leave now. */
static bool obey(struct follow *follow, struct ff_failure *failure)
{
	struct ff_failure ignored = { .code = "" };

	if (!is_interrupted(follow)) {
		return true;
	}
	if (follow->cancel_sent) {
		return ff_failure_set(failure, "cancelled", "left before all jobs of batch %s had ended",
				      text_of(*follow->batch, "id", "?"));
	}
	follow->cancel_sent = true;
	(void)ask(follow, "DELETE", &ignored);
	return true;
}

/* One look at the batch where the stream did not reach its end. False: nothing more is to be expected. */
static bool look(struct follow *follow, unsigned *misses, struct ff_failure *failure)
{
	struct ff_failure why = { .code = "" };
	bool answered = ask(follow, "GET", &why);

	*misses = answered && !comes_back(*follow->batch) ? 0 : *misses + 1;
	if (answered) {
		follow->ended |= *misses > MAX_MISSES;
		return true;
	}
	return (*misses <= MAX_MISSES && strcmp(why.code, "no-such-batch") != 0) ||
	       ff_failure_set(failure, why.code, "%s", why.text);
}

bool ff_batch_follow(struct ff_api *api, json_t **batch, struct ff_display *display, struct ff_failure *failure)
{
	struct follow follow = { .api = api, .batch = batch, .display = display, .ended = has_ended(*batch) };
	unsigned misses = 0;

	while (!follow.ended) {
		if (!obey(&follow, failure)) {
			return false;
		}
		read_stream(&follow);
		if (follow.ended || is_interrupted(&follow)) {
			continue;
		}
		if (!look(&follow, &misses, failure)) {
			return false;
		}
		if (!follow.ended) {
			ff_sleep_ms(PAUSE_MS);
		}
	}
	return true;
}

void ff_batch_tell_left_out(const json_t *batch, struct ff_display *display)
{
	const json_t *boards = json_object_get(batch, "quarantined");
	size_t count = json_array_size(boards);
	enum ff_status status = FF_OK;
	struct ff_buf names;
	size_t index;
	json_t *name;

	if (count == 0) {
		return;
	}
	ff_buf_init(&names, MOST_NAMES);
	json_array_foreach(boards, index, name)
	{
		if (status == FF_OK && json_is_string(name)) {
			status = ff_buf_printf(&names, "%s%s", names.size > 0 ? ", " : "", json_string_value(name));
		}
	}
	ff_display_note(display, "%zu %s left out: in quarantine: %.*s%s", count,
			count == 1 ? "board is" : "boards are", (int)names.size,
			names.size > 0 ? (const char *)names.bytes : "", status == FF_OK ? "" : ", ...");
	ff_buf_release(&names);
}

/* What a probe has found out: "ESP32-C3 v0.3, 84:f7:03:00:00:01, 4 MB flash". */
static void describe_board(const json_t *info, char *text, size_t size)
{
	json_int_t flash_mb = json_integer_value(json_object_get(info, "flash_size")) / (1024 * 1024);
	const char *revision = text_of(info, "revision", "");
	const char *mac = text_of(info, "mac", "");
	int used = snprintf(text, size, "%s%s%s%s%s", text_of(info, "chip", "?"), revision[0] != '\0' ? " " : "",
			    revision, mac[0] != '\0' ? ", " : "", mac);

	if (flash_mb > 0 && used > 0 && (size_t)used < size) {
		snprintf(text + used, size - (size_t)used, ", %lld MB flash", (long long)flash_mb);
	}
}

static void print_row(const json_t *row)
{
	const json_t *error = json_object_get(row, "error");
	const json_t *result = json_object_get(row, "result");
	const json_t *info = json_object_get(row, "info");
	char found[128] = "";
	const char *told;

	if (strcmp(text_of(row, "kind", ""), "info") == 0 && json_is_object(info)) {
		describe_board(info, found, sizeof(found));
	}
	told = text_of(error, "detail", text_of(result, "reason", found));
	printf("%-16s %-8s %-10s %10lld  %s\n", text_of(row, "board", "-"), ff_job_id(row), ff_job_state(row),
	       ff_job_bytes(row), told);
}

bool ff_batch_conclude(struct ff_run *run)
{
	const json_t *rows = json_object_get(run->result, "rows");
	size_t index, done = 0;
	json_t *row;

	ff_display_clear(run->display);
	if (!run->options->json) {
		printf("%-16s %-8s %-10s %10s  %s\n", "BOARD", "JOB", "STATE", "BYTES", "");
	}
	json_array_foreach(rows, index, row)
	{
		done += strcmp(ff_job_state(row), "done") == 0;
		if (!run->options->json) {
			print_row(row);
		}
	}
	return done == json_array_size(rows) ||
	       ff_failure_set(&run->failure, "batch-failed", "%zu of %zu boards are done", done, json_array_size(rows));
}
