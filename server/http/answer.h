// SPDX-License-Identifier: Apache-2.0
/* The three ways to answer a request that made a job: wait for its end, answer at once (Prefer: respond-async), or tell
 * its story as text (Accept: text/plain). For a handler's answer(). */
#ifndef FF_HTTP_ANSWER_H
#define FF_HTTP_ANSWER_H

#include <stdbool.h>

#include <microhttpd.h>

#include "request.h"

/* Submits what `wanted` describes, unless the request has its job already, and answers as the client asked. Takes over the
 * regions. */
enum MHD_Result ff_answer_submit(struct ff_request *request, const struct ff_queue_request *wanted);

/* Whether the request has made its job, or its jobs, already. */
bool ff_answer_is_made(const struct ff_request *request);

/* Whether the request's board, if it names one, takes such a job: not too many wait for it, it is not in quarantine, and no
 * client of the bridge writes to it. False makes that the request's problem. */
bool ff_answer_check_board(struct ff_request *request, const struct ff_queue_request *wanted);

/* Whether the request's board is free of clients of the bridge that write to it; false makes that the request's
 * problem, by name. */
bool ff_answer_check_holder(struct ff_request *request);

/* Answers for the request's job, or jobs. One that reads is answered with the bytes. */
enum MHD_Result ff_answer_job(struct ff_request *request);

/* Answers with what the request's job has read, or with a problem that says why there is nothing to be had. */
enum MHD_Result ff_answer_content(struct ff_request *request);

/* For jobs that need nothing but their board. */
enum MHD_Result ff_answer_job_of_kind(struct ff_request *request, enum ff_job_kind kind);

#endif
