// SPDX-License-Identifier: Apache-2.0
/* The one way out: every answer, good or bad, leaves through here with the same headers. For the request's thread. All
 * return what libmicrohttpd wants to hear from a handler. */
#ifndef FF_HTTP_REPLY_H
#define FF_HTTP_REPLY_H

#include <jansson.h>
#include <microhttpd.h>

#include "request.h"

/* Answers with a JSON object, whose reference is taken; NULL stands for a lack of memory and becomes a 500. */
enum MHD_Result ff_reply_json(struct ff_request *request, unsigned http_status, json_t *body);

#define FF_REPLY_METRICS "text/plain; version=0.0.4; charset=utf-8"

/* Answers 200 with text from malloc(), which is taken; NULL as above. */
enum MHD_Result ff_reply_text(struct ff_request *request, const char *content_type, char *text);

/* Answers 204. */
enum MHD_Result ff_reply_empty(struct ff_request *request);

/* Answers with the request's problem (RFC 9457), the board and the job it is about included. */
enum MHD_Result ff_reply_problem(struct ff_request *request);

#define FF_REPLY_JSON "application/json"
#define FF_REPLY_BYTES "application/octet-stream"

/* Answers 200 with headers alone. */
enum MHD_Result ff_reply_head(struct ff_request *request, const char *content_type);

/* Answers with what a job has read. */
enum MHD_Result ff_reply_content(struct ff_request *request, const struct ff_firmware *content);

/* Answers with a stream of unknown length. `read` gets `context`, which stays the caller's. */
enum MHD_Result ff_reply_stream(struct ff_request *request, const char *content_type, MHD_ContentReaderCallback read,
				void *context);

/* Sends the request's problem in the middle of the body, where libmicrohttpd has no way to, and ends the
 * connection. */
enum MHD_Result ff_reply_cut(struct ff_request *request);

#endif
