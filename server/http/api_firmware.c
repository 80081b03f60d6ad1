// SPDX-License-Identifier: Apache-2.0
/* The firmware store: images that are there, and new ones. */
#include "api.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_name.h"
#include "present.h"
#include "reply.h"
#include "text.h"
#include "upload.h"

#define RESOURCE "/api/v1/firmware/"
#define MOST_ASKED 64 /* as many as a job has images */

static const char *const list_params[] = { "sha256", NULL };

/* One image that is asked for or sent, or those that a list is asked for. */
struct wanted {
	struct ff_upload *upload;               /* of the body, while it comes */
	uint64_t bytes;                         /* of it */
	bool known;                             /* it was there before */
	char sha256[FF_SHA256_HEX_SIZE];        /* of the path; empty: none */
	struct ff_firmware *images[MOST_ASKED]; /* a reference to each */
	size_t count;
};

/* Before the answer: what the client hears must not be changed by the end of its request. */
static void let_go(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->count; i++) {
		ff_firmware_unref(wanted->images[i]);
	}
	wanted->count = 0;
}

static void free_wanted(void *state)
{
	struct wanted *wanted = state;
	ff_upload_abort(wanted->upload);
	let_go(wanted);
	free(wanted);
}

static struct wanted *begin(struct ff_request *request)
{
	struct wanted *wanted = calloc(1, sizeof(*wanted));
	if (!wanted) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		return NULL;
	}
	request->state = wanted;
	request->free_state = free_wanted;
	return wanted;
}

static void set_missing(struct ff_request *request, const char *sha256)
{
	ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_FIRMWARE, "the server has no image sha256:%s", sha256);
}

/* Takes a reference to the image if it is there. */
static bool find(struct ff_request *request, struct wanted *wanted, const char *sha256)
{
	struct ff_firmware *image = ff_firmware_find(request->http->store, sha256);
	if (image) {
		wanted->images[wanted->count++] = image;
	}
	return image != NULL;
}

static int64_t due_when_settled(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	const struct wanted *wanted = request->state;
	for (size_t i = 0; i < wanted->count; i++) {
		if (ff_firmware_is_pending(wanted->images[i])) {
			return FF_WAKER_NEVER;
		}
	}
	return now_us;
}

/* Waits until the store has dealt with the images, without holding the thread up. False: it does; `*result` is for libmicrohttpd. */
static bool is_settled(struct ff_request *request, enum MHD_Result *result)
{
	if (due_when_settled(request, 0) != FF_WAKER_NEVER) {
		return true;
	}
	*result = MHD_YES;
	if (!ff_request_park(request, due_when_settled)) {
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server stops");
		*result = ff_reply_problem(request);
	}
	return false;
}

static bool is_sound(struct ff_firmware *image)
{
	return ff_firmware_wait(image, NULL) == FF_OK;
}

/* ---- lists ---- */

static json_t *present_view(const struct ff_firmware_view *view)
{
	char used[FF_TEXT_TIME_SIZE];
	ff_text_time(used, view->used_ms);
	return json_pack("{s:s, s:I, s:s, s:b}", "sha256", view->sha256, "size", (json_int_t)view->size, "used", used,
			 "in_use", view->in_use);
}

static json_t *present_list(struct ff_request *request, json_t *list)
{
	struct ff_firmware_totals totals = ff_firmware_totals(request->http->store);
	return json_pack("{s:o, s:I, s:I}", "firmware", list, "quota", (json_int_t)totals.quota, "used",
			 (json_int_t)totals.used);
}

static json_t *list_all(struct ff_firmware_store *store)
{
	size_t count = ff_firmware_totals(store).count;
	struct ff_firmware_view *views = calloc(count + 1, sizeof(*views));
	json_t *list = views ? json_array() : NULL;
	count = views ? ff_firmware_list(store, views, count) : 0;
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, present_view(&views[i]));
	}
	free(views);
	return list;
}

static json_t *list_asked(struct ff_firmware_store *store, struct wanted *wanted)
{
	char sound[MOST_ASKED][FF_SHA256_HEX_SIZE];
	json_t *list = json_array();
	size_t count = 0;
	for (size_t i = 0; i < wanted->count; i++) {
		if (is_sound(wanted->images[i])) {
			memcpy(sound[count++], wanted->images[i]->sha256, sizeof(sound[0]));
		}
	}
	let_go(wanted);
	for (size_t i = 0; i < count; i++) {
		struct ff_firmware_view view;
		if (ff_firmware_look(store, sound[i], &view)) {
			json_array_append_new(list, present_view(&view));
		}
	}
	return list;
}

static void begin_list(struct ff_request *request)
{
	const char *text = ff_request_param(request, "sha256");
	struct wanted *wanted = begin(request);
	size_t asked = 0;
	while (wanted && text && !request->problem.http_status) {
		char sha256[FF_SHA256_HEX_SIZE];
		size_t size = strcspn(text, ",");
		if (!ff_image_name_hash(text, size, sha256) || asked++ == MOST_ASKED) {
			ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
				       "sha256 wants 1 to %d hashes of 64 hexadecimal digits, with commas between them",
				       MOST_ASKED);
			return;
		}
		find(request, wanted, sha256);
		text = text[size] ? text + size + 1 : NULL;
	}
}

static enum MHD_Result answer_list(struct ff_request *request)
{
	struct ff_firmware_store *store = request->http->store;
	enum MHD_Result result = MHD_YES;
	if (!is_settled(request, &result)) {
		return result;
	}
	json_t *list = ff_request_param(request, "sha256") ? list_asked(store, request->state) : list_all(store);
	return ff_reply_json(request, MHD_HTTP_OK, list ? present_list(request, list) : NULL);
}

/* ---- one image ---- */

/* Reads the hash in the path. NULL, and the problem, if it is none. */
static struct wanted *begin_one(struct ff_request *request)
{
	struct wanted *wanted = begin(request);
	if (wanted && !ff_image_name_hash(request->param, strlen(request->param), wanted->sha256)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "an image is called by its SHA-256, 64 hexadecimal digits");
		return NULL;
	}
	return wanted;
}

static void begin_get(struct ff_request *request)
{
	struct wanted *wanted = begin_one(request);
	if (wanted && !find(request, wanted, wanted->sha256)) {
		set_missing(request, wanted->sha256);
	}
}

static enum MHD_Result answer_get(struct ff_request *request)
{
	struct wanted *wanted = request->state;
	enum MHD_Result result = MHD_YES;
	if (!is_settled(request, &result)) {
		return result;
	}
	if (!is_sound(wanted->images[0])) {
		set_missing(request, wanted->sha256);
		return ff_reply_problem(request);
	}
	enum MHD_Result sent = ff_reply_content(request, wanted->images[0]); /* goes on without the image's reference */
	let_go(wanted);
	return sent;
}

static void begin_delete(struct ff_request *request)
{
	(void)begin_one(request);
}

static enum MHD_Result answer_delete(struct ff_request *request)
{
	const struct wanted *wanted = request->state;
	enum ff_status status = ff_firmware_remove(request->http->store, wanted->sha256);
	if (status == FF_OK) {
		return ff_reply_empty(request);
	}
	if (status == FF_ERR_BUSY) {
		ff_problem_set(&request->problem, FF_PROBLEM_FIRMWARE_IN_USE,
			       "a job or an upload needs the image sha256:%s", wanted->sha256);
	} else {
		set_missing(request, wanted->sha256);
	}
	return ff_reply_problem(request);
}

/* ---- sending ---- */

static void open_upload(struct ff_request *request, struct wanted *wanted)
{
	struct ff_error error = FF_ERROR_NONE;
	if (atomic_load(&request->http->stopping)) {
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server takes nothing more");
	} else if (ff_upload_begin(&wanted->upload, request->http->store, &error) != FF_OK) {
		ff_uploads_disk_problem(&request->problem, &error);
	}
}

static void begin_put(struct ff_request *request)
{
	struct wanted *wanted = begin_one(request);
	if (wanted) {
		/* The reference keeps it, whatever the bytes turn out to be. */
		wanted->known = find(request, wanted, wanted->sha256);
		open_upload(request, wanted);
	}
}

static void begin_post(struct ff_request *request)
{
	struct wanted *wanted = begin(request);
	if (wanted) {
		open_upload(request, wanted);
	}
}

static void take_body(struct ff_request *request, const uint8_t *bytes, size_t size)
{
	struct wanted *wanted = request->state;
	struct ff_error error = FF_ERROR_NONE;
	if (size > request->http->max_upload - wanted->bytes) {
		ff_problem_set(&request->problem, FF_PROBLEM_UPLOAD_TOO_LARGE,
			       "the image is larger than the %" PRIu64
			       " bytes that this server accepts (farflashd --max-upload)",
			       request->http->max_upload);
	} else if (ff_upload_write(wanted->upload, bytes, size, &error) != FF_OK) {
		ff_uploads_disk_problem(&request->problem, &error);
	}
	wanted->bytes += size;
	if (request->problem.http_status) {
		/* Give the disk back while the rest is read and thrown away. */
		ff_upload_abort(wanted->upload);
		wanted->upload = NULL;
	}
}

/* The body is complete. */
static void end_upload(struct ff_request *request, struct wanted *wanted)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_upload *upload = wanted->upload;
	struct ff_firmware *image = NULL;
	wanted->upload = NULL;
	if (wanted->bytes == 0) {
		ff_upload_abort(upload);
		ff_problem_set_status(&request->problem, FF_ERR_EMPTY,
				      "the image is empty: send its bytes as the body");
		return;
	}
	enum ff_status status = ff_upload_finish(upload, wanted->sha256[0] ? wanted->sha256 : NULL, &image, &error);
	if (status == FF_OK) {
		wanted->images[wanted->count++] = image;
	} else if (status == FF_ERR_VERIFY) {
		ff_problem_set(&request->problem, FF_PROBLEM_WRONG_HASH, "%s", error.text);
	} else {
		ff_uploads_disk_problem(&request->problem, &error);
	}
}

/* When the store has dealt with the image, which comes last. */
static enum MHD_Result answer_stored(struct ff_request *request, struct wanted *wanted)
{
	struct ff_firmware *image = wanted->images[wanted->count - 1];
	struct ff_firmware_view view = { .size = image->size };
	struct ff_error error = FF_ERROR_NONE;
	if (ff_firmware_wait(image, &error) != FF_OK) {
		ff_uploads_disk_problem(&request->problem, &error);
		return ff_reply_problem(request);
	}
	memcpy(view.sha256, image->sha256, sizeof(view.sha256));
	(void)ff_firmware_look(request->http->store, image->sha256, &view);
	let_go(wanted);
	view.in_use = false;
	(void)ff_firmware_look(request->http->store, view.sha256, &view); /* with no quota it is gone now */
	snprintf(request->location, sizeof(request->location), RESOURCE "%s", view.sha256);
	return ff_reply_json(request, wanted->known ? MHD_HTTP_OK : MHD_HTTP_CREATED, present_view(&view));
}

static enum MHD_Result answer_upload(struct ff_request *request)
{
	struct wanted *wanted = request->state;
	enum MHD_Result result = MHD_YES;
	if (wanted->upload) {
		end_upload(request, wanted);
	}
	if (request->problem.http_status) {
		return ff_reply_problem(request);
	}
	return is_settled(request, &result) ? answer_stored(request, wanted) : result;
}

const struct ff_handler ff_api_firmware_list = { .params = list_params, .begin = begin_list, .answer = answer_list };
const struct ff_handler ff_api_firmware_get = { .begin = begin_get, .answer = answer_get };
const struct ff_handler ff_api_firmware_delete = { .begin = begin_delete, .answer = answer_delete };
const struct ff_handler ff_api_firmware_put = {
	.body_kind = FF_BODY_UPLOAD, .begin = begin_put, .body = take_body, .answer = answer_upload
};
const struct ff_handler ff_api_firmware_post = {
	.body_kind = FF_BODY_UPLOAD, .begin = begin_post, .body = take_body, .answer = answer_upload
};
