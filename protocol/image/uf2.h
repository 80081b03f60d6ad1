// SPDX-License-Identifier: Apache-2.0
/* UF2, Microsoft's container for flashing over a USB drive: blocks of 512 bytes, each with its own flash address.
 *
 * Pure functions; any thread. Source: https://github.com/microsoft/uf2 (README.md). */
#ifndef FF_IMAGE_UF2_H
#define FF_IMAGE_UF2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "segments.h"
#include "sink.h"

#define FF_UF2_BLOCK_SIZE 512
#define FF_UF2_MAX_DATA 476
#define FF_UF2_MD5_SIZE 24 /* what a block's MD5 takes of its data */

/* True if the bytes begin with a block's two magic numbers. */
bool ff_uf2_is(const uint8_t *bytes, size_t size);

/* Reads a whole file into `segments` (after init; finish is done here). Blocks marked as not for the main flash are
 * passed over; an MD5 that covers just its block is checked. `family` is 0 where the blocks name none.
 * Errors: FF_ERR_FORMAT (with the block; a wrong MD5 too), FF_ERR_UNSUPPORTED (files for several
 * families, or to be unpacked), and those of ff_segments_add() and ff_segments_finish(). */
FF_WARN_UNUSED enum ff_status ff_uf2_read(struct ff_segments *segments, uint32_t *family, const uint8_t *bytes,
					  size_t size, struct ff_error *error);

struct ff_uf2_options {
	uint32_t family;
	size_t chunk; /* data bytes of a block; 0: as many as fit */
	bool no_md5;
};

/* Checks a chunk size: a multiple of 4 that leaves room for the MD5. Errors: FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_uf2_check(const struct ff_uf2_options *options, struct ff_error *error);

/* Writes one file's bytes at an address. Blocks are counted for each file anew, and the MD5 stands right behind the
 * data, as esptool 5.3 (uf2_writer.py) has it and Espressif's USB bridge expects it.
 * Errors: FF_ERR_ARGUMENT (the chunk size), and the sink's. */
FF_WARN_UNUSED enum ff_status ff_uf2_write(const struct ff_uf2_options *options, const struct ff_sink *sink,
					   uint32_t address, const uint8_t *bytes, size_t size, struct ff_error *error);

#endif
