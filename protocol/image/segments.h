// SPDX-License-Identifier: Apache-2.0
/* Pieces of bytes at addresses, gathered from a file whose format says where each belongs.
 *
 * init, add..., finish, then read; release. The memory is the record's own and bounded. Belongs to one thread. */
#ifndef FF_IMAGE_SEGMENTS_H
#define FF_IMAGE_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "buf.h"

#define FF_SEGMENTS_MAX 1024

struct ff_segment {
	uint32_t address;
	size_t at; /* in ff_segments.data */
	size_t size;
};

struct ff_segments {
	struct ff_buf data;
	struct ff_segment items[FF_SEGMENTS_MAX];
	size_t count;
};

/* Empty; will hold at most `cap` bytes. */
void ff_segments_init(struct ff_segments *segments, size_t cap);

void ff_segments_release(struct ff_segments *segments);

/* Adds bytes at an address. What continues the piece added last becomes one with it; none is harmless.
 * Errors: FF_ERR_FORMAT (past 4 GiB, too many pieces), FF_ERR_TOO_LARGE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_segments_add(struct ff_segments *segments, uint32_t address, const uint8_t *bytes,
					      size_t size, struct ff_error *error);

/* Sorts by address and joins pieces that touch. Errors: FF_ERR_EMPTY, FF_ERR_OVERLAP, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_segments_finish(struct ff_segments *segments, struct ff_error *error);

/* Joins pieces that share a flash sector of `sector` bytes, which is erased as a whole, and fills the bytes between them
 * with 0xFF, as an erased flash has them. With `from_start` each piece begins where its sector does. To be called after
 * finish. Errors: FF_ERR_TOO_LARGE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_segments_fill_sectors(struct ff_segments *segments, uint32_t sector, bool from_start,
						       struct ff_error *error);

/* The bytes of a segment. */
static inline const uint8_t *ff_segments_bytes(const struct ff_segments *segments, size_t index)
{
	return segments->data.bytes + segments->items[index].at;
}

#endif
