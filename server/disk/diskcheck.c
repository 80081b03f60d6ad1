// SPDX-License-Identifier: Apache-2.0
#include "diskcheck.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "thread.h"

#define PROBE_NAME "disk-check"
#define PROBE_SIZE 4096
#define STACK_SIZE (128 * 1024)
#define PATIENCE_NS 200000000
#define FAREWELL_S 2
#define HANGS_US 10000000

struct ff_diskcheck {
	char *path; /* of the file that is tried */
	pthread_t thread;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	uint64_t asked;   /* tries that were begun or are to be, ... */
	uint64_t ended;   /* ... and those that are over; the same: the thread waits */
	int64_t since_us; /* when the one at hand was asked for */
	int failed;       /* errno of the last one, 0: it was fine */
	bool stopping;
	bool left; /* the thread is at its end */
};

static int try_to_write(const char *path)
{
	static const char bytes[PROBE_SIZE];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		return errno;
	}
	unlink(path); /* nothing is left, whatever happens */
	ssize_t written = write(fd, bytes, sizeof(bytes));
	int failed = written < 0 ? errno : 0;
	if (written >= 0 && written < (ssize_t)sizeof(bytes)) {
		failed = ENOSPC; /* room for a part only */
	}
	return close(fd) != 0 && !failed ? errno : failed;
}

static void *run(void *argument)
{
	struct ff_diskcheck *check = argument;
	pthread_mutex_lock(&check->mutex);
	while (!check->stopping) {
		if (check->ended == check->asked) {
			pthread_cond_wait(&check->changed, &check->mutex);
			continue;
		}
		pthread_mutex_unlock(&check->mutex);
		int failed = try_to_write(check->path);
		pthread_mutex_lock(&check->mutex);
		check->failed = failed;
		check->ended++;
		pthread_cond_broadcast(&check->changed);
	}
	check->left = true;
	pthread_cond_broadcast(&check->changed);
	pthread_mutex_unlock(&check->mutex);
	return NULL;
}

static void release(struct ff_diskcheck *check)
{
	pthread_cond_destroy(&check->changed);
	pthread_mutex_destroy(&check->mutex);
	free(check->path);
	free(check);
}

static void init_lock(struct ff_diskcheck *check)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&check->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&check->mutex, NULL);
}

enum ff_status ff_diskcheck_new(struct ff_diskcheck **result, const char *folder, struct ff_error *error)
{
	struct ff_diskcheck *check = calloc(1, sizeof(*check));
	if (!check || asprintf(&check->path, "%s/" PROBE_NAME, folder) < 0) {
		free(check);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	init_lock(check);
	int failed = ff_thread_start(&check->thread, "ff-disk", STACK_SIZE, run, check);
	if (failed) {
		release(check);
		return ff_error_set_errno(error, FF_ERR_IO, failed,
					  "cannot start the thread that looks after the disk");
	}
	*result = check;
	return FF_OK;
}

void ff_diskcheck_free(struct ff_diskcheck *check)
{
	if (!check) {
		return;
	}
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += FAREWELL_S;
	int waited = 0;
	pthread_mutex_lock(&check->mutex);
	check->stopping = true;
	pthread_cond_broadcast(&check->changed);
	/* Not a join with a deadline, which ThreadSanitizer does not know. */
	while (!check->left && waited == 0) {
		waited = pthread_cond_timedwait(&check->changed, &check->mutex, &until);
	}
	bool left = check->left;
	pthread_mutex_unlock(&check->mutex);
	if (left) {
		pthread_join(check->thread, NULL);
		release(check);
	}
}

enum ff_status ff_diskcheck_ask(struct ff_diskcheck *check, struct ff_error *error)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	int waited = 0;
	pthread_mutex_lock(&check->mutex);
	if (check->ended == check->asked) {
		check->asked++;
		check->since_us = ff_now_us();
		pthread_cond_broadcast(&check->changed);
	}
	uint64_t mine = check->asked;
	while (check->ended < mine && waited == 0) {
		waited = pthread_cond_timedwait(&check->changed, &check->mutex, &until);
	}
	bool late = check->ended < mine && ff_now_us() - check->since_us > HANGS_US;
	int failed = check->failed;
	pthread_mutex_unlock(&check->mutex);
	if (late) {
		return ff_error_set(error, FF_ERR_TIMEOUT, "the disk does not answer");
	}
	bool full = failed == ENOSPC || failed == EDQUOT || failed == EFBIG;
	return failed ? ff_error_set_errno(error, full ? FF_ERR_NO_SPACE : FF_ERR_IO, failed,
					   "the data directory cannot be written")
		      : FF_OK;
}
