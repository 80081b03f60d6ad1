// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "header.h"
#include "params.h"
#include "reply.h"
#include "text.h"
#include "upload.h"

static const char *const form_params[] = { "baud", "force", "stub", "compress", "verify", NULL };
static const char *const body_params[] = { "baud", "force", "stub", "compress", "verify", "offset", NULL };

struct flash {
	struct ff_uploads uploads;
	struct ff_job_options options;
};

static void free_flash(void *state)
{
	struct flash *flash = state;
	ff_uploads_release(&flash->uploads);
	free(flash);
}

static void read_bool(struct ff_request *request, const char *name, bool *value)
{
	const char *text = ff_request_param(request, name);
	if (text && !ff_params_bool(text, value)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "%s must be true or false", name);
	}
}

static void read_options(struct ff_request *request, struct ff_job_options *options)
{
	*options = (struct ff_job_options){
		.baud = ff_worker_work_baud(request->worker),
		.stub = true,
		.compress = true,
		.verify = true,
	};
	read_bool(request, "force", &options->force);
	read_bool(request, "stub", &options->stub);
	read_bool(request, "compress", &options->compress);
	read_bool(request, "verify", &options->verify);
	const char *baud = ff_request_param(request, "baud");
	if (baud && !ff_params_baud(baud, &options->baud)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "baud must be 0 (keep the connect rate) or a number from 50 to 4000000");
	}
}

/* What can be refused before the body is read. */
static void check_request(struct ff_request *request)
{
	struct ff_board_view board;
	ff_worker_view(request->worker, &board);
	if (atomic_load(&request->http->stopping)) {
		ff_problem_set(&request->problem, FF_PROBLEM_SHUTTING_DOWN, "the server takes no more jobs");
	} else if (board.waiting >= FF_WORKER_MAX_TASKS) {
		ff_problem_set(&request->problem, FF_PROBLEM_TOO_MANY_JOBS,
			       "%zu jobs wait for %s already; try again when some of them have ended", board.waiting,
			       ff_worker_name(request->worker));
	} else if (!request->has_body && !ff_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH)) {
		ff_problem_set(&request->problem, FF_PROBLEM_LENGTH_REQUIRED,
			       "there is no image: send one with a Content-Length or in chunks");
	}
}

static struct flash *begin(struct ff_request *request)
{
	struct flash *flash = calloc(1, sizeof(*flash));
	if (!flash) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		return NULL;
	}
	request->state = flash;
	request->free_state = free_flash;
	read_options(request, &flash->options);
	return flash;
}

static void begin_form(struct ff_request *request)
{
	const char *type = ff_request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	struct flash *flash = begin(request);
	if (!flash) {
		return;
	}
	if (!type || !ff_header_equals(type, strcspn(type, "; \t"), "multipart/form-data")) {
		ff_problem_set(&request->problem, FF_PROBLEM_MEDIA_TYPE,
			       "POST takes multipart/form-data whose fields are named by their flash offsets "
			       "(curl -F 0x10000=@app.bin); a single image can be sent with PUT ...?offset=0x10000");
	}
	check_request(request);
	if (!request->problem.http_status) {
		ff_uploads_init_form(&flash->uploads, request->http->store, request->http->max_upload, type,
				     &request->problem);
	}
}

static void begin_body(struct ff_request *request)
{
	const char *text = ff_request_param(request, "offset");
	uint32_t offset = 0;
	struct flash *flash = begin(request);
	if (!flash) {
		return;
	}
	if (!text) {
		ff_problem_set(&request->problem, FF_PROBLEM_MISSING_OFFSET,
			       "say where the image belongs: PUT ...?offset=0x10000");
	} else if (!ff_params_offset(text, &offset)) {
		char clean[32];
		snprintf(clean, sizeof(clean), "%s", text);
		ff_text_clean(clean);
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_OFFSET,
			       "\"%s\" is not a flash offset such as 0x10000 or 65536", clean);
	}
	check_request(request);
	if (!request->problem.http_status) {
		ff_uploads_init_single(&flash->uploads, request->http->store, request->http->max_upload, offset,
				       &request->problem);
	}
}

static void take_body(struct ff_request *request, const uint8_t *bytes, size_t size)
{
	struct flash *flash = request->state;
	ff_uploads_write(&flash->uploads, bytes, size, &request->problem);
	if (request->problem.http_status) {
		/* Nothing of it will be used: give the disk back while the rest is read and thrown away. */
		ff_uploads_release(&flash->uploads);
	}
}

static enum MHD_Result answer(struct ff_request *request)
{
	if (request->job) {
		return ff_answer_job(request);
	}
	struct flash *flash = request->state;
	struct ff_queue_request wanted = {
		.kind = FF_JOB_FLASH,
		.worker = request->worker,
		.options = flash->options,
	};
	ff_uploads_finish(&flash->uploads, &wanted.regions, &wanted.region_count, &request->problem);
	if (request->problem.http_status) {
		return ff_reply_problem(request);
	}
	return ff_answer_submit(request, &wanted);
}

const struct ff_handler ff_api_flash_form = {
	.names_board = true,
	.params = form_params,
	.body_kind = FF_BODY_UPLOAD,
	.begin = begin_form,
	.body = take_body,
	.answer = answer,
};
const struct ff_handler ff_api_flash_body = {
	.names_board = true,
	.params = body_params,
	.body_kind = FF_BODY_UPLOAD,
	.begin = begin_body,
	.body = take_body,
	.answer = answer,
};
