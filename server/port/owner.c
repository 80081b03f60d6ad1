// SPDX-License-Identifier: Apache-2.0
#include "owner.h"

#include <stdio.h>
#include <string.h>

#include "pump.h"

static void notify(struct ff_worker *worker)
{
	if (worker->notify) {
		worker->notify(worker->notify_context);
	}
}

static void set_state(struct ff_worker *worker, enum ff_board_state state, const char *detail, const char *task)
{
	pthread_mutex_lock(&worker->mutex);
	worker->view.state = state;
	snprintf(worker->view.detail, sizeof(worker->view.detail), "%s", detail);
	snprintf(worker->view.task, sizeof(worker->view.task), "%s", task);
	pthread_mutex_unlock(&worker->mutex);
	notify(worker);
}

/* Marks the board as lost; each reason is logged once, not once for every attempt. */
static void lose(struct ff_worker *worker, const struct ff_error *error)
{
	struct ff_board_view view;
	ff_worker_view(worker, &view);
	bool news = view.state != FF_BOARD_LOST || strcmp(view.detail, error->text) != 0;
	ff_log(&worker->log, news ? FF_LOG_WARN : FF_LOG_DEBUG, "the board is lost: %s", error->text);
	if (news) {
		set_state(worker, FF_BOARD_LOST, error->text, "");
	}
}

static enum ff_status open_port(struct ff_worker *worker, struct ff_error *error)
{
	if (worker->plug.is_open) {
		return FF_OK;
	}
	enum ff_status status = ff_plug_open(&worker->plug, FF_CONSOLE_BAUD, error);
	if (status != FF_OK) {
		lose(worker, error);
		return status;
	}
	pthread_mutex_lock(&worker->mutex);
	worker->view.has_lines = worker->plug.transport.has_lines;
	pthread_mutex_unlock(&worker->mutex);
	set_state(worker, FF_BOARD_IDLE, "", "");
	return FF_OK;
}

/* After these the port may be half dead (a peer that vanished without a word looks like a silent board), so it is
 * opened anew before the next task. */
static bool puts_port_in_doubt(enum ff_status status)
{
	return status == FF_ERR_IO || status == FF_ERR_TIMEOUT || status == FF_ERR_NO_ANSWER ||
	       status == FF_ERR_PROTOCOL || status == FF_ERR_UNREACHABLE;
}

static void serve(struct ff_worker *worker, struct ff_task *task)
{
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = open_port(worker, &error);
	if (status == FF_OK) {
		if (task->label) {
			set_state(worker, FF_BOARD_BUSY, "", task->label);
		}
		status = task->ops->run(task, &worker->plug.transport, &error);
		if (status != FF_OK) {
			ff_error_set(&error, status, "%s", ff_status_text(status));
		}
		if (status == FF_ERR_LOST) {
			ff_plug_lose(&worker->plug);
			lose(worker, &error);
		} else if (task->label) {
			set_state(worker, FF_BOARD_IDLE, "", "");
		}
	}
	bool doubt = worker->plug.is_open && puts_port_in_doubt(status);
	task->ops->finished(task, status, &error);
	notify(worker);
	if (doubt) {
		ff_plug_close(&worker->plug);
	}
}

static struct ff_task *take(struct ff_worker *worker, bool *stopping)
{
	pthread_mutex_lock(&worker->mutex);
	*stopping = worker->stopping;
	struct ff_task *task = ff_mailbox_take(&worker->mailbox);
	pthread_mutex_unlock(&worker->mutex);
	return task;
}

static void retry_port(struct ff_worker *worker)
{
	if (ff_plug_is_due(&worker->plug)) {
		struct ff_error error = FF_ERROR_NONE;
		/* A failure has been recorded as the board's state. */
		(void)!open_port(worker, &error);
	}
}

/* Moves what the board said into the console, or waits until it says something. */
static void pump(struct ff_worker *worker)
{
	struct ff_error error = FF_ERROR_NONE;
	bool moved = false;
	uint64_t before = ff_console_end(&worker->console);
	enum ff_status status = FF_OK;
	if (worker->plug.is_open) {
		status = ff_pump_output(&worker->plug.transport, &worker->console, &moved, &error);
	}
	if (ff_console_end(&worker->console) != before) {
		notify(worker);
	}
	if (status != FF_OK) {
		ff_plug_lose(&worker->plug);
		lose(worker, &error);
	} else if (!moved) {
		ff_pump_wait(worker->plug.is_open ? &worker->plug.transport : NULL, worker->wake_fd,
			     worker->plug.retry_us);
	}
}

void *ff_owner_run(void *argument)
{
	struct ff_worker *worker = argument;
	bool stopping = false;
	while (!stopping) {
		struct ff_task *task = take(worker, &stopping);
		if (task && !stopping) {
			serve(worker, task);
			continue;
		}
		if (task) {
			struct ff_error error = FF_ERROR_NONE;
			ff_error_set(&error, FF_ERR_CANCELLED, "the server is stopping");
			task->ops->finished(task, FF_ERR_CANCELLED, &error);
			stopping = false; /* until the mailbox is empty */
			continue;
		}
		if (!stopping) {
			retry_port(worker);
			pump(worker);
		}
	}
	ff_plug_release(&worker->plug);
	pthread_mutex_lock(&worker->mutex);
	worker->ended = true;
	pthread_cond_signal(&worker->has_ended);
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}
