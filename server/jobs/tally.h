// SPDX-License-Identifier: Apache-2.0
/* What Prometheus learns of the jobs. Any thread. */
#ifndef FF_JOBS_TALLY_H
#define FF_JOBS_TALLY_H

#include "job.h"
#include "metrics.h"

struct ff_tally {
	struct ff_metric *ended;
	struct ff_metric *active;
	struct ff_metric *waited;
	struct ff_metric *took;
	struct ff_metric *phases;
	struct ff_metric *bytes;
	struct ff_metric *wire_bytes;
	struct ff_metric *retries;
};

/* Makes the metrics; NULL for `metrics` makes a tally that counts nothing. */
void ff_tally_init(struct ff_tally *tally, struct ff_metrics *metrics);

/* A job waits; it waits no more, because it runs or was not taken after all; it has ended, and `job` tells how. */
void ff_tally_wait(const struct ff_tally *tally);
void ff_tally_begin(const struct ff_tally *tally);
void ff_tally_withdraw(const struct ff_tally *tally);
void ff_tally_end(const struct ff_tally *tally, struct ff_job *job);

/* A job that runs has to do something once more. */
void ff_tally_retry(const struct ff_tally *tally, enum ff_retry what);

#endif
