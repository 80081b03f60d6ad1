// SPDX-License-Identifier: Apache-2.0
/* What Prometheus learns of requests, and of the boards at the moment it asks. Any thread, but for init. */
#ifndef FF_HTTP_METERS_H
#define FF_HTTP_METERS_H

#include <stddef.h>
#include <stdint.h>

#include "metrics.h"
#include "quarantine.h"
#include "worker.h"

struct ff_meters {
	struct ff_metric *requests;
	struct ff_metric *upload_bytes;
	struct ff_metric *connections;
	struct ff_metric *boards;
};

/* Makes the metrics; NULL for `metrics` makes meters that count nothing. */
void ff_meters_init(struct ff_meters *meters, struct ff_metrics *metrics);

/* An answer with this status goes out. */
void ff_meters_answer(const struct ff_meters *meters, unsigned http_status);

/* Sets the numbers of boards in each state. */
void ff_meters_look(const struct ff_meters *meters, struct ff_worker *const *workers, size_t count,
		    struct ff_quarantine *quarantine);

#endif
