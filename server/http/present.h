// SPDX-License-Identifier: Apache-2.0
/* The JSON objects of the interface (docs/rest-api.md). Each function returns a new reference, NULL when out of memory.
 * Any thread. */
#ifndef FF_HTTP_PRESENT_H
#define FF_HTTP_PRESENT_H

#include <jansson.h>

#include "batch.h"
#include "job.h"
#include "leases.h"
#include "ledger.h"
#include "problem.h"
#include "quarantine.h"
#include "worker.h"

/* How a board stands to those who want it, beside what the board itself knows. */
struct ff_board_standing {
	const struct ff_lease *lease; /* NULL: it has none */
	struct ff_quarantine_view quarantine;
	size_t waiting;                         /* jobs that wait for it by name */
	const struct ff_board_history *history; /* of its jobs; NULL: nothing is kept */
};

json_t *ff_present_board(struct ff_worker *worker, const struct ff_board_standing *standing);

/* With its id, if there is one in it. */
json_t *ff_present_lease(const struct ff_lease *lease, const char *board);

json_t *ff_present_info(const struct ff_board_facts *facts);
json_t *ff_present_job(struct ff_job *job);

/* Somebody who waits for a lease. */
json_t *ff_present_waiting(const struct ff_waiting *waiting);

/* The data of a position event. */
json_t *ff_present_forecast(const struct ff_forecast *forecast);

/* The data of a progress event. */
json_t *ff_present_progress(const struct ff_job_view *view);

/* With a row a board. */
json_t *ff_present_batch(const struct ff_batch *batch);

/* null where the board is not in quarantine. */
json_t *ff_present_quarantine(const struct ff_quarantine_view *view);

/* `board`, `job` and `batch` may be NULL. */
json_t *ff_present_problem(const struct ff_problem *problem, const char *board, struct ff_job *job,
			   const struct ff_batch *batch);

#endif
