// SPDX-License-Identifier: Apache-2.0
/* The same work on many boards: followed to the end of all, and told as a table with a row a board. Belongs to one thread. */
#ifndef FF_CLIENT_BATCH_H
#define FF_CLIENT_BATCH_H

#include <stdbool.h>

#include <jansson.h>

#include "api.h"
#include "run.h"

/* Whether the server has answered with a batch, instead of a job. */
bool ff_batch_is_one(const json_t *answer);

/* Says which boards are left out of it, if there are any. */
void ff_batch_tell_left_out(const json_t *batch, struct ff_display *display);

/* Waits for the end of all its jobs; `batch` is replaced by what has become of it. The first interrupt cancels them. False:
 * the failure. */
bool ff_batch_follow(struct ff_api *api, json_t **batch, struct ff_display *display, struct ff_failure *failure);

/* Prints the report, unless JSON is wanted. False, and run->failure, if a board has failed. */
bool ff_batch_conclude(struct ff_run *run);

#endif
