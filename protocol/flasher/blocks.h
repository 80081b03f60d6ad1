// SPDX-License-Identifier: Apache-2.0
/* A region as the blocks that go over the wire, plain or deflated, and the MD5 of what they leave in flash. Reads the
 * region from front to back, in memory that does not grow with it, and takes what it needs when it needs it: 20 kB for plain
 * blocks, 60 kB where the region is deflated already, 230 kB where it has to be.
 *
 * new/free; belongs to one thread at a time. */
#ifndef FF_FLASHER_BLOCKS_H
#define FF_FLASHER_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/flasher.h>

#define FF_BLOCKS_MAX_BLOCK 0x4000
#define FF_BLOCKS_MD5_SIZE 16

struct ff_blocks;

enum ff_blocks_form {
	FF_BLOCKS_PLAIN,
	FF_BLOCKS_DEFLATED,
	FF_BLOCKS_KEPT, /* deflated before: what the source's `deflated` has */
};

struct ff_block {
	const uint8_t *bytes; /* valid until the next call */
	size_t size;          /* 0: the region is at its end */
	uint32_t programmed;  /* bytes of flash that it fills, without padding */
};

/* FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_blocks_new(struct ff_blocks **blocks, struct ff_error *error);

/* NULL is harmless. */
void ff_blocks_free(struct ff_blocks *blocks);

#define FF_BLOCKS_WORD 4

/* Bytes of flash that a region fills: its size rounded up with 0xFF, which is what erased flash holds, to whole units.
 * Chips program words, FF_BLOCKS_WORD; those that encrypt want more. */
uint32_t ff_blocks_flash_size(const struct ff_region *region, uint32_t unit);

/* Starts at the region's first byte. The region is borrowed until the next start. `block_size` is a multiple of `unit`,
 * up to FF_BLOCKS_MAX_BLOCK. Plain blocks are padded to it with 0xFF, the last deflated one is short. FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_blocks_start(struct ff_blocks *blocks, const struct ff_region *region, uint32_t unit,
					      enum ff_blocks_form form, size_t block_size, struct ff_error *error);

/* Errors: those of the source, FF_ERR_NO_MEMORY, FF_ERR_IO (what is kept is none of this region). */
FF_WARN_UNUSED enum ff_status ff_blocks_next(struct ff_blocks *blocks, struct ff_block *block, struct ff_error *error);

/* The MD5 of ff_blocks_flash_size() bytes. Once, after the end. FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_blocks_md5(struct ff_blocks *blocks, uint8_t md5[FF_BLOCKS_MD5_SIZE],
					    struct ff_error *error);

#endif
