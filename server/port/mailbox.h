// SPDX-License-Identifier: Apache-2.0
/* The tasks that wait for a board, in the order in which they came. Bounded; owns nothing and has no lock: it lives
 * behind its worker's mutex. */
#ifndef FF_PORT_MAILBOX_H
#define FF_PORT_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ff_task;

struct ff_mailbox {
	struct ff_task *first;
	struct ff_task **last;
	size_t count;
	size_t labelled;      /* those that show as the board's work */
	uint64_t last_number; /* of the tasks ever put */
};

void ff_mailbox_init(struct ff_mailbox *mailbox);

/* Puts a task at the end. False: FF_WORKER_MAX_TASKS wait already. */
bool ff_mailbox_put(struct ff_mailbox *mailbox, struct ff_task *task);

/* Takes the first one out that has no label, or a number up to `limit`; NULL: none such waits. */
struct ff_task *ff_mailbox_take(struct ff_mailbox *mailbox, uint64_t limit);

/* Takes this one out. False: it is not here. */
bool ff_mailbox_remove(struct ff_mailbox *mailbox, struct ff_task *task);

#endif
