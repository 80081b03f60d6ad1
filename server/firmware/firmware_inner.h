// SPDX-License-Identifier: Apache-2.0
/* What the store's own files share. For nobody else. */
#ifndef FF_FIRMWARE_FIRMWARE_INNER_H
#define FF_FIRMWARE_FIRMWARE_INNER_H

#include <pthread.h>

#include "error.h"
#include "firmware.h"

/* And a number: the names of the files of an upload, and of what was read of a board. */
#define FF_FIRMWARE_UPLOAD "upload-"
#define FF_FIRMWARE_CONTENT "content-"
#define FF_FIRMWARE_BUCKETS 1024 /* by the hash's first bits */

enum ff_firmware_state {
	FF_FIRMWARE_UNSEEN,  /* left by an earlier process, and not asked for yet */
	FF_FIRMWARE_PENDING, /* in the keeper's list */
	FF_FIRMWARE_READY,
	FF_FIRMWARE_BROKEN, /* `error` says why; not in the store any more */
};

enum ff_firmware_measured { FF_FIRMWARE_UNMEASURED, FF_FIRMWARE_BEING_MEASURED, FF_FIRMWARE_MEASURED };

/* An image as it goes over the wire, in a file without a name. */
struct ff_firmware_kept {
	int fd;
	bool failed; /* it is not whole */
	uint64_t size;
	struct ff_firmware_kept *next;
};

/* What the store knows of an image. Behind the store's mutex where nothing else is said. */
struct ff_firmware_place {
	struct ff_firmware image;
	struct ff_firmware_store *store; /* constant */
	_Atomic(enum ff_firmware_state) state;
	struct ff_error error;
	bool damaged; /* broken, and not for lack of room: the file that was there is no good */
	bool listed;  /* it can be found */
	bool content; /* constant; the file goes with the last reference */
	enum ff_firmware_measured measured;
	struct ff_firmware_wire wire;  /* written while nobody else looks: being measured, or without a reference */
	struct ff_firmware_kept *kept; /* what wire.deflated reads; NULL: nothing */
	int64_t used_ms;
	char *incoming;  /* file with the bytes that is to get the image's name; NULL: the file of that name is there */
	int incoming_fd; /* open for writing */
	struct ff_firmware_place *next_in_bucket;
	struct ff_firmware_place *newer; /* by use */
	struct ff_firmware_place *older;
	struct ff_firmware_place *next; /* in the keeper's list of pending or removed images */
};

struct ff_firmware_store {
	char *folder;
	struct ff_firmware_options options;
	pthread_t keeper;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t work; /* for the keeper */
	pthread_cond_t done; /* an image is no longer pending or being measured, or its file is removed */
	struct ff_firmware_place *buckets[FF_FIRMWARE_BUCKETS];
	struct ff_firmware_place *newest;
	struct ff_firmware_place *oldest;
	size_t count;
	uint64_t used;
	struct ff_firmware_place *pending; /* in their order, a reference to each */
	struct ff_firmware_place *removed; /* no longer listed; their files are to go */
	struct ff_firmware_kept *shed;     /* no place has them any more; to be closed */
	size_t kept_count;                 /* listed places that have something kept */
	bool removing;                     /* the keeper is at it */
	bool trims;
	bool stopping;
	uint64_t next_upload;
};

/* ---- firmware.c ---- */

/* An image that is not listed yet, with one reference; `sha256` NULL: to be filled in. NULL: out of memory. */
struct ff_firmware_place *ff_firmware_place_new(struct ff_firmware_store *store, const char *sha256, uint64_t size);
void ff_firmware_place_free(struct ff_firmware_place *place);

/* All of these want the mutex. */
struct ff_firmware_place *ff_firmware_lookup(struct ff_firmware_store *store, const char *sha256);
void ff_firmware_enlist(struct ff_firmware_place *place);
void ff_firmware_delist(struct ff_firmware_place *place);
void ff_firmware_use(struct ff_firmware_place *place);
/* Gives a reference back. */
void ff_firmware_let_go(struct ff_firmware_place *place);
/* Hands it to the keeper, with a reference of its own. */
void ff_firmware_make_pending(struct ff_firmware_place *place);

/* Removes the least recently used image, for the sake of the disk, and waits until its file is gone. False: there is none. */
bool ff_firmware_make_room(struct ff_firmware_store *store);

/* Notes when the image was used in its file. */
void ff_firmware_touch(const struct ff_firmware *image);

/* ---- keeper.c ---- */

FF_WARN_UNUSED enum ff_status ff_firmware_keeper_start(struct ff_firmware_store *store, struct ff_error *error);
/* Lets it end what it has to do. */
void ff_firmware_keeper_stop(struct ff_firmware_store *store);

/* ---- kept.c: takes no lock but to find a name ---- */

/* For an image of `size` bytes. NULL: the disk has not much more room than that. */
struct ff_firmware_kept *ff_firmware_kept_new(struct ff_firmware_store *store, uint64_t size);
/* NULL is harmless. Waits for the disk. */
void ff_firmware_kept_free(struct ff_firmware_kept *kept);
/* What the image deflates to goes there; it never fails. */
struct ff_sink ff_firmware_kept_sink(struct ff_firmware_kept *kept);
struct ff_source ff_firmware_kept_source(struct ff_firmware_kept *kept);

/* ---- scan.c ---- */

FF_WARN_UNUSED enum ff_status ff_firmware_scan(struct ff_firmware_store *store, struct ff_error *error);

/* ---- upload.c ---- */

/* The failure of a disk. */
enum ff_status ff_firmware_disk_failure(struct ff_error *error, int reason, const struct ff_firmware_store *store);

#endif
