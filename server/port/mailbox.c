// SPDX-License-Identifier: Apache-2.0
#include "mailbox.h"

#include "worker.h"

void ff_mailbox_init(struct ff_mailbox *mailbox)
{
	*mailbox = (struct ff_mailbox){ .last = &mailbox->first };
}

bool ff_mailbox_put(struct ff_mailbox *mailbox, struct ff_task *task)
{
	if (mailbox->count >= FF_WORKER_MAX_TASKS) {
		return false;
	}
	if (task->number == 0) {
		task->number = ++mailbox->last_number;
	}
	task->next = NULL;
	*mailbox->last = task;
	mailbox->last = &task->next;
	mailbox->count++;
	mailbox->labelled += task->label != NULL;
	return true;
}

static void take_at(struct ff_mailbox *mailbox, struct ff_task **at)
{
	struct ff_task *task = *at;
	*at = task->next;
	if (!task->next) {
		mailbox->last = at;
	}
	mailbox->count--;
	mailbox->labelled -= task->label != NULL;
}

struct ff_task *ff_mailbox_take(struct ff_mailbox *mailbox, uint64_t limit)
{
	for (struct ff_task **at = &mailbox->first; *at; at = &(*at)->next) {
		struct ff_task *task = *at;
		if (!task->label || task->number <= limit) {
			take_at(mailbox, at);
			return task;
		}
	}
	return NULL;
}

bool ff_mailbox_remove(struct ff_mailbox *mailbox, struct ff_task *task)
{
	for (struct ff_task **at = &mailbox->first; *at; at = &(*at)->next) {
		if (*at == task) {
			take_at(mailbox, at);
			return true;
		}
	}
	return false;
}
