// SPDX-License-Identifier: Apache-2.0
/* Images to be written, compared or tested, and programs to be loaded into RAM. */
#include "api.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "header.h"
#include "image_name.h"
#include "params.h"
#include "query.h"
#include "reply.h"
#include "upload.h"

#define SETTING_PARAMS "flash_mode", "flash_freq", "flash_size"
#define WRITE_PARAMS \
	FF_QUERY_LOADER, "force", "compress", "verify", "encrypt", "erase_all", "ignore_encryption_efuses", \
		SETTING_PARAMS

#define BODY_PARAMS "offset", "firmware"
#define WATCH_PARAMS "expect", "fail", "timeout", "crash", "boots"

static const char *const test_form_params[] = { WRITE_PARAMS, WATCH_PARAMS, NULL };
static const char *const test_body_params[] = { WRITE_PARAMS, WATCH_PARAMS, BODY_PARAMS, NULL };
static const char *const form_params[] = { WRITE_PARAMS, NULL };
static const char *const body_params[] = { WRITE_PARAMS, BODY_PARAMS, NULL };
static const char *const verify_form_params[] = { FF_QUERY_LOADER, SETTING_PARAMS, NULL };
static const char *const ram_form_params[] = { FF_QUERY_LOADER, "force", NULL };
static const char *const ram_body_params[] = { FF_QUERY_LOADER, "force", "firmware", NULL };
static const char *const verify_body_params[] = { FF_QUERY_LOADER, SETTING_PARAMS, BODY_PARAMS, NULL };

struct images {
	struct ff_uploads uploads;
	bool complete;                  /* all of the body has come */
	struct ff_queue_request wanted; /* without the regions, until they are complete */
	bool encrypt_all;
	uint32_t encrypted[FF_MAX_REGIONS]; /* offsets of the images that the chip is to encrypt */
	size_t encrypted_count;
};

static void free_images(void *state)
{
	struct images *images = state;
	ff_uploads_release(&images->uploads);
	ff_job_watch_free(images->wanted.watch);
	free(images);
}

/* A test may do without: then what is in flash is tested. */
static bool has_images(const struct ff_request *request)
{
	const char *length = ff_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return request->has_body || (length && strcmp(length, "0") != 0) || ff_request_param(request, "firmware");
}

static void read_word(struct ff_request *request, const char *name, char *word, size_t size)
{
	const char *text = ff_request_param(request, name);
	if (text && !ff_params_word(text, word, size)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "%s wants one of esptool's words, such as dio, 40m, 4MB or keep", name);
	}
}

/* "0" and "1" could be meant both ways. */
static void read_encrypt(struct ff_request *request, struct images *images)
{
	const char *text = ff_request_param(request, "encrypt");
	if (!text || strcmp(text, "false") == 0) {
		return;
	}
	images->encrypt_all = strcmp(text, "true") == 0;
	if (!images->encrypt_all &&
	    (strcmp(text, "0") == 0 || strcmp(text, "1") == 0 ||
	     !ff_params_offsets(text, images->encrypted, FF_MAX_REGIONS, &images->encrypted_count))) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "encrypt must be true, false, or offsets of the images to encrypt, such as "
			       "0x1000,0x10000");
	}
}

static void read_options(struct ff_request *request, struct ff_job_options *options)
{
	options->compress = true;
	options->verify = true;
	ff_query_loader(request, options);
	ff_query_bool(request, "force", &options->force);
	ff_query_bool(request, "compress", &options->compress);
	ff_query_bool(request, "verify", &options->verify);
	ff_query_bool(request, "erase_all", &options->erase_all);
	ff_query_bool(request, "ignore_encryption_efuses", &options->ignore_encryption_efuses);
	read_word(request, "flash_mode", options->flash_mode, sizeof(options->flash_mode));
	read_word(request, "flash_freq", options->flash_freq, sizeof(options->flash_freq));
	read_word(request, "flash_size", options->flash_size, sizeof(options->flash_size));
}

/* What can be refused before the body is read. */
static void check_request(struct ff_request *request)
{
	const struct images *images = request->state;
	if (atomic_load(&request->http->stopping)) {
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server takes no more jobs");
	} else if (!ff_answer_check_board(request, &images->wanted)) {
		return;
	} else if (!request->has_body && !images->wanted.watch && !ff_request_param(request, "firmware") &&
		   !ff_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH)) {
		ff_problem_set(&request->problem, FF_PROBLEM_LENGTH_REQUIRED,
			       "there is no image: send one with a Content-Length or in chunks");
	}
}

/* What has not been started cannot be watched. */
static void check_start(struct ff_request *request, const struct ff_job_options *options)
{
	if (options->after == FF_AFTER_NO_RESET) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "a test watches the application start: after must not be no-reset");
	}
}

static struct images *begin(struct ff_request *request, enum ff_job_kind kind)
{
	struct images *images = calloc(1, sizeof(*images));
	if (!images) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		return NULL;
	}
	request->state = images;
	request->free_state = free_images;
	images->wanted.kind = kind;
	images->wanted.worker = request->worker;
	images->uploads.any_offset = kind == FF_JOB_VERIFY || kind == FF_JOB_LOAD_RAM;
	read_options(request, &images->wanted.options);
	read_encrypt(request, images);
	if (kind == FF_JOB_TEST) {
		images->wanted.watch = ff_query_watch(request);
		check_start(request, &images->wanted.options);
	}
	return images;
}

static void begin_form(struct ff_request *request, enum ff_job_kind kind)
{
	const char *type = ff_request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	struct images *images = begin(request, kind);
	if (!images) {
		return;
	}
	if (kind == FF_JOB_TEST && !has_images(request)) {
		check_request(request);
		return;
	}
	if (!type || !ff_header_equals(type, strcspn(type, "; \t"), "multipart/form-data")) {
		ff_problem_set(&request->problem, FF_PROBLEM_MEDIA_TYPE,
			       "POST takes multipart/form-data whose fields are named by their flash offsets "
			       "(curl -F 0x10000=@app.bin); a single image can be sent with PUT ...?offset=0x10000");
	}
	check_request(request);
	if (!request->problem.http_status) {
		ff_uploads_init_form(&images->uploads, request->http->store, request->http->max_upload, type,
				     &request->problem);
	}
}

/* The image that "firmware" names, in the place of a body. */
static void begin_named(struct ff_request *request, struct images *images, uint32_t offset, const char *text)
{
	struct ff_image_name name;
	if (request->has_body) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "the image comes in the body or is named by firmware, not both");
	} else if (!ff_image_name_parse(text, strlen(text), &name)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "firmware wants sha256:, 64 hexadecimal digits, and at most a space and a file's name");
	} else {
		ff_uploads_init_named(&images->uploads, request->http->store, offset, &name, &request->problem);
	}
}

static void begin_body(struct ff_request *request, enum ff_job_kind kind)
{
	const char *name = ff_request_param(request, "firmware");
	uint32_t offset = 0;
	struct images *images = begin(request, kind);
	if (!images) {
		return;
	}
	if (kind != FF_JOB_LOAD_RAM && !ff_query_offset(request, &offset)) {
		ff_problem_set(&request->problem, FF_PROBLEM_MISSING_OFFSET,
			       "say where the image belongs: PUT ...?offset=0x10000");
	}
	check_request(request);
	if (name && !request->problem.http_status) {
		begin_named(request, images, offset, name);
	} else if (!request->problem.http_status) {
		ff_uploads_init_single(&images->uploads, request->http->store, request->http->max_upload, offset,
				       &request->problem);
	}
}

static void begin_flash_form(struct ff_request *request)
{
	begin_form(request, FF_JOB_FLASH);
}

static void begin_flash_body(struct ff_request *request)
{
	begin_body(request, FF_JOB_FLASH);
}

static void begin_verify_form(struct ff_request *request)
{
	begin_form(request, FF_JOB_VERIFY);
}

static void begin_verify_body(struct ff_request *request)
{
	begin_body(request, FF_JOB_VERIFY);
}

static void begin_ram_form(struct ff_request *request)
{
	begin_form(request, FF_JOB_LOAD_RAM);
}

static void begin_ram_body(struct ff_request *request)
{
	begin_body(request, FF_JOB_LOAD_RAM);
}

static void begin_test_form(struct ff_request *request)
{
	begin_form(request, FF_JOB_TEST);
}

static void begin_test_body(struct ff_request *request)
{
	begin_body(request, FF_JOB_TEST);
}

static void take_body(struct ff_request *request, const uint8_t *bytes, size_t size)
{
	struct images *images = request->state;
	ff_uploads_write(&images->uploads, bytes, size, &request->problem);
	if (request->problem.http_status) {
		/* Nothing of it will be used: give the disk back while the rest is read and thrown away. */
		ff_uploads_release(&images->uploads);
	}
}

/* Marks the images that the chip is to encrypt; an offset without an image is a typing error. */
static void mark_encrypted(const struct images *images, struct ff_queue_request *wanted, struct ff_problem *problem)
{
	for (size_t i = 0; i < wanted->region_count; i++) {
		wanted->regions[i].encrypt = images->encrypt_all;
	}
	for (size_t i = 0; i < images->encrypted_count; i++) {
		size_t at = 0;
		while (at < wanted->region_count && wanted->regions[at].offset != images->encrypted[i]) {
			at++;
		}
		if (at == wanted->region_count) {
			ff_problem_set(problem, FF_PROBLEM_BAD_REQUEST, "encrypt names 0x%x, where no image begins",
				       images->encrypted[i]);
			return;
		}
		wanted->regions[at].encrypt = true;
	}
}

static int64_t due_when_stored(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	const struct images *images = request->state;
	return ff_uploads_are_pending(&images->uploads) ? FF_WAKER_NEVER : now_us;
}

/* A client that hears which ones are missing can send them and go on. */
static void list_missing(struct ff_request *request, const struct ff_uploads *uploads)
{
	json_t *list = json_array();
	for (size_t i = 0; i < uploads->count; i++) {
		if (!uploads->regions[i].firmware) {
			json_array_append_new(list, json_string(uploads->regions[i].sha256));
		}
	}
	request->problem_members = json_pack("{s:o}", "firmware", list);
}

/* Makes the job of what has come. */
static enum MHD_Result submit(struct ff_request *request, struct images *images)
{
	struct ff_queue_request wanted = images->wanted;
	images->wanted.watch = NULL; /* handed on */
	if (!request->problem.http_status && (wanted.kind != FF_JOB_TEST || has_images(request))) {
		ff_uploads_take(&images->uploads, &wanted.regions, &wanted.region_count, &request->problem);
	}
	if (request->problem.code && strcmp(request->problem.code, "no-such-firmware") == 0) {
		list_missing(request, &images->uploads);
	}
	if (!request->problem.http_status) {
		mark_encrypted(images, &wanted, &request->problem);
	}
	if (wanted.kind == FF_JOB_LOAD_RAM && wanted.region_count > 1) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "one program at a time can be loaded");
	}
	if (request->problem.http_status) {
		ff_queue_request_release(&wanted);
		return ff_reply_problem(request);
	}
	return ff_answer_submit(request, &wanted);
}

static enum MHD_Result answer(struct ff_request *request)
{
	if (ff_answer_is_made(request)) {
		return ff_answer_job(request);
	}
	struct images *images = request->state;
	if (!images->complete) {
		images->complete = true;
		if (images->wanted.kind != FF_JOB_TEST || has_images(request)) {
			ff_uploads_end(&images->uploads, &request->problem);
		}
	}
	if (!request->problem.http_status && ff_uploads_are_pending(&images->uploads)) {
		if (ff_request_park(request, due_when_stored)) {
			return MHD_YES;
		}
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server takes no more jobs");
	}
	return submit(request, images);
}

#define TAKES_IMAGES(known, function) \
	{ \
		.names_board = true, .lease = FF_LEASE_NEEDED, .params = (known), .body_kind = FF_BODY_UPLOAD, \
		.begin = (function), .body = take_body, .answer = answer, \
	}

#define TAKES_IMAGES_FOR_ANY(known, function) \
	{ \
		.selects_board = true, .params = (known), .body_kind = FF_BODY_UPLOAD, .begin = (function), \
		.body = take_body, .answer = answer, \
	}

const struct ff_handler ff_api_flash_form = TAKES_IMAGES(form_params, begin_flash_form);
const struct ff_handler ff_api_flash_body = TAKES_IMAGES(body_params, begin_flash_body);
const struct ff_handler ff_api_ram_form = TAKES_IMAGES(ram_form_params, begin_ram_form);
const struct ff_handler ff_api_ram_body = TAKES_IMAGES(ram_body_params, begin_ram_body);
const struct ff_handler ff_api_test_form = TAKES_IMAGES(test_form_params, begin_test_form);
const struct ff_handler ff_api_test_body = TAKES_IMAGES(test_body_params, begin_test_body);
const struct ff_handler ff_api_verify_form = TAKES_IMAGES(verify_form_params, begin_verify_form);
const struct ff_handler ff_api_verify_body = TAKES_IMAGES(verify_body_params, begin_verify_body);
const struct ff_handler ff_api_any_flash_form = TAKES_IMAGES_FOR_ANY(form_params, begin_flash_form);
const struct ff_handler ff_api_any_flash_body = TAKES_IMAGES_FOR_ANY(body_params, begin_flash_body);
const struct ff_handler ff_api_any_test_form = TAKES_IMAGES_FOR_ANY(test_form_params, begin_test_form);
const struct ff_handler ff_api_any_test_body = TAKES_IMAGES_FOR_ANY(test_body_params, begin_test_body);
const struct ff_handler ff_api_any_verify_form = TAKES_IMAGES_FOR_ANY(verify_form_params, begin_verify_form);
const struct ff_handler ff_api_any_verify_body = TAKES_IMAGES_FOR_ANY(verify_body_params, begin_verify_body);
