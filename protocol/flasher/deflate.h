// SPDX-License-Identifier: Apache-2.0
/* A zlib stream of anything, block by block, in memory that does not grow with the input (about 170 kB).
 *
 * new/free; belongs to one thread at a time. */
#ifndef FF_FLASHER_DEFLATE_H
#define FF_FLASHER_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

/* Gives the next bytes of the input, up to `capacity`; *got is 0 at its end. */
typedef enum ff_status (*ff_deflate_read)(void *context, uint8_t *bytes, size_t capacity, size_t *got,
					  struct ff_error *error);

struct ff_deflate;

/* FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_deflate_new(struct ff_deflate **stream, struct ff_error *error);

/* NULL is harmless. */
void ff_deflate_free(struct ff_deflate *stream);

/* Starts a stream at the beginning of an input; another may be unfinished. The same input gives the same stream. */
void ff_deflate_start(struct ff_deflate *stream, ff_deflate_read read, void *context);

/* Fills a block; only the last is shorter than `capacity`, and at the end *size is 0. Errors: those of the input. */
FF_WARN_UNUSED enum ff_status ff_deflate_next(struct ff_deflate *stream, uint8_t *block, size_t capacity, size_t *size,
					      struct ff_error *error);

#endif
