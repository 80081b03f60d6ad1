// SPDX-License-Identifier: Apache-2.0
/* A job is followed to its end whatever becomes of its event stream, and cancelled when the user says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "canned_server.h"
#include "follow.h"
#include "job.h"

#define RUNNING \
	"{\"id\": \"7\", \"created\": \"2026-01-31T12:00:00.000Z\", \"state\": \"running\", \"progress\": {\"phase\": \"write\", \"done\": 5, \"total\": 10}}"
#define DONE "{\"id\": \"7\", \"created\": \"2026-01-31T12:00:00.000Z\", \"state\": \"done\"}"
#define CANCELLED "{\"id\": \"7\", \"created\": \"2026-01-31T12:00:00.000Z\", \"state\": \"cancelled\"}"
#define OTHER "{\"id\": \"7\", \"state\": \"done\", \"created\": \"2026-01-31T13:00:00.000Z\"}"
#define PROGRESS "event: progress\ndata: {\"phase\": \"write\", \"done\": 1, \"total\": 10}\n\n"
#define END(job) "event: end\ndata: " job "\n\n"

struct outcome {
	bool good;
	char state[16];
	struct ff_failure failure;
	struct canned_server server;
	struct ff_display display;
};

/* Follows job 7 on a server that answers by this script. */
static void follow(struct outcome *outcome, const char *const *answers, const volatile sig_atomic_t *interrupts)
{
	struct ff_options options = { .baud = 0 };
	struct ff_run run = { .options = &options, .interrupts = interrupts };
	struct ff_api api;
	json_t *job = json_loads("{\"id\": \"7\", \"created\": \"2026-01-31T12:00:00.000Z\", \"state\": \"queued\"}", 0,
				 NULL);
	FILE *out = tmpfile();

	assert_non_null(out);
	*outcome = (struct outcome){ .good = false };
	canned_server_start(&outcome->server, answers);
	options.server = outcome->server.url;
	ff_display_init(&outcome->display, out);
	assert_true(ff_api_init(&api, &run));
	outcome->good = ff_follow_job(&api, &job, &outcome->display, &outcome->failure);
	snprintf(outcome->state, sizeof(outcome->state), "%s", ff_job_state(job));
	ff_api_release(&api);
	canned_server_stop(&outcome->server);
	json_decref(job);
	fclose(out);
}

/* The requests' first lines as a script: "GET /events", "GET", "DELETE". */
static void asked(const struct outcome *outcome, char *text, size_t size)
{
	const char *at = outcome->server.log;

	text[0] = '\0';
	while (*at != '\0') {
		size_t used = strlen(text);
		bool events = strncmp(strchr(at, ' ') + 1, "/api/v1/jobs/7/events ", 22) == 0;

		snprintf(text + used, size - used, "%.*s%s;", (int)strcspn(at, " "), at, events ? " events" : "");
		at = strstr(at, "\r\n\r\n") + 4;
	}
}

static void test_follow__takes_the_end_from_the_stream(void **state)
{
	const char *const answers[] = {
		CANNED_STREAM("event: state\ndata: {\"state\": \"running\"}\n\n" PROGRESS END(DONE)), NULL
	};
	struct outcome outcome;

	(void)state;
	follow(&outcome, answers, NULL);
	assert_true(outcome.good);
	assert_string_equal(outcome.state, "done");
	assert_string_equal(outcome.display.view.phase, "write");
	assert_int_equal(outcome.display.view.done, 1);
}

static void test_follow__opens_a_broken_stream_again(void **state)
{
	const char *const answers[] = { CANNED_STREAM(PROGRESS),     CANNED_JSON("200 OK", RUNNING),
					CANNED_STREAM("event: pro"), CANNED_JSON("200 OK", RUNNING),
					CANNED_STREAM(END(DONE)),    NULL };
	struct outcome outcome;
	char text[128];

	(void)state;
	follow(&outcome, answers, NULL);
	assert_true(outcome.good);
	assert_string_equal(outcome.state, "done");
	asked(&outcome, text, sizeof(text));
	assert_string_equal(text, "GET events;GET;GET events;GET;GET events;");
}

static void test_follow__gets_by_without_a_stream(void **state)
{
	const char *const answers[] = { CANNED_JSON("404 X", "{}"), CANNED_JSON("200 OK", RUNNING),
					CANNED_JSON("404 X", "{}"), CANNED_JSON("200 OK", DONE), NULL };
	struct outcome outcome;

	(void)state;
	follow(&outcome, answers, NULL);
	assert_true(outcome.good);
	assert_string_equal(outcome.state, "done");
	assert_int_equal(outcome.display.view.done, 5);
}

static void test_follow__survives_nonsense_in_the_stream(void **state)
{
	const char *const answers[] = {
		CANNED_STREAM(
			"event: end\ndata: {\n\nevent: end\ndata: " RUNNING
			"\n\nevent: progress\ndata: 3\n\nevent: progress\ndata: {\"phase\": \"x\", \"done\": -1}\n\n" END(
				DONE)),
		NULL
	};
	struct outcome outcome;

	(void)state;
	follow(&outcome, answers, NULL);
	assert_true(outcome.good);
	assert_string_equal(outcome.state, "done");
	assert_int_equal(outcome.display.view.done, 0);
}

static void test_follow__gives_up_when_the_job_is_forgotten(void **state)
{
	const char *const answers[] = { CANNED_STREAM(""),
					CANNED_JSON("404 X", "{\"code\": \"no-such-job\", \"detail\": \"no job 7\"}"),
					NULL };
	struct outcome outcome;

	(void)state;
	follow(&outcome, answers, NULL);
	assert_false(outcome.good);
	assert_string_equal(outcome.failure.code, "job-lost");
}

static void test_follow__does_not_take_another_job_for_its_own(void **state)
{
	/* A server that was started anew counts from 1 again. */
	const char *const in_snapshot[] = { CANNED_STREAM(""), CANNED_JSON("200 OK", OTHER), NULL };
	const char *const in_stream[] = { CANNED_STREAM(END(OTHER)), NULL };
	struct outcome outcome;

	(void)state;
	follow(&outcome, in_snapshot, NULL);
	assert_false(outcome.good);
	assert_string_equal(outcome.failure.code, "job-lost");
	follow(&outcome, in_stream, NULL);
	assert_false(outcome.good);
	assert_string_equal(outcome.failure.code, "job-lost");
}

static void test_follow__cancels_at_the_first_interrupt(void **state)
{
	const char *const answers[] = { CANNED_JSON("202 Accepted", RUNNING), CANNED_STREAM(END(CANCELLED)), NULL };
	volatile sig_atomic_t interrupts = 1;
	struct outcome outcome;
	char text[128];

	(void)state;
	follow(&outcome, answers, &interrupts);
	assert_true(outcome.good);
	assert_string_equal(outcome.state, "cancelled");
	asked(&outcome, text, sizeof(text));
	assert_string_equal(text, "DELETE;GET events;");
}

static void test_follow__takes_the_end_when_it_comes_before_the_cancel(void **state)
{
	const char *const answers[] = { CANNED_JSON("409 X", "{\"code\": \"job-ended\", \"detail\": \"too late\"}"),
					CANNED_STREAM(END(DONE)), NULL };
	volatile sig_atomic_t interrupts = 1;
	struct outcome outcome;

	(void)state;
	follow(&outcome, answers, &interrupts);
	assert_true(outcome.good);
	assert_string_equal(outcome.state, "done");
}

static void test_follow__says_when_it_cannot_cancel(void **state)
{
	const char *const answers[] = { CANNED_JSON("500 X", "{\"code\": \"internal-error\", \"detail\": \"oops\"}"),
					NULL };
	volatile sig_atomic_t interrupts = 1;
	struct outcome outcome;

	(void)state;
	follow(&outcome, answers, &interrupts);
	assert_false(outcome.good);
	assert_string_equal(outcome.failure.text, "cannot cancel job 7: oops");
}

static void test_follow__leaves_at_the_second_interrupt(void **state)
{
	const char *const answers[] = { CANNED_JSON("202 Accepted", RUNNING), NULL };
	volatile sig_atomic_t interrupts = 2;
	struct outcome outcome;

	(void)state;
	follow(&outcome, answers, &interrupts);
	assert_false(outcome.good);
	assert_string_equal(outcome.failure.code, "cancelled");
	assert_non_null(strstr(outcome.failure.text, "`farflash jobs 7'"));
}

static void test_follow__needs_a_job(void **state)
{
	const char *const answers[] = { NULL };
	struct canned_server server;
	struct ff_options options = { .server = NULL };
	struct ff_run run = { .options = &options };
	struct ff_display display;
	struct ff_api api;
	json_t *job = json_object();

	(void)state;
	canned_server_start(&server, answers);
	options.server = server.url;
	ff_display_init(&display, NULL);
	assert_true(ff_api_init(&api, &run));
	assert_false(ff_follow_job(&api, &job, &display, &run.failure));
	assert_string_equal(run.failure.code, "not-a-server");
	ff_api_release(&api);
	canned_server_stop(&server);
	json_decref(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follow__takes_the_end_from_the_stream),
		cmocka_unit_test(test_follow__opens_a_broken_stream_again),
		cmocka_unit_test(test_follow__gets_by_without_a_stream),
		cmocka_unit_test(test_follow__survives_nonsense_in_the_stream),
		cmocka_unit_test(test_follow__gives_up_when_the_job_is_forgotten),
		cmocka_unit_test(test_follow__does_not_take_another_job_for_its_own),
		cmocka_unit_test(test_follow__cancels_at_the_first_interrupt),
		cmocka_unit_test(test_follow__takes_the_end_when_it_comes_before_the_cancel),
		cmocka_unit_test(test_follow__says_when_it_cannot_cancel),
		cmocka_unit_test(test_follow__leaves_at_the_second_interrupt),
		cmocka_unit_test(test_follow__needs_a_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
