// SPDX-License-Identifier: Apache-2.0
#include "uf2.h"

#include <string.h>

#include <openssl/evp.h>

#include "bytes.h"

#define MAGIC_1 0x0A324655
#define MAGIC_2 0x9E5D5157
#define MAGIC_END 0x0AB16F30
#define DATA_AT 32
#define MAGIC_END_AT 508
#define MD5_DIGEST_SIZE 16

enum {
	FLAG_NOT_MAIN_FLASH = 0x0001,
	FLAG_FILE_CONTAINER = 0x1000,
	FLAG_FAMILY = 0x2000,
	FLAG_MD5 = 0x4000,
};

struct block {
	uint32_t flags;
	uint32_t address;
	uint32_t size;
	uint32_t number;
	uint32_t count;
	uint32_t family;
	const uint8_t *data; /* FF_UF2_MAX_DATA bytes */
};

bool ff_uf2_is(const uint8_t *bytes, size_t size)
{
	return size >= 8 && ff_get_le32(bytes) == MAGIC_1 && ff_get_le32(bytes + 4) == MAGIC_2;
}

static enum ff_status md5(uint8_t digest[MD5_DIGEST_SIZE], const uint8_t *bytes, size_t size, struct ff_error *error)
{
	if (EVP_Digest(bytes, size, digest, NULL, EVP_md5(), NULL) != 1) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "this machine's libcrypto refuses MD5");
	}
	return FF_OK;
}

static enum ff_status read_block(struct block *block, const uint8_t *bytes, size_t index, struct ff_error *error)
{
	if (!ff_uf2_is(bytes, FF_UF2_BLOCK_SIZE) || ff_get_le32(bytes + MAGIC_END_AT) != MAGIC_END) {
		return ff_error_set(error, FF_ERR_FORMAT, "UF2, block %zu: its magic numbers are wrong", index);
	}
	*block = (struct block){ .flags = ff_get_le32(bytes + 8),
				 .address = ff_get_le32(bytes + 12),
				 .size = ff_get_le32(bytes + 16),
				 .number = ff_get_le32(bytes + 20),
				 .count = ff_get_le32(bytes + 24),
				 .data = bytes + DATA_AT };
	/* Without the flag the field is the size of a file, which nobody needs. */
	block->family = block->flags & FLAG_FAMILY ? ff_get_le32(bytes + 28) : 0;
	if (block->size > FF_UF2_MAX_DATA - (block->flags & FLAG_MD5 ? FF_UF2_MD5_SIZE : 0)) {
		return ff_error_set(error, FF_ERR_FORMAT, "UF2, block %zu: %u bytes do not fit into a block", index,
				    block->size);
	}
	if (block->number >= block->count) {
		return ff_error_set(error, FF_ERR_FORMAT, "UF2, block %zu: it calls itself number %u of %u", index,
				    block->number, block->count);
	}
	return FF_OK;
}

/* The specification puts the MD5 at the end of the data area; esptool puts it right behind the data. A region larger
 * than the block is for readers of the flash, not of the file. */
static enum ff_status check_md5(const struct block *block, size_t index, struct ff_error *error)
{
	const uint8_t *places[] = { block->data + block->size, block->data + FF_UF2_MAX_DATA - FF_UF2_MD5_SIZE };
	uint8_t digest[MD5_DIGEST_SIZE];
	bool found = false;
	enum ff_status status = md5(digest, block->data, block->size, error);

	for (size_t i = 0; i < 2 && status == FF_OK; i++) {
		if (ff_get_le32(places[i]) == block->address && ff_get_le32(places[i] + 4) == block->size) {
			if (memcmp(places[i] + 8, digest, sizeof(digest)) == 0) {
				return FF_OK;
			}
			found = true;
		}
	}
	if (found) {
		return ff_error_set(error, FF_ERR_FORMAT, "UF2, block %zu: its MD5 is wrong, the file is damaged",
				    index);
	}
	return status;
}

static enum ff_status take_block(struct ff_segments *segments, const struct block *block, size_t index,
				 struct ff_error *error)
{
	if (block->flags & FLAG_FILE_CONTAINER) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "UF2, block %zu: it holds files to be unpacked, not flash", index);
	}
	if (block->flags & FLAG_MD5) {
		enum ff_status status = check_md5(block, index, error);

		if (status != FF_OK) {
			return status;
		}
	}
	return ff_segments_add(segments, block->address, block->data, block->size, error);
}

enum ff_status ff_uf2_read(struct ff_segments *segments, uint32_t *family, const uint8_t *bytes, size_t size,
			   struct ff_error *error)
{
	uint32_t found = 0;
	bool first = true;

	if (size % FF_UF2_BLOCK_SIZE != 0) {
		return ff_error_set(error, FF_ERR_FORMAT, "UF2: %zu bytes are no whole number of 512-byte blocks",
				    size);
	}
	for (size_t i = 0; i < size / FF_UF2_BLOCK_SIZE; i++) {
		struct block block = { 0 }; /* gcc does not see that FF_OK means filled */
		enum ff_status status = read_block(&block, bytes + i * FF_UF2_BLOCK_SIZE, i, error);

		if (status == FF_OK && block.flags & FLAG_NOT_MAIN_FLASH) {
			continue;
		}
		if (status == FF_OK && !first && block.family != found) {
			return ff_error_set(error, FF_ERR_UNSUPPORTED,
					    "UF2, block %zu: the file is for several families of chips", i);
		}
		if (status == FF_OK) {
			status = take_block(segments, &block, i, error);
		}
		if (status != FF_OK) {
			return status;
		}
		found = block.family;
		first = false;
	}
	enum ff_status status = ff_segments_finish(segments, error);
	if (status == FF_OK) {
		*family = found;
	}
	return status;
}

static size_t max_chunk(const struct ff_uf2_options *options)
{
	return FF_UF2_MAX_DATA - (options->no_md5 ? 0 : FF_UF2_MD5_SIZE);
}

enum ff_status ff_uf2_check(const struct ff_uf2_options *options, struct ff_error *error)
{
	if (options->chunk % 4 != 0 || options->chunk > max_chunk(options)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the chunk size is a multiple of 4 from 4 to %zu, not %zu",
				    max_chunk(options), options->chunk);
	}
	return FF_OK;
}

static enum ff_status put_block(const struct ff_uf2_options *options, const struct ff_sink *sink,
				const struct block *block, struct ff_error *error)
{
	uint8_t bytes[FF_UF2_BLOCK_SIZE] = { 0 };
	uint8_t *behind = bytes + DATA_AT + block->size;
	enum ff_status status = FF_OK;

	ff_put_le32(bytes, MAGIC_1);
	ff_put_le32(bytes + 4, MAGIC_2);
	ff_put_le32(bytes + 8, block->flags);
	ff_put_le32(bytes + 12, block->address);
	ff_put_le32(bytes + 16, block->size);
	ff_put_le32(bytes + 20, block->number);
	ff_put_le32(bytes + 24, block->count);
	ff_put_le32(bytes + 28, block->family);
	memcpy(bytes + DATA_AT, block->data, block->size);
	if (!options->no_md5) {
		ff_put_le32(behind, block->address);
		ff_put_le32(behind + 4, block->size);
		status = md5(behind + 8, block->data, block->size, error);
	}
	ff_put_le32(bytes + MAGIC_END_AT, MAGIC_END);
	return status == FF_OK ? ff_sink_write(sink, bytes, sizeof(bytes), error) : status;
}

enum ff_status ff_uf2_write(const struct ff_uf2_options *options, const struct ff_sink *sink, uint32_t address,
			    const uint8_t *bytes, size_t size, struct ff_error *error)
{
	enum ff_status status = ff_uf2_check(options, error);
	size_t chunk = options->chunk > 0 ? options->chunk : max_chunk(options);
	struct block block = { .flags = FLAG_FAMILY | (options->no_md5 ? 0U : FLAG_MD5), .family = options->family };

	block.count = (uint32_t)((size + chunk - 1) / chunk);
	for (size_t at = 0; status == FF_OK && at < size; at += block.size) {
		block.address = address + (uint32_t)at;
		block.size = (uint32_t)(size - at < chunk ? size - at : chunk);
		block.data = bytes + at;
		status = put_block(options, sink, &block, error);
		block.number++;
	}
	return status;
}
