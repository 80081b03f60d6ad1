// SPDX-License-Identifier: Apache-2.0
#include "linger.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "thread.h"

#define STACK_SIZE (128 * 1024)
#define READ_SIZE 16384

struct lingering {
	int fd;
	int64_t deadline_us;
};

struct ff_linger {
	int wake_fd;
	pthread_t thread;

	/* Behind the mutex. The thread alone removes entries, so they stay in place while it polls. */
	pthread_mutex_t mutex;
	struct lingering entries[FF_LINGER_MAX];
	size_t count;
	bool quit;
};

/* Whether the other side may still send. */
static bool drain(int fd)
{
	uint8_t scratch[READ_SIZE];
	ssize_t got = recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT);
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Fills the list for poll(); false: quit. */
static bool list_entries(struct ff_linger *linger, struct pollfd *fds, size_t *count, int64_t *next_us)
{
	pthread_mutex_lock(&linger->mutex);
	*count = linger->count;
	*next_us = INT64_MAX;
	for (size_t i = 0; i < linger->count; i++) {
		fds[i] = (struct pollfd){ .fd = linger->entries[i].fd, .events = POLLIN };
		if (linger->entries[i].deadline_us < *next_us) {
			*next_us = linger->entries[i].deadline_us;
		}
	}
	bool quit = linger->quit;
	pthread_mutex_unlock(&linger->mutex);
	return !quit;
}

static void remove_ended(struct ff_linger *linger, const struct pollfd *fds, size_t count)
{
	bool ended[FF_LINGER_MAX] = { false };
	int64_t now = ff_now_us();
	for (size_t i = 0; i < count; i++) {
		ended[i] = fds[i].revents && !drain(fds[i].fd);
	}
	pthread_mutex_lock(&linger->mutex);
	size_t kept = 0;
	for (size_t i = 0; i < linger->count; i++) {
		if ((i < count && ended[i]) || linger->entries[i].deadline_us <= now) {
			close(linger->entries[i].fd);
			continue;
		}
		linger->entries[kept++] = linger->entries[i];
	}
	linger->count = kept;
	pthread_mutex_unlock(&linger->mutex);
}

static void *watch(void *argument)
{
	struct ff_linger *linger = argument;
	struct pollfd fds[FF_LINGER_MAX + 1];
	size_t count = 0;
	int64_t next_us = 0;
	while (list_entries(linger, fds, &count, &next_us)) {
		fds[count] = (struct pollfd){ .fd = linger->wake_fd, .events = POLLIN };
		int timeout = next_us == INT64_MAX ? -1 : ff_deadline_poll_ms(next_us);
		if (poll(fds, count + 1, timeout) < 0) {
			continue;
		}
		if (fds[count].revents) {
			eventfd_t ignored;
			eventfd_read(linger->wake_fd, &ignored);
		}
		remove_ended(linger, fds, count);
	}
	return NULL;
}

struct ff_linger *ff_linger_new(void)
{
	struct ff_linger *linger = calloc(1, sizeof(*linger));
	if (!linger) {
		return NULL;
	}
	linger->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&linger->mutex, NULL);
	bool failed =
		linger->wake_fd < 0 || ff_thread_start(&linger->thread, "ff-linger", STACK_SIZE, watch, linger) != 0;
	if (failed) {
		if (linger->wake_fd >= 0) {
			close(linger->wake_fd);
		}
		free(linger);
		return NULL;
	}
	return linger;
}

void ff_linger_free(struct ff_linger *linger)
{
	if (!linger) {
		return;
	}
	pthread_mutex_lock(&linger->mutex);
	linger->quit = true;
	pthread_mutex_unlock(&linger->mutex);
	eventfd_write(linger->wake_fd, 1);
	pthread_join(linger->thread, NULL);
	for (size_t i = 0; i < linger->count; i++) {
		close(linger->entries[i].fd);
	}
	close(linger->wake_fd);
	pthread_mutex_destroy(&linger->mutex);
	free(linger);
}

void ff_linger_take(struct ff_linger *linger, int socket)
{
	int fd = fcntl(socket, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		return;
	}
	pthread_mutex_lock(&linger->mutex);
	bool taken = linger->count < FF_LINGER_MAX;
	if (taken) {
		linger->entries[linger->count++] = (struct lingering){ fd, ff_deadline_ms(FF_LINGER_SECONDS * 1000) };
	}
	pthread_mutex_unlock(&linger->mutex);
	if (!taken) {
		close(fd);
		return;
	}
	eventfd_write(linger->wake_fd, 1);
}
