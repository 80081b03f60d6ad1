// SPDX-License-Identifier: Apache-2.0
/* What is checked before anything is uploaded: that the board's chip is the one that is meant. */
#include <stdio.h>
#include <stdlib.h>

#include "api.h"

#define PROBE_MS 600000 /* it waits for its turn among the board's jobs */

static const char *chip_of(const json_t *board)
{
	return json_string_value(json_object_get(json_object_get(board, "info"), "chip"));
}

/* A job, which resets the board: once, as the server remembers. */
static bool probe(struct ff_api *api, const char *board, const struct ff_options *options, json_t **answer,
		  struct ff_failure *failure)
{
	char resource[128] = "/info";
	char *path;
	bool good;

	ff_api_add_resets(resource, sizeof(resource), options);
	path = ff_http_path("/api/v1/boards/", board, resource);
	if (path == NULL) {
		return ff_failure_set(failure, "no-memory", "out of memory");
	}
	good = ff_api_call(api, &(struct ff_http_request){ .method = "POST", .path = path, .deadline_ms = PROBE_MS },
			   answer, failure);
	free(path);
	return good;
}

/* The chip's name is a part of `answer`, a new reference. NULL: the failure. */
static const char *find_chip(struct ff_api *api, const char *board, const struct ff_options *options, json_t **answer,
			     struct ff_failure *failure)
{
	char *path = ff_http_path("/api/v1/boards/", board, "");

	*answer = NULL;
	if (path == NULL) {
		ff_failure_set(failure, "no-memory", "out of memory");
		return NULL;
	}
	if ((ff_api_get(api, path, answer, failure) || ff_api_no_board(api, board, failure)) &&
	    chip_of(*answer) == NULL) {
		json_decref(*answer);
		if (probe(api, board, options, answer, failure) && chip_of(*answer) == NULL) {
			ff_failure_set(failure, "not-a-server", "%s: the server does not say which chip it is", board);
		}
	}
	free(path);
	return failure->code[0] == '\0' ? chip_of(*answer) : NULL;
}

bool ff_api_check_chip(struct ff_api *api, const char *board, const struct ff_options *options,
		       struct ff_failure *failure)
{
	json_t *answer;
	const char *chip;

	if (options->chip == NULL || options->force) {
		return true;
	}
	chip = find_chip(api, board, options, &answer, failure);
	if (chip != NULL && !ff_options_accept_chip(options, chip)) {
		ff_failure_set(failure, "wrong-chip", "%s is an %s, not the %s that was asked for; --force goes on",
			       board, chip, options->chip);
	}
	json_decref(answer);
	return failure->code[0] == '\0';
}

bool ff_api_check_images(struct ff_api *api, const char *board, const struct ff_images *images,
			 const struct ff_options *options, struct ff_failure *failure)
{
	struct ff_error error = FF_ERROR_NONE;
	json_t *answer;
	const char *chip;

	if (options->force || !ff_images_name_chip(images)) {
		return true;
	}
	chip = find_chip(api, board, options, &answer, failure);
	if (chip != NULL && ff_images_check_chip(images, chip, &error) != FF_OK) {
		ff_failure_set_error(failure, board, &error);
	}
	json_decref(answer);
	return failure->code[0] == '\0';
}
