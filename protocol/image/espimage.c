// SPDX-License-Identifier: Apache-2.0
#include "espimage.h"

#include <string.h>

#include <openssl/sha.h>

#include "bytes.h"

#define HEADER_SIZE 8
#define EXTENDED_SIZE 16
#define SEGMENT_HEADER_SIZE 8
#define MAX_SEGMENTS_SAID 16
#define CHECKSUM_SEED 0xEF
#define CHECKSUM_ALIGNMENT 16
#define APP_MAGIC 0xABCD5432
#define APP_SIZE 256
#define BOOTLOADER_MAGIC 0x50
#define BOOTLOADER_SIZE 80

/* Where an ESP8266 runs code; no other chip has memory there. */
#define ESP8266_IRAM 0x40100000
#define ESP8266_IRAM_END 0x40110000

static enum ff_status fail_short(struct ff_error *error, const char *what, size_t at)
{
	return ff_error_set(error, FF_ERR_FORMAT, "the image ends too early: no room for %s at byte %zu", what, at);
}

/* Nothing says outright whether an image is for the ESP8266. Its entry point does, where there is one; failing that,
 * the bytes where other chips have their extended header do not look like one. */
static bool is_esp8266(const uint8_t *bytes, size_t size)
{
	uint32_t entry = ff_get_le32(bytes + 4);

	if (bytes[0] == FF_ESPIMAGE_MAGIC_V2 || (entry >= ESP8266_IRAM && entry < ESP8266_IRAM_END)) {
		return true;
	}
	return size >= HEADER_SIZE + EXTENDED_SIZE &&
	       (bytes[HEADER_SIZE + 15] > 1 || ff_get_le32(bytes + HEADER_SIZE + 11) != 0);
}

/* Reads a header and answers its number of segments. */
static unsigned read_header(struct ff_espimage *image, struct ff_cursor *cursor)
{
	ff_cursor_u8(cursor); /* magic */
	unsigned count = ff_cursor_u8(cursor);
	image->flash_mode = ff_cursor_u8(cursor);
	uint8_t size_freq = ff_cursor_u8(cursor);
	image->flash_size = size_freq >> 4;
	image->flash_freq = size_freq & 0x0F;
	image->entry = ff_cursor_le32(cursor);
	return count;
}

static enum ff_status read_extended(struct ff_espimage *image, struct ff_cursor *cursor, struct ff_error *error)
{
	size_t at = cursor->at;

	image->wp_pin = ff_cursor_u8(cursor);
	for (size_t i = 0; i < 6; i += 2) {
		uint8_t pair = ff_cursor_u8(cursor);
		image->drive[i] = pair & 0x0F;
		image->drive[i + 1] = pair >> 4;
	}
	image->chip_id = ff_cursor_le16(cursor);
	image->min_revision_old = ff_cursor_u8(cursor);
	image->min_revision = ff_cursor_le16(cursor);
	image->max_revision = ff_cursor_le16(cursor);
	ff_cursor_take(cursor, 4); /* reserved */
	uint8_t has_digest = ff_cursor_u8(cursor);
	if (cursor->failed) {
		return fail_short(error, "the extended header", at);
	}
	if (has_digest > 1) {
		return ff_error_set(
			error, FF_ERR_FORMAT,
			"not a valid image: its header says neither that a SHA-256 follows nor that none does");
	}
	image->has_digest = has_digest == 1;
	image->chip = ff_imagechip_by_id(image->chip_id);
	return FF_OK;
}

static uint8_t checksum(uint8_t value, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		value ^= bytes[i];
	}
	return value;
}

static enum ff_status read_segment(struct ff_espimage *image, struct ff_cursor *cursor, bool in_checksum,
				   struct ff_error *error)
{
	struct ff_espimage_segment segment = { .at = cursor->at, .in_checksum = in_checksum };

	segment.address = ff_cursor_le32(cursor);
	segment.size = ff_cursor_le32(cursor);
	const uint8_t *data = ff_cursor_take(cursor, segment.size);
	if (data == NULL) {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "the image ends too early: segment %zu at byte %zu is not all there (load address "
				    "0x%08x, %u bytes)",
				    image->segment_count, segment.at, segment.address, segment.size);
	}
	if (in_checksum) {
		image->checksum_of_data = checksum(image->checksum_of_data, data, segment.size);
	}
	image->segments[image->segment_count++] = segment;
	return FF_OK;
}

/* Version 2: one segment behind its own header, then a common image. */
static enum ff_status read_flash_part(struct ff_espimage *image, struct ff_cursor *cursor, struct ff_error *error)
{
	read_header(image, cursor);
	image->version = 2;
	enum ff_status status = read_segment(image, cursor, false, error);
	if (status != FF_OK) {
		return status;
	}
	if (ff_cursor_left(cursor) < HEADER_SIZE) {
		return fail_short(error, "the second header", cursor->at);
	}
	if (cursor->bytes[cursor->at] != FF_ESPIMAGE_MAGIC) {
		return ff_error_set(error, FF_ERR_FORMAT, "not a valid version 2 image: no second header at byte %zu",
				    cursor->at);
	}
	return FF_OK;
}

static enum ff_status read_segments(struct ff_espimage *image, struct ff_cursor *cursor, unsigned count,
				    struct ff_error *error)
{
	if (count > MAX_SEGMENTS_SAID) {
		return ff_error_set(error, FF_ERR_FORMAT, "not a valid image: %u segments, where 16 are the most",
				    count);
	}
	for (unsigned i = 0; i < count; i++) {
		enum ff_status status = read_segment(image, cursor, true, error);

		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}

static enum ff_status read_footer(struct ff_espimage *image, struct ff_cursor *cursor, struct ff_error *error)
{
	size_t at = cursor->at;

	ff_cursor_take(cursor, CHECKSUM_ALIGNMENT - 1 - at % CHECKSUM_ALIGNMENT);
	image->checksum = ff_cursor_u8(cursor);
	if (cursor->failed) {
		return fail_short(error, "the checksum", at);
	}
	image->body_size = image->size = cursor->at;
	if (!image->has_digest) {
		return FF_OK;
	}
	const uint8_t *digest = ff_cursor_take(cursor, FF_ESPIMAGE_DIGEST_SIZE);
	if (digest == NULL) {
		return fail_short(error, "the SHA-256", image->body_size);
	}
	image->size = cursor->at;
	memcpy(image->digest, digest, FF_ESPIMAGE_DIGEST_SIZE);
	SHA256(cursor->bytes, image->body_size, image->digest_of_body);
	return FF_OK;
}

static enum ff_status check_start(const uint8_t *bytes, size_t size, struct ff_error *error)
{
	if (size == 0) {
		return ff_error_set(error, FF_ERR_EMPTY, "the image is empty");
	}
	if (bytes[0] != FF_ESPIMAGE_MAGIC && bytes[0] != FF_ESPIMAGE_MAGIC_V2) {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "not a firmware image: it begins with 0x%02x, and images with 0xe9 or 0xea",
				    bytes[0]);
	}
	return size < HEADER_SIZE ? fail_short(error, "the header", 0) : FF_OK;
}

enum ff_status ff_espimage_parse(struct ff_espimage *image, const uint8_t *bytes, size_t size,
				 const struct ff_imagechip *chip, struct ff_error *error)
{
	struct ff_cursor cursor = ff_cursor_make(bytes, size);
	struct ff_espimage found = { .version = 1, .chip_id = FF_IMAGECHIP_NO_ID, .checksum_of_data = CHECKSUM_SEED };
	enum ff_status status = check_start(bytes, size, error);

	if (status != FF_OK) {
		return status;
	}
	found.extended = chip != NULL ? chip->id != FF_IMAGECHIP_NO_ID : !is_esp8266(bytes, size);
	if (found.extended && bytes[0] == FF_ESPIMAGE_MAGIC_V2) {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "not a firmware image for the %s: only the ESP8266 has version 2", chip->name);
	}
	if (bytes[0] == FF_ESPIMAGE_MAGIC_V2) {
		status = read_flash_part(&found, &cursor, error);
	}
	if (status != FF_OK) {
		return status;
	}
	unsigned count = read_header(&found, &cursor);
	found.chip = ff_imagechip_by_id(FF_IMAGECHIP_NO_ID);
	if (found.extended) {
		status = read_extended(&found, &cursor, error);
	}
	if (status == FF_OK) {
		status = read_segments(&found, &cursor, count, error);
	}
	if (status == FF_OK) {
		status = read_footer(&found, &cursor, error);
	}
	if (status == FF_OK) {
		*image = found;
	}
	return status;
}

bool ff_espimage_is_whole(const struct ff_espimage *image)
{
	return image->checksum == image->checksum_of_data &&
	       memcmp(image->digest, image->digest_of_body, FF_ESPIMAGE_DIGEST_SIZE) == 0;
}

/* The data of the first segment in memory of this name, if it has `size` bytes. */
static const uint8_t *find_segment(const struct ff_espimage *image, const uint8_t *bytes, const char *memory,
				   size_t size)
{
	for (size_t i = 0; image->chip != NULL && i < image->segment_count; i++) {
		const struct ff_espimage_segment *segment = &image->segments[i];

		if (ff_memmap_is(image->chip->memory, segment->address, memory)) {
			return segment->size >= size ? bytes + segment->at + SEGMENT_HEADER_SIZE : NULL;
		}
	}
	return NULL;
}

/* `size` bytes of text into size + 1 characters. */
static void take_text(char *text, struct ff_cursor *cursor, size_t size)
{
	const uint8_t *bytes = ff_cursor_take(cursor, size);
	size_t length = 0;

	for (; bytes != NULL && length < size && bytes[length] != 0; length++) {
		text[length] = bytes[length] >= ' ' && bytes[length] < 0x7F ? (char)bytes[length] : '?';
	}
	text[length] = '\0';
}

bool ff_espimage_app(struct ff_espimage_app *app, const struct ff_espimage *image, const uint8_t *bytes)
{
	const uint8_t *data = image->extended ? find_segment(image, bytes, "DROM", APP_SIZE) : NULL;

	if (data == NULL || ff_get_le32(data) != APP_MAGIC) {
		return false;
	}
	struct ff_cursor cursor = ff_cursor_make(data, APP_SIZE);
	ff_cursor_le32(&cursor);
	app->secure_version = ff_cursor_le32(&cursor);
	ff_cursor_take(&cursor, 8); /* reserved */
	take_text(app->version, &cursor, 32);
	take_text(app->project, &cursor, 32);
	take_text(app->time, &cursor, 16);
	take_text(app->date, &cursor, 16);
	take_text(app->idf_version, &cursor, 32);
	memcpy(app->elf_digest, ff_cursor_take(&cursor, FF_ESPIMAGE_DIGEST_SIZE), FF_ESPIMAGE_DIGEST_SIZE);
	app->min_efuse_revision = ff_cursor_le16(&cursor);
	app->max_efuse_revision = ff_cursor_le16(&cursor);
	uint8_t page = ff_cursor_u8(&cursor); /* as a power of two */
	app->mmu_page_size = page > 0 && page < 32 ? UINT32_C(1) << page : 0;
	return true;
}

bool ff_espimage_bootloader(struct ff_espimage_bootloader *bootloader, const struct ff_espimage *image,
			    const uint8_t *bytes)
{
	const uint8_t *data = image->extended ? find_segment(image, bytes, "DRAM", BOOTLOADER_SIZE) : NULL;

	/* One byte of magic is little: the version of ESP-IDF has to be there as well, as ESP-IDF writes it. */
	if (data == NULL || data[0] != BOOTLOADER_MAGIC || data[8] != 'v') {
		return false;
	}
	struct ff_cursor cursor = ff_cursor_make(data, BOOTLOADER_SIZE);
	ff_cursor_take(&cursor, 4); /* magic, reserved */
	bootloader->version = ff_cursor_le32(&cursor);
	take_text(bootloader->idf_version, &cursor, 32);
	take_text(bootloader->date_time, &cursor, 24);
	return true;
}
