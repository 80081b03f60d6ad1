// SPDX-License-Identifier: Apache-2.0
/* Looks after boards that failures have put in quarantine: each is probed now and then, while nobody uses it, and comes out when a
 * probe succeeds. One that stays as it is is probed less and less often. Those who were put there by hand are left alone. Main
 * thread. */
#ifndef FF_FLEET_PROBER_H
#define FF_FLEET_PROBER_H

#include <stdint.h>

#include "boards.h"
#include "quarantine.h"
#include "queue.h"

/* A board in quarantine. */
struct ff_patient {
	char board[FF_BOARD_NAME_SIZE];
	int64_t since_ms; /* of the quarantine, to tell it from another one */
	int64_t due_us;   /* when it is probed next */
	int64_t pause_us; /* until then, from the probe before */
};

struct ff_prober {
	struct ff_boards *boards;
	struct ff_quarantine *quarantine;
	struct ff_queue *queue;
	unsigned first_s; /* from the begin of the quarantine to the first probe; 0: none is made */
	struct ff_patient patients[FF_BOARDS_MAX];
	size_t count;
};

/* Probes whoever it is time for. Waits for the ledger where it does. */
void ff_prober_look(struct ff_prober *prober);

#endif
