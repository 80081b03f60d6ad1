// SPDX-License-Identifier: Apache-2.0
/* The store's thread: the one that gives names to files and takes them away, in their order, and that waits for the disk. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware_inner.h"
#include "thread.h"

#define READ_SIZE ((size_t)64 * 1024)
#define STACK_SIZE ((size_t)128 * 1024)

/* Without this a name may be lost with the power, though not its bytes. */
static int sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;
	if (fd >= 0) {
		close(fd);
	}
	return failed == EINVAL ? 0 : failed; /* some file systems cannot */
}

/* Gives the image's name to a file that came in; it is gone afterwards in any case. */
static enum ff_status store_file(const struct ff_firmware_place *place, const char *file, int fd,
				 struct ff_error *error)
{
	const struct ff_firmware_store *store = place->store;
	int failed = fsync(fd) != 0 ? errno : 0;
	if (close(fd) != 0 && !failed) {
		failed = errno;
	}
	if (!failed && rename(file, place->image.path) != 0) {
		failed = errno;
	}
	if (failed) {
		unlink(file);
		return ff_firmware_disk_failure(error, failed, store);
	}
	failed = sync_folder(store->folder);
	return failed ? ff_firmware_disk_failure(error, failed, store) : FF_OK;
}

static int hash_file(const char *path, char sha256[FF_SHA256_HEX_SIZE])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint8_t *bytes = malloc(READ_SIZE);
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int failed = fd < 0 ? errno : 0;
	if (!bytes || !hash || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1) {
		failed = ENOMEM;
	}
	ssize_t got = failed ? 0 : read(fd, bytes, READ_SIZE);
	while (got > 0 && EVP_DigestUpdate(hash, bytes, (size_t)got) == 1) {
		got = read(fd, bytes, READ_SIZE);
	}
	if (!failed && got < 0) {
		failed = errno;
	} else if (!failed && (got > 0 || EVP_DigestFinal_ex(hash, digest, NULL) != 1)) {
		failed = ENOMEM;
	}
	if (!failed) {
		ff_firmware_hex(sha256, digest);
	}
	if (fd >= 0) {
		close(fd);
	}
	EVP_MD_CTX_free(hash);
	free(bytes);
	return failed;
}

/* Compares a file from an earlier process with its name. One that is something else is removed. */
static enum ff_status check_file(const struct ff_firmware_place *place, struct ff_error *error)
{
	const struct ff_firmware *image = &place->image;
	char sha256[FF_SHA256_HEX_SIZE] = "";
	int failed = hash_file(image->path, sha256);
	if (failed) {
		return ff_error_set_errno(error, FF_ERR_IO, failed, "the image %.16s... cannot be read from %s",
					  image->sha256, place->store->folder);
	}
	if (strcmp(sha256, image->sha256) != 0) {
		unlink(image->path);
		return ff_error_set(error, FF_ERR_IO,
				    "the image %.16s... was damaged on the server's disk: send it again",
				    image->sha256);
	}
	return FF_OK;
}

/* Under the mutex, which it gives up meanwhile. */
static void settle(struct ff_firmware_place *place)
{
	struct ff_firmware_store *store = place->store;
	struct ff_error error = FF_ERROR_NONE;
	char *incoming = place->incoming;
	pthread_mutex_unlock(&store->mutex);
	enum ff_status status =
		incoming ? store_file(place, incoming, place->incoming_fd, &error) : check_file(place, &error);
	if (status != FF_OK) {
		ff_log(store->options.log, FF_LOG_ERROR, "%s", error.text);
	}
	pthread_mutex_lock(&store->mutex);
	if (incoming) {
		free(incoming);
		place->incoming = NULL;
		place->incoming_fd = -1;
	} else if (place->incoming) {
		return; /* its bytes have come meanwhile: again */
	}
	store->pending = place->next;
	if (status != FF_OK) {
		place->error = error;
		place->damaged = !incoming;
		ff_firmware_delist(place);
	}
	atomic_store(&place->state, status == FF_OK ? FF_FIRMWARE_READY : FF_FIRMWARE_BROKEN);
	ff_firmware_let_go(place);
	pthread_cond_broadcast(&store->done);
	pthread_mutex_unlock(&store->mutex);
	if (store->options.notify) {
		store->options.notify(store->options.notify_context);
	}
	pthread_mutex_lock(&store->mutex);
}

/* The same. Names are free again before anything is renamed. */
static void remove_files(struct ff_firmware_store *store)
{
	struct ff_firmware_place *place = store->removed;
	struct ff_firmware_kept *kept = store->shed;
	store->removed = NULL;
	store->shed = NULL;
	store->removing = true;
	pthread_mutex_unlock(&store->mutex);
	while (place) {
		struct ff_firmware_place *next = place->next;
		unlink(place->image.path);
		ff_log(store->options.log, FF_LOG_DEBUG, "image %s is removed", place->image.sha256);
		ff_firmware_place_free(place);
		place = next;
	}
	while (kept) {
		struct ff_firmware_kept *next = kept->next;
		ff_firmware_kept_free(kept);
		kept = next;
	}
	pthread_mutex_lock(&store->mutex);
	store->removing = false;
	pthread_cond_broadcast(&store->done);
}

static void *keep(void *argument)
{
	struct ff_firmware_store *store = argument;
	pthread_mutex_lock(&store->mutex);
	while (!store->stopping || store->removed || store->shed || store->pending) {
		if (store->removed || store->shed) {
			remove_files(store);
		} else if (store->pending) {
			settle(store->pending);
		} else {
			pthread_cond_wait(&store->work, &store->mutex);
		}
	}
	pthread_mutex_unlock(&store->mutex);
	return NULL;
}

enum ff_status ff_firmware_keeper_start(struct ff_firmware_store *store, struct ff_error *error)
{
	int failed = ff_thread_start(&store->keeper, "ff-firmware", STACK_SIZE, keep, store);
	if (failed) {
		return ff_error_set_errno(error, FF_ERR_IO, failed, "cannot start the thread that keeps the firmware");
	}
	return FF_OK;
}

void ff_firmware_keeper_stop(struct ff_firmware_store *store)
{
	pthread_mutex_lock(&store->mutex);
	store->stopping = true;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->mutex);
	pthread_join(store->keeper, NULL);
}
