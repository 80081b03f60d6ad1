// SPDX-License-Identifier: Apache-2.0
/* Images of firmware, each under the SHA-256 of its bytes, so that one has to be sent once: streamed to disk while they are
 * hashed, kept when their work is done and when the server starts again, until others need the room.
 *
 * The store has a folder "firmware" in the data directory to itself. An image with a reference stays. Of the others the least
 * recently used go first when all together take more than the quota, in blocks of FF_FIRMWARE_BLOCK, or are more than
 * FF_FIRMWARE_MOST, or when the disk is full; when they were used last is told by their files' times. Images that were flashed are
 * kept deflated as well, beyond the quota, while they are in use and the last few of them afterwards; these go before any image does
 * when the disk is full, and are not made when it almost is.
 *
 * A name in the folder is never that of other bytes: an image is written elsewhere, made durable, and renamed, and one
 * that an earlier process left is compared with its name before its first use. Both take time, so the store's own thread
 * does them, and it alone gives and removes names. An image that it is busy with is told as pending.
 *
 * What jobs read of boards uses the same disk and the same type, but is nobody's firmware: ff_upload_finish_content().
 *
 * new/free for the store, any thread; an upload belongs to one thread at a time; an image is a shared constant with a
 * reference count. */
#ifndef FF_FIRMWARE_FIRMWARE_H
#define FF_FIRMWARE_FIRMWARE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/source.h>
#include <farflash/status.h>

#define FF_SHA256_HEX_SIZE 65
#define FF_FIRMWARE_BLOCK 4096
#define FF_FIRMWARE_MOST 10000
#define FF_FIRMWARE_KEPT 8 /* images that are kept deflated too, beside those in use */

struct ff_firmware_store;
struct ff_upload;

/* One image. The members are constant. */
struct ff_firmware {
	char sha256[FF_SHA256_HEX_SIZE]; /* lower case */
	uint64_t size;
	char *path; /* may be read once the image is not pending */

	struct ff_firmware_place *place; /* the store's, like the next */
	atomic_uint references;
};

struct ff_firmware_options {
	const char *data_dir;     /* is there, and this process's */
	uint64_t quota;           /* bytes; 0: nothing stays that is not in use */
	const struct ff_log *log; /* may be NULL; must outlive the store */
	/* Told whenever an image is no longer pending, from the store's thread; must not wait. May be NULL. */
	void (*notify)(void *context);
	void *notify_context;
};

/* Finds the images that are there, and removes uploads that did not end. FF_ERR_IO, FF_ERR_DENIED, FF_ERR_NO_SPACE,
 * FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_firmware_store_new(struct ff_firmware_store **store,
						    const struct ff_firmware_options *options, struct ff_error *error);

/* From now on images have to go; before, all those stay that an earlier process left. Once, when those who need some of
 * them have their references. */
void ff_firmware_store_trim(struct ff_firmware_store *store);

/* Where it keeps its files. Valid until ff_firmware_store_free(). */
const char *ff_firmware_store_folder(const struct ff_firmware_store *store);

/* Waits for its thread. No upload and no reference may be left. NULL is harmless. */
void ff_firmware_store_free(struct ff_firmware_store *store);

/* ---- images ---- */

/* A reference to the image of this hash (lower case), to be given back; NULL: it is not here. It counts as used. */
struct ff_firmware *ff_firmware_find(struct ff_firmware_store *store, const char *sha256);

/* Whether its file still has to be made durable or looked at. Takes no lock. */
bool ff_firmware_is_pending(const struct ff_firmware *firmware);

/* Waits until it is not pending. FF_ERR_IO, FF_ERR_NO_SPACE, FF_ERR_DENIED: its file cannot be used, and the image is not in the
 * store any more. For threads that may wait for a disk; for others once it is no longer pending. */
FF_WARN_UNUSED enum ff_status ff_firmware_wait(struct ff_firmware *firmware, struct ff_error *error);

/* Whether the wait has failed because of a file from an earlier process. To send the bytes again helps. */
bool ff_firmware_is_damaged(struct ff_firmware *firmware);

/* An image as it goes over the wire. */
struct ff_firmware_wire {
	struct ff_measure measure;
	struct ff_source deflated; /* `read` NULL: it was not worth it, or the disk is full */
};

/* What a write wants to know of an image that is no longer pending, found out once: by the first who asks, with `source`, while
 * the others wait. `source` reads the image; `*wire` is there for as long as the caller's reference. Errors of
 * ff_source_measure(); then the next one tries. */
FF_WARN_UNUSED enum ff_status ff_firmware_measure(struct ff_firmware *firmware, const struct ff_source *source,
						  const struct ff_firmware_wire **wire, struct ff_error *error);

/* One more reference, for somebody who is lent one. Takes no lock. */
struct ff_firmware *ff_firmware_ref(struct ff_firmware *firmware);

/* Gives a reference back. NULL is harmless. */
void ff_firmware_unref(struct ff_firmware *firmware);

/* Gives the image's room back. FF_ERR_NOT_FOUND; FF_ERR_BUSY: it is in use. */
FF_WARN_UNUSED enum ff_status ff_firmware_remove(struct ff_firmware_store *store, const char *sha256);

/* An image as it was at one moment. */
struct ff_firmware_view {
	char sha256[FF_SHA256_HEX_SIZE];
	uint64_t size;
	int64_t used_ms; /* Unix time in milliseconds of its last use */
	bool in_use;
};

/* One of them. False: it is not there. Counts as no use. */
bool ff_firmware_look(struct ff_firmware_store *store, const char *sha256, struct ff_firmware_view *view);

struct ff_firmware_totals {
	uint64_t quota;
	uint64_t used; /* of it */
	size_t count;
};

/* Copies the first `capacity` images, the most recently used first, and returns how many. Counts as no use. */
size_t ff_firmware_list(struct ff_firmware_store *store, struct ff_firmware_view *views, size_t capacity);
struct ff_firmware_totals ff_firmware_totals(struct ff_firmware_store *store);

/* A digest as text, in lower case. */
void ff_firmware_hex(char text[FF_SHA256_HEX_SIZE], const uint8_t digest[32]);

/* ---- uploads ---- */

/* Begins an upload. FF_ERR_IO, FF_ERR_DENIED, FF_ERR_NO_SPACE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_upload_begin(struct ff_upload **upload, struct ff_firmware_store *store,
					      struct ff_error *error);

/* Appends. A full disk is given room by removing images. FF_ERR_NO_SPACE, FF_ERR_IO; after a failure only
 * ff_upload_abort() is left. */
FF_WARN_UNUSED enum ff_status ff_upload_write(struct ff_upload *upload, const uint8_t *bytes, size_t size,
					      struct ff_error *error);

/* Ends the upload, which is gone afterwards in any case, and gives the caller a reference to the image: a new one, or the one
 * with the same bytes. It is pending at first. `expected` is the hash that they ought to have, NULL: any. FF_ERR_VERIFY: they
 * have another; FF_ERR_IO, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_upload_finish(struct ff_upload *upload, const char *expected,
					       struct ff_firmware **firmware, struct ff_error *error);

/* The same for what was read of a board: the image is found by nobody, does not count, is never pending, and goes with its
 * last reference. Errors as above. */
FF_WARN_UNUSED enum ff_status ff_upload_finish_content(struct ff_upload *upload, struct ff_firmware **content,
						       struct ff_error *error);

/* Gives up: nothing is left on disk. NULL is harmless. */
void ff_upload_abort(struct ff_upload *upload);

#endif
