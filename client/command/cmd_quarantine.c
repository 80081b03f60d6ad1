// SPDX-License-Identifier: Apache-2.0
/* quarantine: boards out of use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "commands.h"

#define ANSWER_MS 15000

static bool change(struct ff_run *run, struct ff_api *api, const char *board)
{
	const char *reason = run->options->reason;
	char *query = ff_http_path("/quarantine?reason=", reason != NULL ? reason : "", "");
	char *path =
		query != NULL ? ff_http_path("/api/v1/boards/", board, reason != NULL ? query : "/quarantine") : NULL;
	const struct ff_http_request request = { .method = reason != NULL ? "PUT" : "DELETE",
						 .path = path,
						 .deadline_ms = ANSWER_MS };
	bool good = path != NULL ? ff_api_call(api, &request, &run->result, &run->failure)
				 : ff_failure_set(&run->failure, "no-memory", "out of memory");

	free(query);
	free(path);
	if (good && !run->options->json) {
		printf("%s: %s quarantine\n", board, reason != NULL ? "in" : "no longer in");
	}
	return good || ff_api_no_board(api, board, &run->failure);
}

/* Why, since when, and who has put it there: nobody, where its own failures did. */
static void print(const char *name, const json_t *quarantine)
{
	const char *reason = json_string_value(json_object_get(quarantine, "reason"));
	const char *since = json_string_value(json_object_get(quarantine, "since"));
	const char *who = json_string_value(json_object_get(quarantine, "who"));

	printf("%-16s since %s%s%s: %s\n", name, since != NULL ? since : "?", who != NULL ? ", by " : "",
	       who != NULL ? who : "", reason != NULL ? reason : "?");
}

/* Those that are in; `only` may be NULL. */
static bool list(struct ff_run *run, struct ff_api *api, const char *only)
{
	json_t *board;
	size_t index, count = 0;

	if (!ff_api_get(api, "/api/v1/boards", &run->result, &run->failure)) {
		return false;
	}
	json_array_foreach(json_object_get(run->result, "boards"), index, board)
	{
		const json_t *quarantine = json_object_get(board, "quarantine");
		const char *name = json_string_value(json_object_get(board, "name"));

		if (json_is_object(quarantine) && name != NULL && (only == NULL || strcmp(only, name) == 0) &&
		    !run->options->json) {
			count++;
			print(name, quarantine);
		}
	}
	if (count == 0 && !run->options->json) {
		printf(only != NULL ? "%s is not in quarantine.\n" : "%s is in quarantine.\n",
		       only != NULL ? only : "No board");
	}
	return true;
}

bool ff_cmd_quarantine(struct ff_run *run)
{
	const struct ff_options *options = run->options;
	const char *named = options->word_count > 0 ? options->words[0].text : options->board;
	struct ff_api api;
	char *board;
	bool good;

	if (options->port != NULL || (options->reason != NULL && options->end)) {
		return ff_failure_set(&run->failure, "invalid-argument",
				      options->port != NULL
					      ? "quarantine asks a server: leave --port out"
					      : "--reason puts it there, --end takes it out: give one of the two");
	}
	if (!ff_api_init(&api, run)) {
		return false;
	}
	if (options->reason == NULL && !options->end) {
		good = list(run, &api, named);
	} else {
		board = ff_api_choose_board(&api, named, &run->failure);
		good = board != NULL && change(run, &api, board);
		free(board);
	}
	ff_api_release(&api);
	return good;
}
