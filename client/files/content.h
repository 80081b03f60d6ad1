// SPDX-License-Identifier: Apache-2.0
/* What is read of a board on its way into a file, which appears whole or not at all. open, write..., then commit or abort.
 * Belongs to one thread. */
#ifndef FF_CLIENT_CONTENT_H
#define FF_CLIENT_CONTENT_H

#include <stdint.h>

#include <farflash/status.h>

#include "digest.h"
#include "outfile.h"

struct ff_content {
	struct ff_outfile file;
	struct ff_digest digest;
	char sha256[FF_DIGEST_HEX_SIZE]; /* after commit */
};

/* `path` may be NULL for bytes that are hashed only. Errors of ff_outfile_open(). */
FF_WARN_UNUSED enum ff_status ff_content_open(struct ff_content *content, const char *path, struct ff_error *error);

/* Errors of ff_outfile_write(). */
FF_WARN_UNUSED enum ff_status ff_content_write(struct ff_content *content, const uint8_t *bytes, size_t size,
					       struct ff_error *error);

/* The same as a sink; valid as long as the content. */
struct ff_sink ff_content_sink(struct ff_content *content);

/* Puts the file into its place. `sha256` is what it should have, NULL if nobody knows.
 * Errors: FF_ERR_PROTOCOL (it has another), FF_ERR_NO_MEMORY, and those of ff_outfile_commit(). */
FF_WARN_UNUSED enum ff_status ff_content_commit(struct ff_content *content, const char *sha256, struct ff_error *error);

/* Leaves nothing behind. Harmless on a zeroed one, and after commit. */
void ff_content_abort(struct ff_content *content);

#endif
