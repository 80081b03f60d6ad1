// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "known.h"
#include "resets.h"
#include "token.h"

#define SNAPSHOT_DEADLINE_MS 15000
#define WORK_DEADLINE_MS 600000
#define UPLOAD_QUIET_MS 60000
#define MAX_RESOURCE 8192 /* with its query: two patterns of a test, percent-encoded, and all else */
#define MAX_ENCRYPT (16 + 11 * FF_MAX_REGIONS) /* the name, and "0x12345678," for each image */

bool ff_api_init(struct ff_api *api, struct ff_run *run)
{
	const char *server = run->options->server != NULL ? run->options->server : FF_OPTIONS_DEFAULT_SERVER;
	char *token = NULL;
	bool good;

	*api = (struct ff_api){ .interrupts = run->interrupts };
	api->http = ff_http_open(server, run->log);
	if (api->http == NULL) {
		return ff_failure_set(&run->failure, "invalid-argument",
				      "'%.200s' is not a server's address: give a URL like " FF_OPTIONS_DEFAULT_SERVER,
				      server);
	}
	good = ff_token_find(&token, run->options->token_file, &run->failure);
	if (good && !ff_http_identify(api->http, token, run->options->cacert)) {
		good = ff_failure_set(&run->failure, "no-memory", "out of memory");
	}
	free(token);
	return good;
}

void ff_api_release(struct ff_api *api)
{
	ff_http_close(api->http);
	*api = (struct ff_api){ .http = NULL };
}

bool ff_api_explain(const struct ff_api *api, enum ff_http_end end, struct ff_failure *failure)
{
	const char *url = ff_http_url(api->http);
	const char *reason = ff_http_reason(api->http);

	switch (end) {
	case FF_HTTP_STOPPED:
		return ff_failure_set(failure, "cancelled", "interrupted");
	case FF_HTTP_TIMED_OUT:
		return ff_failure_set(failure, "server-unreachable", "the server at %s did not answer in time", url);
	case FF_HTTP_NO_SERVER:
		return ff_failure_set(
			failure, "server-unreachable",
			"cannot reach a server at %s (%s): start farflashd there, or name another with --server", url,
			reason);
	case FF_HTTP_BAD_FILE:
		return ff_failure_set(failure, "invalid-argument",
				      "an image changed or went away while it was sent (%s)", reason);
	case FF_HTTP_ALIEN:
		return ff_failure_set(failure, "not-a-server",
				      "what answers at %s does not speak HTTP: is it a "
				      "farflash server?",
				      url);
	case FF_HTTP_TOO_LARGE:
		return ff_failure_set(failure, "not-a-server",
				      "%s sent more than an answer can be: is it a farflash server?", url);
	default:
		return ff_failure_set(failure, "server-unreachable", "the connection to %s was lost (%s)", url, reason);
	}
}

bool ff_api_problem(const struct ff_api *api, const struct ff_http_response *response, json_t **problem,
		    struct ff_failure *failure)
{
	json_t *body = json_loadb((const char *)response->body.bytes, response->body.size, 0, NULL);
	const char *code = json_string_value(json_object_get(body, "code"));
	const char *detail = json_string_value(json_object_get(body, "detail"));
	const char *title = json_string_value(json_object_get(body, "title"));

	if (code == NULL || (detail == NULL && title == NULL)) {
		ff_failure_set(failure, "not-a-server", "%s answered with HTTP status %ld: is it a farflash server?",
			       ff_http_url(api->http), response->status);
	} else {
		ff_failure_set(failure, code, "%s", detail != NULL ? detail : title);
	}
	if (problem != NULL) {
		*problem = body;
	} else {
		json_decref(body);
	}
	return false;
}

bool ff_api_meanwhile(const struct ff_api *api)
{
	return api->meanwhile == NULL || api->meanwhile(api->meanwhile_context);
}

static bool not_interrupted(void *context, uint64_t sent, uint64_t to_send)
{
	const struct ff_api *api = context;

	(void)sent;
	(void)to_send;
	return ff_api_meanwhile(api) && (api->interrupts == NULL || *api->interrupts == 0);
}

static bool read_answer(const struct ff_api *api, const struct ff_http_response *response, json_t **answer,
			struct ff_failure *failure)
{
	if (response->status < 200 || response->status > 299) {
		return ff_api_problem(api, response, answer, failure);
	}
	if (response->status == 204) {
		return true;
	}
	*answer = json_loadb((const char *)response->body.bytes, response->body.size, 0, NULL);
	if (*answer == NULL) {
		return ff_failure_set(failure, "not-a-server", "%s did not answer in JSON: is it a farflash server?",
				      ff_http_url(api->http));
	}
	return true;
}

bool ff_api_call(struct ff_api *api, const struct ff_http_request *request, json_t **answer, struct ff_failure *failure)
{
	struct ff_http_request watched = *request;
	struct ff_http_response response;
	enum ff_http_end end;
	bool good;

	*answer = NULL;
	if (watched.go_on == NULL) {
		watched.go_on = not_interrupted;
		watched.context = api;
	}
	end = ff_http_perform(api->http, &watched, &response);
	good = end == FF_HTTP_ANSWERED ? read_answer(api, &response, answer, failure)
				       : ff_api_explain(api, end, failure);
	ff_http_response_release(&response);
	return good;
}

bool ff_api_get(struct ff_api *api, const char *path, json_t **answer, struct ff_failure *failure)
{
	const struct ff_http_request request = { .method = "GET", .path = path, .deadline_ms = SNAPSHOT_DEADLINE_MS };

	return ff_api_call(api, &request, answer, failure);
}

/* "lab1, lab2, lab3", cut where it gets long. */
static void list_names(char *text, size_t size, const json_t *boards)
{
	size_t index, at = 0;
	json_t *board;

	text[0] = '\0';
	json_array_foreach(boards, index, board)
	{
		const char *name = json_string_value(json_object_get(board, "name"));
		int written = snprintf(text + at, size - at, "%s%s", index > 0 ? ", " : "", name ? name : "?");

		if (written < 0 || (size_t)written >= size - at) {
			return;
		}
		at += (size_t)written;
	}
}

static char *only_board(const struct ff_api *api, const json_t *boards, struct ff_failure *failure)
{
	const char *name = json_string_value(json_object_get(json_array_get(boards, 0), "name"));
	char names[256];
	char *copy;

	if (json_array_size(boards) == 0) {
		ff_failure_set(failure, "no-board",
			       "the server at %s has no boards: start it with --board NAME=ADDRESS",
			       ff_http_url(api->http));
		return NULL;
	}
	if (json_array_size(boards) > 1 || name == NULL) {
		list_names(names, sizeof(names), boards);
		ff_failure_set(failure, "invalid-argument",
			       "the server at %s has %zu boards, choose one with --board: %s", ff_http_url(api->http),
			       json_array_size(boards), names);
		return NULL;
	}
	copy = strdup(name);
	if (copy == NULL) {
		ff_failure_set(failure, "no-memory", "out of memory");
	}
	return copy;
}

char *ff_api_choose_board(struct ff_api *api, const char *named, struct ff_failure *failure)
{
	json_t *answer;
	char *board = NULL;

	if (named != NULL) {
		board = strdup(named);
		if (board == NULL) {
			ff_failure_set(failure, "no-memory", "out of memory");
		}
		return board;
	}
	if (ff_api_get(api, "/api/v1/boards", &answer, failure)) {
		board = only_board(api, json_object_get(answer, "boards"), failure);
	}
	json_decref(answer);
	return board;
}

bool ff_api_no_board(struct ff_api *api, const char *board, struct ff_failure *failure)
{
	struct ff_failure none = { .code = "" };
	json_t *answer;
	char names[256];

	if (api->select == NULL && strcmp(failure->code, "no-such-board") == 0 &&
	    ff_api_get(api, "/api/v1/boards", &answer, &none)) {
		list_names(names, sizeof(names), json_object_get(answer, "boards"));
		snprintf(failure->text, sizeof(failure->text), "the server at %s has no board '%s'; it has: %s",
			 ff_http_url(api->http), board, names[0] != '\0' ? names : "none");
		json_decref(answer);
	}
	return false;
}

struct upload {
	struct ff_api *api;
	struct ff_display *display;
};

static bool show_upload(void *context, uint64_t sent, uint64_t to_send)
{
	struct upload *upload = context;

	if (to_send > 0) {
		ff_display_update(upload->display, "upload", sent, to_send);
	}
	return not_interrupted(upload->api, sent, to_send);
}

static void add_param(char *resource, size_t size, const char *param)
{
	size_t used = strlen(resource);

	snprintf(resource + used, size - used, "%c%s", strchr(resource, '?') != NULL ? '&' : '?', param);
}

void ff_api_add_job(char *resource, size_t size, const struct ff_options *options)
{
	char param[32];

	if (options->rerun) {
		add_param(resource, size, "rerun=true");
	}
	if (options->priority != 0) {
		snprintf(param, sizeof(param), "priority=%d", options->priority);
		add_param(resource, size, param);
	}
	if (options->waits && options->select != NULL) {
		snprintf(param, sizeof(param), "wait=%u", options->wait_s > 0 ? options->wait_s : 1);
		add_param(resource, size, param);
	}
}

void ff_api_add_resets(char *resource, size_t size, const struct ff_options *options)
{
	char param[48];

	ff_api_add_job(resource, size, options);
	if (options->before != FF_BEFORE_DEFAULT_RESET) {
		snprintf(param, sizeof(param), "before=%s", ff_resets_before[options->before]);
		add_param(resource, size, param);
	}
	if (options->after != FF_AFTER_HARD_RESET) {
		snprintf(param, sizeof(param), "after=%s", ff_resets_after[options->after]);
		add_param(resource, size, param);
	}
	if (options->attempts > 0) {
		snprintf(param, sizeof(param), "connect_attempts=%u", options->attempts);
		add_param(resource, size, param);
	}
}

void ff_api_add_loader(char *resource, size_t size, const struct ff_options *options)
{
	char baud[24];

	ff_api_add_resets(resource, size, options);
	snprintf(baud, sizeof(baud), "baud=%u", options->baud);
	if (options->baud_given) {
		add_param(resource, size, baud); /* the server knows better than our default what suits a board */
	}
	if (options->no_stub) {
		add_param(resource, size, "stub=false");
	}
}

/* Adds a flash setting, whatever the user wrote: the server knows the words. */
static void add_word(char *resource, size_t size, const char *name, const char *word)
{
	char param[64];
	size_t used;

	if (word[0] == '\0') {
		return;
	}
	used = (size_t)snprintf(param, sizeof(param), "%s=", name);
	for (; *word != '\0' && used + 4 <= sizeof(param); word++) {
		unsigned char c = (unsigned char)*word;

		used += (size_t)snprintf(param + used, sizeof(param) - used, isalnum(c) || c == '-' ? "%c" : "%%%02X",
					 c);
	}
	add_param(resource, size, param);
}

void ff_api_add_settings(char *resource, size_t size, const struct ff_options *options)
{
	add_word(resource, size, "flash_mode", options->settings.mode);
	add_word(resource, size, "flash_freq", options->settings.freq);
	add_word(resource, size, "flash_size", options->settings.size);
}

/* Adds which images the chip is to encrypt. */
static void add_encrypt(char *resource, size_t size, const struct ff_images *images)
{
	char list[MAX_ENCRYPT] = "";
	size_t used = 0;

	for (size_t i = 0; i < images->count && used < sizeof(list); i++) {
		if (images->items[i].encrypt) {
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s0x%x",
						 used > 0 ? "," : "encrypt=", images->items[i].offset);
		}
	}
	if (used > 0) {
		add_param(resource, size, list);
	}
}

bool ff_api_flash(struct ff_api *api, const char *board, const char *resource, const char *query,
		  const struct ff_images *images, const struct ff_options *options, struct ff_display *display,
		  json_t **job, struct ff_failure *failure)
{
	char whole[MAX_RESOURCE];

	snprintf(whole, sizeof(whole), "%s%s%s", resource, query != NULL ? "?" : "", query != NULL ? query : "");
	ff_api_add_loader(whole, sizeof(whole), options);
	if (options->force) {
		add_param(whole, sizeof(whole), "force=true");
	}
	if (options->no_compress) {
		add_param(whole, sizeof(whole), "compress=false");
	}
	if (options->no_verify) {
		add_param(whole, sizeof(whole), "verify=false");
	}
	if (options->erase_all) {
		add_param(whole, sizeof(whole), "erase_all=true");
	}
	if (options->ignore_encryption_efuses) {
		add_param(whole, sizeof(whole), "ignore_encryption_efuses=true");
	}
	ff_api_add_settings(whole, sizeof(whole), options);
	add_encrypt(whole, sizeof(whole), images);
	return images->count > 0 ? ff_api_send(api, board, whole, images, display, job, failure)
				 : ff_api_start(api, board, whole, job, failure);
}

/* Of those boards that the user has selected, if that is how they are meant. */
static char *selected_path(const struct ff_api *api, const char *resource)
{
	char prefix[MAX_RESOURCE + 32];

	snprintf(prefix, sizeof(prefix), "/api/v1/%s%cselect=", resource, strchr(resource, '?') != NULL ? '&' : '?');
	return ff_http_path(prefix, api->select, api->all ? "&all=true" : "");
}

static char *board_path(const struct ff_api *api, const char *board, const char *resource)
{
	char suffix[MAX_RESOURCE + 1];

	if (api->select != NULL) {
		return selected_path(api, resource);
	}
	snprintf(suffix, sizeof(suffix), "/%s", resource);
	return ff_http_path("/api/v1/boards/", board, suffix);
}

/* The image, or its name where the server knows it. */
static void fill_part(struct ff_http_part *part, const struct ff_image *image, const char *known)
{
	*part = known != NULL ? (struct ff_http_part){ .bytes = (const uint8_t *)known, .size = strlen(known) }
			      : (struct ff_http_part){ .file_name = image->name,
						       .path = image->path,
						       .bytes = image->bytes,
						       .size = image->path == NULL ? (size_t)image->size : 0 };
	snprintf(part->name, sizeof(part->name), "0x%x", image->offset);
}

static bool send_form(struct ff_api *api, const char *path, const struct ff_images *images,
		      const struct ff_known *known, struct ff_display *display, json_t **job,
		      struct ff_failure *failure)
{
	struct ff_http_part parts[FF_MAX_REGIONS];
	struct upload upload = { .api = api, .display = display };
	const struct ff_http_request request = { .method = "POST",
						 .path = path,
						 .respond_async = true,
						 .parts = parts,
						 .part_count = images->count,
						 .quiet_ms = UPLOAD_QUIET_MS,
						 .go_on = show_upload,
						 .context = &upload };
	uint64_t size = 0;

	for (size_t i = 0; i < images->count; i++) {
		fill_part(&parts[i], &images->items[i], known->names[i]);
		size += known->names[i] != NULL ? 0 : images->items[i].size;
	}
	ff_display_update(display, "upload", 0, size);
	return ff_api_call(api, &request, job, failure);
}

/* Which of the images the server has; one that knows no such question has none. False: it is out of reach, or we are interrupted. */
static bool ask_known(struct ff_api *api, struct ff_known *known, const struct ff_images *images,
		      struct ff_failure *failure)
{
	struct ff_failure why = { .code = "" };
	json_t *answer = NULL;
	char *question;

	if (!ff_known_begin(known, images, &question)) {
		return ff_failure_set(failure, "no-memory", "out of memory");
	}
	ff_known_keep(known, question != NULL && ff_api_get(api, question, &answer, &why) ? answer : NULL);
	json_decref(answer);
	free(question);
	if (strcmp(why.code, "server-unreachable") == 0 || strcmp(why.code, "cancelled") == 0) {
		*failure = why;
		return false;
	}
	return true;
}

bool ff_api_send(struct ff_api *api, const char *board, const char *resource, const struct ff_images *images,
		 struct ff_display *display, json_t **job, struct ff_failure *failure)
{
	char *path = board_path(api, board, resource);
	struct ff_known known = { .count = 0 };
	bool good = path != NULL || ff_failure_set(failure, "no-memory", "out of memory");

	*job = NULL;
	good = good && ask_known(api, &known, images, failure) &&
	       send_form(api, path, images, &known, display, job, failure);
	/* The server may have needed the room since it was asked. */
	if (!good && known.count > 0 && strcmp(failure->code, "no-such-firmware") == 0) {
		*failure = (struct ff_failure){ .code = "" };
		json_decref(*job);
		ff_known_release(&known);
		good = send_form(api, path, images, &known, display, job, failure);
	}
	ff_known_release(&known);
	free(path);
	return good || ff_api_no_board(api, board, failure);
}

bool ff_api_begin(struct ff_api *api, const char *method, const char *board, const char *resource, json_t **job,
		  struct ff_failure *failure)
{
	char *path = board_path(api, board, resource);
	const struct ff_http_request request = {
		.method = method, .path = path, .respond_async = true, .deadline_ms = WORK_DEADLINE_MS
	};
	bool good;

	*job = NULL;
	if (path == NULL) {
		return ff_failure_set(failure, "no-memory", "out of memory");
	}
	good = ff_api_call(api, &request, job, failure) || ff_api_no_board(api, board, failure);
	free(path);
	return good;
}

bool ff_api_start(struct ff_api *api, const char *board, const char *resource, json_t **job, struct ff_failure *failure)
{
	return ff_api_begin(api, "POST", board, resource, job, failure);
}
