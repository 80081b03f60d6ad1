// SPDX-License-Identifier: Apache-2.0
/* Images on their way to a board, and what was read of one: streamed to disk while they are hashed, and kept under their
 * SHA-256 for as long as somebody holds a reference.
 *
 * A store works in a folder of its own below the data directory, locked for its lifetime; folders that a crash left
 * behind are removed when the next store opens. new/free for the store, any thread; an upload belongs to one thread
 * at a time; an image is a shared constant with a reference count. */
#ifndef FF_JOBS_FIRMWARE_H
#define FF_JOBS_FIRMWARE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/status.h>

#define FF_SHA256_HEX_SIZE 65

struct ff_firmware_store;
struct ff_upload;

/* One image. The members are constant. */
struct ff_firmware {
	char sha256[FF_SHA256_HEX_SIZE]; /* lower case */
	uint64_t size;
	char *path;

	struct ff_firmware_store *store; /* the store's, like all below */
	struct ff_firmware *next;
	atomic_uint references;
};

/* Creates `data_dir` and its parents where they are missing. `log` may be NULL and must outlive the store.
 * FF_ERR_IO, FF_ERR_DENIED, FF_ERR_NO_SPACE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_firmware_store_new(struct ff_firmware_store **store, const char *data_dir,
						    const struct ff_log *log, struct ff_error *error);

/* Where it keeps its files. Valid until ff_firmware_store_free(). */
const char *ff_firmware_store_folder(const struct ff_firmware_store *store);

/* No upload and no image may be left. Removes the folder. NULL is harmless. */
void ff_firmware_store_free(struct ff_firmware_store *store);

/* Begins an image. FF_ERR_IO, FF_ERR_NO_SPACE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_upload_begin(struct ff_upload **upload, struct ff_firmware_store *store,
					      struct ff_error *error);

/* Appends. FF_ERR_NO_SPACE, FF_ERR_IO; after a failure only ff_upload_abort() is left. */
FF_WARN_UNUSED enum ff_status ff_upload_write(struct ff_upload *upload, const uint8_t *bytes, size_t size,
					      struct ff_error *error);

/* Ends the upload, which is gone afterwards in any case, and gives the caller a reference to the image: a new one, or
 * one with the same content. FF_ERR_IO, FF_ERR_NO_SPACE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_upload_finish(struct ff_upload *upload, struct ff_firmware **firmware,
					       struct ff_error *error);

/* Gives up: nothing is left on disk. NULL is harmless. */
void ff_upload_abort(struct ff_upload *upload);

/* A reference to the image of this hash, to be given back; NULL: it is not here. */
struct ff_firmware *ff_firmware_find(struct ff_firmware_store *store, const char *sha256);

/* One more reference, for somebody who is lent one. Takes no lock. */
struct ff_firmware *ff_firmware_ref(struct ff_firmware *firmware);

/* Gives a reference back; the last one removes the file. NULL is harmless. */
void ff_firmware_unref(struct ff_firmware *firmware);

#endif
