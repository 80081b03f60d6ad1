// SPDX-License-Identifier: Apache-2.0
/* firmware: the images that the server keeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "commands.h"
#include "file.h"
#include "known.h"

#define RESOURCE "/api/v1/firmware"
#define QUIET_MS 60000
#define DEADLINE_MS 15000

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "-";
}

static long long number_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static void print_list(const json_t *answer)
{
	size_t index;
	json_t *row;

	json_array_foreach(json_object_get(answer, "firmware"), index, row)
	{
		if (index == 0) {
			printf("%-64s %10s  %-24s %s\n", "SHA256", "BYTES", "USED", "");
		}
		printf("%-64s %10lld  %-24s%s\n", text_of(row, "sha256"), number_of(row, "size"), text_of(row, "used"),
		       json_is_true(json_object_get(row, "in_use")) ? " in use" : "");
	}
	printf("%lld of %lld bytes are taken.\n", number_of(answer, "used"), number_of(answer, "quota"));
}

static bool list_images(struct ff_run *run, struct ff_api *api)
{
	bool good = ff_api_get(api, RESOURCE, &run->result, &run->failure);

	if (good && !run->options->json) {
		print_list(run->result);
	}
	return good;
}

/* Whether the server says that it has the file; then that goes into `*image`. */
static bool ask_for(struct ff_api *api, const struct ff_image *file, json_t **image, struct ff_failure *failure)
{
	char sha256[FF_DIGEST_HEX_SIZE];
	char question[sizeof(RESOURCE "?sha256=") + FF_DIGEST_HEX_SIZE];
	json_t *answer = NULL;

	if (!ff_known_hash(file, sha256)) {
		return ff_failure_set(failure, "no-memory", "out of memory");
	}
	snprintf(question, sizeof(question), RESOURCE "?sha256=%s", sha256);
	if (ff_api_get(api, question, &answer, failure)) {
		*image = json_incref(json_array_get(json_object_get(answer, "firmware"), 0));
	}
	json_decref(answer);
	return *image != NULL;
}

static bool send(struct ff_run *run, struct ff_api *api, const struct ff_image *file, json_t **image)
{
	const struct ff_http_request request = { .method = "POST",
						 .path = RESOURCE,
						 .body = file->bytes,
						 .body_size = (size_t)file->size,
						 .quiet_ms = QUIET_MS };

	return ask_for(api, file, image, &run->failure) ||
	       (run->failure.code[0] == '\0' && ff_api_call(api, &request, image, &run->failure));
}

/* Files go as they are: what is written is what was put. */
static bool put_file(struct ff_run *run, struct ff_api *api, const char *path)
{
	struct ff_buf bytes;
	struct ff_error error = FF_ERROR_NONE;
	json_t *image = NULL;
	bool good;

	ff_buf_init(&bytes, FF_IMAGES_MAX_CONTENT);
	good = ff_file_read(&bytes, path, &error) == FF_OK || ff_failure_set_error(&run->failure, NULL, &error);
	if (good) {
		const struct ff_image file = { .bytes = bytes.bytes, .size = bytes.size };

		good = send(run, api, &file, &image);
	}
	if (good && !run->options->json) {
		printf("%s  %s\n", text_of(image, "sha256"), path);
	}
	if (image != NULL) {
		json_array_append_new(json_object_get(run->result, "firmware"), image);
	}
	ff_buf_release(&bytes);
	return good;
}

static bool put_files(struct ff_run *run, struct ff_api *api)
{
	bool good = true;

	run->result = json_pack("{s:[]}", "firmware");
	for (size_t i = 1; i < run->options->word_count && good; i++) {
		good = put_file(run, api, run->options->words[i].text);
	}
	return good;
}

static bool remove_image(struct ff_run *run, struct ff_api *api, const char *sha256)
{
	char *path = ff_http_path(RESOURCE "/", sha256, "");
	const struct ff_http_request request = { .method = "DELETE", .path = path, .deadline_ms = DEADLINE_MS };
	json_t *answer = NULL;
	bool good = path != NULL ? ff_api_call(api, &request, &answer, &run->failure)
				 : ff_failure_set(&run->failure, "no-memory", "out of memory");

	json_decref(answer);
	free(path);
	if (good && !run->options->json) {
		printf("%s is removed\n", sha256);
	}
	return good;
}

static bool remove_images(struct ff_run *run, struct ff_api *api)
{
	bool good = true;

	run->result = json_pack("{s:[]}", "removed");
	for (size_t i = 1; i < run->options->word_count && good; i++) {
		const char *sha256 = run->options->words[i].text;

		good = remove_image(run, api, sha256);
		if (good) {
			json_array_append_new(json_object_get(run->result, "removed"), json_string(sha256));
		}
	}
	return good;
}

bool ff_cmd_firmware(struct ff_run *run)
{
	static const struct {
		const char *word;
		bool takes_more;
		bool (*act)(struct ff_run *run, struct ff_api *api);
	} actions[] = {
		{ "list", false, list_images },
		{ "put", true, put_files },
		{ "remove", true, remove_images },
	};
	const struct ff_options *options = run->options;
	const char *word = options->word_count > 0 ? options->words[0].text : "list";
	struct ff_api api;
	bool good;

	if (options->port != NULL) {
		return ff_failure_set(&run->failure, "invalid-argument", "firmware asks a server: leave --port out");
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(word, actions[i].word) == 0 && (options->word_count > 1) == actions[i].takes_more) {
			good = ff_api_init(&api, run) && actions[i].act(run, &api);
			ff_api_release(&api);
			return good;
		}
	}
	return ff_failure_set(&run->failure, "invalid-argument",
			      "firmware wants list, put FILE..., or remove SHA256..., not '%.40s'", word);
}
