// SPDX-License-Identifier: Apache-2.0
#include "reply.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "handshake.h"
#include "present.h"
#include "trail.h"

#define PROBLEM_TYPE "application/problem+json"
#define JSON_STYLE (JSON_COMPACT | JSON_REAL_PRECISION(9))
#define STREAM_BLOCK 4096

static void log_reply(struct ff_request *request, unsigned http_status)
{
	ff_trail_answer(request, http_status);
	ff_meters_answer(&request->http->meters, http_status);
	const struct ff_log *log = request->http->log;
	if (request->problem.http_status) {
		ff_log(log, FF_LOG_INFO, "%s %s: %u %s: %s", request->method, request->path, http_status,
		       request->problem.code, request->problem.detail);
	} else {
		ff_log(log, FF_LOG_DEBUG, "%s %s: %u", request->method, request->path, http_status);
	}
}

/* Nothing is kept, and to a browser none of it is a page: no scripts, no frames, no guessing of types, and other sites are
 * not told where their visitors come from. */
#define NO_STORE "no-store"
#define NO_SNIFF "nosniff"
#define NO_PAGE "default-src 'none'; frame-ancestors 'none'"
#define NO_REFERRER "no-referrer"

static const struct {
	const char *name;
	const char *value;
} always[] = {
	{ MHD_HTTP_HEADER_CACHE_CONTROL, NO_STORE },
	{ "X-Content-Type-Options", NO_SNIFF },
	{ "Content-Security-Policy", NO_PAGE },
	{ "Referrer-Policy", NO_REFERRER },
};

static void add_headers(struct MHD_Response *response, const struct ff_request *request, const char *content_type)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		MHD_add_response_header(response, always[i].name, always[i].value);
	}
	if (content_type) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	}
	if (request->location[0]) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, request->location);
	}
	if (request->allow[0]) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
	}
	if (request->problem.http_status == MHD_HTTP_UPGRADE_REQUIRED) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "Upgrade");
		MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
		MHD_add_response_header(response, MHD_HTTP_HEADER_SEC_WEBSOCKET_VERSION, FF_HANDSHAKE_VERSION);
	}
	if (request->problem.http_status == MHD_HTTP_UNAUTHORIZED) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
					request->invalid_token ? "Bearer realm=\"farflash\", error=\"invalid_token\""
							       : "Bearer realm=\"farflash\"");
	}
	if (request->problem.http_status == MHD_HTTP_TOO_MANY_REQUESTS || request->refused_stream) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	}
	if (request->applied_async) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_PREFERENCE_APPLIED, "respond-async");
	}
}

static enum MHD_Result queue(struct ff_request *request, unsigned http_status, const char *content_type,
			     struct MHD_Response *response)
{
	if (!response) {
		return MHD_NO;
	}
	add_headers(response, request, content_type);
	log_reply(request, http_status);
	if (request->has_body && !request->body_complete) {
		ff_linger_take(request->http->linger, ff_request_socket(request));
	}
	enum MHD_Result result = MHD_queue_response(request->connection, http_status, response);
	MHD_destroy_response(response);
	return result;
}

/* The text of a JSON object, with a line end for readers at a terminal. NULL: out of memory. Takes the reference. */
static char *print_json(json_t *body)
{
	char *text = body ? json_dumps(body, JSON_STYLE) : NULL;
	json_decref(body);
	size_t size = text ? strlen(text) : 0;
	char *line = text ? realloc(text, size + 2) : NULL;
	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + size, "\n", 2);
	return line;
}

static json_t *present_problem(const struct ff_request *request)
{
	const char *board = request->worker ? ff_worker_name(request->worker) : NULL;
	if (!board && request->job) {
		board = ff_job_board(request->job);
	}
	json_t *problem =
		ff_present_problem(&request->problem, board && board[0] ? board : NULL, request->job, request->batch);
	if (problem && request->problem_members) {
		json_object_update(problem, request->problem_members);
	}
	return problem;
}

static enum MHD_Result queue_text(struct ff_request *request, unsigned http_status, const char *content_type,
				  char *text)
{
	static char no_memory[] = "{\"type\":\"urn:farflash:problem:no-memory\",\"title\":\"out of memory\","
				  "\"status\":500,\"detail\":\"the server is out of memory\",\"code\":\"no-memory\"}\n";
	if (!text) {
		return queue(request, MHD_HTTP_INTERNAL_SERVER_ERROR, PROBLEM_TYPE,
			     MHD_create_response_from_buffer(strlen(no_memory), no_memory, MHD_RESPMEM_PERSISTENT));
	}
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
	}
	return queue(request, http_status, content_type, response);
}

enum MHD_Result ff_reply_json(struct ff_request *request, unsigned http_status, json_t *body)
{
	return queue_text(request, http_status, FF_REPLY_JSON, print_json(body));
}

enum MHD_Result ff_reply_text(struct ff_request *request, const char *content_type, char *text)
{
	return queue_text(request, MHD_HTTP_OK, content_type, text);
}

enum MHD_Result ff_reply_problem(struct ff_request *request)
{
	return queue_text(request, request->problem.http_status, PROBLEM_TYPE, print_json(present_problem(request)));
}

enum MHD_Result ff_reply_empty(struct ff_request *request)
{
	return queue(request, MHD_HTTP_NO_CONTENT, NULL,
		     MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

enum MHD_Result ff_reply_stream(struct ff_request *request, const char *content_type, MHD_ContentReaderCallback read,
				void *context)
{
	struct ff_http *http = request->http;
	if (!request->is_stream && atomic_fetch_add(&http->streams, 1) >= http->max_streams) {
		atomic_fetch_sub(&http->streams, 1);
		request->refused_stream = true;
		ff_problem_set(&request->problem, FF_PROBLEM_TOO_MANY_STREAMS,
			       "%u streams are open already, and this server has no more at a time", http->max_streams);
		return ff_reply_problem(request);
	}
	request->is_stream = true;
	return queue(request, MHD_HTTP_OK, content_type,
		     MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read, context, NULL));
}

static ssize_t read_nothing(void *context, uint64_t position, char *bytes, size_t capacity)
{
	(void)context;
	(void)position;
	(void)bytes;
	(void)capacity;
	return MHD_CONTENT_READER_END_OF_STREAM;
}

enum MHD_Result ff_reply_head(struct ff_request *request, const char *content_type)
{
	return ff_reply_stream(request, content_type, read_nothing, NULL);
}

enum MHD_Result ff_reply_content(struct ff_request *request, const struct ff_firmware *content)
{
	/* The file may be given up while it is sent: its bytes last as long as the descriptor. */
	int fd = open(content->path, O_RDONLY | O_CLOEXEC);
	struct MHD_Response *response = fd < 0 ? NULL : MHD_create_response_from_fd64(content->size, fd);
	if (!response) {
		if (fd >= 0) {
			close(fd);
		}
		ff_problem_set_status(&request->problem, FF_ERR_IO, "what was read cannot be opened");
		return ff_reply_problem(request);
	}
	return queue(request, MHD_HTTP_OK, FF_REPLY_BYTES, response);
}

/* A client that is gone already learns nothing more. */
static void send_past_library(const struct ff_request *request, int fd, const char *text)
{
	const union MHD_ConnectionInfo *tls =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (tls && tls->tls_session) {
		(void)!gnutls_record_send(tls->tls_session, text, strlen(text));
	} else {
		(void)!send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

enum MHD_Result ff_reply_cut(struct ff_request *request)
{
	unsigned http_status = request->problem.http_status;
	int fd = ff_request_socket(request);
	char *body = print_json(present_problem(request));
	char *text = NULL;
	log_reply(request, http_status);
	if (body && asprintf(&text,
			     "HTTP/1.1 %u %s\r\nConnection: close\r\nCache-Control: " NO_STORE
			     "\r\nX-Content-Type-Options: " NO_SNIFF "\r\nContent-Security-Policy: " NO_PAGE
			     "\r\nReferrer-Policy: " NO_REFERRER "\r\nContent-Type: " PROBLEM_TYPE
			     "\r\nContent-Length: %zu\r\n\r\n%s",
			     http_status, MHD_get_reason_phrase_for(http_status), strlen(body), body) >= 0) {
		/* Nothing else has been written yet but a "100 Continue", so this fits into the socket's buffer. */
		send_past_library(request, fd, text);
		free(text);
		ff_linger_take(request->http->linger, fd);
	}
	free(body);
	return MHD_NO;
}
