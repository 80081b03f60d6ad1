// SPDX-License-Identifier: Apache-2.0
/* Follows a job on the server to its end: its event stream, opened again when it breaks, and the job's snapshot
 * whenever the stream does not help. Belongs to one thread. */
#ifndef FF_CLIENT_FOLLOW_H
#define FF_CLIENT_FOLLOW_H

#include <stdbool.h>

#include <jansson.h>

#include "api.h"
#include "failure.h"
#include "display.h"

/* Waits for the end of `job` (as POST answered it), which is replaced by the finished one; ended jobs return at once.
 * The first interrupt asks the server to cancel it and waits a moment for the end, the second leaves at once.
 * True: the job has ended, in whatever state. False: the failure, and `job` is what was last heard of it. */
bool ff_follow_job(struct ff_api *api, json_t **job, struct ff_display *display, struct ff_failure *failure);

#endif
