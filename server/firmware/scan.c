// SPDX-License-Identifier: Apache-2.0
/* What an earlier process left in the store's folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware_inner.h"

struct found {
	struct ff_firmware_place **places;
	size_t count;
	size_t capacity;
};

static bool is_hash(const char *name)
{
	return strlen(name) == FF_SHA256_HEX_SIZE - 1 && strspn(name, "0123456789abcdef") == FF_SHA256_HEX_SIZE - 1;
}

/* What was of use to that process alone. */
static bool is_leftover(const char *name)
{
	return strncmp(name, FF_FIRMWARE_UPLOAD, strlen(FF_FIRMWARE_UPLOAD)) == 0 ||
	       strncmp(name, FF_FIRMWARE_CONTENT, strlen(FF_FIRMWARE_CONTENT)) == 0;
}

static bool add(struct found *found, struct ff_firmware_store *store, const char *name, const struct stat *status)
{
	if (found->count == found->capacity) {
		size_t capacity = found->capacity ? 2 * found->capacity : 64;
		struct ff_firmware_place **places =
			realloc(found->places, capacity * sizeof(struct ff_firmware_place *));
		if (!places) {
			return false;
		}
		found->places = places;
		found->capacity = capacity;
	}
	struct ff_firmware_place *place = ff_firmware_place_new(store, name, (uint64_t)status->st_size);
	if (!place) {
		return false;
	}
	atomic_store(&place->image.references, 0);
	place->used_ms = (int64_t)status->st_mtim.tv_sec * 1000 + status->st_mtim.tv_nsec / 1000000;
	found->places[found->count++] = place;
	return true;
}

/* False: out of memory. What has another name is not the store's. */
static bool look_at(struct found *found, struct ff_firmware_store *store, int folder, const char *name)
{
	struct stat status;
	if (is_leftover(name)) {
		unlinkat(folder, name, 0);
		return true;
	}
	if (!is_hash(name) || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) {
		return true;
	}
	return add(found, store, name, &status);
}

static int by_use(const void *left, const void *right)
{
	const struct ff_firmware_place *one = *(struct ff_firmware_place *const *)left;
	const struct ff_firmware_place *other = *(struct ff_firmware_place *const *)right;
	return (one->used_ms > other->used_ms) - (one->used_ms < other->used_ms);
}

enum ff_status ff_firmware_scan(struct ff_firmware_store *store, struct ff_error *error)
{
	struct found found = { .count = 0 };
	DIR *list = opendir(store->folder);
	if (!list) {
		return ff_firmware_disk_failure(error, errno, store);
	}
	bool complete = true;
	for (struct dirent *entry = readdir(list); entry && complete; entry = readdir(list)) {
		complete = look_at(&found, store, dirfd(list), entry->d_name);
	}
	closedir(list);
	if (found.count > 0) {
		qsort(found.places, found.count, sizeof(struct ff_firmware_place *), by_use);
	}
	for (size_t i = 0; i < found.count; i++) {
		ff_firmware_enlist(found.places[i]); /* the store frees them, come what may */
	}
	free(found.places);
	return complete ? FF_OK : ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
}
