// SPDX-License-Identifier: Apache-2.0
/* Files out of a zip, tar or tar.gz archive, into memory: libarchive behind a narrow door.
 *
 * Archives come from anywhere. Names in them are compared and never reach the disk, only regular files count (no links,
 * no devices), and what is read is bounded however small the archive is. Any thread. */
#ifndef FF_CLIENT_UNPACK_H
#define FF_CLIENT_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "buf.h"

struct ff_unpack_limits {
	uint64_t size;     /* of the archive itself */
	size_t entries;    /* in it */
	uint64_t content;  /* bytes of the files that are wanted, together */
	uint64_t unpacked; /* bytes that may have to be unpacked on the way to them */
};

/* Room for a build directory with all that a compiler leaves there, and for the largest flash. */
extern const struct ff_unpack_limits ff_unpack_limits;

/* True if the bytes begin as a zip, gzip or tar file does; 512 of them tell. */
bool ff_unpack_is_archive(const uint8_t *head, size_t size);

/* Reads the file called `name` at the top of the archive or, if there is none, in the one folder at its top that has it.
 * `folder`, to be freed, is "" or that folder with a slash at its end. The content is appended.
 * Errors: FF_ERR_FORMAT (no archive, a damaged or an encrypted one, no such file, more than one), FF_ERR_TOO_LARGE (the
 * limits; the buffer's cap), FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_unpack_find(int fd, const struct ff_unpack_limits *limits, const char *name,
					     char **folder, struct ff_buf *content, struct ff_error *error);

struct ff_unpack_file {
	const char *name; /* as seen from the folder */
	struct ff_buf content;
	bool found;
};

/* Reads all these files, whose buffers the caller has initialised and releases. Errors: as above. */
FF_WARN_UNUSED enum ff_status ff_unpack_read(int fd, const struct ff_unpack_limits *limits, const char *folder,
					     struct ff_unpack_file *files, size_t count, struct ff_error *error);

#endif
