// SPDX-License-Identifier: Apache-2.0
/* What a lease means to its board and to the jobs. */
#ifndef FF_JOBS_GATE_H
#define FF_JOBS_GATE_H

#include "leases.h"
#include "queue.h"

/* A gate for leases of boards whose jobs are in this queue, which must outlive them. */
struct ff_lease_gate ff_gate(struct ff_queue *queue);

#endif
