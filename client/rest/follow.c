// SPDX-License-Identifier: Apache-2.0
#include "follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <farflash/transport.h>

#include "clock.h"
#include "job.h"
#include "sse.h"

#define STREAM_QUIET_MS 20000 /* then the job's snapshot tells whether the server is still there */
#define MAX_MISSES 8          /* snapshots in a row that may fail */
#define FIRST_PAUSE_MS 250
#define LAST_PAUSE_MS 4000
#define CANCEL_WAIT_MS 10000
#define ASK_DEADLINE_MS 5000
#define TICK_MS 50

struct follow {
	struct ff_api api; /* without interrupts: they are looked at here */
	const volatile sig_atomic_t *interrupts;
	json_t **job;
	struct ff_display *display;
	struct ff_sse sse;
	bool ended;
	bool forgotten; /* the server has another job under this id, or none: it was started anew */
	bool cancel_sent;
	int64_t cancel_deadline_us;
};

static sig_atomic_t interrupts(const struct follow *follow)
{
	return follow->interrupts != NULL ? *follow->interrupts : 0;
}

static void show_progress(struct follow *follow, const json_t *progress)
{
	const char *phase = json_string_value(json_object_get(progress, "phase"));
	json_int_t done = json_integer_value(json_object_get(progress, "done"));
	json_int_t total = json_integer_value(json_object_get(progress, "total"));

	if (phase != NULL) {
		ff_display_update(follow->display, phase, done > 0 ? (uint64_t)done : 0,
				  total > 0 ? (uint64_t)total : 0);
	}
}

static void show_state(struct follow *follow, const json_t *holder)
{
	const char *state = json_string_value(json_object_get(holder, "state"));

	if (state != NULL && strcmp(state, "queued") == 0) {
		ff_display_update(follow->display, "queued", 0, 0);
	}
}

static void show_position(struct follow *follow, const json_t *forecast)
{
	json_int_t position = json_integer_value(json_object_get(forecast, "position"));
	char text[48];

	if (position > 0) {
		snprintf(text, sizeof(text), "queued, position %u", (unsigned)position);
		ff_display_update(follow->display, text, 0, 0);
	}
}

static void show_output(struct follow *follow, const json_t *text)
{
	if (json_is_string(text)) {
		ff_display_output(follow->display, json_string_value(text), json_string_length(text));
	}
}

/* Ids begin again when a server does, moments of creation do not. */
static bool is_ours(const struct follow *follow, const json_t *job)
{
	const json_t *created = json_object_get(*follow->job, "created");

	return created == NULL || json_equal(created, json_object_get(job, "created"));
}

/* Takes over the reference. */
static void replace_job(struct follow *follow, json_t *job)
{
	if (!is_ours(follow, job)) {
		follow->forgotten = true;
		json_decref(job);
		return;
	}
	json_decref(*follow->job);
	*follow->job = job;
	follow->ended = ff_job_has_ended(job) && !ff_job_comes_back(job);
}

static void take_event(void *context, const char *event, const char *data)
{
	struct follow *follow = context;
	json_t *value = json_loads(data, 0, NULL);

	if (strcmp(event, "end") == 0 && ff_job_has_ended(value)) { /* for now, it may be */
		replace_job(follow, value);
		return;
	}
	if (strcmp(event, "output") == 0) {
		show_output(follow, json_object_get(value, "text"));
	} else if (strcmp(event, "progress") == 0) {
		show_progress(follow, value);
	} else if (strcmp(event, "state") == 0) {
		show_state(follow, value);
	} else if (strcmp(event, "position") == 0) {
		show_position(follow, value);
	}
	json_decref(value);
}

static bool take_bytes(void *context, const char *bytes, size_t size)
{
	struct follow *follow = context;

	return ff_sse_feed(&follow->sse, bytes, size) == FF_OK && !follow->ended && !follow->forgotten;
}

static bool keep_waiting(void *context, uint64_t sent, uint64_t to_send)
{
	struct follow *follow = context;

	(void)sent;
	(void)to_send;
	ff_display_tick(follow->display);
	(void)ff_api_meanwhile(&follow->api);
	if (follow->cancel_sent) {
		return interrupts(follow) < 2 && ff_now_us() < follow->cancel_deadline_us;
	}
	return interrupts(follow) == 0;
}

/* The request to cancel is let out even if the user is in a hurry: nobody wants the job to go on. */
static bool keep_asking(void *context, uint64_t sent, uint64_t to_send)
{
	struct follow *follow = context;

	(void)sent;
	(void)to_send;
	ff_display_tick(follow->display);
	(void)ff_api_meanwhile(&follow->api);
	return true;
}

/* However it ends: what came through it is in `follow`. */
static void read_stream(struct follow *follow)
{
	char *path = ff_http_path("/api/v1/jobs/", ff_job_id(*follow->job), "/events");
	const struct ff_http_request request = { .method = "GET",
						 .path = path,
						 .accept = "text/event-stream",
						 .quiet_ms = STREAM_QUIET_MS,
						 .sink = take_bytes,
						 .go_on = keep_waiting,
						 .context = follow };
	struct ff_http_response response;

	if (path != NULL) {
		ff_sse_init(&follow->sse, take_event, follow);
		(void)ff_http_perform(follow->api.http, &request, &response);
		ff_http_response_release(&response);
		ff_sse_release(&follow->sse);
		free(path);
	}
}

/* GET or DELETE of the job itself. */
static bool ask(struct follow *follow, const char *method, struct ff_failure *failure)
{
	char *path = ff_http_path("/api/v1/jobs/", ff_job_id(*follow->job), "");
	const struct ff_http_request request = { .method = method,
						 .path = path,
						 .deadline_ms = ASK_DEADLINE_MS,
						 .go_on = strcmp(method, "DELETE") == 0 ? keep_asking : keep_waiting,
						 .context = follow };
	json_t *answer = NULL;
	bool good;

	if (path == NULL) {
		return ff_failure_set(failure, "no-memory", "out of memory");
	}
	good = ff_api_call(&follow->api, &request, &answer, failure);
	free(path);
	if (!good || answer == NULL) {
		json_decref(answer);
		return good;
	}
	replace_job(follow, answer);
	show_state(follow, *follow->job);
	show_progress(follow, json_object_get(*follow->job, "progress"));
	return true;
}

/* A job that has ended meanwhile is as good as cancelled: its snapshot will say what became of it. */
static bool send_cancel(struct follow *follow, struct ff_failure *failure)
{
	struct ff_failure why = { .code = "" };

	follow->cancel_sent = true;
	follow->cancel_deadline_us = ff_deadline_ms(CANCEL_WAIT_MS);
	ff_display_update(follow->display, "cancelling", 0, 0);
	if (!ask(follow, "DELETE", &why) && strcmp(why.code, "job-ended") != 0) {
		return ff_failure_set(failure, why.code, "cannot cancel job %s: %s", ff_job_id(*follow->job), why.text);
	}
	return true;
}

/* Looks after the server's memory and the user's wish to stop. False: leave now. */
static bool obey(struct follow *follow, struct ff_failure *failure)
{
	if (follow->forgotten) {
		return ff_failure_set(failure, "job-lost",
				      "the server at %s was started anew and knows nothing of job %s: try again",
				      ff_http_url(follow->api.http), ff_job_id(*follow->job));
	}
	if (interrupts(follow) > 0 && !follow->cancel_sent && !send_cancel(follow, failure)) {
		return false;
	}
	if (interrupts(follow) > 1 || (follow->cancel_sent && ff_now_us() >= follow->cancel_deadline_us)) {
		return ff_failure_set(failure, "cancelled",
				      "left before job %s had ended: `farflash jobs %s' tells what becomes of it",
				      ff_job_id(*follow->job), ff_job_id(*follow->job));
	}
	return true;
}

static void pause_between(struct follow *follow, unsigned misses)
{
	unsigned pause_ms = FIRST_PAUSE_MS << (misses < 8 ? misses : 8);
	int64_t deadline_us = ff_deadline_ms(pause_ms < LAST_PAUSE_MS ? pause_ms : LAST_PAUSE_MS);

	while (ff_now_us() < deadline_us && keep_waiting(follow, 0, 0)) {
		ff_sleep_ms(TICK_MS);
	}
}

/* One look at the job where the stream did not reach its end. False: nothing more is to be expected. */
static bool look(struct follow *follow, unsigned *misses, struct ff_failure *failure)
{
	struct ff_failure why = { .code = "" };

	if (ask(follow, "GET", &why)) {
		/* From a server that is about to stop, or that has other plans after all. */
		*misses = ff_job_comes_back(*follow->job) ? *misses + 1 : 0;
		follow->ended |= *misses > MAX_MISSES;
		return true;
	}
	if (strcmp(why.code, "cancelled") == 0) {
		return true; /* by keep_waiting: obey() sees to it */
	}
	*misses += 1;
	ff_display_update(follow->display, "reconnecting", 0, 0);
	if (strcmp(why.code, "no-such-job") == 0) {
		follow->forgotten = true;
		return true;
	}
	if (ff_failure_exit(why.code) != FF_EXIT_UNREACHABLE) {
		return ff_failure_set(failure, why.code, "%s", why.text);
	}
	if (*misses > MAX_MISSES) {
		return ff_failure_set(failure, "server-unreachable",
				      "lost the server at %s; if it still runs it goes on with job %s: ask `farflash "
				      "jobs %s' later",
				      ff_http_url(follow->api.http), ff_job_id(*follow->job), ff_job_id(*follow->job));
	}
	return true;
}

/* A server that was started anew repeats what it was asked to; then the repeat is what is followed. */
static bool go_on_with_repeat(struct follow *follow, struct ff_failure *failure)
{
	const char *repeat = json_string_value(json_object_get(*follow->job, "repeated_by"));
	json_t *job;

	if (repeat == NULL) {
		return true;
	}
	ff_display_note(follow->display, "job %s was interrupted, as the server was started anew; job %s repeats it",
			ff_job_id(*follow->job), repeat);
	job = json_pack("{s:s}", "id", repeat);
	if (job == NULL) {
		return ff_failure_set(failure, "no-memory", "out of memory");
	}
	json_decref(*follow->job);
	*follow->job = job;
	follow->ended = false;
	return true;
}

/* What the server's engine had to say beside the result. */
static void show_notes(struct ff_display *display, const json_t *job)
{
	size_t index;
	json_t *note;

	json_array_foreach(json_object_get(job, "notes"), index, note)
	{
		if (json_is_string(note)) {
			ff_display_note(display, "%s", json_string_value(note));
		}
	}
}

bool ff_follow_job(struct ff_api *api, json_t **job, struct ff_display *display, struct ff_failure *failure)
{
	struct follow follow = { .api = *api, .interrupts = api->interrupts, .job = job, .display = display };
	unsigned misses = 0;

	follow.api.interrupts = NULL;
	follow.ended = ff_job_has_ended(*job);
	if (!follow.ended && ff_job_id(*job)[0] == '\0') {
		return ff_failure_set(failure, "not-a-server", "%s answered without a job: is it a farflash server?",
				      ff_http_url(api->http));
	}
	while (!follow.ended) {
		if (!obey(&follow, failure)) {
			return false;
		}
		read_stream(&follow);
		if (!follow.ended && !follow.forgotten && keep_waiting(&follow, 0, 0)) {
			if (!look(&follow, &misses, failure)) {
				return false;
			}
			if (!follow.ended) {
				pause_between(&follow, misses);
			}
		}
		if (follow.ended && !go_on_with_repeat(&follow, failure)) {
			return false;
		}
	}
	show_notes(display, *job);
	return true;
}
