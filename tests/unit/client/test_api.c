// SPDX-License-Identifier: Apache-2.0
/* The client's side of docs/rest-api.md: what it sends, and what it makes of answers good, bad and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api.h"
#include "canned_server.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A client of the canned server. */
struct world {
	struct canned_server server;
	struct ff_options options;
	struct ff_run run;
	struct ff_display display;
	struct ff_api api;
};

static void open_world(struct world *world, const char *const *answers)
{
	canned_server_start(&world->server, answers);
	world->options = (struct ff_options){ .server = world->server.url, .baud = 460800 };
	world->run = (struct ff_run){ .options = &world->options };
	ff_display_init(&world->display, NULL);
	assert_true(ff_api_init(&world->api, &world->run));
}

static void close_world(struct world *world)
{
	ff_api_release(&world->api);
	canned_server_stop(&world->server);
}

static void test_api__gets_json(void **state)
{
	const char *const answers[] = { CANNED_JSON("200 OK", "{\"boards\": []}"), NULL };
	struct world world;
	json_t *answer;

	(void)state;
	open_world(&world, answers);
	assert_true(ff_api_get(&world.api, "/api/v1/boards", &answer, &world.run.failure));
	assert_true(json_is_array(json_object_get(answer, "boards")));
	json_decref(answer);
	close_world(&world);
	assert_memory_equal(world.server.log, "GET /api/v1/boards HTTP/1.1\r\n", 29);
}

static void test_api__turns_answers_into_failures(void **state)
{
	static const struct {
		const char *answer;
		const char *code;
		const char *text;
	} cases[] = {
		{ CANNED_JSON("409 Conflict",
			      "{\"status\": 409, \"title\": \"t\", \"code\": \"board-busy\", \"detail\": \"d\"}"),
		  "board-busy", "d" },
		{ CANNED_JSON("503 X", "{\"title\": \"lost\", \"code\": \"board-lost\"}"), "board-lost", "lost" },
		{ CANNED_JSON("404 X", "<html>"), "not-a-server", "answered with HTTP status 404" },
		{ CANNED_JSON("500 X", "{\"error\": 1}"), "not-a-server", "answered with HTTP status 500" },
		{ CANNED_JSON("302 X", ""), "not-a-server", "answered with HTTP status 302" },
		{ CANNED_JSON("200 OK", "<html>"), "not-a-server", "did not answer in JSON" },
		{ "", "server-unreachable", "was lost" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "not-a-server", "does not speak HTTP" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "server-unreachable", "was lost" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *const answers[] = { cases[i].answer, NULL };
		struct world world;
		json_t *answer;

		open_world(&world, answers);
		assert_false(ff_api_get(&world.api, "/api/v1/jobs/1", &answer, &world.run.failure));
		assert_string_equal(world.run.failure.code, cases[i].code);
		assert_non_null(strstr(world.run.failure.text, cases[i].text));
		json_decref(answer);
		close_world(&world);
	}
}

static void test_api__hands_over_the_job_of_a_problem(void **state)
{
	const char *const answers[] = {
		CANNED_JSON("502 X", "{\"code\": \"verify-failed\", \"detail\": \"d\", \"job\": {\"id\": \"7\"}}"), NULL
	};
	struct world world;
	json_t *answer;

	(void)state;
	open_world(&world, answers);
	assert_false(ff_api_start(&world.api, "lab1", "reset", &answer, &world.run.failure));
	assert_non_null(json_object_get(json_object_get(answer, "job"), "id"));
	json_decref(answer);
	close_world(&world);
}

static void test_api__says_where_no_server_is(void **state)
{
	const char *const answers[] = { NULL };
	struct world world;
	json_t *answer;

	(void)state;
	open_world(&world, answers);
	canned_server_stop(&world.server); /* its port is free now */
	assert_false(ff_api_get(&world.api, "/", &answer, &world.run.failure));
	assert_string_equal(world.run.failure.code, "server-unreachable");
	assert_non_null(strstr(world.run.failure.text, world.server.url));
	assert_null(answer);
	ff_api_release(&world.api);
}

static void test_api__refuses_what_is_no_address(void **state)
{
	static const char *const cases[] = { "", "ftp://lab", "http://", "file:///etc/passwd", "http://a b" };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ff_options options = { .server = cases[i] };
		struct ff_run run = { .options = &options };
		struct ff_api api;

		assert_false(ff_api_init(&api, &run));
		assert_string_equal(run.failure.code, "invalid-argument");
	}
}

static void test_api__completes_addresses(void **state)
{
	static const char *const cases[][2] = {
		{ "lab", "http://lab:8217" },     { "lab/", "http://lab:8217" },
		{ "lab:80", "http://lab:80" },    { "10.0.0.7", "http://10.0.0.7:8217" },
		{ "[::1]", "http://[::1]:8217" }, { "[::1]:99", "http://[::1]:99" },
		{ "http://lab", "http://lab" },   { "https://lab/flash/", "https://lab/flash" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ff_http *http = ff_http_open(cases[i][0], NULL);

		assert_non_null(http);
		assert_string_equal(ff_http_url(http), cases[i][1]);
		ff_http_close(http);
	}
}

static void test_api__chooses_the_only_board(void **state)
{
	static const struct {
		const char *boards;
		const char *chosen;
		const char *code;
		const char *text;
	} cases[] = {
		{ "{\"boards\": [{\"name\": \"lab1\"}]}", "lab1", "", "" },
		{ "{\"boards\": []}", NULL, "no-board", "has no boards" },
		{ "{\"boards\": [{\"name\": \"a\"}, {\"name\": \"b\"}]}", NULL, "invalid-argument", "--board: a, b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char answer[256];
		const char *const answers[] = { answer, NULL };
		struct world world;
		char *board;

		snprintf(answer, sizeof(answer), CANNED_JSON("200 OK", "%s"), cases[i].boards);
		open_world(&world, answers);
		board = ff_api_choose_board(&world.api, NULL, &world.run.failure);
		assert_int_equal(board != NULL, cases[i].chosen != NULL);
		if (board != NULL) {
			assert_string_equal(board, cases[i].chosen);
		}
		assert_string_equal(world.run.failure.code, cases[i].code);
		assert_non_null(strstr(world.run.failure.text, cases[i].text));
		free(board);
		close_world(&world);
	}
}

static void test_api__names_the_boards_that_there_are(void **state)
{
	const char *const answers[] = { CANNED_JSON("404 X", "{\"code\": \"no-such-board\", \"detail\": \"no\"}"),
					CANNED_JSON("200 OK", "{\"boards\": [{\"name\": \"a\"}, {\"name\": \"b\"}]}"),
					NULL };
	struct world world;
	json_t *answer;

	(void)state;
	open_world(&world, answers);
	assert_false(ff_api_start(&world.api, "c", "reset", &answer, &world.run.failure));
	assert_string_equal(world.run.failure.code, "no-such-board");
	assert_non_null(strstr(world.run.failure.text, "has no board 'c'; it has: a, b"));
	json_decref(answer);
	close_world(&world);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_api__uploads_a_form_that_names_the_offsets(void **state)
{
	const char *const answers[] = { CANNED_JSON("202 Accepted", "{\"id\": \"7\", \"state\": \"queued\"}"), NULL };
	char one[] = "/tmp/farflash-test-XXXXXX";
	static uint8_t second[] = "second\0part";
	struct ff_images images = {
		.items = { { .offset = 0x10000, .name = (char *)"one.bin", .path = one, .size = 5 },
			   { .offset = 0, .name = (char *)"app.hex @ 0x0", .bytes = second, .size = 6 } },
		.count = 2
	};
	struct world world;
	json_t *job;

	(void)state;
	close(mkstemp(one));
	write_file(one, "first");
	open_world(&world, answers);
	world.options.force = true;
	world.options.no_stub = true;
	world.options.no_compress = true;
	world.options.baud = 0;
	world.options.baud_given = true;
	world.options.erase_all = true;
	world.options.settings = (struct ff_flash_settings){ .mode = "d&o", .size = "4MB-c1" };
	images.items[1].encrypt = true;
	assert_true(ff_api_flash(&world.api, "a/b c", "flash", NULL, &images, &world.options, &world.display, &job,
				 &world.run.failure));
	assert_string_equal(json_string_value(json_object_get(job, "id")), "7");
	json_decref(job);
	close_world(&world);
	assert_non_null(strstr(world.server.log, "POST /api/v1/boards/a%2Fb%20c/"
						 "flash?baud=0&stub=false&force=true&compress=false&erase_all=true"
						 "&flash_mode=d%26o&flash_size=4MB-c1&encrypt=0x0 HTTP/1.1\r\n"));
	assert_non_null(strstr(world.server.log, "\r\nPrefer: respond-async\r\n"));
	assert_non_null(strstr(
		world.server.log,
		"name=\"0x10000\"; filename=\"one.bin\"\r\nContent-Type: application/octet-stream\r\n\r\nfirst\r\n"));
	assert_non_null(strstr(world.server.log, "name=\"0x0\"; filename=\"app.hex @ 0x0\"\r\n"
						 "Content-Type: application/octet-stream\r\n\r\nsecond\r\n"));
	unlink(one);
}

static void test_api__asks_for_the_loader_that_was_asked_for(void **state)
{
	static const struct {
		const char *resource;
		struct ff_options options;
		const char *wanted;
	} cases[] = {
		{ "erase", { .baud = 460800 }, "erase" },
		{ "erase", { .baud = 115200, .baud_given = true }, "erase?baud=115200" },
		{ "erase", { .no_stub = true }, "erase?stub=false" },
		{ "flash?size=1", { .baud_given = true, .no_stub = true }, "flash?size=1&baud=0&stub=false" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char resource[64];

		snprintf(resource, sizeof(resource), "%s", cases[i].resource);
		ff_api_add_loader(resource, sizeof(resource), &cases[i].options);
		assert_string_equal(resource, cases[i].wanted);
	}
}

static void test_api__says_when_an_image_has_gone(void **state)
{
	const char *const answers[] = { NULL };
	struct ff_images images = { .items = { { .path = (char *)"/nonexistent/app.bin", .size = 5 } }, .count = 1 };
	struct world world;
	json_t *job;

	(void)state;
	open_world(&world, answers);
	assert_false(ff_api_flash(&world.api, "lab1", "flash", NULL, &images, &world.options, &world.display, &job,
				  &world.run.failure));
	assert_string_equal(world.run.failure.code, "invalid-argument");
	assert_non_null(strstr(world.run.failure.text, "went away"));
	close_world(&world);
}

static void test_api__refuses_another_chip(void **state)
{
	const char *const answers[] = { CANNED_JSON("200 OK", "{\"info\": {\"chip\": \"ESP32-C3\"}}"),
					/* what is remembered, and what the board says */
					CANNED_JSON("200 OK", "{\"info\": {\"chip\": \"ESP32-C3\"}}"),
					CANNED_JSON("200 OK", "{\"info\": {\"chip\": \"ESP32-C3\"}}"),
					CANNED_JSON("200 OK", "{\"info\": {\"chip\": null}}"),
					CANNED_JSON("200 OK", "{\"info\": {\"chip\": \"ESP32-C3\"}}"),
					CANNED_JSON("200 OK", "{\"info\": {\"chip\": \"ESP32-C3\"}}"),
					CANNED_JSON("200 OK", "{\"info\": {\"chip\": \"ESP32\"}}"), NULL };
	struct world world;

	(void)state;
	open_world(&world, answers);
	assert_true(ff_api_check_chip(&world.api, "lab1", &world.options, &world.run.failure)); /* asks nobody */
	world.options.chip = "esp32c3";
	assert_true(ff_api_check_chip(&world.api, "lab1", &world.options, &world.run.failure));
	world.options.chip = "esp32";
	assert_false(ff_api_check_chip(&world.api, "lab1", &world.options, &world.run.failure));
	assert_string_equal(world.run.failure.code, "wrong-chip");
	world.run.failure = (struct ff_failure){ .code = "" };
	/* One that is not known yet is found out first. */
	assert_false(ff_api_check_chip(&world.api, "lab1", &world.options, &world.run.failure));
	assert_string_equal(world.run.failure.code, "wrong-chip");
	world.run.failure = (struct ff_failure){ .code = "" };
	/* Another board hangs there now. */
	assert_true(ff_api_check_chip(&world.api, "lab1", &world.options, &world.run.failure));
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_api__gets_json),
		cmocka_unit_test(test_api__turns_answers_into_failures),
		cmocka_unit_test(test_api__hands_over_the_job_of_a_problem),
		cmocka_unit_test(test_api__says_where_no_server_is),
		cmocka_unit_test(test_api__refuses_what_is_no_address),
		cmocka_unit_test(test_api__completes_addresses),
		cmocka_unit_test(test_api__chooses_the_only_board),
		cmocka_unit_test(test_api__names_the_boards_that_there_are),
		cmocka_unit_test(test_api__uploads_a_form_that_names_the_offsets),
		cmocka_unit_test(test_api__asks_for_the_loader_that_was_asked_for),
		cmocka_unit_test(test_api__says_when_an_image_has_gone),
		cmocka_unit_test(test_api__refuses_another_chip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
