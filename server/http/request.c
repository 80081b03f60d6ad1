// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "admission.h"
#include "batch.h"
#include "board_labels.h"
#include "lease_gate.h"
#include "selection.h"
#include "routes.h"
#include "text.h"

#define LEASES "/api/v1/leases/"

const char *ff_request_header(const struct ff_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *ff_request_param(const struct ff_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct ff_caller *ff_request_caller(const struct ff_request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

int ff_request_socket(const struct ff_request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

bool ff_request_is_abandoned(const struct ff_request *request)
{
	/* Not by a look at the bytes that wait: over TLS the other side says good-bye before it closes. */
	struct pollfd socket = { .fd = ff_request_socket(request), .events = POLLRDHUP };
	return poll(&socket, 1, 0) > 0;
}

static void find_handler(struct ff_request *request, const char *method, const char *path)
{
	struct ff_route_match match;
	size_t count = 0;
	const struct ff_route *routes = ff_routes(&count);
	ff_router_find(routes, count, method, path, &match);
	if (match.route) {
		request->handler = match.route->handler;
		request->scope = match.route->scope;
		request->route = match.route->pattern;
		memcpy(request->param, match.param, sizeof(match.param));
	} else if (match.allow[0]) {
		memcpy(request->allow, match.allow, sizeof(match.allow));
		ff_problem_set(&request->problem, FF_PROBLEM_METHOD_NOT_ALLOWED, "%s can be asked for with %s",
			       request->path, match.allow);
	} else {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_RESOURCE,
			       "there is nothing at %s; the interface begins at /api/v1/boards and /api/v1/jobs",
			       request->path);
	}
}

bool ff_request_may_see(const struct ff_request *request, struct ff_worker *worker)
{
	struct ff_labels labels;
	if (!request->identity.has_boards) {
		return true;
	}
	if (!worker) {
		return false;
	}
	ff_board_labels(worker, &labels);
	return ff_selector_matches(&request->identity.boards, &labels);
}

bool ff_request_may_see_job(const struct ff_request *request, const struct ff_job *job)
{
	struct ff_worker *worker = ff_job_worker(job);
	return ff_request_may_see(request, worker) || (!worker && ff_request_owns(request, ff_job_options(job)->who));
}

bool ff_request_owns(const struct ff_request *request, const char *who)
{
	return ff_scopes_allow(request->identity.scopes, FF_SCOPE_ADMIN) ||
	       (request->who[0] && strcmp(request->who, who) == 0);
}

struct ff_worker *ff_request_find_board(struct ff_request *request, const char *name)
{
	struct ff_worker *worker = ff_boards_find(request->http->boards, name);
	if (worker && ff_request_may_see(request, worker)) {
		return worker;
	}
	ff_worker_unref(worker);
	char clean[FF_ROUTE_PARAM_SIZE];
	snprintf(clean, sizeof(clean), "%s", name);
	ff_text_clean(clean);
	ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_BOARD,
		       "this server has no board \"%s\"; GET /api/v1/boards lists those that it has", clean);
	return NULL;
}

static enum MHD_Result check_param(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	struct ff_request *request = context;
	const char *const *known = request->handler->params;
	while (known && *known && strcmp(*known, name) != 0) {
		known++;
	}
	bool selects = request->handler->selects_board && ff_selection_is_param(name);
	bool is_lease = request->handler->lease != FF_LEASE_UNUSED && strcmp(name, FF_LEASE_PARAM) == 0;
	char clean[64];
	snprintf(clean, sizeof(clean), "%s", name);
	ff_text_clean(clean);
	if (!is_lease && !selects && (!known || !*known)) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "there is no parameter \"%s\" here", clean);
	} else if (!value) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "the parameter \"%s\" has no value", clean);
	} else if (ff_request_param(request, name) != value) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "the parameter \"%s\" is given twice", clean);
	}
	return request->problem.http_status ? MHD_NO : MHD_YES;
}

/* The number that the user knows, which for a form leaves out what stands around the images. */
static void refuse_body(struct ff_request *request)
{
	bool upload = request->handler && request->handler->body_kind == FF_BODY_UPLOAD;
	uint64_t cap = upload ? request->http->max_upload : request->body_limit;
	ff_problem_set(&request->problem, FF_PROBLEM_UPLOAD_TOO_LARGE, "the body is larger than the %llu bytes that %s",
		       (unsigned long long)cap,
		       upload ? "this server accepts (farflashd --max-upload)" : "are accepted here");
}

static void measure_body(struct ff_request *request)
{
	/* libmicrohttpd has refused lengths that are no numbers. */
	const char *length = ff_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t size = length ? strtoull(length, NULL, 10) : 0;
	request->has_body = size > 0 || ff_request_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
	request->body_limit = FF_REQUEST_IGNORED_BODY;
	if (request->handler && request->handler->body_kind == FF_BODY_SMALL) {
		request->body_limit = FF_REQUEST_SMALL_BODY;
	} else if (request->handler && request->handler->body_kind == FF_BODY_UPLOAD) {
		request->body_limit = request->http->max_upload;
		request->body_limit +=
			strcmp(request->method, MHD_HTTP_METHOD_POST) == 0 ? FF_REQUEST_FORM_OVERHEAD : 0;
	}
	if (size > request->body_limit) {
		refuse_body(request);
	}
}

struct ff_request *ff_request_new(struct ff_http *http, struct MHD_Connection *connection, const char *method,
				  const char *path)
{
	struct ff_request *request = calloc(1, sizeof(*request));
	if (!request) {
		return NULL;
	}
	request->http = http;
	request->connection = connection;
	request->who = request->identity.name;
	snprintf(request->method, sizeof(request->method), "%s", method);
	snprintf(request->path, sizeof(request->path), "%s", path);
	ff_text_clean(request->path);
	/* Paths and problems are logged, and a lease's id is a secret. */
	if (strncmp(request->path, LEASES, strlen(LEASES)) == 0) {
		snprintf(request->path, sizeof(request->path), LEASES "...");
	}
	find_handler(request, method, path);
	ff_admission_check(request);
	if (request->handler && request->handler->names_board && !request->problem.http_status) {
		request->worker = ff_request_find_board(request, request->param);
	}
	if (request->handler && !request->problem.http_status) {
		MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, check_param, request);
	}
	if (request->handler && request->handler->selects_board && !request->problem.http_status) {
		ff_selection_read(request);
	}
	measure_body(request);
	if (request->worker && !request->problem.http_status) {
		ff_lease_gate_check(request);
	}
	if (request->handler && request->handler->begin && !request->problem.http_status) {
		request->handler->begin(request);
	}
	return request;
}

void ff_request_free(struct ff_request *request)
{
	if (!request) {
		return;
	}
	ff_errand_wait(request);
	if (request->free_state) {
		request->free_state(request->state);
	}
	if (request->is_stream) {
		atomic_fetch_sub(&request->http->streams, 1);
	}
	ff_job_unref(request->job);
	json_decref(request->problem_members);
	ff_worker_unref(request->worker);
	ff_batch_free(request->batch);
	free(request->selection);
	free(request);
}

bool ff_request_body(struct ff_request *request, const uint8_t *bytes, size_t size)
{
	request->body_size += size;
	if (request->handler && request->handler->body_kind == FF_BODY_UPLOAD) {
		ff_metric_count(request->http->meters.upload_bytes, 0, 0, (int64_t)size);
	}
	if (request->body_size > request->body_limit) {
		refuse_body(request);
		return false;
	}
	if (!request->problem.http_status && request->handler && request->handler->body) {
		request->handler->body(request, bytes, size);
	}
	return true;
}

bool ff_request_is_admitted(const struct ff_request *request)
{
	struct ff_keyring *keyring = request->http->keyring;
	return !keyring || request->scope == FF_SCOPE_OPEN || ff_keyring_still_admits(keyring, &request->identity);
}

bool ff_request_park(struct ff_request *request, int64_t (*due)(void *context, int64_t now_us))
{
	request->wait.connection = request->connection;
	request->wait.due = due;
	request->wait.context = request;
	return ff_waker_park(request->http->waker, &request->wait);
}
