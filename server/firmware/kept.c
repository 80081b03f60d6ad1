// SPDX-License-Identifier: Apache-2.0
/* Images as they go over the wire, each in a file that has no name any more: it goes with the process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "firmware_inner.h"

#define SHARE 4 /* of what the disk has left, what one image may take at most */

static int open_nameless(struct ff_firmware_store *store)
{
	char *path;
	pthread_mutex_lock(&store->mutex);
	uint64_t number = store->next_upload++;
	pthread_mutex_unlock(&store->mutex);
	/* One that a crash leaves between the two calls is taken for an upload that did not end. */
	if (asprintf(&path, "%s/" FF_FIRMWARE_UPLOAD "%llu", store->folder, (unsigned long long)number) < 0) {
		return -1;
	}
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		unlink(path);
	}
	free(path);
	return fd;
}

/* Nobody has asked for this, so it must not be what fills the disk: uploads and the journal need it more. */
static bool has_room(int fd, uint64_t size)
{
	struct statvfs disk;
	return fstatvfs(fd, &disk) == 0 && size <= (uint64_t)disk.f_bavail * disk.f_frsize / SHARE;
}

void ff_firmware_kept_free(struct ff_firmware_kept *kept)
{
	if (kept && kept->fd >= 0) {
		close(kept->fd);
	}
	free(kept);
}

struct ff_firmware_kept *ff_firmware_kept_new(struct ff_firmware_store *store, uint64_t size)
{
	struct ff_firmware_kept *kept = calloc(1, sizeof(*kept));
	if (!kept) {
		return NULL;
	}
	kept->fd = open_nameless(store);
	if (kept->fd < 0 || !has_room(kept->fd, size)) {
		ff_firmware_kept_free(kept);
		return NULL;
	}
	return kept;
}

/* Where the disk is full the image is deflated as it is sent, as if nobody had wanted this. */
static enum ff_status keep(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct ff_firmware_kept *kept = context;
	(void)error;
	while (size > 0 && !kept->failed) {
		ssize_t written = write(kept->fd, bytes, size);
		kept->failed = written < 0 && errno != EINTR;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
			kept->size += (uint64_t)written;
		}
	}
	return FF_OK;
}

struct ff_sink ff_firmware_kept_sink(struct ff_firmware_kept *kept)
{
	return (struct ff_sink){ .write = keep, .context = kept };
}

static enum ff_status read_kept(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	const struct ff_firmware_kept *kept = context;
	for (size_t at = 0; at < size;) {
		ssize_t got = pread(kept->fd, bytes + at, size - at, (off_t)(offset + at));
		if (got == 0 || (got < 0 && errno != EINTR)) {
			return ff_error_set_errno(error, FF_ERR_IO, got == 0 ? EIO : errno,
						  "the compressed image cannot be read");
		}
		at += got > 0 ? (size_t)got : 0;
	}
	return FF_OK;
}

struct ff_source ff_firmware_kept_source(struct ff_firmware_kept *kept)
{
	return (struct ff_source){ .size = kept->size, .read = read_kept, .context = kept };
}
