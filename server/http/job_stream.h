// SPDX-License-Identifier: Apache-2.0
/* A job told as it happens, as server-sent events or as lines of text. The reader sees the latest state whenever it is
 * ready for more: what it was too slow for is merged, so a slow reader costs nothing and holds nobody up. For a handler's
 * answer(), with the request's job set. */
#ifndef FF_HTTP_JOB_STREAM_H
#define FF_HTTP_JOB_STREAM_H

#include <microhttpd.h>

#include "request.h"

/* text/event-stream: state, progress, and end with the job; comments keep it alive. */
enum MHD_Result ff_job_stream_events(struct ff_request *request);

/* text/plain: a line for each step, "done: ..." or "failed: ..." at last; after "failed:" the connection is cut. */
enum MHD_Result ff_job_stream_text(struct ff_request *request);

#endif
