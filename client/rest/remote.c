// SPDX-License-Identifier: Apache-2.0
#include "remote.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "batch.h"
#include "follow.h"
#include "job.h"

#define DOWNLOAD_QUIET_MS 60000
#define OPTIONS_SIZE 512 /* the longest of those for the loader and the flash settings */

struct download {
	struct ff_run *run;
	struct ff_content *content;
	uint64_t total;
	struct ff_error error;
};

static bool take(void *context, const char *bytes, size_t size)
{
	struct download *download = context;

	if (ff_content_write(download->content, (const uint8_t *)bytes, size, &download->error) != FF_OK) {
		return false;
	}
	ff_display_update(download->run->display, "download", download->content->file.size, download->total);
	return true;
}

static bool go_on(void *context, uint64_t sent, uint64_t to_send)
{
	const struct download *download = context;

	(void)sent;
	(void)to_send;
	return download->run->interrupts == NULL || *download->run->interrupts == 0;
}

/* What a request without an answer, or with another than wanted, means here. */
static bool explain(struct download *download, struct ff_api *api, enum ff_http_end end,
		    const struct ff_http_response *response)
{
	struct ff_failure *failure = &download->run->failure;

	if (download->error.status != FF_OK) {
		return ff_failure_set_error(failure, NULL, &download->error);
	}
	if (end != FF_HTTP_ANSWERED) {
		return ff_api_explain(api, end, failure);
	}
	return response->status == 200 || ff_api_problem(api, response, NULL, failure);
}

static bool fetch_content(struct ff_run *run, struct ff_api *api, struct ff_content *content)
{
	const json_t *result = json_object_get(run->result, "result");
	struct download download = { .run = run,
				     .content = content,
				     .total = (uint64_t)json_integer_value(json_object_get(result, "bytes")),
				     .error = FF_ERROR_NONE };
	char *path = ff_http_path("/api/v1/jobs/", ff_job_id(run->result), "/content");
	const struct ff_http_request request = { .method = "GET",
						 .path = path,
						 .accept = "application/octet-stream",
						 .quiet_ms = DOWNLOAD_QUIET_MS,
						 .sink = take,
						 .go_on = go_on,
						 .context = &download };
	struct ff_http_response response;
	enum ff_http_end end;
	bool good;

	if (path == NULL) {
		return ff_failure_set(&run->failure, "no-memory", "out of memory");
	}
	end = ff_http_perform(api->http, &request, &response);
	good = explain(&download, api, end, &response);
	ff_http_response_release(&response);
	free(path);
	if (good && ff_content_commit(content, json_string_value(json_object_get(result, "sha256")), &download.error) !=
			    FF_OK) {
		good = ff_failure_set_error(&run->failure, NULL, &download.error);
	}
	return good;
}

static bool start(struct ff_run *run, struct ff_api *api, const struct ff_remote_task *task, const char *board)
{
	char resource[FF_REMOTE_RESOURCE_SIZE + OPTIONS_SIZE];

	if (task->writes) {
		return (api->select != NULL ||
			ff_api_check_images(api, board, task->images, run->options, &run->failure)) &&
		       ff_api_flash(api, board, task->resource[0] != '\0' ? task->resource : "flash", task->query,
				    task->images, run->options, run->display, &run->result, &run->failure);
	}
	snprintf(resource, sizeof(resource), "%s", task->resource);
	if (task->takes == FF_REMOTE_TAKES_RESETS) {
		ff_api_add_resets(resource, sizeof(resource), run->options);
	} else if (task->takes == FF_REMOTE_TAKES_LOADER) {
		ff_api_add_loader(resource, sizeof(resource), run->options);
	} else {
		ff_api_add_job(resource, sizeof(resource), run->options);
	}
	if (task->images != NULL) {
		ff_api_add_settings(resource, sizeof(resource), run->options);
		return ff_api_send(api, board, resource, task->images, run->display, &run->result, &run->failure);
	}
	return ff_api_begin(api, task->method != NULL ? task->method : "POST", board, resource, &run->result,
			    &run->failure);
}

/* Whether the job went well, and what it has read or logged is at hand. */
static bool conclude(struct ff_run *run, struct ff_api *api, const struct ff_remote_task *task)
{
	bool good = ff_job_check(run->result, &run->failure);
	bool has_content = json_is_string(json_object_get(json_object_get(run->result, "result"), "sha256"));

	if (task->content == NULL || (!good && !(task->content_whatever && has_content))) {
		return good;
	}
	return fetch_content(run, api, task->content) && good;
}

static bool follow(struct ff_run *run, struct ff_api *api, const struct ff_remote_task *task)
{
	if (!ff_batch_is_one(run->result)) {
		return ff_follow_job(api, &run->result, run->display, &run->failure) && conclude(run, api, task);
	}
	ff_batch_tell_left_out(run->result, run->display);
	return ff_batch_follow(api, &run->result, run->display, &run->failure) && ff_batch_conclude(run);
}

/* A new string: the board's name, empty where a selector says which. NULL: the failure. */
static char *choose(struct ff_run *run, struct ff_api *api)
{
	const struct ff_options *options = run->options;
	char *board;

	if (options->all && options->select == NULL) {
		ff_failure_set(&run->failure, "invalid-argument", "--all wants --select, which says of which boards");
		return NULL;
	}
	if (options->select != NULL) {
		board = strdup("");
		if (board == NULL) {
			ff_failure_set(&run->failure, "no-memory", "out of memory");
		}
		return board;
	}
	board = ff_api_choose_board(api, options->board, &run->failure);
	if (board != NULL && !ff_api_check_chip(api, board, options, &run->failure)) {
		free(board);
		return NULL;
	}
	return board;
}

/* A new string: what the user selects, of that chip alone if --chip names one; a board has its chip as a label, "esp32c3".
 * NULL: nothing, or no memory. */
static char *narrow(const struct ff_options *options)
{
	static const char label[] = ",chip=";
	const char *chip = options->chip != NULL ? options->chip : "";
	char *selector =
		options->select != NULL ? calloc(1, strlen(options->select) + strlen(label) + strlen(chip) + 1) : NULL;
	char *end;

	if (selector != NULL) {
		end = stpcpy(stpcpy(selector, options->select), chip[0] != '\0' ? label : "");
		for (; *chip != '\0'; chip++) {
			*end = (char)tolower((unsigned char)*chip);
			end += *chip != '-';
		}
		*end = '\0';
	}
	return selector;
}

bool ff_remote_work(struct ff_run *run, const struct ff_remote_task *task)
{
	struct ff_api api;
	char *selector = narrow(run->options);
	char *board;
	bool good;

	if (run->options->select != NULL && selector == NULL) {
		return ff_failure_set(&run->failure, "no-memory", "out of memory");
	}
	if (!ff_api_init(&api, run)) {
		free(selector);
		return false;
	}
	api.select = selector;
	api.all = run->options->all;
	board = choose(run, &api);
	good = board != NULL && start(run, &api, task, board) && follow(run, &api, task);
	free(board);
	ff_api_release(&api);
	free(selector);
	return good;
}
