// SPDX-License-Identifier: Apache-2.0
#include "signature.h"

#include <string.h>

#include <zlib.h>

#include "bytes.h"
#include "error.h"
#include "espimage.h"

#define SECTOR 4096
#define BLOCK_SIZE 1216
#define BLOCK_CRC_AT 1196 /* of everything before it */
#define BLOCK_DIGEST_AT 4 /* of the image with what fills its last sector */
#define BLOCK_MAGIC 0xE7
#define VERSION_RSA 2
#define VERSION_ECDSA 3 /* its digest may be a longer one */

static bool is_block(const uint8_t *block)
{
	return block[0] == BLOCK_MAGIC && (block[1] == VERSION_RSA || block[1] == VERSION_ECDSA) &&
	       ff_get_le32(block + BLOCK_CRC_AT) == crc32_z(0, block, BLOCK_CRC_AT);
}

/* A source that holds no whole image is none of the errors. */
static enum ff_status find_end(uint64_t *end, const struct ff_source *source, const struct ff_imagechip *chip,
			       struct ff_error *error)
{
	struct ff_espimage image;
	struct ff_error why = FF_ERROR_NONE;
	enum ff_status status = ff_espimage_scan(&image, source, chip, &why);

	*end = 0;
	if (status == FF_ERR_FORMAT || status == FF_ERR_EMPTY) {
		return FF_OK;
	}
	if (status != FF_OK) {
		ff_error_keep(error, &why);
		return status;
	}
	if (ff_espimage_is_whole(&image)) {
		*end = ((uint64_t)image.size + SECTOR - 1) / SECTOR * SECTOR;
	}
	return FF_OK;
}

enum ff_status ff_signature_find(bool *signed_, const struct ff_source *source, const struct ff_imagechip *chip,
				 struct ff_error *error)
{
	uint8_t block[BLOCK_SIZE], digest[FF_ESPIMAGE_DIGEST_SIZE];
	uint64_t end = 0;
	enum ff_status status = find_end(&end, source, chip, error);

	*signed_ = false;
	if (status != FF_OK || end == 0 || source->size < BLOCK_SIZE || end > source->size - BLOCK_SIZE) {
		return status;
	}
	status = source->read(source->context, end, block, sizeof(block), error);
	if (status != FF_OK || !is_block(block)) {
		return status;
	}
	status = ff_espimage_digest(digest, source, (size_t)end, error);
	if (status == FF_OK) {
		*signed_ = block[1] != VERSION_RSA || memcmp(digest, block + BLOCK_DIGEST_AT, sizeof(digest)) == 0;
	}
	return status;
}
