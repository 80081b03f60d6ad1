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

/* What a board's chip has to be. */
struct demand {
	const char *board;
	const struct ff_options *options;
	const struct ff_images *images; /* that it has to suit; NULL: it has to be the one of --chip */
};

static bool suits(const struct demand *demand, const char *chip, struct ff_failure *failure)
{
	struct ff_error error = FF_ERROR_NONE;

	if (demand->images == NULL) {
		return ff_options_accept_chip(demand->options, chip) ||
		       ff_failure_set(failure, "wrong-chip",
				      "%s is an %s, not the %s that was asked for; --force goes on", demand->board,
				      chip, demand->options->chip);
	}
	if (ff_images_check_chip(demand->images, chip, &error) != FF_OK) {
		return ff_failure_set_error(failure, demand->board, &error);
	}
	return true;
}

/* What the server remembers may be of a board that was there before: nothing is refused for that without having asked the board
 * itself. */
static bool check(struct ff_api *api, const struct demand *demand, struct ff_failure *failure)
{
	char *path = ff_http_path("/api/v1/boards/", demand->board, "");
	struct ff_failure ignored = { .code = "" };
	json_t *answer = NULL;
	bool good;

	if (path == NULL) {
		return ff_failure_set(failure, "no-memory", "out of memory");
	}
	good = ff_api_get(api, path, &answer, failure) || ff_api_no_board(api, demand->board, failure);
	free(path);
	if (good && (chip_of(answer) == NULL || !suits(demand, chip_of(answer), &ignored))) {
		json_decref(answer);
		good = probe(api, demand->board, demand->options, &answer, failure);
		if (good && chip_of(answer) == NULL) {
			good = ff_failure_set(failure, "not-a-server", "%s: the server does not say which chip it is",
					      demand->board);
		}
		good = good && suits(demand, chip_of(answer), failure);
	}
	json_decref(answer);
	return good;
}

bool ff_api_check_chip(struct ff_api *api, const char *board, const struct ff_options *options,
		       struct ff_failure *failure)
{
	const struct demand demand = { .board = board, .options = options };

	return options->chip == NULL || options->force || check(api, &demand, failure);
}

bool ff_api_check_images(struct ff_api *api, const char *board, const struct ff_images *images,
			 const struct ff_options *options, struct ff_failure *failure)
{
	const struct demand demand = { .board = board, .options = options, .images = images };

	return options->force || !ff_images_name_chip(images) || check(api, &demand, failure);
}
