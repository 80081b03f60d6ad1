// SPDX-License-Identifier: Apache-2.0
/* A file that appears at its path whole or not at all: written beside it under another name, and renamed at the end.
 * open, write..., then commit or abort. Belongs to one thread. */
#ifndef FF_CLIENT_OUTFILE_H
#define FF_CLIENT_OUTFILE_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <farflash/status.h>

#include "sink.h"

struct ff_outfile {
	FILE *stream; /* NULL when it is not open */
	char *path;   /* where it goes; a symbolic link's goal */
	char *temporary;
	mode_t mode;
	uint64_t size; /* written so far */
};

/* Begins. A file that exists keeps its permissions; `mode` are those of a new one, before the umask.
 * Errors: FF_ERR_ARGUMENT (no such folder, no permission, not a regular file), FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_outfile_open(struct ff_outfile *file, const char *path, mode_t mode,
					      struct ff_error *error);

/* Errors: FF_ERR_NO_SPACE, FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_outfile_write(struct ff_outfile *file, const uint8_t *bytes, size_t size,
					       struct ff_error *error);

/* The same as a sink; valid as long as the file. */
struct ff_sink ff_outfile_sink(struct ff_outfile *file);

/* Puts it into its place, and closes it either way. Errors: FF_ERR_NO_SPACE, FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_outfile_commit(struct ff_outfile *file, struct ff_error *error);

/* Leaves nothing behind. Harmless on a zeroed one, and after commit. */
void ff_outfile_abort(struct ff_outfile *file);

#endif
