// SPDX-License-Identifier: Apache-2.0
#include <farflash/source.h>

#include "blocks.h"

#define MOST (1U << 30)

static enum ff_status walk(struct ff_blocks *blocks, const struct ff_region *region, const struct ff_sink *deflated,
			   struct ff_measure *measure, struct ff_error *error)
{
	struct ff_measure found = { .wire = 0 };
	struct ff_block block = { .size = 1 };
	enum ff_status status =
		ff_blocks_start(blocks, region, FF_BLOCKS_WORD, FF_BLOCKS_DEFLATED, FF_BLOCKS_MAX_BLOCK, error);
	while (status == FF_OK && block.size > 0) {
		status = ff_blocks_next(blocks, &block, error);
		if (status == FF_OK && block.size > 0 && deflated) {
			status = deflated->write(deflated->context, block.bytes, block.size, error);
		}
		found.wire += status == FF_OK ? (uint32_t)block.size : 0;
	}
	if (status == FF_OK) {
		status = ff_blocks_md5(blocks, found.md5, error);
	}
	if (status == FF_OK) {
		*measure = found;
	}
	return status;
}

enum ff_status ff_source_measure(const struct ff_source *source, const struct ff_sink *deflated,
				 struct ff_measure *measure, struct ff_error *error)
{
	if (source->size > MOST) {
		return ff_error_set(error, FF_ERR_TOO_LARGE, "an image of more than 1 GiB cannot be measured");
	}
	struct ff_blocks *blocks;
	enum ff_status status = ff_blocks_new(&blocks, error);
	if (status == FF_OK) {
		const struct ff_region region = { .source = *source };
		status = walk(blocks, &region, deflated, measure, error);
		ff_blocks_free(blocks);
	}
	return status;
}
