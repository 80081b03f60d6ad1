// SPDX-License-Identifier: Apache-2.0
/* What a server has read arrives in the file whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "canned_server.h"
#include "remote.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* FIPS 180-2, appendix B.1. */
#define SHA_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define DONE \
	CANNED_JSON("200 OK", \
		    "{\"id\": \"7\", \"state\": \"done\", \"result\": {\"bytes\": 3, \"sha256\": \"" SHA_OF_ABC \
		    "\"}}")
#define BYTES(length, bytes) \
	"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: " length \
	"\r\nConnection: close\r\n\r\n" bytes

struct world {
	struct canned_server server;
	struct ff_options options;
	struct ff_display display;
	struct ff_run run;
	struct ff_content content;
	char folder[32];
	char path[64];
};

static void open_world(struct world *world, const char *const *answers)
{
	struct ff_error error = FF_ERROR_NONE;

	canned_server_start(&world->server, answers);
	world->options = (struct ff_options){ .server = world->server.url, .board = "lab1" };
	world->run = (struct ff_run){ .options = &world->options, .display = &world->display };
	ff_display_init(&world->display, NULL);
	strcpy(world->folder, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	snprintf(world->path, sizeof(world->path), "%s/out.bin", world->folder);
	assert_int_equal(ff_content_open(&world->content, world->path, &error), FF_OK);
}

/* Whatever else is in the folder makes its removal fail. */
static void close_world(struct world *world)
{
	ff_content_abort(&world->content);
	canned_server_stop(&world->server);
	unlink(world->path);
	assert_int_equal(rmdir(world->folder), 0);
	json_decref(world->run.result);
}

static bool read_remote(struct world *world)
{
	const struct ff_remote_task task = { .method = "GET",
					     .resource = "flash?offset=0x0&size=3",
					     .content = &world->content };

	return ff_remote_work(&world->run, &task);
}

static void test_remote__content_gets_into_its_file(void **state)
{
	const char *const answers[] = { DONE, BYTES("3", "abc"), NULL };
	struct world world;
	char text[8] = "";
	FILE *file;

	(void)state;
	open_world(&world, answers);
	assert_true(read_remote(&world));
	file = fopen(world.path, "r");
	assert_non_null(file);
	assert_int_equal(fread(text, 1, sizeof(text), file), 3);
	assert_string_equal(text, "abc");
	fclose(file);
	close_world(&world);
	assert_memory_equal(world.server.log, "GET /api/v1/boards/lab1/flash?offset=0x0&size=3 HTTP/1.1\r\n", 58);
	assert_non_null(strstr(world.server.log, "GET /api/v1/jobs/7/content HTTP/1.1\r\n"));
}

static void test_remote__content_that_is_not_whole_leaves_no_file(void **state)
{
	static const struct {
		const char *answer;
		const char *code;
	} cases[] = {
		{ BYTES("3", "ab"), "server-unreachable" },
		{ BYTES("3", "abd"), "protocol-error" },
		{ BYTES("4", "abcd"), "protocol-error" },
		{ BYTES("0", ""), "protocol-error" },
		{ CANNED_JSON("404 X", "{\"code\": \"no-such-content\", \"detail\": \"gone\"}"), "no-such-content" },
		{ CANNED_JSON("500 X", "<html>"), "not-a-server" },
		{ "", "server-unreachable" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *const answers[] = { DONE, cases[i].answer, NULL };
		struct world world;

		open_world(&world, answers);
		assert_false(read_remote(&world));
		assert_string_equal(world.run.failure.code, cases[i].code);
		assert_int_equal(access(world.path, F_OK), -1);
		close_world(&world);
	}
}

static void test_remote__failed_job_is_not_asked_for_content(void **state)
{
	const char *const answers[] = {
		CANNED_JSON("200 OK", "{\"id\": \"7\", \"state\": \"failed\","
				      " \"error\": {\"code\": \"board-lost\", \"detail\": \"lab1: gone\"}}"),
		NULL
	};
	struct world world;

	(void)state;
	open_world(&world, answers);
	assert_false(read_remote(&world));
	assert_string_equal(world.run.failure.code, "board-lost");
	close_world(&world);
}

static void test_remote__plain_resources_get_no_options(void **state)
{
	const char *const answers[] = { CANNED_JSON("200 OK", "{\"id\": \"7\", \"state\": \"done\"}"), NULL };
	const struct ff_remote_task task = { .resource = "reset", .takes = FF_REMOTE_TAKES_NOTHING };
	struct world world;

	(void)state;
	open_world(&world, answers);
	world.options.baud_given = true;
	world.options.no_stub = true;
	assert_true(ff_remote_work(&world.run, &task));
	close_world(&world);
	assert_memory_equal(world.server.log, "POST /api/v1/boards/lab1/reset HTTP/1.1\r\n", 41);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remote__content_gets_into_its_file),
		cmocka_unit_test(test_remote__content_that_is_not_whole_leaves_no_file),
		cmocka_unit_test(test_remote__failed_job_is_not_asked_for_content),
		cmocka_unit_test(test_remote__plain_resources_get_no_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
