// SPDX-License-Identifier: Apache-2.0
/* From the first byte of an upload to an image that waits for the keeper. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware_inner.h"

struct ff_upload {
	struct ff_firmware_store *store;
	EVP_MD_CTX *hash;
	char *path; /* NULL once the file is somebody else's */
	int fd;
	uint64_t number; /* in the file's name */
	uint64_t size;
	uint64_t begun; /* bytes that the disk has been told to write */
};

/* Bytes after which the disk begins with them, while the rest comes in: the keeper's fsync() then finds little to do. */
#define WRITE_BACK ((uint64_t)1024 * 1024)

static bool is_full(int reason)
{
	return reason == ENOSPC || reason == EDQUOT;
}

enum ff_status ff_firmware_disk_failure(struct ff_error *error, int reason, const struct ff_firmware_store *store)
{
	enum ff_status status = FF_ERR_IO;
	if (is_full(reason) || reason == EFBIG) {
		status = FF_ERR_NO_SPACE;
	} else if (reason == EACCES || reason == EPERM || reason == EROFS) {
		status = FF_ERR_DENIED;
	}
	return ff_error_set_errno(error, status, reason, "the data cannot be stored in %s", store->folder);
}

void ff_firmware_hex(char text[FF_SHA256_HEX_SIZE], const uint8_t digest[32])
{
	for (size_t i = 0; i < 32; i++) {
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	}
}

static enum ff_status open_upload(struct ff_upload *upload, struct ff_error *error)
{
	struct ff_firmware_store *store = upload->store;
	pthread_mutex_lock(&store->mutex);
	upload->number = store->next_upload++;
	pthread_mutex_unlock(&store->mutex);

	upload->hash = EVP_MD_CTX_new();
	if (!upload->hash || EVP_DigestInit_ex(upload->hash, EVP_sha256(), NULL) != 1 ||
	    asprintf(&upload->path, "%s/" FF_FIRMWARE_UPLOAD "%llu", store->folder,
		     (unsigned long long)upload->number) < 0) {
		upload->path = NULL;
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	do {
		upload->fd = open(upload->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	} while (upload->fd < 0 && is_full(errno) && ff_firmware_make_room(store));
	return upload->fd < 0 ? ff_firmware_disk_failure(error, errno, store) : FF_OK;
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

/* Only a hint, so a file system that cannot is none of the upload's failures. */
static void begin_write_back(struct ff_upload *upload)
{
	if (upload->size - upload->begun >= WRITE_BACK) {
		(void)sync_file_range(upload->fd, (off_t)upload->begun, (off_t)(upload->size - upload->begun),
				      SYNC_FILE_RANGE_WRITE);
		upload->begun = upload->size;
	}
}

enum ff_status ff_upload_write(struct ff_upload *upload, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	if (EVP_DigestUpdate(upload->hash, bytes, size) != 1) {
		return ff_error_set(error, FF_ERR_IO, "the upload cannot be hashed");
	}
	upload->size += size;
	while (size > 0) {
		ssize_t written = write(upload->fd, bytes, size);
		int reason = written < 0 ? errno : 0;
		if (reason && reason != EINTR && !(is_full(reason) && ff_firmware_make_room(upload->store))) {
			return ff_firmware_disk_failure(error, reason, upload->store);
		}
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	begin_write_back(upload);
	return FF_OK;
}

static struct ff_firmware_place *make_place(struct ff_upload *upload)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char sha256[FF_SHA256_HEX_SIZE];
	if (EVP_DigestFinal_ex(upload->hash, digest, NULL) != 1) {
		return NULL;
	}
	ff_firmware_hex(sha256, digest);
	return ff_firmware_place_new(upload->store, sha256, upload->size);
}

/* Gives the file to an image. Under the mutex. */
static void entrust(struct ff_upload *upload, struct ff_firmware_place *place)
{
	place->incoming = upload->path;
	place->incoming_fd = upload->fd;
	upload->path = NULL;
	upload->fd = -1;
	ff_firmware_make_pending(place);
}

/* Makes an image of the file if nobody has sent these bytes before. NULL: somebody has. */
static struct ff_firmware_place *enter(struct ff_upload *upload, struct ff_firmware_place *fresh)
{
	struct ff_firmware_store *store = upload->store;
	pthread_mutex_lock(&store->mutex);
	bool known = ff_firmware_lookup(store, fresh->image.sha256) != NULL;
	if (!known) {
		ff_firmware_enlist(fresh);
		entrust(upload, fresh);
	}
	pthread_mutex_unlock(&store->mutex);
	return known ? NULL : fresh;
}

/* Joins the image that is there, which gets the file if its own may be no good. NULL: it is gone. */
static struct ff_firmware_place *join(struct ff_upload *upload, const char *sha256)
{
	struct ff_firmware_store *store = upload->store;
	struct ff_firmware *image = ff_firmware_find(store, sha256);
	if (!image) {
		return NULL;
	}
	struct ff_firmware_place *place = image->place;
	pthread_mutex_lock(&store->mutex);
	bool broken = atomic_load(&place->state) == FF_FIRMWARE_BROKEN;
	if (atomic_load(&place->state) == FF_FIRMWARE_PENDING && !place->incoming) {
		entrust(upload, place);
	}
	pthread_mutex_unlock(&store->mutex);
	if (broken) {
		ff_firmware_unref(image);
	}
	return broken ? NULL : place;
}

enum ff_status ff_upload_finish(struct ff_upload *upload, const char *expected, struct ff_firmware **firmware,
				struct ff_error *error)
{
	struct ff_firmware_place *fresh = make_place(upload);
	struct ff_firmware_place *place = NULL;
	if (!fresh) {
		ff_upload_abort(upload);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	if (expected && strcmp(expected, fresh->image.sha256) != 0) {
		ff_error_set(error, FF_ERR_VERIFY, "the SHA-256 of the %llu bytes is %s, not %s",
			     (unsigned long long)upload->size, fresh->image.sha256, expected);
		ff_firmware_place_free(fresh);
		ff_upload_abort(upload);
		return FF_ERR_VERIFY;
	}
	while (!place) {
		place = enter(upload, fresh);
		if (!place) {
			place = join(upload, fresh->image.sha256);
		}
	}
	if (place != fresh) {
		ff_firmware_place_free(fresh);
	}
	*firmware = &place->image;
	ff_upload_abort(upload);
	return FF_OK;
}

enum ff_status ff_upload_finish_content(struct ff_upload *upload, struct ff_firmware **content, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	struct ff_firmware_place *place = make_place(upload);
	char *path = NULL;
	if (!place || asprintf(&path, "%s/" FF_FIRMWARE_CONTENT "%llu", upload->store->folder,
			       (unsigned long long)upload->number) < 0) {
		path = NULL;
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
		goto out;
	}
	int fd = upload->fd;
	upload->fd = -1;
	/* A network file system may report a full disk only at the end. */
	if (close(fd) != 0 || rename(upload->path, path) != 0) {
		status = ff_firmware_disk_failure(error, errno, upload->store);
		goto out;
	}
	free(upload->path);
	upload->path = NULL;
	free(place->image.path);
	place->image.path = path;
	place->content = true;
	atomic_store(&place->state, FF_FIRMWARE_READY);
	*content = &place->image;
	place = NULL;
	path = NULL;
out:
	free(path);
	ff_firmware_place_free(place);
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
