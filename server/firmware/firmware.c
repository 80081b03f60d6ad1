// SPDX-License-Identifier: Apache-2.0
/* Which images there are, who uses them, and which one has to go. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "firmware_inner.h"

#define FOLDER "firmware"
#define FOLDER_MODE 0700

static int64_t unix_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the store ---- */

static void release(struct ff_firmware_store *store)
{
	for (struct ff_firmware_place *place = store->newest; place;) {
		struct ff_firmware_place *older = place->older;
		ff_firmware_place_free(place);
		place = older;
	}
	pthread_cond_destroy(&store->done);
	pthread_cond_destroy(&store->work);
	pthread_mutex_destroy(&store->mutex);
	free(store->folder);
	free(store);
}

static enum ff_status make_folder(struct ff_firmware_store *store, struct ff_error *error)
{
	if (asprintf(&store->folder, "%s/" FOLDER, store->options.data_dir) < 0) {
		store->folder = NULL;
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	if (mkdir(store->folder, FOLDER_MODE) != 0 && errno != EEXIST) {
		return ff_firmware_disk_failure(error, errno, store);
	}
	return FF_OK;
}

enum ff_status ff_firmware_store_new(struct ff_firmware_store **result, const struct ff_firmware_options *options,
				     struct ff_error *error)
{
	struct ff_firmware_store *store = calloc(1, sizeof(*store));
	if (!store) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	store->options = *options;
	pthread_mutex_init(&store->mutex, NULL);
	pthread_cond_init(&store->work, NULL);
	pthread_cond_init(&store->done, NULL);
	enum ff_status status = make_folder(store, error);
	if (status == FF_OK) {
		status = ff_firmware_scan(store, error);
	}
	if (status == FF_OK) {
		status = ff_firmware_keeper_start(store, error);
	}
	if (status != FF_OK) {
		release(store);
		return status;
	}
	*result = store;
	return FF_OK;
}

const char *ff_firmware_store_folder(const struct ff_firmware_store *store)
{
	return store->folder;
}

void ff_firmware_store_free(struct ff_firmware_store *store)
{
	if (store) {
		ff_firmware_keeper_stop(store);
		rmdir(store->folder); /* if it is empty */
		release(store);
	}
}

/* ---- places ---- */

struct ff_firmware_place *ff_firmware_place_new(struct ff_firmware_store *store, const char *sha256, uint64_t size)
{
	struct ff_firmware_place *place = calloc(1, sizeof(*place));
	if (!place || asprintf(&place->image.path, "%s/%s", store->folder, sha256) < 0) {
		free(place);
		return NULL;
	}
	snprintf(place->image.sha256, sizeof(place->image.sha256), "%s", sha256);
	place->image.size = size;
	place->image.place = place;
	place->store = store;
	place->incoming_fd = -1;
	atomic_init(&place->image.references, 1);
	atomic_init(&place->state, FF_FIRMWARE_UNSEEN);
	return place;
}

void ff_firmware_place_free(struct ff_firmware_place *place)
{
	if (place) {
		ff_firmware_kept_free(place->kept);
		free(place->image.path);
		free(place);
	}
}

/* What it takes of the quota: a disk gives whole blocks. */
static uint64_t room_of(const struct ff_firmware_place *place)
{
	uint64_t blocks = place->image.size / FF_FIRMWARE_BLOCK + (place->image.size % FF_FIRMWARE_BLOCK != 0);
	return (blocks ? blocks : 1) * FF_FIRMWARE_BLOCK;
}

static unsigned digit(char hex)
{
	return (unsigned)(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

static struct ff_firmware_place **bucket_of(struct ff_firmware_store *store, const char *sha256)
{
	unsigned number = digit(sha256[0]) << 8 | digit(sha256[1]) << 4 | digit(sha256[2]);
	return &store->buckets[number % FF_FIRMWARE_BUCKETS];
}

struct ff_firmware_place *ff_firmware_lookup(struct ff_firmware_store *store, const char *sha256)
{
	struct ff_firmware_place *place = *bucket_of(store, sha256);
	while (place && strcmp(place->image.sha256, sha256) != 0) {
		place = place->next_in_bucket;
	}
	return place;
}

static void put_first(struct ff_firmware_place *place)
{
	struct ff_firmware_store *store = place->store;
	place->newer = NULL;
	place->older = store->newest;
	*(store->newest ? &store->newest->newer : &store->oldest) = place;
	store->newest = place;
}

static void take_out(struct ff_firmware_place *place)
{
	struct ff_firmware_store *store = place->store;
	*(place->newer ? &place->newer->older : &store->newest) = place->older;
	*(place->older ? &place->older->newer : &store->oldest) = place->newer;
}

void ff_firmware_use(struct ff_firmware_place *place)
{
	place->used_ms = unix_ms();
	take_out(place);
	put_first(place);
}

static struct ff_firmware_place *find_idle(const struct ff_firmware_store *store)
{
	struct ff_firmware_place *place = store->oldest;
	while (place && atomic_load(&place->image.references) > 0) {
		place = place->newer;
	}
	return place;
}

static void remove_place(struct ff_firmware_place *place)
{
	struct ff_firmware_store *store = place->store;
	ff_firmware_delist(place);
	place->next = store->removed;
	store->removed = place;
	pthread_cond_signal(&store->work);
}

/* Leaves this many images deflated, and those in use. */
static void shed(struct ff_firmware_store *store, size_t most)
{
	for (struct ff_firmware_place *place = store->oldest; place && store->kept_count > most; place = place->newer) {
		if (place->kept && atomic_load(&place->image.references) == 0) {
			place->kept->next = store->shed;
			store->shed = place->kept;
			place->kept = NULL;
			place->measured = FF_FIRMWARE_UNMEASURED;
			store->kept_count--;
			pthread_cond_signal(&store->work);
		}
	}
}

static void trim(struct ff_firmware_store *store)
{
	while (store->trims && (store->used > store->options.quota || store->count > FF_FIRMWARE_MOST)) {
		struct ff_firmware_place *place = find_idle(store);
		if (!place) {
			return;
		}
		remove_place(place);
	}
}

void ff_firmware_enlist(struct ff_firmware_place *place)
{
	struct ff_firmware_store *store = place->store;
	struct ff_firmware_place **bucket = bucket_of(store, place->image.sha256);
	place->next_in_bucket = *bucket;
	*bucket = place;
	place->listed = true;
	if (!place->used_ms) {
		place->used_ms = unix_ms();
	}
	put_first(place);
	store->count++;
	store->used += room_of(place);
	trim(store);
}

void ff_firmware_delist(struct ff_firmware_place *place)
{
	struct ff_firmware_store *store = place->store;
	struct ff_firmware_place **at = bucket_of(store, place->image.sha256);
	while (*at != place) {
		at = &(*at)->next_in_bucket;
	}
	*at = place->next_in_bucket;
	take_out(place);
	place->listed = false;
	store->count--;
	store->kept_count -= place->kept != NULL;
	store->used -= room_of(place);
}

void ff_firmware_make_pending(struct ff_firmware_place *place)
{
	struct ff_firmware_store *store = place->store;
	if (atomic_load(&place->state) == FF_FIRMWARE_PENDING) {
		return; /* the keeper looks again when it is done with what it does */
	}
	struct ff_firmware_place **last = &store->pending;
	while (*last) {
		last = &(*last)->next;
	}
	*last = place;
	place->next = NULL;
	ff_firmware_ref(&place->image);
	atomic_store(&place->state, FF_FIRMWARE_PENDING);
	pthread_cond_signal(&store->work);
}

void ff_firmware_store_trim(struct ff_firmware_store *store)
{
	pthread_mutex_lock(&store->mutex);
	store->trims = true;
	trim(store);
	pthread_mutex_unlock(&store->mutex);
}

bool ff_firmware_make_room(struct ff_firmware_store *store)
{
	pthread_mutex_lock(&store->mutex);
	shed(store, 0);
	struct ff_firmware_place *place = store->trims && !store->shed ? find_idle(store) : NULL;
	if (place) {
		remove_place(place);
	}
	bool made = store->removed || store->shed || store->removing;
	while (store->removed || store->shed || store->removing) {
		pthread_cond_wait(&store->done, &store->mutex);
	}
	pthread_mutex_unlock(&store->mutex);
	return made;
}

/* ---- images ---- */

void ff_firmware_touch(const struct ff_firmware *image)
{
	/* On a disk that can only be read it is not noted, and nothing else goes wrong. */
	(void)!utimensat(AT_FDCWD, image->path, NULL, AT_SYMLINK_NOFOLLOW);
}

/* Somebody may have removed it by hand. */
static bool has_file(const struct ff_firmware *image)
{
	struct stat status;
	return stat(image->path, &status) == 0 && (uint64_t)status.st_size == image->size;
}

/* Whoever has it already will see what comes of it. */
static void forget(struct ff_firmware_place *place)
{
	pthread_mutex_lock(&place->store->mutex);
	if (place->listed && atomic_load(&place->state) == FF_FIRMWARE_READY) {
		ff_firmware_delist(place);
	}
	pthread_mutex_unlock(&place->store->mutex);
}

struct ff_firmware *ff_firmware_find(struct ff_firmware_store *store, const char *sha256)
{
	pthread_mutex_lock(&store->mutex);
	struct ff_firmware_place *place = ff_firmware_lookup(store, sha256);
	if (place) {
		ff_firmware_ref(&place->image);
		ff_firmware_use(place);
	}
	if (place && atomic_load(&place->state) == FF_FIRMWARE_UNSEEN) {
		ff_firmware_make_pending(place);
	}
	pthread_mutex_unlock(&store->mutex);
	if (!place) {
		return NULL;
	}
	if (atomic_load(&place->state) == FF_FIRMWARE_READY && !has_file(&place->image)) {
		forget(place);
		ff_firmware_unref(&place->image);
		return NULL;
	}
	ff_firmware_touch(&place->image);
	return &place->image;
}

bool ff_firmware_is_pending(const struct ff_firmware *firmware)
{
	return atomic_load(&firmware->place->state) == FF_FIRMWARE_PENDING;
}

enum ff_status ff_firmware_wait(struct ff_firmware *firmware, struct ff_error *error)
{
	struct ff_firmware_place *place = firmware->place;
	struct ff_firmware_store *store = place->store;
	enum ff_status status = FF_OK;
	pthread_mutex_lock(&store->mutex);
	while (atomic_load(&place->state) == FF_FIRMWARE_PENDING) {
		pthread_cond_wait(&store->done, &store->mutex);
	}
	if (atomic_load(&place->state) == FF_FIRMWARE_BROKEN) {
		ff_error_keep(error, &place->error);
		status = place->error.status;
	}
	pthread_mutex_unlock(&store->mutex);
	return status;
}

bool ff_firmware_is_damaged(struct ff_firmware *firmware)
{
	struct ff_firmware_place *place = firmware->place;
	pthread_mutex_lock(&place->store->mutex);
	bool damaged = atomic_load(&place->state) == FF_FIRMWARE_BROKEN && place->damaged;
	pthread_mutex_unlock(&place->store->mutex);
	return damaged;
}

struct ff_firmware *ff_firmware_ref(struct ff_firmware *firmware)
{
	atomic_fetch_add(&firmware->references, 1);
	return firmware;
}

void ff_firmware_let_go(struct ff_firmware_place *place)
{
	bool last = atomic_fetch_sub(&place->image.references, 1) == 1;
	if (place->listed) {
		ff_firmware_use(place);
		trim(place->store);
		shed(place->store, FF_FIRMWARE_KEPT);
	} else if (last) {
		ff_firmware_place_free(place);
	}
}

static void unref_content(struct ff_firmware_place *place)
{
	if (atomic_fetch_sub(&place->image.references, 1) == 1) {
		unlink(place->image.path);
		ff_firmware_place_free(place);
	}
}

void ff_firmware_unref(struct ff_firmware *firmware)
{
	if (!firmware) {
		return;
	}
	struct ff_firmware_place *place = firmware->place;
	struct ff_firmware_store *store = place->store;
	if (place->content) {
		unref_content(place);
		return;
	}
	ff_firmware_touch(firmware);
	pthread_mutex_lock(&store->mutex);
	ff_firmware_let_go(place);
	pthread_mutex_unlock(&store->mutex);
}

enum ff_status ff_firmware_remove(struct ff_firmware_store *store, const char *sha256)
{
	enum ff_status status = FF_OK;
	pthread_mutex_lock(&store->mutex);
	struct ff_firmware_place *place = ff_firmware_lookup(store, sha256);
	if (!place) {
		status = FF_ERR_NOT_FOUND;
	} else if (atomic_load(&place->image.references) > 0) {
		status = FF_ERR_BUSY;
	} else {
		remove_place(place);
	}
	pthread_mutex_unlock(&store->mutex);
	return status;
}

static void copy_view(const struct ff_firmware_place *place, struct ff_firmware_view *view)
{
	memcpy(view->sha256, place->image.sha256, sizeof(view->sha256));
	view->size = place->image.size;
	view->used_ms = place->used_ms;
	view->in_use = atomic_load(&place->image.references) > 0;
}

bool ff_firmware_look(struct ff_firmware_store *store, const char *sha256, struct ff_firmware_view *view)
{
	pthread_mutex_lock(&store->mutex);
	const struct ff_firmware_place *place = ff_firmware_lookup(store, sha256);
	if (place) {
		copy_view(place, view);
	}
	pthread_mutex_unlock(&store->mutex);
	return place != NULL;
}

size_t ff_firmware_list(struct ff_firmware_store *store, struct ff_firmware_view *views, size_t capacity)
{
	size_t count = 0;
	pthread_mutex_lock(&store->mutex);
	for (struct ff_firmware_place *place = store->newest; place && count < capacity; place = place->older) {
		copy_view(place, &views[count++]);
	}
	pthread_mutex_unlock(&store->mutex);
	return count;
}

struct ff_firmware_totals ff_firmware_totals(struct ff_firmware_store *store)
{
	pthread_mutex_lock(&store->mutex);
	struct ff_firmware_totals totals = { .quota = store->options.quota,
					     .used = store->used,
					     .count = store->count };
	pthread_mutex_unlock(&store->mutex);
	return totals;
}
