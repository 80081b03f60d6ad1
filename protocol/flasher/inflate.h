// SPDX-License-Identifier: Apache-2.0
/* What a chip gets out of a zlib stream, block by block, in memory that does not grow with it (about 40 kB).
 *
 * new/free; belongs to one thread at a time. */
#ifndef FF_FLASHER_INFLATE_H
#define FF_FLASHER_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/sink.h>

struct ff_inflate;

/* FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_inflate_new(struct ff_inflate **stream, struct ff_error *error);

/* NULL is harmless. */
void ff_inflate_free(struct ff_inflate *stream);

/* Starts a stream; another may be unfinished. `out` gets what comes out of it, and is copied. */
void ff_inflate_start(struct ff_inflate *stream, const struct ff_sink *out);

/* Takes the next block. *inflated is how many bytes come out of the blocks so far, less those that came out before this one:
 * what a chip writes to flash for this block. Errors: FF_ERR_FORMAT (it is no zlib stream, or that has ended before), those
 * of the sink, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_inflate_next(struct ff_inflate *stream, const uint8_t *block, size_t size,
					      uint32_t *inflated, struct ff_error *error);

#endif
