// SPDX-License-Identifier: Apache-2.0
#include "worker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define FIRST_PAUSE_MS 250
#define LONGEST_PAUSE_MS 4000
#define NO_DESCRIPTOR_PAUSE_MS 50 /* how often a port without a descriptor is looked at */
#define PUMP_SIZE 2048
#define PUMP_ROUNDS 8 /* reads before the mailbox is looked at again */

/* Deepest use seen: 32 kB, after flashes with a stub and a name to resolve. The rest is for name services, whose appetite
 * is their own, and for sanitizers' larger frames. Only what is used becomes resident. */
#define STACK_SIZE (256 * 1024)

struct ff_worker {
	char name[FF_BOARD_NAME_SIZE];
	char address[FF_BOARD_ADDRESS_SIZE];
	uint32_t work_baud;
	struct ff_log log;
	const struct ff_log *parent_log;
	void (*notify)(void *context);
	void *notify_context;
	enum ff_status (*open)(struct ff_transport *transport, const char *address,
			       const struct ff_transport_options *options, struct ff_error *error);
	struct ff_console console;
	int wake_fd;
	pthread_t thread;
	bool joined;

	/* The owner thread's. */
	struct ff_transport transport;
	bool is_open;
	int64_t retry_us;
	uint32_t pause_ms;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	struct ff_board_view view;
	struct ff_task *first;
	struct ff_task **last;
	size_t waiting; /* all tasks in the mailbox */
	bool stopping;
	bool ended; /* the thread has let go of everything but its own end */
	pthread_cond_t has_ended;
};

int64_t ff_wall_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void log_with_name(void *context, enum ff_log_level level, const char *line)
{
	const struct ff_worker *worker = context;
	ff_log(worker->parent_log, level, "%s: %s", worker->name, line);
}

static void notify(struct ff_worker *worker)
{
	if (worker->notify) {
		worker->notify(worker->notify_context);
	}
}

static void wake(struct ff_worker *worker)
{
	/* A full counter fails with EAGAIN, and then the thread is awake anyway. */
	eventfd_write(worker->wake_fd, 1);
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

static void close_port(struct ff_worker *worker)
{
	ff_transport_close(&worker->transport);
	worker->is_open = false;
}

/* Marks the board as lost; each reason is logged once, not once for every attempt. */
static void lose(struct ff_worker *worker, const struct ff_error *error)
{
	close_port(worker);
	worker->retry_us = ff_deadline_ms(worker->pause_ms);
	worker->pause_ms = worker->pause_ms * 2 < LONGEST_PAUSE_MS ? worker->pause_ms * 2 : LONGEST_PAUSE_MS;

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
	if (worker->is_open) {
		return FF_OK;
	}
	struct ff_transport_options options = { .baud = FF_CONSOLE_BAUD, .log = &worker->log };
	enum ff_status status = worker->open(&worker->transport, worker->address, &options, error);
	if (status != FF_OK) {
		lose(worker, error);
		return status;
	}
	worker->is_open = true;
	worker->pause_ms = FIRST_PAUSE_MS;
	ff_log(&worker->log, FF_LOG_INFO, "%s is open", worker->address);
	pthread_mutex_lock(&worker->mutex);
	worker->view.has_lines = worker->transport.has_lines;
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
		status = task->ops->run(task, &worker->transport, &error);
		if (status != FF_OK) {
			ff_error_set(&error, status, "%s", ff_status_text(status));
		}
		if (status == FF_ERR_LOST) {
			lose(worker, &error);
		} else if (task->label) {
			set_state(worker, FF_BOARD_IDLE, "", "");
		}
	}
	bool doubt = worker->is_open && puts_port_in_doubt(status);
	task->ops->finished(task, status, &error);
	notify(worker);
	if (doubt) {
		close_port(worker);
		worker->retry_us = 0;
	}
}

static struct ff_task *take(struct ff_worker *worker, bool *stopping)
{
	pthread_mutex_lock(&worker->mutex);
	*stopping = worker->stopping;
	struct ff_task *task = worker->first;
	if (task) {
		worker->first = task->next;
		if (!worker->first) {
			worker->last = &worker->first;
		}
		worker->waiting--;
		worker->view.waiting -= task->label != NULL;
	}
	pthread_mutex_unlock(&worker->mutex);
	return task;
}

static void retry_port(struct ff_worker *worker)
{
	if (!worker->is_open && ff_now_us() >= worker->retry_us) {
		struct ff_error error = FF_ERROR_NONE;
		/* A failure has been recorded as the board's state. */
		(void)!open_port(worker, &error);
	}
}

/* Moves what the board said into the console. True: there may be more. */
static bool pump(struct ff_worker *worker)
{
	uint8_t bytes[PUMP_SIZE];
	for (int round = 0; worker->is_open && round < PUMP_ROUNDS; round++) {
		size_t got = 0;
		struct ff_error error = FF_ERROR_NONE;
		enum ff_status status =
			worker->transport.ops->read(worker->transport.self, bytes, sizeof(bytes), &got, 0, &error);
		if (status == FF_OK) {
			ff_console_write(&worker->console, bytes, got);
			notify(worker);
			continue;
		}
		if (status != FF_ERR_TIMEOUT) {
			ff_error_set(&error, status, "%s", ff_status_text(status));
			lose(worker, &error);
		}
		return false;
	}
	return worker->is_open;
}

static void rest(struct ff_worker *worker)
{
	struct pollfd fds[2] = { { .fd = worker->wake_fd, .events = POLLIN }, { .fd = -1, .events = POLLIN } };
	int timeout = -1;
	if (!worker->is_open) {
		timeout = ff_deadline_poll_ms(worker->retry_us);
	} else {
		fds[1].fd = worker->transport.ops->poll_fd(worker->transport.self);
		timeout = fds[1].fd < 0 ? NO_DESCRIPTOR_PAUSE_MS : -1;
	}
	if (poll(fds, 2, timeout) > 0 && fds[0].revents) {
		eventfd_t count;
		eventfd_read(worker->wake_fd, &count);
	}
}

static void *own(void *argument)
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
			if (!pump(worker)) {
				rest(worker);
			}
		}
	}
	close_port(worker);
	pthread_mutex_lock(&worker->mutex);
	worker->ended = true;
	pthread_cond_signal(&worker->has_ended);
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}

static enum ff_status start(struct ff_worker *worker, struct ff_error *error)
{
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	int failed = pthread_create(&worker->thread, &attributes, own, worker);
	pthread_attr_destroy(&attributes);
	if (failed) {
		return ff_error_set_errno(error, FF_ERR_IO, failed, "%s: cannot start the board's thread",
					  worker->name);
	}
	pthread_setname_np(worker->thread, "ff-board");
	return FF_OK;
}

static void release(struct ff_worker *worker)
{
	if (worker->wake_fd >= 0) {
		close(worker->wake_fd);
	}
	pthread_cond_destroy(&worker->has_ended);
	pthread_mutex_destroy(&worker->mutex);
	ff_console_release(&worker->console);
	free(worker);
}

static enum ff_status copy_options(struct ff_worker *worker, const struct ff_worker_options *options,
				   struct ff_error *error)
{
	if (strlen(options->name) >= sizeof(worker->name) || strlen(options->address) >= sizeof(worker->address)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the name or the address of board \"%.80s\" is too long",
				    options->name);
	}
	snprintf(worker->name, sizeof(worker->name), "%s", options->name);
	snprintf(worker->address, sizeof(worker->address), "%s", options->address);
	worker->work_baud = options->work_baud;
	worker->parent_log = options->log;
	worker->log = (struct ff_log){ log_with_name, worker, options->log ? options->log->level : FF_LOG_ERROR };
	worker->notify = options->notify;
	worker->notify_context = options->notify_context;
	worker->open = options->open ? options->open : ff_transport_open;
	return FF_OK;
}

static void init_lock(struct ff_worker *worker)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->has_ended, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&worker->mutex, NULL);
}

enum ff_status ff_worker_new(struct ff_worker **result, const struct ff_worker_options *options, struct ff_error *error)
{
	struct ff_worker *worker = calloc(1, sizeof(*worker));
	if (!worker) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "%s: out of memory", options->name);
	}
	worker->last = &worker->first;
	worker->pause_ms = FIRST_PAUSE_MS;
	worker->view.state = FF_BOARD_LOST;
	snprintf(worker->view.detail, sizeof(worker->view.detail), "its port is being opened");
	init_lock(worker);
	worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	enum ff_status status = copy_options(worker, options, error);
	if (status == FF_OK && worker->wake_fd < 0) {
		status = ff_error_set_errno(error, FF_ERR_IO, errno, "%s: no descriptor left", options->name);
	}
	if (status == FF_OK && ff_console_init(&worker->console) != FF_OK) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "%s: out of memory", options->name);
	}
	if (status == FF_OK) {
		status = start(worker, error);
	}
	if (status != FF_OK) {
		release(worker);
		return status;
	}
	*result = worker;
	return FF_OK;
}

void ff_worker_stop(struct ff_worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	worker->stopping = true;
	pthread_mutex_unlock(&worker->mutex);
	wake(worker);
}

bool ff_worker_join(struct ff_worker *worker, int64_t deadline_us)
{
	if (worker->joined) {
		return true;
	}
	struct timespec until = { .tv_sec = deadline_us / 1000000, .tv_nsec = (deadline_us % 1000000) * 1000 };
	int waited = 0;
	pthread_mutex_lock(&worker->mutex);
	while (!worker->ended && waited == 0) {
		waited = pthread_cond_timedwait(&worker->has_ended, &worker->mutex, &until);
	}
	bool ended = worker->ended;
	pthread_mutex_unlock(&worker->mutex);
	if (ended) {
		pthread_join(worker->thread, NULL);
		worker->joined = true;
	}
	return worker->joined;
}

void ff_worker_free(struct ff_worker *worker)
{
	if (!worker) {
		return;
	}
	ff_worker_stop(worker);
	if (!worker->joined) {
		pthread_join(worker->thread, NULL);
	}
	release(worker);
}

enum ff_status ff_worker_post(struct ff_worker *worker, struct ff_task *task)
{
	enum ff_status status = FF_OK;
	pthread_mutex_lock(&worker->mutex);
	if (worker->stopping) {
		status = FF_ERR_CANCELLED;
	} else if (worker->waiting >= FF_WORKER_MAX_TASKS) {
		status = FF_ERR_BUSY;
	} else {
		task->next = NULL;
		*worker->last = task;
		worker->last = &task->next;
		worker->waiting++;
		worker->view.waiting += task->label != NULL;
	}
	pthread_mutex_unlock(&worker->mutex);
	if (status == FF_OK) {
		wake(worker);
	}
	return status;
}

bool ff_worker_withdraw(struct ff_worker *worker, struct ff_task *task)
{
	bool found = false;
	pthread_mutex_lock(&worker->mutex);
	for (struct ff_task **at = &worker->first; *at; at = &(*at)->next) {
		if (*at == task) {
			*at = task->next;
			if (!task->next) {
				worker->last = at;
			}
			worker->waiting--;
			worker->view.waiting -= task->label != NULL;
			found = true;
			break;
		}
	}
	pthread_mutex_unlock(&worker->mutex);
	return found;
}

void ff_worker_view(struct ff_worker *worker, struct ff_board_view *view)
{
	pthread_mutex_lock(&worker->mutex);
	*view = worker->view;
	pthread_mutex_unlock(&worker->mutex);
}

void ff_worker_learn(struct ff_worker *worker, const struct ff_board_info *info,
		     const struct ff_security_info *security)
{
	struct ff_board_facts facts = {
		.known = true,
		.revision = info->revision,
		.crystal_mhz = info->crystal_mhz,
		.flash_id = info->flash_id,
		.flash_size = info->flash_size,
		.probed_ms = ff_wall_ms(),
		.tells_security = security != NULL,
	};
	if (security) {
		facts.security = *security;
	}
	snprintf(facts.chip, sizeof(facts.chip), "%s", info->chip);
	memcpy(facts.mac, info->mac, sizeof(facts.mac));
	pthread_mutex_lock(&worker->mutex);
	worker->view.facts = facts;
	pthread_mutex_unlock(&worker->mutex);
}

struct ff_console *ff_worker_console(struct ff_worker *worker)
{
	return &worker->console;
}

const char *ff_worker_name(const struct ff_worker *worker)
{
	return worker->name;
}

const char *ff_worker_address(const struct ff_worker *worker)
{
	return worker->address;
}

uint32_t ff_worker_work_baud(const struct ff_worker *worker)
{
	return worker->work_baud;
}

const struct ff_log *ff_worker_log(const struct ff_worker *worker)
{
	return &worker->log;
}
