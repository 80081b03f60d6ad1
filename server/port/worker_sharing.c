// SPDX-License-Identifier: Apache-2.0
/* Whose the board is: who writes to it, which lease it is kept for, and whether anybody uses it. */
#include "worker.h"

#include "owner.h"

/* Under the mutex. */
static bool is_unused(const struct ff_worker *worker)
{
	return worker->broker.keep.lease == 0 && worker->broker.holder.kind == FF_HOLDER_NONE && !worker->serving &&
	       worker->mailbox.count == 0;
}

enum ff_status ff_worker_post_if_free(struct ff_worker *worker, struct ff_task *task)
{
	/* A holder who has gone may have left some, which is still written. */
	bool empty = ff_input_is_empty(&worker->input);
	enum ff_status status = FF_OK;
	pthread_mutex_lock(&worker->mutex);
	if (worker->stopping) {
		status = FF_ERR_CANCELLED;
	} else if (!empty || !is_unused(worker) || !ff_mailbox_put(&worker->mailbox, task)) {
		status = FF_ERR_BUSY;
	}
	pthread_mutex_unlock(&worker->mutex);
	if (status == FF_OK) {
		ff_worker_wake(worker);
	}
	return status;
}

bool ff_worker_claim(struct ff_worker *worker, const struct ff_holder *who)
{
	pthread_mutex_lock(&worker->mutex);
	bool held = worker->broker.holder.kind != FF_HOLDER_NONE;
	bool holds = ff_broker_claim(&worker->broker, who, worker->mailbox.last_number);
	pthread_mutex_unlock(&worker->mutex);
	if (holds && !held) {
		ff_worker_mark(worker, "%s writes", who->name);
	}
	return holds;
}

void ff_worker_release(struct ff_worker *worker, uint64_t id)
{
	pthread_mutex_lock(&worker->mutex);
	struct ff_holder holder = worker->broker.holder;
	bool held = ff_broker_release(&worker->broker, id);
	pthread_mutex_unlock(&worker->mutex);
	if (held) {
		ff_worker_mark(worker, "%s has gone", holder.name);
		ff_worker_wake(worker);
		ff_worker_tell_freed(worker);
	}
}

bool ff_worker_is_free(struct ff_worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	bool unused = is_unused(worker);
	pthread_mutex_unlock(&worker->mutex);
	return unused && ff_input_is_empty(&worker->input);
}

enum ff_status ff_worker_keep(struct ff_worker *worker, const struct ff_keep *keep)
{
	/* A holder who has gone may have left some, which is still written. */
	bool empty = ff_input_is_empty(&worker->input);
	pthread_mutex_lock(&worker->mutex);
	bool unused = empty && !worker->stopping && is_unused(worker);
	if (unused) {
		worker->broker.keep = *keep;
	}
	pthread_mutex_unlock(&worker->mutex);
	if (unused) {
		ff_worker_mark(worker, "leased by %s", keep->owner);
		ff_worker_tell(worker);
	}
	return unused ? FF_OK : FF_ERR_BUSY;
}

void ff_worker_unkeep(struct ff_worker *worker, uint64_t lease)
{
	uint64_t holder = 0;
	pthread_mutex_lock(&worker->mutex);
	bool kept = lease != 0 && worker->broker.keep.lease == lease;
	if (kept && worker->broker.holder.kind != FF_HOLDER_NONE) {
		holder = worker->broker.holder.id;
	}
	pthread_mutex_unlock(&worker->mutex);
	if (!kept) {
		return;
	}
	ff_worker_mark(worker, "the lease has ended");
	/* Barred before the board is free, so that what is put now goes nowhere. A holder that comes between the two looks is
	 * barred the second time. */
	while (kept) {
		ff_input_bar(&worker->input, holder);
		pthread_mutex_lock(&worker->mutex);
		uint64_t now = worker->broker.holder.kind != FF_HOLDER_NONE ? worker->broker.holder.id : 0;
		if (now == 0 || now == holder) {
			worker->broker.holder = (struct ff_holder){ .kind = FF_HOLDER_NONE };
			worker->broker.keep = (struct ff_keep){ .lease = 0 };
			kept = false;
		}
		holder = now;
		pthread_mutex_unlock(&worker->mutex);
	}
	ff_worker_wake(worker);
	ff_worker_tell(worker);
	ff_worker_tell_freed(worker);
}

bool ff_worker_admits(struct ff_worker *worker, uint64_t lease)
{
	pthread_mutex_lock(&worker->mutex);
	bool admits = worker->broker.keep.lease == lease;
	pthread_mutex_unlock(&worker->mutex);
	return admits;
}

void ff_worker_use(struct ff_worker *worker, struct ff_board_use *use)
{
	bool empty = ff_input_is_empty(&worker->input);
	pthread_mutex_lock(&worker->mutex);
	use->lost = worker->view.state == FF_BOARD_LOST;
	use->free = empty && is_unused(worker);
	use->works = worker->working || worker->mailbox.labelled > 0;
	use->lease = worker->broker.keep.lease;
	use->limit = ff_broker_limit(&worker->broker);
	pthread_mutex_unlock(&worker->mutex);
}
