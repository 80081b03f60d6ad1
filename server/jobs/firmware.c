// SPDX-License-Identifier: Apache-2.0
#include "firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rundir.h"

struct ff_firmware_store {
	struct ff_rundir dir;
	const struct ff_log *log;
	pthread_mutex_t mutex;
	struct ff_firmware *images; /* behind the mutex, with their reference counts and their files' names */
	uint64_t next_upload;       /* behind the mutex */
};

struct ff_upload {
	struct ff_firmware_store *store;
	EVP_MD_CTX *hash;
	char *path; /* NULL once the file has its final name */
	int fd;
	uint64_t size;
};

enum ff_status ff_firmware_store_new(struct ff_firmware_store **result, const char *data_dir, const struct ff_log *log,
				     struct ff_error *error)
{
	struct ff_firmware_store *store = calloc(1, sizeof(*store));
	if (!store) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	enum ff_status status = ff_rundir_open(&store->dir, data_dir, log, error);
	if (status != FF_OK) {
		free(store);
		return status;
	}
	store->log = log;
	pthread_mutex_init(&store->mutex, NULL);
	*result = store;
	return FF_OK;
}

const char *ff_firmware_store_folder(const struct ff_firmware_store *store)
{
	return store->dir.path;
}

void ff_firmware_store_free(struct ff_firmware_store *store)
{
	if (store) {
		ff_rundir_close(&store->dir);
		pthread_mutex_destroy(&store->mutex);
		free(store);
	}
}

static enum ff_status disk_failure(struct ff_error *error, int reason, const struct ff_firmware_store *store)
{
	bool full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
	return ff_error_set_errno(error, full ? FF_ERR_NO_SPACE : FF_ERR_IO, reason, "the data cannot be stored in %s",
				  store->dir.path);
}

static enum ff_status open_upload(struct ff_upload *upload, struct ff_error *error)
{
	struct ff_firmware_store *store = upload->store;
	pthread_mutex_lock(&store->mutex);
	uint64_t number = store->next_upload++;
	pthread_mutex_unlock(&store->mutex);

	upload->hash = EVP_MD_CTX_new();
	if (!upload->hash || EVP_DigestInit_ex(upload->hash, EVP_sha256(), NULL) != 1 ||
	    asprintf(&upload->path, "%s/" FF_RUNDIR_UPLOAD "%llu", store->dir.path, (unsigned long long)number) < 0) {
		upload->path = NULL;
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	upload->fd = open(upload->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return upload->fd < 0 ? disk_failure(error, errno, store) : FF_OK;
}

enum ff_status ff_upload_begin(struct ff_upload **result, struct ff_firmware_store *store, struct ff_error *error)
{
	struct ff_upload *upload = calloc(1, sizeof(*upload));
	if (!upload) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	upload->store = store;
	upload->fd = -1;
	enum ff_status status = open_upload(upload, error);
	if (status != FF_OK) {
		ff_upload_abort(upload);
		return status;
	}
	*result = upload;
	return FF_OK;
}

enum ff_status ff_upload_write(struct ff_upload *upload, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	if (EVP_DigestUpdate(upload->hash, bytes, size) != 1) {
		return ff_error_set(error, FF_ERR_IO, "the upload cannot be hashed");
	}
	upload->size += size;
	while (size > 0) {
		ssize_t written = write(upload->fd, bytes, size);
		if (written < 0 && errno != EINTR) {
			return disk_failure(error, errno, upload->store);
		}
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	return FF_OK;
}

static void free_image(struct ff_firmware *image)
{
	if (image) {
		free(image->path);
		free(image);
	}
}

static struct ff_firmware *make_image(struct ff_upload *upload)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	struct ff_firmware *image = calloc(1, sizeof(*image));
	if (!image || EVP_DigestFinal_ex(upload->hash, digest, &size) != 1) {
		free(image);
		return NULL;
	}
	for (unsigned i = 0; i < size && 2 * i + 2 < sizeof(image->sha256); i++) {
		snprintf(image->sha256 + 2 * i, 3, "%02x", digest[i]);
	}
	image->store = upload->store;
	image->size = upload->size;
	atomic_init(&image->references, 1);
	if (asprintf(&image->path, "%s/%s", upload->store->dir.path, image->sha256) < 0) {
		image->path = NULL;
		free_image(image);
		return NULL;
	}
	return image;
}

static struct ff_firmware *find(struct ff_firmware_store *store, const char *sha256)
{
	struct ff_firmware *image = store->images;
	while (image && strcmp(image->sha256, sha256) != 0) {
		image = image->next;
	}
	return image;
}

/* Enters a finished file under its hash, or joins the image that is there. The file keeps its first name in the second
 * case, and ff_upload_abort() removes it. */
static struct ff_firmware *enter(struct ff_upload *upload, struct ff_firmware *image, int *reason)
{
	struct ff_firmware_store *store = upload->store;
	struct ff_firmware *entered = NULL;
	pthread_mutex_lock(&store->mutex);
	struct ff_firmware *known = find(store, image->sha256);
	if (known) {
		ff_firmware_ref(known);
		entered = known;
	} else if (rename(upload->path, image->path) == 0) {
		image->next = store->images;
		store->images = image;
		entered = image;
	} else {
		*reason = errno;
	}
	pthread_mutex_unlock(&store->mutex);
	return entered;
}

enum ff_status ff_upload_finish(struct ff_upload *upload, struct ff_firmware **firmware, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	int reason = 0;
	struct ff_firmware *entered = NULL;
	struct ff_firmware *image = make_image(upload);
	if (!image) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
		goto out;
	}
	/* A network file system may report a full disk only here. */
	int fd = upload->fd;
	upload->fd = -1;
	if (close(fd) != 0) {
		status = disk_failure(error, errno, upload->store);
		goto out;
	}
	entered = enter(upload, image, &reason);
	if (!entered) {
		status = disk_failure(error, reason, upload->store);
		goto out;
	}
	if (entered == image) {
		free(upload->path);
		upload->path = NULL;
		image = NULL;
	}
	*firmware = entered;
out:
	free_image(image);
	ff_upload_abort(upload);
	return status;
}

void ff_upload_abort(struct ff_upload *upload)
{
	if (!upload) {
		return;
	}
	if (upload->fd >= 0) {
		close(upload->fd);
	}
	if (upload->path) {
		unlink(upload->path);
	}
	free(upload->path);
	EVP_MD_CTX_free(upload->hash);
	free(upload);
}

struct ff_firmware *ff_firmware_find(struct ff_firmware_store *store, const char *sha256)
{
	pthread_mutex_lock(&store->mutex);
	struct ff_firmware *image = find(store, sha256);
	if (image) {
		ff_firmware_ref(image);
	}
	pthread_mutex_unlock(&store->mutex);
	return image;
}

struct ff_firmware *ff_firmware_ref(struct ff_firmware *firmware)
{
	atomic_fetch_add(&firmware->references, 1);
	return firmware;
}

void ff_firmware_unref(struct ff_firmware *firmware)
{
	if (!firmware) {
		return;
	}
	struct ff_firmware_store *store = firmware->store;
	bool last = false;
	pthread_mutex_lock(&store->mutex);
	last = atomic_fetch_sub(&firmware->references, 1) == 1;
	if (last) {
		struct ff_firmware **at = &store->images;
		while (*at != firmware) {
			at = &(*at)->next;
		}
		*at = firmware->next;
		/* Under the mutex, so that a new upload of the same content cannot get this name in between. */
		unlink(firmware->path);
	}
	pthread_mutex_unlock(&store->mutex);
	if (last) {
		free_image(firmware);
	}
}
