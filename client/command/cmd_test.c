// SPDX-License-Identifier: Apache-2.0
/* test: write images, reset the board, and judge it by what it says. The server does all of that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "commands.h"
#include "content.h"
#include "gather.h"
#include "http.h"
#include "job.h"
#include "remote.h"

/* Appends "&NAME=TEXT" to a query that is not empty. False: out of memory. */
static bool add_text(char **query, const char *name, const char *text)
{
	char *param = text != NULL ? ff_http_path(name, text, "") : NULL;
	char *longer = NULL;

	if (text == NULL) {
		return true;
	}
	if (param == NULL || asprintf(&longer, "%s&%s", *query, param) < 0) {
		free(param);
		return false;
	}
	free(param);
	free(*query);
	*query = longer;
	return true;
}

static bool add_number(char **query, const char *name, unsigned number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return number == 0 || add_text(query, name, text);
}

/* How the board is to be judged. NULL: out of memory. */
static char *make_query(const struct ff_options *options)
{
	char *query = strdup(options->no_crash ? "crash=false" : "crash=true");

	if (query == NULL || !add_text(&query, "expect=", options->expect) ||
	    !add_text(&query, "fail=", options->fail) || !add_number(&query, "timeout=", options->timeout_s) ||
	    !add_number(&query, "boots=", options->boots)) {
		free(query);
		return NULL;
	}
	return query;
}

static bool collect(struct ff_images *images, struct ff_options *options, struct ff_failure *failure)
{
	struct ff_error error = FF_ERROR_NONE;
	bool none = options->build_dir == NULL && options->word_count == 0;

	options->lone_images = true;
	return none || ff_gather(images, options, FF_TAKE_TO_WRITE, &error) == FF_OK ||
	       ff_failure_set_error(failure, NULL, &error);
}

/* A verdict is worth a line even if the images were never in doubt. */
static void tell(const struct ff_run *run)
{
	const json_t *job = json_object_get(run->result, "job");
	const json_t *result = json_object_get(json_is_object(job) ? job : run->result, "result");
	const char *verdict = json_string_value(json_object_get(result, "verdict"));
	const char *reason = json_string_value(json_object_get(result, "reason"));

	if (verdict != NULL && reason != NULL && strcmp(verdict, "passed") == 0) {
		printf("%s: passed after %.1f s: %s\n", ff_job_board(run->result),
		       json_number_value(json_object_get(result, "seconds")), reason);
	}
}

static bool run_test(struct ff_run *run, const struct ff_images *images, const char *query)
{
	struct ff_content log = { .sha256 = "" };
	struct ff_remote_task task = {
		.resource = "test", .images = images, .writes = true, .query = query, .content_whatever = true
	};
	struct ff_error error = FF_ERROR_NONE;
	bool good;

	if (run->options->log != NULL) {
		if (ff_content_open(&log, run->options->log, &error) != FF_OK) {
			return ff_failure_set_error(&run->failure, NULL, &error);
		}
		task.content = &log;
	}
	good = ff_remote_work(run, &task);
	ff_content_abort(&log);
	return good;
}

bool ff_cmd_test(struct ff_run *run)
{
	struct ff_options options = *run->options; /* with what the build directory adds; strings stay the original's */
	struct ff_run with_build = *run;
	struct ff_images images = { .count = 0 };
	char *query;
	bool good;

	if (options.port != NULL) {
		return ff_failure_set(&run->failure, "invalid-argument",
				      "test asks a server, which watches the board: leave --port out");
	}
	with_build.options = &options;
	query = make_query(&options);
	good = query != NULL ? collect(&images, &options, &with_build.failure)
			     : ff_failure_set(&with_build.failure, "no-memory", "out of memory");
	good = good && run_test(&with_build, &images, query);
	run->result = with_build.result;
	run->failure = with_build.failure;
	ff_display_clear(run->display);
	if (!options.json && !ff_batch_is_one(run->result)) {
		tell(run);
	}
	ff_images_release(&images);
	free(query);
	return good;
}
