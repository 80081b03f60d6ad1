// SPDX-License-Identifier: Apache-2.0
/* The query parameters of work on a board. Each function leaves its value alone where the parameter is not given, and
 * sets the request's problem where it makes no sense. For a handler's begin(). */
#ifndef FF_HTTP_QUERY_H
#define FF_HTTP_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "request.h"

void ff_query_bool(struct ff_request *request, const char *name, bool *value);

/* A 32-bit number, decimal or behind 0x. False: it is not given or makes no sense. */
bool ff_query_number(struct ff_request *request, const char *name, uint32_t *value);

/* A place in a stream: decimal, up to 19 digits. False: it is not given or makes no sense. */
bool ff_query_position(struct ff_request *request, const char *name, uint64_t *value);

/* A number that must be given: the problem says `what` is missing. */
bool ff_query_need(struct ff_request *request, const char *name, const char *what, uint32_t *value);

/* "offset": a problem of its own says that it is no flash offset. False as above. */
bool ff_query_offset(struct ff_request *request, uint32_t *offset);

/* "expect", "fail", "timeout", "crash" and "boots": how a board is to be judged. NULL: the problem is set. */
struct ff_job_watch *ff_query_watch(struct ff_request *request);

/* The parameters of ff_query_job(), ff_query_resets() and ff_query_loader(), for a handler's list. */
#define FF_QUERY_JOB "rerun", "priority", "wait"
#define FF_QUERY_RESETS FF_QUERY_JOB, "before", "after", "connect_attempts"
#define FF_QUERY_LOADER FF_QUERY_RESETS, "baud", "stub"

/* "rerun", and "priority" and "wait", which go to the request: what belongs to every job. */
void ff_query_job(struct ff_request *request, struct ff_job_options *options);

/* That, "before", "after" and "connect_attempts": the ways into the loader and out of it. */
void ff_query_resets(struct ff_request *request, struct ff_job_options *options);

/* Those, "baud" and "stub", with the board's own defaults. */
void ff_query_loader(struct ff_request *request, struct ff_job_options *options);

#endif
