// SPDX-License-Identifier: Apache-2.0
#include "keyring.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "thread.h"
#include "token_file.h"

#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)
#define STACK_SIZE ((size_t)128 * 1024)

struct ff_keyring {
	char *path;
	const struct ff_log *log;
	int notify_fd;
	int quit_fd;
	pthread_t thread;
	bool started;
	bool broken; /* the file, as far as the log has been told; the thread's */
	atomic_bool in_force;

	pthread_mutex_t mutex;
	struct ff_tokens tokens;        /* behind the mutex, like the rest */
	void (*changed)(void *context); /* NULL: nobody wants to know */
	void *changed_context;
};

/* ---- the file ---- */

static void take_over(struct ff_keyring *keyring, struct ff_tokens *tokens)
{
	pthread_mutex_lock(&keyring->mutex);
	struct ff_tokens old = keyring->tokens;
	keyring->tokens = *tokens;
	if (keyring->changed) {
		keyring->changed(keyring->changed_context);
	}
	pthread_mutex_unlock(&keyring->mutex);
	ff_tokens_release(&old);
}

static void load(struct ff_keyring *keyring)
{
	struct ff_tokens tokens = { .list = NULL };
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_token_file_read(&tokens, keyring->path, &error);
	bool was_in_force = atomic_load(&keyring->in_force);
	size_t count = tokens.count;
	bool broken = status != FF_OK && (status != FF_ERR_NOT_FOUND || was_in_force);
	if (count > 0 || broken) {
		atomic_store(&keyring->in_force, true); /* before the tokens, so that nobody slips in between */
	}
	take_over(keyring, &tokens);
	if (broken) {
		ff_log(keyring->log, FF_LOG_ERROR, "nobody gets in, because the tokens cannot be read: %s", error.text);
	} else if (keyring->broken || count > 0 || was_in_force) {
		ff_log(keyring->log, count > 0 ? FF_LOG_INFO : FF_LOG_WARN, "%zu tokens in %s%s", count, keyring->path,
		       count > 0 ? "" : ": nobody gets in until farflashd token makes one");
	}
	keyring->broken = broken;
}

static bool is_about_file(const struct ff_keyring *keyring, const struct inotify_event *event)
{
	const char *slash = strrchr(keyring->path, '/');
	return event->len == 0 || strcmp(event->name, slash ? slash + 1 : keyring->path) == 0;
}

/* Takes the events that are there. Whether one of them is about the file. */
static bool take_events(const struct ff_keyring *keyring)
{
	union {
		struct inotify_event first;
		char bytes[4096];
	} buffer;
	bool found = false;
	ssize_t got = read(keyring->notify_fd, buffer.bytes, sizeof(buffer.bytes));
	for (ssize_t at = 0; at < got;) {
		const struct inotify_event *event = (const void *)(buffer.bytes + at);
		found |= is_about_file(keyring, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return found;
}

static void *watch(void *argument)
{
	struct ff_keyring *keyring = argument;
	struct pollfd fds[] = {
		{ .fd = keyring->notify_fd, .events = POLLIN },
		{ .fd = keyring->quit_fd, .events = POLLIN },
	};
	while (!fds[1].revents) {
		if (poll(fds, 2, -1) > 0 && fds[0].revents && take_events(keyring)) {
			load(keyring);
		}
	}
	return NULL;
}

/* ---- life ---- */

static bool watch_directory(const struct ff_keyring *keyring)
{
	char *copy = strdup(keyring->path);
	char *slash = copy ? strrchr(copy, '/') : NULL;
	if (slash) {
		slash[slash == copy] = '\0';
	}
	bool good = copy && keyring->notify_fd >= 0 && keyring->quit_fd >= 0 &&
		    inotify_add_watch(keyring->notify_fd, slash ? copy : ".", EVENTS) >= 0;
	free(copy);
	return good;
}

static bool start_thread(struct ff_keyring *keyring)
{
	keyring->started = ff_thread_start(&keyring->thread, "ff-keyring", STACK_SIZE, watch, keyring) == 0;
	return keyring->started;
}

enum ff_status ff_keyring_new(struct ff_keyring **result, const struct ff_keyring_options *options,
			      struct ff_error *error)
{
	struct ff_keyring *keyring = calloc(1, sizeof(*keyring));
	if (!keyring) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	keyring->log = options->log;
	keyring->path = strdup(options->path);
	keyring->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	keyring->quit_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&keyring->mutex, NULL);
	atomic_init(&keyring->in_force, options->required);
	enum ff_status status = FF_OK;
	if (!keyring->path || !watch_directory(keyring)) {
		status = ff_error_set_errno(error, FF_ERR_IO, errno, "the directory of %s cannot be watched",
					    options->path);
	} else {
		load(keyring); /* after the watch has begun, so that no change is missed */
		status = start_thread(keyring) ? FF_OK : ff_error_set(error, FF_ERR_IO, "no thread is left");
	}
	if (status != FF_OK) {
		ff_keyring_free(keyring);
		return status;
	}
	*result = keyring;
	return FF_OK;
}

void ff_keyring_free(struct ff_keyring *keyring)
{
	if (!keyring) {
		return;
	}
	if (keyring->started) {
		eventfd_write(keyring->quit_fd, 1);
		pthread_join(keyring->thread, NULL);
	}
	if (keyring->notify_fd >= 0) {
		close(keyring->notify_fd);
	}
	if (keyring->quit_fd >= 0) {
		close(keyring->quit_fd);
	}
	ff_tokens_release(&keyring->tokens);
	pthread_mutex_destroy(&keyring->mutex);
	free(keyring->path);
	free(keyring);
}

/* ---- questions ---- */

static bool has_expired(const struct ff_token *token)
{
	return token->expires_s > 0 && token->expires_s <= (int64_t)time(NULL);
}

enum ff_keyring_answer ff_keyring_ask(struct ff_keyring *keyring, const char *text, struct ff_identity *identity)
{
	if (!atomic_load(&keyring->in_force)) {
		*identity = (struct ff_identity){ .scopes = 1U << FF_SCOPE_ADMIN };
		return FF_KEYRING_KNOWN;
	}
	if (!text) {
		return FF_KEYRING_NONE;
	}
	enum ff_keyring_answer answer = FF_KEYRING_UNKNOWN;
	pthread_mutex_lock(&keyring->mutex);
	const struct ff_token *token = ff_tokens_find(&keyring->tokens, text);
	if (token && has_expired(token)) {
		answer = FF_KEYRING_EXPIRED;
	} else if (token) {
		answer = FF_KEYRING_KNOWN;
		*identity = (struct ff_identity){ .scopes = token->scopes,
						  .has_boards = token->has_boards,
						  .boards = token->boards };
		memcpy(identity->name, token->name, sizeof(identity->name));
		memcpy(identity->hash, token->hash, sizeof(identity->hash));
	}
	pthread_mutex_unlock(&keyring->mutex);
	return answer;
}

bool ff_keyring_still_admits(struct ff_keyring *keyring, const struct ff_identity *identity)
{
	bool admits = !atomic_load(&keyring->in_force);
	pthread_mutex_lock(&keyring->mutex);
	for (size_t i = 0; i < keyring->tokens.count && !admits; i++) {
		const struct ff_token *token = &keyring->tokens.list[i];
		admits = identity->name[0] && memcmp(token->hash, identity->hash, sizeof(token->hash)) == 0 &&
			 token->scopes == identity->scopes && !has_expired(token);
	}
	pthread_mutex_unlock(&keyring->mutex);
	return admits;
}

void ff_keyring_watch(struct ff_keyring *keyring, void (*changed)(void *context), void *context)
{
	pthread_mutex_lock(&keyring->mutex);
	keyring->changed = changed;
	keyring->changed_context = context;
	pthread_mutex_unlock(&keyring->mutex);
}

bool ff_keyring_is_in_force(struct ff_keyring *keyring)
{
	return atomic_load(&keyring->in_force);
}

size_t ff_keyring_count(struct ff_keyring *keyring)
{
	pthread_mutex_lock(&keyring->mutex);
	size_t count = keyring->tokens.count;
	pthread_mutex_unlock(&keyring->mutex);
	return count;
}
