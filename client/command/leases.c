// SPDX-License-Identifier: Apache-2.0
#include "leases.h"

#include <stdio.h>
#include <stdlib.h>

#include "api.h"

#define ANSWER_MS 15000

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : otherwise;
}

static void print_leases(const json_t *leases)
{
	size_t index;
	json_t *lease;

	if (json_array_size(leases) == 0) {
		puts("No board is leased.");
		return;
	}
	printf("%-16s %-24s %s\n", "BOARD", "EXPIRES", "OWNER");
	json_array_foreach(leases, index, lease)
	{
		printf("%-16s %-24s %s\n", text_of(lease, "board", "?"), text_of(lease, "expires", "?"),
		       text_of(lease, "owner", "?"));
	}
}

/* In their order; those who leave the choice to the server have no board yet. */
static void print_waiting(const json_t *waiting)
{
	size_t index;
	json_t *one;

	if (json_array_size(waiting) == 0) {
		return;
	}
	printf("\n%-16s %-24s %s\n", "WAITING FOR", "SINCE", "WHO");
	json_array_foreach(waiting, index, one)
	{
		printf("%-16s %-24s %s\n", text_of(one, "board", "any that fits"), text_of(one, "since", "?"),
		       text_of(one, "owner", "?"));
	}
}

bool ff_leases_list(struct ff_run *run)
{
	struct ff_api api = { .http = NULL };
	bool good = ff_api_init(&api, run) && ff_api_get(&api, "/api/v1/leases", &run->result, &run->failure);

	ff_api_release(&api);
	if (good && !run->options->json) {
		print_leases(json_object_get(run->result, "leases"));
		print_waiting(json_object_get(run->result, "waiting"));
	}
	return good;
}

static bool end(struct ff_run *run, struct ff_api *api, const char *board)
{
	char *path = ff_http_path("/api/v1/boards/", board, "/lease");
	const struct ff_http_request request = { .method = "DELETE", .path = path, .deadline_ms = ANSWER_MS };
	bool good = path != NULL ? ff_api_call(api, &request, &run->result, &run->failure)
				 : ff_failure_set(&run->failure, "no-memory", "out of memory");

	free(path);
	if (good && !run->options->json) {
		printf("%s: no longer leased\n", board);
	}
	return good || ff_api_no_board(api, board, &run->failure);
}

bool ff_leases_end(struct ff_run *run)
{
	const struct ff_options *options = run->options;
	const char *named = options->word_count > 0 ? options->words[0].text : options->board;
	struct ff_api api = { .http = NULL };
	char *board = NULL;
	bool good = ff_api_init(&api, run);

	if (good && named == NULL) {
		good = ff_failure_set(&run->failure, "invalid-argument",
				      "say whose lease is to end: lease BOARD --end");
	}
	if (good) {
		board = ff_api_choose_board(&api, named, &run->failure);
		good = board != NULL && end(run, &api, board);
	}
	free(board);
	ff_api_release(&api);
	return good;
}
