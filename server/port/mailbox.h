// SPDX-License-Identifier: Apache-2.0
/* The tasks that wait for a board, in the order in which they came. Bounded; owns nothing and has no lock: it lives
 * behind its worker's mutex. */
#ifndef FF_PORT_MAILBOX_H
#define FF_PORT_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

struct ff_task;

struct ff_mailbox {
	struct ff_task *first;
	struct ff_task **last;
	size_t count;
	size_t labelled; /* those that show as the board's work */
};

void ff_mailbox_init(struct ff_mailbox *mailbox);

/* Puts a task at the end. False: FF_WORKER_MAX_TASKS wait already. */
bool ff_mailbox_put(struct ff_mailbox *mailbox, struct ff_task *task);

/* Takes the first one out; NULL: none waits. */
struct ff_task *ff_mailbox_take(struct ff_mailbox *mailbox);

/* Takes this one out. False: it is not here. */
bool ff_mailbox_remove(struct ff_mailbox *mailbox, struct ff_task *task);

#endif
