// SPDX-License-Identifier: Apache-2.0
#include "waker.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "thread.h"

#define STACK_SIZE (128 * 1024)

struct ff_waker {
	int wake_fd;
	pthread_t thread;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t none_parked;
	struct ff_wait *arrived; /* parked since the thread last looked */
	size_t parked;           /* all of them, those on their way in included */
	bool draining;
	bool quit;
};

void ff_waker_kick(void *context)
{
	struct ff_waker *waker = context;
	eventfd_write(waker->wake_fd, 1);
}

static struct ff_wait *take_arrived(struct ff_waker *waker, struct ff_wait *waits, bool *draining, bool *quit)
{
	pthread_mutex_lock(&waker->mutex);
	struct ff_wait **last = &waker->arrived;
	while (*last) {
		last = &(*last)->next;
	}
	*last = waits;
	waits = waker->arrived;
	waker->arrived = NULL;
	*draining = waker->draining;
	*quit = waker->quit;
	pthread_mutex_unlock(&waker->mutex);
	return waits;
}

static void count_resumed(struct ff_waker *waker, size_t count)
{
	pthread_mutex_lock(&waker->mutex);
	waker->parked -= count;
	if (waker->parked == 0) {
		pthread_cond_broadcast(&waker->none_parked);
	}
	pthread_mutex_unlock(&waker->mutex);
}

/* Resumes what is due; `*next_us` is when the first of the others will be. Returns those others. */
static struct ff_wait *resume_due(struct ff_waker *waker, struct ff_wait *waits, bool all, int64_t *next_us)
{
	struct ff_wait *kept = NULL;
	size_t resumed = 0;
	int64_t now = ff_now_us();
	*next_us = FF_WAKER_NEVER;
	while (waits) {
		struct ff_wait *wait = waits;
		waits = wait->next;
		int64_t due = all ? now : wait->due(wait->context, now);
		if (due <= now) {
			/* The request may be gone as soon as it is resumed: `wait` is not touched again. */
			MHD_resume_connection(wait->connection);
			resumed++;
			continue;
		}
		*next_us = due < *next_us ? due : *next_us;
		wait->next = kept;
		kept = wait;
	}
	if (resumed > 0) {
		count_resumed(waker, resumed);
	}
	return kept;
}

static void *watch(void *argument)
{
	struct ff_waker *waker = argument;
	struct ff_wait *waits = NULL;
	for (;;) {
		bool draining = false;
		bool quit = false;
		waits = take_arrived(waker, waits, &draining, &quit);
		if (quit) {
			return NULL;
		}
		int64_t next_us;
		waits = resume_due(waker, waits, draining, &next_us);
		struct pollfd fd = { .fd = waker->wake_fd, .events = POLLIN };
		if (poll(&fd, 1, next_us == FF_WAKER_NEVER ? -1 : ff_deadline_poll_ms(next_us)) > 0) {
			eventfd_t count;
			eventfd_read(waker->wake_fd, &count);
		}
	}
}

struct ff_waker *ff_waker_new(void)
{
	struct ff_waker *waker = calloc(1, sizeof(*waker));
	if (!waker) {
		return NULL;
	}
	waker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&waker->mutex, NULL);
	pthread_cond_init(&waker->none_parked, NULL);
	bool failed = waker->wake_fd < 0 || ff_thread_start(&waker->thread, "ff-waker", STACK_SIZE, watch, waker) != 0;
	if (failed) {
		if (waker->wake_fd >= 0) {
			close(waker->wake_fd);
		}
		free(waker);
		return NULL;
	}
	return waker;
}

void ff_waker_free(struct ff_waker *waker)
{
	if (!waker) {
		return;
	}
	pthread_mutex_lock(&waker->mutex);
	waker->quit = true;
	pthread_mutex_unlock(&waker->mutex);
	ff_waker_kick(waker);
	pthread_join(waker->thread, NULL);
	close(waker->wake_fd);
	pthread_cond_destroy(&waker->none_parked);
	pthread_mutex_destroy(&waker->mutex);
	free(waker);
}

bool ff_waker_park(struct ff_waker *waker, struct ff_wait *wait)
{
	pthread_mutex_lock(&waker->mutex);
	bool refused = waker->draining;
	waker->parked += !refused;
	pthread_mutex_unlock(&waker->mutex);
	if (refused) {
		return false;
	}
	/* First suspended, then listed: it must not be resumed before. What changes in between is not missed, because
	 * the thread asks every arrival whether it is due. */
	MHD_suspend_connection(wait->connection);
	pthread_mutex_lock(&waker->mutex);
	wait->next = waker->arrived;
	waker->arrived = wait;
	pthread_mutex_unlock(&waker->mutex);
	ff_waker_kick(waker);
	return true;
}

void ff_waker_drain(struct ff_waker *waker)
{
	pthread_mutex_lock(&waker->mutex);
	waker->draining = true;
	pthread_mutex_unlock(&waker->mutex);
	ff_waker_kick(waker);

	pthread_mutex_lock(&waker->mutex);
	while (waker->parked > 0) {
		pthread_cond_wait(&waker->none_parked, &waker->mutex);
	}
	pthread_mutex_unlock(&waker->mutex);
}
