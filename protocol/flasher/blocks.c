// SPDX-License-Identifier: Apache-2.0
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "deflate.h"
#include "inflate.h"

#define ERASED 0xFF

struct ff_blocks {
	struct ff_deflate *deflate; /* NULL while nothing has to be deflated */
	struct ff_inflate *inflate; /* NULL while nothing is deflated */
	EVP_MD_CTX *md5;
	const struct ff_region *region;
	enum ff_blocks_form form;
	size_t block_size;
	uint32_t flash_size;
	uint32_t at;     /* bytes of flash read so far */
	uint32_t filled; /* bytes of flash that went into the MD5 */
	uint64_t kept_at;
	uint8_t block[FF_BLOCKS_MAX_BLOCK];
};

enum ff_status ff_blocks_new(struct ff_blocks **blocks, struct ff_error *error)
{
	struct ff_blocks *created = calloc(1, sizeof(*created));
	if (!created) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for blocks");
	}
	created->md5 = EVP_MD_CTX_new();
	if (!created->md5) {
		free(created);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for an MD5");
	}
	*blocks = created;
	return FF_OK;
}

void ff_blocks_free(struct ff_blocks *blocks)
{
	if (blocks) {
		EVP_MD_CTX_free(blocks->md5);
		ff_deflate_free(blocks->deflate);
		ff_inflate_free(blocks->inflate);
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
	blocks->at += (uint32_t)count;
	*got = count;
	return FF_OK;
}

/* What a block leaves in flash. A chip would write more of it behind the region's end. */
static enum ff_status fill(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct ff_blocks *blocks = context;
	if (size > blocks->flash_size - blocks->filled) {
		return ff_error_set(error, FF_ERR_FORMAT, "the compressed data are those of something larger");
	}
	if (EVP_DigestUpdate(blocks->md5, bytes, size) != 1) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "cannot compute an MD5");
	}
	blocks->filled += (uint32_t)size;
	return FF_OK;
}

enum ff_status ff_blocks_start(struct ff_blocks *blocks, const struct ff_region *region, uint32_t unit,
			       enum ff_blocks_form form, size_t block_size, struct ff_error *error)
{
	const struct ff_sink filling = { .write = fill, .context = blocks };
	enum ff_status status = FF_OK;
	blocks->region = region;
	blocks->form = form;
	blocks->block_size = block_size;
	blocks->flash_size = ff_blocks_flash_size(region, unit);
	blocks->at = 0;
	blocks->filled = 0;
	blocks->kept_at = 0;
	/* Fails only without MD5 in libcrypto, and then so does every update. */
	EVP_DigestInit_ex(blocks->md5, EVP_md5(), NULL);
	if (form != FF_BLOCKS_DEFLATED) {
		ff_deflate_free(blocks->deflate);
		blocks->deflate = NULL;
	} else if (!blocks->deflate) {
		status = ff_deflate_new(&blocks->deflate, error);
	}
	if (form != FF_BLOCKS_PLAIN && !blocks->inflate && status == FF_OK) {
		status = ff_inflate_new(&blocks->inflate, error);
	}
	if (status != FF_OK) {
		return status;
	}
	if (form == FF_BLOCKS_DEFLATED) {
		ff_deflate_start(blocks->deflate, read_flash_bytes, blocks);
	}
	if (form != FF_BLOCKS_PLAIN) {
		ff_inflate_start(blocks->inflate, &filling);
	}
	return FF_OK;
}

static enum ff_status next_plain(struct ff_blocks *blocks, struct ff_block *block, struct ff_error *error)
{
	size_t got = 0;
	enum ff_status status = read_flash_bytes(blocks, blocks->block, blocks->block_size, &got, error);
	if (status == FF_OK) {
		status = fill(blocks, blocks->block, got, error);
	}
	memset(blocks->block + got, ERASED, blocks->block_size - got);
	block->size = got > 0 ? blocks->block_size : 0;
	block->programmed = (uint32_t)got;
	return status;
}

static enum ff_status read_kept(struct ff_blocks *blocks, size_t *size, struct ff_error *error)
{
	const struct ff_source *kept = blocks->region->source.deflated;
	uint64_t left = kept->size - blocks->kept_at;
	size_t count = left < blocks->block_size ? (size_t)left : blocks->block_size;
	enum ff_status status =
		count > 0 ? kept->read(kept->context, blocks->kept_at, blocks->block, count, error) : FF_OK;
	blocks->kept_at += count;
	*size = count;
	return status;
}

static enum ff_status next_deflated(struct ff_blocks *blocks, struct ff_block *block, struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	enum ff_status status =
		blocks->form == FF_BLOCKS_KEPT
			? read_kept(blocks, &block->size, error)
			: ff_deflate_next(blocks->deflate, blocks->block, blocks->block_size, &block->size, error);
	if (status != FF_OK || block->size == 0) {
		return status;
	}
	status = ff_inflate_next(blocks->inflate, blocks->block, block->size, &block->programmed, &why);
	if (status != FF_OK) {
		return ff_error_set(error, status == FF_ERR_FORMAT ? FF_ERR_IO : status, "cannot send %s: %s",
				    blocks->region->name ? blocks->region->name : "the image", why.text);
	}
	return FF_OK;
}

enum ff_status ff_blocks_next(struct ff_blocks *blocks, struct ff_block *block, struct ff_error *error)
{
	struct ff_block found = { .bytes = blocks->block };
	enum ff_status status = blocks->form == FF_BLOCKS_PLAIN ? next_plain(blocks, &found, error)
								: next_deflated(blocks, &found, error);
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
