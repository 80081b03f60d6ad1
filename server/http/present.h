// SPDX-License-Identifier: Apache-2.0
/* The JSON objects of the interface (docs/rest-api.md). Each function returns a new reference, NULL when out of memory.
 * Any thread. */
#ifndef FF_HTTP_PRESENT_H
#define FF_HTTP_PRESENT_H

#include <jansson.h>

#include "job.h"
#include "leases.h"
#include "ledger.h"
#include "problem.h"
#include "worker.h"

/* `lease` is the board's, NULL: it has none; `history` tells of its jobs, NULL: nothing is kept. */
json_t *ff_present_board(struct ff_worker *worker, const struct ff_lease *lease,
			 const struct ff_board_history *history);

/* With its id, if there is one in it. */
json_t *ff_present_lease(const struct ff_lease *lease, const char *board);

json_t *ff_present_info(const struct ff_board_facts *facts);
json_t *ff_present_job(struct ff_job *job);

/* The data of a progress event. */
json_t *ff_present_progress(const struct ff_job_view *view);

/* `board` and `job` may be NULL. */
json_t *ff_present_problem(const struct ff_problem *problem, const char *board, struct ff_job *job);

#endif
