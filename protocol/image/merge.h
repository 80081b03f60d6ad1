// SPDX-License-Identifier: Apache-2.0
/* Several files with their flash addresses as one file. Pure functions; any thread. */
#ifndef FF_IMAGE_MERGE_H
#define FF_IMAGE_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "sink.h"
#include "uf2.h"

/* More than the largest flash (128 MB) that any of the chips takes. */
#define FF_MERGE_MAX_RAW ((uint64_t)256 << 20)

struct ff_part {
	uint32_t address;
	const uint8_t *bytes;
	size_t size;
	const char *name; /* for error texts */
};

/* Sorts the parts by address and checks them: none empty, none past 4 GiB, none sharing a 4096-byte flash sector with
 * another (whoever is written second would erase part of the first). To be called before one of the writers.
 * Errors: FF_ERR_ARGUMENT (none at all), FF_ERR_EMPTY, FF_ERR_TOO_LARGE, FF_ERR_OVERLAP. */
FF_WARN_UNUSED enum ff_status ff_merge_sort(struct ff_part *parts, size_t count, struct ff_error *error);

/* Plain bytes from flash address `target` on, gaps filled with 0xFF; with `pad_to` (0: none) filled up to that address.
 * Errors: FF_ERR_ARGUMENT (a part before the target), FF_ERR_TOO_LARGE (beyond pad_to, or larger than
 * FF_MERGE_MAX_RAW), and the sink's. */
FF_WARN_UNUSED enum ff_status ff_merge_raw(const struct ff_part *parts, size_t count, uint32_t target, uint32_t pad_to,
					   const struct ff_sink *sink, struct ff_error *error);

/* Intel HEX; gaps stay gaps. Errors: the sink's. */
FF_WARN_UNUSED enum ff_status ff_merge_hex(const struct ff_part *parts, size_t count, const struct ff_sink *sink,
					   struct ff_error *error);

/* UF2; gaps stay gaps. Errors: FF_ERR_ARGUMENT (the options), and the sink's. */
FF_WARN_UNUSED enum ff_status ff_merge_uf2(const struct ff_part *parts, size_t count,
					   const struct ff_uf2_options *options, const struct ff_sink *sink,
					   struct ff_error *error);

#endif
