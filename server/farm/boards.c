// SPDX-License-Identifier: Apache-2.0
#include "boards.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A list and who has it. The list comes last, because its array does. */
struct picture {
	atomic_uint references;
	struct ff_board_list list;
};

struct watcher {
	void (*changed)(void *context);
	void *context;
};

struct ff_boards {
	struct watcher watchers[FF_BOARDS_MAX_WATCHERS];
	size_t watcher_count;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	struct picture *now;
};

static struct picture *picture_of(const struct ff_board_list *list)
{
	return (struct picture *)((char *)list - offsetof(struct picture, list));
}

/* A picture with a reference to each board. NULL: out of memory. */
static struct picture *draw(struct ff_worker *const *workers, size_t count)
{
	struct picture *picture = calloc(1, sizeof(*picture) + count * sizeof(struct ff_worker *));
	if (!picture) {
		return NULL;
	}
	atomic_init(&picture->references, 1);
	picture->list.count = count;
	for (size_t i = 0; i < count; i++) {
		picture->list.workers[i] = ff_worker_ref(workers[i]);
	}
	return picture;
}

void ff_board_list_unref(const struct ff_board_list *list)
{
	struct picture *picture = list ? picture_of(list) : NULL;
	if (picture && atomic_fetch_sub(&picture->references, 1) == 1) {
		for (size_t i = 0; i < list->count; i++) {
			ff_worker_unref(list->workers[i]);
		}
		free(picture);
	}
}

struct ff_boards *ff_boards_new(void)
{
	struct ff_boards *boards = calloc(1, sizeof(*boards));
	struct picture *none = draw(NULL, 0);
	if (!boards || !none) {
		free(boards);
		free(none);
		return NULL;
	}
	boards->now = none;
	pthread_mutex_init(&boards->mutex, NULL);
	return boards;
}

void ff_boards_free(struct ff_boards *boards)
{
	if (boards) {
		ff_board_list_unref(&boards->now->list);
		pthread_mutex_destroy(&boards->mutex);
		free(boards);
	}
}

enum ff_status ff_boards_watch(struct ff_boards *boards, void (*changed)(void *context), void *context)
{
	if (boards->watcher_count == FF_BOARDS_MAX_WATCHERS) {
		return FF_ERR_BUSY;
	}
	boards->watchers[boards->watcher_count++] = (struct watcher){ changed, context };
	return FF_OK;
}

static void tell(const struct ff_boards *boards)
{
	for (size_t i = 0; i < boards->watcher_count; i++) {
		boards->watchers[i].changed(boards->watchers[i].context);
	}
}

const struct ff_board_list *ff_boards_list(struct ff_boards *boards)
{
	pthread_mutex_lock(&boards->mutex);
	struct picture *picture = boards->now;
	atomic_fetch_add(&picture->references, 1);
	pthread_mutex_unlock(&boards->mutex);
	return &picture->list;
}

struct ff_worker *ff_boards_find(struct ff_boards *boards, const char *name)
{
	struct ff_worker *found = NULL;
	pthread_mutex_lock(&boards->mutex);
	const struct ff_board_list *list = &boards->now->list;
	for (size_t i = 0; i < list->count && !found; i++) {
		if (strcmp(ff_worker_name(list->workers[i]), name) == 0) {
			found = ff_worker_ref(list->workers[i]);
		}
	}
	pthread_mutex_unlock(&boards->mutex);
	return found;
}

/* Under the mutex; the picture that it replaces, whose reference is the caller's to give back without it. */
static enum ff_status replace(struct ff_boards *boards, struct ff_worker *const *workers, size_t count,
			      struct picture **before)
{
	struct picture *picture = draw(workers, count);
	if (!picture) {
		return FF_ERR_NO_MEMORY;
	}
	*before = boards->now;
	boards->now = picture;
	return FF_OK;
}

static enum ff_status finish(struct ff_boards *boards, enum ff_status status, struct picture *before)
{
	if (status == FF_OK) {
		ff_board_list_unref(&before->list);
		tell(boards);
	}
	return status;
}

enum ff_status ff_boards_add(struct ff_boards *boards, struct ff_worker *worker)
{
	struct ff_worker *workers[FF_BOARDS_MAX];
	struct picture *before = NULL;
	enum ff_status status = FF_OK;
	pthread_mutex_lock(&boards->mutex);
	size_t count = boards->now->list.count;
	if (count == FF_BOARDS_MAX) {
		status = FF_ERR_BUSY;
	}
	for (size_t i = 0; i < count && status == FF_OK; i++) {
		workers[i] = boards->now->list.workers[i];
		if (strcmp(ff_worker_name(workers[i]), ff_worker_name(worker)) == 0) {
			status = FF_ERR_BUSY;
		}
	}
	if (status == FF_OK) {
		workers[count] = worker;
		status = replace(boards, workers, count + 1, &before);
	}
	pthread_mutex_unlock(&boards->mutex);
	return finish(boards, status, before);
}

enum ff_status ff_boards_remove(struct ff_boards *boards, struct ff_worker *worker)
{
	struct ff_worker *workers[FF_BOARDS_MAX];
	struct picture *before = NULL;
	size_t left = 0;
	pthread_mutex_lock(&boards->mutex);
	const struct ff_board_list *list = &boards->now->list;
	for (size_t i = 0; i < list->count; i++) {
		if (list->workers[i] != worker) {
			workers[left++] = list->workers[i];
		}
	}
	enum ff_status status = left == list->count ? FF_ERR_NOT_FOUND : replace(boards, workers, left, &before);
	pthread_mutex_unlock(&boards->mutex);
	return finish(boards, status, before);
}
