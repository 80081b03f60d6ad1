// SPDX-License-Identifier: Apache-2.0
#include "owner.h"

#include <stdio.h>
#include <string.h>

#include "feed.h"
#include "pump.h"

#define LOOK_MS 100           /* how often the modem lines are looked at, while somebody wants to know */
#define LOST_PATIENCE_MS 5000 /* how long input waits for a port to come back: boards with USB vanish in a reset */

static void set_state(struct ff_worker *worker, enum ff_board_state state, const char *detail, const char *task)
{
	pthread_mutex_lock(&worker->mutex);
	worker->view.state = state;
	snprintf(worker->view.detail, sizeof(worker->view.detail), "%s", detail);
	snprintf(worker->view.task, sizeof(worker->view.task), "%s", task);
	pthread_mutex_unlock(&worker->mutex);
	ff_worker_tell(worker);
	if (state == FF_BOARD_IDLE) {
		ff_worker_tell_freed(worker);
	}
}

/* Marks the board as lost; each reason is logged once, not once for every attempt. */
static void lose(struct ff_worker *worker, const struct ff_error *error)
{
	struct ff_board_view view;
	ff_worker_view(worker, &view);
	worker->lost_us = worker->lost_us ? worker->lost_us : ff_now_us();
	bool news = view.state != FF_BOARD_LOST || strcmp(view.detail, error->text) != 0;
	ff_log(&worker->log, news ? FF_LOG_WARN : FF_LOG_DEBUG, "the board is lost: %s", error->text);
	if (news) {
		ff_worker_mark(worker, "the port is lost: %s", error->text);
		set_state(worker, FF_BOARD_LOST, error->text, "");
	}
}

/* Opens the port and leaves the board's state alone. */
static enum ff_status plug_in(struct ff_worker *worker, struct ff_error *error)
{
	struct ff_line line;
	ff_input_line(&worker->input, &line);
	enum ff_status status = ff_plug_open(&worker->plug, line.baud, error);
	if (status != FF_OK) {
		return status;
	}
	worker->lost_us = 0;
	ff_worker_mark(worker, "%s is open", worker->address);
	ff_feed_reopen(&worker->plug.transport, &worker->input, &worker->log);
	pthread_mutex_lock(&worker->mutex);
	worker->view.has_lines = worker->plug.transport.has_lines;
	worker->view.usb_jtag = worker->plug.transport.kind == FF_PORT_USB_JTAG;
	pthread_mutex_unlock(&worker->mutex);
	return FF_OK;
}

static enum ff_status open_port(struct ff_worker *worker, struct ff_error *error)
{
	if (worker->plug.is_open) {
		return FF_OK;
	}
	enum ff_status status = plug_in(worker, error);
	if (status == FF_OK) {
		set_state(worker, FF_BOARD_IDLE, "", "");
	} else {
		lose(worker, error);
	}
	return status;
}

/* After these the port may be half dead (a peer that vanished without a word looks like a silent board), so it is
 * opened anew before the next task. */
static bool puts_port_in_doubt(enum ff_status status)
{
	return status == FF_ERR_IO || status == FF_ERR_TIMEOUT || status == FF_ERR_NO_ANSWER ||
	       status == FF_ERR_PROTOCOL || status == FF_ERR_UNREACHABLE;
}

/* Before anybody hears of the end, who might want the board at once. */
void ff_worker_let_go(struct ff_worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	worker->serving = false;
	worker->working = false;
	pthread_mutex_unlock(&worker->mutex);
}

static void finish(struct ff_worker *worker, struct ff_task *task, enum ff_status status, const struct ff_error *error)
{
	if (!task->ops->lets_go) {
		ff_worker_let_go(worker);
	}
	task->ops->finished(task, status, error);
}

static void turn_away(struct ff_worker *worker, struct ff_task *task, const char *reason)
{
	struct ff_error error = FF_ERROR_NONE;
	ff_error_set(&error, FF_ERR_CANCELLED, "%s", reason);
	finish(worker, task, FF_ERR_CANCELLED, &error);
	ff_worker_tell_freed(worker);
}

static enum ff_status run_with_port(struct ff_worker *worker, struct ff_task *task, struct ff_error *error)
{
	enum ff_status status = open_port(worker, error);
	if (status != FF_OK) {
		return status;
	}
	if (task->label) {
		set_state(worker, FF_BOARD_BUSY, "", task->label);
	}
	status = task->ops->run(task, &worker->plug.transport, error);
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%s", ff_status_text(status));
}

/* The port while a task works beside it. That it goes away is no news then, and it has to be let go at once: a port that
 * is held open while it vanishes comes back under another name. */
static bool look_after_port(void *context)
{
	struct ff_worker *worker = context;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_pump pump = { .moved = false };
	if (!worker->plug.is_open) {
		return ff_plug_is_due(&worker->plug) && plug_in(worker, &error) == FF_OK;
	}
	if (ff_pump_output(&worker->plug.transport, &worker->console, &pump, &error) != FF_OK) {
		ff_log(&worker->log, FF_LOG_INFO, "the port has gone: %s", error.text);
		ff_plug_lose(&worker->plug);
		return false;
	}
	ff_worker_tell(worker);
	return true;
}

static enum ff_status run_beside(struct ff_worker *worker, struct ff_task *task, struct ff_error *error)
{
	const struct ff_port_care care = { look_after_port, worker };
	if (task->label) {
		set_state(worker, FF_BOARD_BUSY, "", task->label);
	}
	enum ff_status status = task->ops->beside(task, &care, error);
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%s", ff_status_text(status));
}

/* One more try of what has failed, if the task knows what may help. */
static enum ff_status try_again(struct ff_worker *worker, struct ff_task *task, enum ff_status status,
				struct ff_error *error)
{
	if (!task->ops->can_mend || !task->ops->can_mend(task, status, error)) {
		return status;
	}
	if (worker->plug.is_open) {
		ff_plug_close(&worker->plug);
	}
	ff_error_clear(error);
	status = run_beside(worker, task, error);
	return status == FF_OK ? run_with_port(worker, task, error) : status;
}

/* The board's state after a task. */
static void settle(struct ff_worker *worker, const struct ff_task *task, enum ff_status status,
		   const struct ff_error *error)
{
	struct ff_board_view view;
	struct ff_error reason = FF_ERROR_NONE;
	if (status == FF_ERR_LOST && worker->plug.is_open) {
		ff_plug_lose(&worker->plug);
		lose(worker, error);
		return;
	}
	ff_worker_view(worker, &view);
	if (worker->plug.is_open && task->label) {
		set_state(worker, FF_BOARD_IDLE, "", "");
	} else if (!worker->plug.is_open && view.state == FF_BOARD_BUSY) {
		(void)!open_port(worker, &reason); /* a failure becomes the board's state */
	}
}

static void serve(struct ff_worker *worker, struct ff_task *task)
{
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = task->ops->run ? run_with_port(worker, task, &error) : run_beside(worker, task, &error);
	if (status != FF_OK && task->ops->run) {
		status = try_again(worker, task, status, &error);
	}
	settle(worker, task, status, &error);
	bool doubt = worker->plug.is_open && puts_port_in_doubt(status);
	finish(worker, task, status, &error);
	ff_worker_tell(worker);
	ff_worker_tell_freed(worker);
	if (doubt) {
		ff_plug_close(&worker->plug);
	}
}

/* Input that is left by a holder who has gone comes before later tasks, unless there is no port to write it to. */
static struct ff_task *take(struct ff_worker *worker, bool *stopping, bool *over)
{
	bool owes_input = worker->plug.is_open && !ff_input_is_empty(&worker->input);
	pthread_mutex_lock(&worker->mutex);
	*stopping = worker->stopping;
	uint64_t limit = ff_broker_limit(&worker->broker);
	if (owes_input && limit > worker->broker.last_before) {
		limit = worker->broker.last_before;
	}
	struct ff_task *task = ff_mailbox_take(&worker->mailbox, *stopping ? UINT64_MAX : limit);
	worker->serving = task != NULL;
	worker->working = task && task->label;
	*over = task && task->lease != worker->broker.keep.lease;
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

/* A reader that is followed and does not read holds up everybody, but not for long. True: the output goes on. */
static bool lose_patience(struct ff_worker *worker, bool held)
{
	if (!held) {
		worker->console_held_us = 0;
		return false;
	}
	if (worker->console_held_us == 0) {
		worker->console_held_us = ff_deadline_ms(ff_console_patience(&worker->console));
	}
	if (ff_now_us() < worker->console_held_us) {
		return false;
	}
	worker->console_held_us = 0;
	ff_console_unfollow(&worker->console);
	ff_log(&worker->log, FF_LOG_DEBUG, "the writer does not read what the board says, and will miss some of it");
	return true;
}

/* Looks at the modem lines if that is wanted; no driver can be asked to tell. */
static bool look_at_lines(struct ff_worker *worker)
{
	const struct ff_transport *transport = &worker->plug.transport;
	struct ff_line_status status;
	if (!transport->port || !transport->port->status || !ff_input_is_watched(&worker->input)) {
		worker->next_look_us = INT64_MAX;
		return false;
	}
	if (worker->next_look_us != INT64_MAX && ff_now_us() < worker->next_look_us) {
		return false;
	}
	worker->next_look_us = ff_deadline_ms(LOOK_MS);
	return transport->port->status(transport->self, &status, NULL) == FF_OK &&
	       ff_input_set_status(&worker->input, &status);
}

static void wait_open(struct ff_worker *worker, const struct ff_pump *pump, const struct ff_feed *feed)
{
	struct ff_pump_wait wait = {
		.transport = &worker->plug.transport,
		.readable = !pump->held,
		.writable = feed->writable,
		.wake_fd = worker->wake_fd,
		.deadline_us = worker->next_look_us,
	};
	if (pump->held && worker->console_held_us < wait.deadline_us) {
		wait.deadline_us = worker->console_held_us;
	}
	ff_pump_wait(&wait);
}

/* Moves bytes both ways, or waits until some can be moved. */
static void work_open(struct ff_worker *worker)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_pump pump = { .moved = false };
	struct ff_feed feed = { .writable = worker->writable };
	uint64_t before = ff_console_end(&worker->console);
	enum ff_status status = ff_pump_output(&worker->plug.transport, &worker->console, &pump, &error);
	if (status == FF_OK) {
		ff_input_set_output(&worker->input, ff_console_end(&worker->console));
		status = ff_feed_run(&worker->plug.transport, &worker->input, &worker->log, &feed, &error);
	}
	worker->writable = feed.writable;
	if (feed.reset) {
		ff_worker_mark(worker, "a client has reset the board");
	}
	if (feed.moved && ff_input_is_empty(&worker->input)) {
		ff_worker_tell_freed(worker);
	}
	bool patient = !lose_patience(worker, pump.held);
	bool news = status == FF_OK && look_at_lines(worker);
	if (news || feed.told || ff_console_end(&worker->console) != before) {
		ff_worker_tell(worker);
	}
	if (status != FF_OK) {
		ff_plug_lose(&worker->plug);
		lose(worker, &error);
	} else if (!pump.moved && !feed.moved && patient) {
		wait_open(worker, &pump, &feed);
	}
}

static void work_closed(struct ff_worker *worker)
{
	struct ff_pump_wait wait = { .wake_fd = worker->wake_fd, .deadline_us = worker->plug.retry_us };
	if (!ff_input_is_empty(&worker->input) && worker->lost_us) {
		int64_t end = worker->lost_us + (int64_t)LOST_PATIENCE_MS * 1000;
		if (ff_now_us() >= end) {
			size_t lost = ff_feed_give_up(&worker->input, FF_ERR_LOST);
			ff_log(&worker->log, lost ? FF_LOG_WARN : FF_LOG_DEBUG,
			       "%zu bytes from its client are lost with the board", lost);
			ff_worker_tell(worker);
			ff_worker_tell_freed(worker);
		} else if (end < wait.deadline_us) {
			wait.deadline_us = end;
		}
	}
	ff_pump_wait(&wait);
}

/* Between two tasks: the board may be at another port than when it was looked for last. */
static void follow(struct ff_worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	bool moved = worker->moved;
	bool at_once = worker->moved_at_once;
	worker->moved = worker->moved_at_once = false;
	if (moved) {
		memcpy(worker->address, worker->view.place.address, sizeof(worker->address));
	}
	pthread_mutex_unlock(&worker->mutex);
	if (moved) {
		ff_plug_move(&worker->plug, at_once);
	}
}

void *ff_owner_run(void *argument)
{
	struct ff_worker *worker = argument;
	bool stopping = false;
	bool over = false;
	while (!stopping) {
		ff_pulse_answer(&worker->pulse);
		follow(worker);
		struct ff_task *task = take(worker, &stopping, &over);
		if (task && !stopping && !over) {
			ff_pulse_leave(&worker->pulse);
			serve(worker, task);
			ff_pulse_return(&worker->pulse);
			continue;
		}
		if (task) {
			turn_away(worker, task, stopping ? worker->stop_reason : "its lease has ended");
			stopping = false; /* until the mailbox is empty */
			continue;
		}
		if (!stopping) {
			retry_port(worker);
			if (worker->plug.is_open) {
				work_open(worker);
			} else {
				work_closed(worker);
			}
		}
	}
	ff_plug_release(&worker->plug);
	pthread_mutex_lock(&worker->mutex);
	worker->ended = true;
	pthread_cond_signal(&worker->has_ended);
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}
