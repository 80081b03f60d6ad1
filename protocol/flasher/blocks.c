// SPDX-License-Identifier: Apache-2.0
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "deflate.h"

#define ERASED 0xFF

struct ff_blocks {
	struct ff_deflate *deflate;
	EVP_MD_CTX *md5;
	const struct ff_region *region;
	bool deflated;
	size_t block_size;
	uint32_t flash_size;
	uint32_t at; /* bytes of flash read so far */
	uint8_t block[FF_BLOCKS_MAX_BLOCK];
};

enum ff_status ff_blocks_new(struct ff_blocks **blocks, struct ff_error *error)
{
	struct ff_blocks *created = calloc(1, sizeof(*created));
	if (!created) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for blocks");
	}
	created->md5 = EVP_MD_CTX_new();
	enum ff_status status = FF_OK;
	if (!created->md5) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for an MD5");
	} else {
		status = ff_deflate_new(&created->deflate, error);
	}
	if (status != FF_OK) {
		ff_blocks_free(created);
		return status;
	}
	*blocks = created;
	return FF_OK;
}

void ff_blocks_free(struct ff_blocks *blocks)
{
	if (blocks) {
		EVP_MD_CTX_free(blocks->md5);
		ff_deflate_free(blocks->deflate);
		free(blocks);
	}
}

uint32_t ff_blocks_flash_size(const struct ff_region *region, uint32_t unit)
{
	return (uint32_t)((region->source.size + unit - 1) / unit * unit);
}

/* What flash will hold from where the last read ended. */
static enum ff_status read_flash_bytes(void *context, uint8_t *bytes, size_t capacity, size_t *got,
				       struct ff_error *error)
{
	struct ff_blocks *blocks = context;
	const struct ff_source *source = &blocks->region->source;
	uint32_t left = blocks->flash_size - blocks->at;
	size_t count = left < capacity ? left : capacity;
	size_t real = blocks->at < source->size ? (size_t)(source->size - blocks->at) : 0;
	if (real > count) {
		real = count;
	}
	if (real > 0) {
		enum ff_status status = source->read(source->context, blocks->at, bytes, real, error);
		if (status != FF_OK) {
			return ff_error_set(error, status, "cannot read %s: %s",
					    blocks->region->name ? blocks->region->name : "the image",
					    ff_status_text(status));
		}
	}
	memset(bytes + real, ERASED, count - real);
	if (count > 0 && EVP_DigestUpdate(blocks->md5, bytes, count) != 1) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "cannot compute an MD5");
	}
	blocks->at += (uint32_t)count;
	*got = count;
	return FF_OK;
}

void ff_blocks_start(struct ff_blocks *blocks, const struct ff_region *region, uint32_t unit, bool deflated,
		     size_t block_size)
{
	blocks->region = region;
	blocks->deflated = deflated;
	blocks->block_size = block_size;
	blocks->flash_size = ff_blocks_flash_size(region, unit);
	blocks->at = 0;
	/* Fails only without MD5 in libcrypto, and then so does every update. */
	EVP_DigestInit_ex(blocks->md5, EVP_md5(), NULL);
	if (deflated) {
		ff_deflate_start(blocks->deflate, read_flash_bytes, blocks);
	}
}

enum ff_status ff_blocks_next(struct ff_blocks *blocks, struct ff_block *block, struct ff_error *error)
{
	struct ff_block found = { .bytes = blocks->block };
	enum ff_status status = FF_OK;
	if (blocks->deflated) {
		status = ff_deflate_next(blocks->deflate, blocks->block, blocks->block_size, &found.size,
					 &found.programmed, error);
	} else {
		size_t got = 0;
		status = read_flash_bytes(blocks, blocks->block, blocks->block_size, &got, error);
		memset(blocks->block + got, ERASED, blocks->block_size - got);
		found.size = got > 0 ? blocks->block_size : 0;
		found.programmed = (uint32_t)got;
	}
	if (status == FF_OK) {
		*block = found;
	}
	return status;
}

enum ff_status ff_blocks_md5(struct ff_blocks *blocks, uint8_t md5[FF_BLOCKS_MD5_SIZE], struct ff_error *error)
{
	if (EVP_DigestFinal_ex(blocks->md5, md5, NULL) != 1) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "cannot compute an MD5");
	}
	return FF_OK;
}
