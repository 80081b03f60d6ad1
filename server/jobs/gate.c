// SPDX-License-Identifier: Apache-2.0
#include "gate.h"

#include "worker.h"

static enum ff_status close_gate(void *queue, struct ff_worker *board, const struct ff_keep *keep)
{
	(void)queue;
	return ff_worker_keep(board, keep);
}

/* First the board, so that no job of the lease can begin or be taken any more; then the jobs that are there. */
static void open_gate(void *queue, struct ff_worker *board, uint64_t lease)
{
	ff_worker_unkeep(board, lease);
	ff_queue_end_lease(queue, lease);
}

struct ff_lease_gate ff_gate(struct ff_queue *queue)
{
	return (struct ff_lease_gate){ .close = close_gate, .open = open_gate, .context = queue };
}
