// SPDX-License-Identifier: Apache-2.0
#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "owner.h"
#include "thread.h"

/* Deepest use seen: 32 kB, after flashes with a stub and a name to resolve. The rest is for name services, whose appetite
 * is their own, and for sanitizers' larger frames. Only what is used becomes resident. */
#define STACK_SIZE (256 * 1024)

const char *ff_board_state_name(enum ff_board_state state)
{
#define STATE_NAME(constant, name) [constant] = (name),
	static const char *const names[] = { FF_BOARD_STATE_MAP(STATE_NAME) };
#undef STATE_NAME
	return names[state];
}

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

void ff_worker_wake(struct ff_worker *worker)
{
	/* A full counter fails with EAGAIN, and then the thread is awake anyway. */
	eventfd_write(worker->wake_fd, 1);
}

bool ff_worker_is_stuck(struct ff_worker *worker, int64_t patience_us)
{
	enum ff_pulse_state state = ff_pulse_ask(&worker->pulse, ff_now_us(), patience_us);
	if (state == FF_PULSE_ASKED) {
		ff_worker_wake(worker);
	}
	return state == FF_PULSE_STUCK;
}

void ff_worker_tell(struct ff_worker *worker)
{
	ff_logbook_kick(worker->page);
	if (worker->notify) {
		worker->notify(worker->notify_context);
	}
}

void ff_worker_mark(struct ff_worker *worker, const char *format, ...)
{
	char text[FF_CONSOLE_MARK_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	ff_console_mark(&worker->console, "%s", text);
	ff_logbook_kick(worker->page);
}

void ff_worker_tell_freed(struct ff_worker *worker)
{
	if (worker->freed) {
		worker->freed(worker->freed_context);
	}
}

static enum ff_status start(struct ff_worker *worker, struct ff_error *error)
{
	int failed = ff_thread_start(&worker->thread, "ff-board", STACK_SIZE, ff_owner_run, worker);
	if (failed) {
		return ff_error_set_errno(error, FF_ERR_IO, failed, "%s: cannot start the board's thread",
					  worker->name);
	}
	return FF_OK;
}

static void release(struct ff_worker *worker)
{
	if (worker->wake_fd >= 0) {
		close(worker->wake_fd);
	}
	pthread_cond_destroy(&worker->has_ended);
	pthread_mutex_destroy(&worker->mutex);
	ff_logbook_close(worker->page);
	ff_console_release(&worker->console);
	ff_input_release(&worker->input);
	ff_settings_free(atomic_load(&worker->settings));
	free(worker);
}

enum ff_status ff_worker_configure(struct ff_worker *worker, const struct ff_worker_options *options,
				   struct ff_error *error)
{
	struct ff_settings *settings = NULL;
	enum ff_status status = ff_settings_new(&settings, options, error);
	if (status == FF_OK) {
		settings->before = atomic_load(&worker->settings);
		atomic_store(&worker->settings, settings);
	}
	return status;
}

void ff_worker_move(struct ff_worker *worker, const struct ff_board_place *place, bool at_once)
{
	pthread_mutex_lock(&worker->mutex);
	worker->view.place = *place;
	worker->moved = true;
	worker->moved_at_once |= at_once;
	pthread_mutex_unlock(&worker->mutex);
	ff_worker_wake(worker);
	ff_worker_tell(worker);
}

static enum ff_status copy_options(struct ff_worker *worker, const struct ff_worker_options *options,
				   struct ff_error *error)
{
	if (strlen(options->name) >= sizeof(worker->name) ||
	    strlen(options->address) >= sizeof(worker->view.place.address)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the name or the address of board \"%.80s\" is too long",
				    options->name);
	}
	snprintf(worker->name, sizeof(worker->name), "%s", options->name);
	snprintf(worker->address, sizeof(worker->address), "%s", options->address);
	snprintf(worker->view.place.address, sizeof(worker->view.place.address), "%s", options->address);
	enum ff_status status = ff_worker_configure(worker, options, error);
	if (status != FF_OK) {
		return status;
	}
	worker->rfc2217_port = options->rfc2217_port;
	worker->raw_port = options->raw_port;
	worker->parent_log = options->log;
	worker->log = (struct ff_log){ log_with_name, worker, options->log ? options->log->level : FF_LOG_ERROR };
	worker->notify = options->notify;
	worker->notify_context = options->notify_context;
	worker->freed = options->freed;
	worker->freed_context = options->freed_context;
	worker->learned = options->learned;
	worker->learned_context = options->learned_context;
	worker->plug.address = worker->address;
	worker->plug.log = &worker->log;
	worker->plug.open = options->open ? options->open : ff_transport_open;
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
	atomic_init(&worker->references, 1);
	worker->number = options->number;
	ff_mailbox_init(&worker->mailbox);
	ff_plug_init(&worker->plug);
	worker->view.state = FF_BOARD_LOST;
	snprintf(worker->view.detail, sizeof(worker->view.detail), "its port is being opened");
	init_lock(worker);
	worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	enum ff_status status = copy_options(worker, options, error);
	if (status == FF_OK && worker->wake_fd < 0) {
		status = ff_error_set_errno(error, FF_ERR_IO, errno, "%s: no descriptor left", options->name);
	}
	if (status == FF_OK && (ff_console_init(&worker->console) != FF_OK || ff_input_init(&worker->input) != FF_OK)) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "%s: out of memory", options->name);
	}
	if (status == FF_OK && options->logbook) {
		worker->page = ff_logbook_open(options->logbook, worker->name, &worker->console);
		status = worker->page ? FF_OK : ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	if (status == FF_OK) {
		ff_worker_mark(worker, "%s, the server has started", worker->name);
		status = start(worker, error);
	}
	if (status != FF_OK) {
		release(worker);
		return status;
	}
	*result = worker;
	return FF_OK;
}

void ff_worker_stop(struct ff_worker *worker, const char *reason)
{
	pthread_mutex_lock(&worker->mutex);
	if (!worker->stopping) {
		worker->stopping = true;
		worker->stop_reason = reason;
	}
	pthread_mutex_unlock(&worker->mutex);
	ff_worker_wake(worker);
	ff_worker_tell(worker);
}

bool ff_worker_is_stopping(struct ff_worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	bool stopping = worker->stopping;
	pthread_mutex_unlock(&worker->mutex);
	return stopping;
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
	ff_worker_stop(worker, "the server is stopping");
	if (!worker->joined) {
		pthread_join(worker->thread, NULL);
		worker->joined = true;
	}
	ff_worker_unref(worker);
}

struct ff_worker *ff_worker_ref(struct ff_worker *worker)
{
	atomic_fetch_add(&worker->references, 1);
	return worker;
}

void ff_worker_unref(struct ff_worker *worker)
{
	if (worker && atomic_fetch_sub(&worker->references, 1) == 1) {
		release(worker);
	}
}

enum ff_status ff_worker_post(struct ff_worker *worker, struct ff_task *task)
{
	enum ff_status status = FF_OK;
	pthread_mutex_lock(&worker->mutex);
	if (worker->stopping) {
		status = FF_ERR_CANCELLED;
	} else if (worker->broker.keep.lease != task->lease) {
		status = FF_ERR_DENIED;
	} else if (!ff_mailbox_put(&worker->mailbox, task)) {
		status = FF_ERR_BUSY;
	}
	pthread_mutex_unlock(&worker->mutex);
	if (status == FF_OK) {
		ff_worker_wake(worker);
	}
	return status;
}

uint64_t ff_worker_ticket(struct ff_worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	uint64_t number = ++worker->mailbox.last_number;
	pthread_mutex_unlock(&worker->mutex);
	return number;
}

bool ff_worker_withdraw(struct ff_worker *worker, struct ff_task *task)
{
	pthread_mutex_lock(&worker->mutex);
	bool found = ff_mailbox_remove(&worker->mailbox, task);
	pthread_mutex_unlock(&worker->mutex);
	return found;
}

void ff_worker_view(struct ff_worker *worker, struct ff_board_view *view)
{
	pthread_mutex_lock(&worker->mutex);
	*view = worker->view;
	view->waiting = worker->mailbox.labelled;
	view->holder = worker->broker.holder;
	view->keep = worker->broker.keep;
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
		.has_eui64 = info->has_eui64,
		.secure_boot = info->secure_boot,
		.flash_encryption = info->flash_encryption,
	};
	if (security) {
		facts.security = *security;
	}
	snprintf(facts.chip, sizeof(facts.chip), "%s", info->chip);
	memcpy(facts.mac, info->mac, sizeof(facts.mac));
	snprintf(facts.description, sizeof(facts.description), "%s", info->description);
	snprintf(facts.features, sizeof(facts.features), "%s", info->features);
	memcpy(facts.eui64, info->eui64, sizeof(facts.eui64));
	pthread_mutex_lock(&worker->mutex);
	worker->view.facts = facts;
	pthread_mutex_unlock(&worker->mutex);
	if (worker->learned) {
		worker->learned(worker->learned_context);
	}
}

void ff_worker_remember(struct ff_worker *worker, const struct ff_board_facts *facts)
{
	pthread_mutex_lock(&worker->mutex);
	if (!worker->view.facts.known) {
		worker->view.facts = *facts;
	}
	pthread_mutex_unlock(&worker->mutex);
}

struct ff_console *ff_worker_console(struct ff_worker *worker)
{
	return &worker->console;
}

struct ff_input *ff_worker_input(struct ff_worker *worker)
{
	return &worker->input;
}

uint64_t ff_worker_number(const struct ff_worker *worker)
{
	return worker->number;
}

const char *ff_worker_name(const struct ff_worker *worker)
{
	return worker->name;
}

uint32_t ff_worker_work_baud(const struct ff_worker *worker)
{
	return atomic_load(&worker->settings)->work_baud;
}

const struct ff_board_resets *ff_worker_resets(const struct ff_worker *worker)
{
	return &atomic_load(&worker->settings)->resets;
}

const struct ff_line_step *ff_worker_reset_steps(const struct ff_worker *worker, bool to_loader, size_t *count)
{
	const struct ff_settings *settings = atomic_load(&worker->settings);
	const struct ff_sequence *sequence = to_loader ? &settings->enter : &settings->hard;
	*count = sequence->count;
	return sequence->count > 0 ? sequence->steps : NULL;
}

const struct ff_labels *ff_worker_own_labels(const struct ff_worker *worker)
{
	return &atomic_load(&worker->settings)->labels;
}

const struct ff_power *ff_worker_power(const struct ff_worker *worker)
{
	return &atomic_load(&worker->settings)->power;
}

uint16_t ff_worker_rfc2217_port(const struct ff_worker *worker)
{
	return worker->rfc2217_port;
}

uint16_t ff_worker_raw_port(const struct ff_worker *worker)
{
	return worker->raw_port;
}

const struct ff_log *ff_worker_log(const struct ff_worker *worker)
{
	return &worker->log;
}
