// SPDX-License-Identifier: Apache-2.0
#include "espimage.h"

#include <string.h>

#include <openssl/evp.h>

#include "bytes.h"

#define SEGMENT_HEADER_SIZE 8
#define CHECKSUM_SEED 0xEF
#define CHECKSUM_ALIGNMENT 16
#define PIECE 4096
#define APP_MAGIC 0xABCD5432
#define APP_SIZE 256
#define BOOTLOADER_MAGIC 0x50
#define BOOTLOADER_SIZE 80

/* How far an image has been read. */
struct reader {
	const struct ff_source *source;
	size_t at;
};

static size_t left(const struct reader *reader)
{
	return (size_t)reader->source->size - reader->at;
}

static enum ff_status fail_short(struct ff_error *error, const char *what, size_t at)
{
	return ff_error_set(error, FF_ERR_FORMAT, "the image ends too early: no room for %s at byte %zu", what, at);
}

/* The next `size` bytes; `what` names them where they are missing. */
static enum ff_status take(struct reader *reader, uint8_t *bytes, size_t size, const char *what, struct ff_error *error)
{
	if (size > left(reader)) {
		return fail_short(error, what, reader->at);
	}
	enum ff_status status = reader->source->read(reader->source->context, reader->at, bytes, size, error);
	if (status == FF_OK) {
		reader->at += size;
	}
	return status;
}

/* Reads a header and answers its number of segments. */
static enum ff_status read_header(struct ff_espimage *image, struct reader *reader, struct ff_imageheader *header,
				  struct ff_error *error)
{
	uint8_t bytes[FF_IMAGEHEADER_SIZE];
	enum ff_status status = take(reader, bytes, sizeof(bytes), "the header", error);

	if (status == FF_OK) {
		ff_imageheader_read(header, bytes);
		image->flash_mode = header->flash_mode;
		image->flash_size = header->flash_size;
		image->flash_freq = header->flash_freq;
		image->entry = header->entry;
	}
	return status;
}

static enum ff_status read_extended(struct ff_espimage *image, struct reader *reader, struct ff_imageheader *header,
				    struct ff_error *error)
{
	uint8_t bytes[FF_IMAGEHEADER_EXTENDED_SIZE];
	enum ff_status status = take(reader, bytes, sizeof(bytes), "the extended header", error);

	if (status != FF_OK) {
		return status;
	}
	ff_imageheader_read_extended(header, bytes);
	image->wp_pin = header->wp_pin;
	memcpy(image->drive, header->drive, sizeof(image->drive));
	image->chip_id = header->chip_id;
	image->min_revision_old = header->min_revision_old;
	image->min_revision = header->min_revision;
	image->max_revision = header->max_revision;
	if (header->has_digest > 1) {
		return ff_error_set(
			error, FF_ERR_FORMAT,
			"not a valid image: its header says neither that a SHA-256 follows nor that none does");
	}
	image->has_digest = header->has_digest == 1;
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

/* Goes over a segment's data, which is all there. */
static enum ff_status sum_data(struct ff_espimage *image, struct reader *reader, size_t size, struct ff_error *error)
{
	for (size_t done = 0; done < size;) {
		uint8_t piece[PIECE];
		size_t count = size - done < PIECE ? size - done : PIECE;
		enum ff_status status = take(reader, piece, count, "a segment", error);

		if (status != FF_OK) {
			return status;
		}
		image->checksum_of_data = checksum(image->checksum_of_data, piece, count);
		done += count;
	}
	return FF_OK;
}

static enum ff_status read_segment(struct ff_espimage *image, struct reader *reader, bool in_checksum,
				   struct ff_error *error)
{
	struct ff_espimage_segment segment = { .at = reader->at, .in_checksum = in_checksum };
	uint8_t bytes[SEGMENT_HEADER_SIZE] = { 0 };
	size_t there = left(reader) < sizeof(bytes) ? left(reader) : sizeof(bytes);
	enum ff_status status = take(reader, bytes, there, "a segment", error);

	if (status != FF_OK) {
		return status;
	}
	segment.address = ff_get_le32(bytes);
	segment.size = ff_get_le32(bytes + 4);
	if (there < sizeof(bytes) || segment.size > left(reader)) {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "the image ends too early: segment %zu at byte %zu is not all there (load address "
				    "0x%08x, %u bytes)",
				    image->segment_count, segment.at, segment.address, segment.size);
	}
	if (in_checksum) {
		status = sum_data(image, reader, segment.size, error);
	} else {
		reader->at += segment.size;
	}
	image->segments[image->segment_count++] = segment;
	return status;
}

/* Version 2: one segment behind its own header, then a common image. */
static enum ff_status read_flash_part(struct ff_espimage *image, struct reader *reader, struct ff_error *error)
{
	struct ff_imageheader header;
	uint8_t magic = 0;
	enum ff_status status = read_header(image, reader, &header, error);

	image->version = 2;
	if (status == FF_OK) {
		status = read_segment(image, reader, false, error);
	}
	if (status == FF_OK && left(reader) < FF_IMAGEHEADER_SIZE) {
		return fail_short(error, "the second header", reader->at);
	}
	if (status == FF_OK) {
		status = take(reader, &magic, 1, "the second header", error);
		reader->at--;
	}
	if (status == FF_OK && magic != FF_IMAGEHEADER_MAGIC) {
		return ff_error_set(error, FF_ERR_FORMAT, "not a valid version 2 image: no second header at byte %zu",
				    reader->at);
	}
	return status;
}

static enum ff_status read_segments(struct ff_espimage *image, struct reader *reader, unsigned count,
				    struct ff_error *error)
{
	if (count > FF_IMAGEHEADER_MAX_SEGMENTS) {
		return ff_error_set(error, FF_ERR_FORMAT, "not a valid image: %u segments, where 16 are the most",
				    count);
	}
	for (unsigned i = 0; i < count; i++) {
		enum ff_status status = read_segment(image, reader, true, error);

		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}

static enum ff_status read_footer(struct ff_espimage *image, struct reader *reader, struct ff_error *error)
{
	size_t at = reader->at;
	size_t padding = CHECKSUM_ALIGNMENT - 1 - at % CHECKSUM_ALIGNMENT;

	if (padding + 1 > left(reader)) {
		return fail_short(error, "the checksum", at);
	}
	reader->at += padding;
	enum ff_status status = take(reader, &image->checksum, 1, "the checksum", error);
	image->body_size = image->size = reader->at;
	if (status != FF_OK || !image->has_digest) {
		return status;
	}
	status = take(reader, image->digest, sizeof(image->digest), "the SHA-256", error);
	image->size = reader->at;
	if (status == FF_OK) {
		status = ff_espimage_digest(image->digest_of_body, reader->source, image->body_size, error);
	}
	return status;
}

static enum ff_status check_start(const uint8_t *bytes, size_t size, struct ff_error *error)
{
	if (size == 0) {
		return ff_error_set(error, FF_ERR_EMPTY, "the image is empty");
	}
	if (bytes[0] != FF_IMAGEHEADER_MAGIC && bytes[0] != FF_IMAGEHEADER_MAGIC_V2) {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "not a firmware image: it begins with 0x%02x, and images with 0xe9 or 0xea",
				    bytes[0]);
	}
	return size < FF_IMAGEHEADER_SIZE ? fail_short(error, "the header", 0) : FF_OK;
}

/* Looks at the first bytes: which form the image has. */
static enum ff_status read_form(struct ff_espimage *image, const struct ff_source *source,
				const struct ff_imagechip *chip, struct ff_error *error)
{
	uint8_t bytes[FF_IMAGEHEADER_FULL_SIZE];
	size_t size = source->size < sizeof(bytes) ? (size_t)source->size : sizeof(bytes);
	enum ff_status status = size > 0 ? source->read(source->context, 0, bytes, size, error) : FF_OK;

	if (status == FF_OK) {
		status = check_start(bytes, size, error);
	}
	if (status != FF_OK) {
		return status;
	}
	image->version = bytes[0] == FF_IMAGEHEADER_MAGIC_V2 ? 2 : 1;
	image->extended = chip != NULL ? chip->id != FF_IMAGECHIP_NO_ID : !ff_imageheader_is_esp8266(bytes, size);
	if (image->extended && image->version == 2) {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "not a firmware image for the %s: only the ESP8266 has version 2", chip->name);
	}
	return FF_OK;
}

enum ff_status ff_espimage_scan(struct ff_espimage *image, const struct ff_source *source,
				const struct ff_imagechip *chip, struct ff_error *error)
{
	struct reader reader = { .source = source };
	struct ff_espimage found = { .chip_id = FF_IMAGECHIP_NO_ID, .checksum_of_data = CHECKSUM_SEED };
	struct ff_imageheader header = { .segments = 0 };
	enum ff_status status = read_form(&found, source, chip, error);

	if (status == FF_OK && found.version == 2) {
		status = read_flash_part(&found, &reader, error);
	}
	if (status == FF_OK) {
		status = read_header(&found, &reader, &header, error);
	}
	found.chip = ff_imagechip_by_id(FF_IMAGECHIP_NO_ID);
	if (status == FF_OK && found.extended) {
		status = read_extended(&found, &reader, &header, error);
	}
	if (status == FF_OK) {
		status = read_segments(&found, &reader, header.segments, error);
	}
	if (status == FF_OK) {
		status = read_footer(&found, &reader, error);
	}
	if (status == FF_OK) {
		*image = found;
	}
	return status;
}

static enum ff_status read_bytes(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	const uint8_t *const *from = context;

	(void)error;
	memcpy(bytes, *from + offset, size);
	return FF_OK;
}

struct ff_source ff_espimage_bytes(const uint8_t *const *bytes, size_t size)
{
	return (struct ff_source){ .size = size, .read = read_bytes, .context = (void *)(uintptr_t)bytes };
}

enum ff_status ff_espimage_parse(struct ff_espimage *image, const uint8_t *bytes, size_t size,
				 const struct ff_imagechip *chip, struct ff_error *error)
{
	const struct ff_source source = ff_espimage_bytes(&bytes, size);

	return ff_espimage_scan(image, &source, chip, error);
}

static enum ff_status hash_pieces(EVP_MD_CTX *context, const struct ff_source *source, size_t size,
				  struct ff_error *error)
{
	for (size_t at = 0; at < size;) {
		uint8_t piece[PIECE];
		size_t count = size - at < PIECE ? size - at : PIECE;
		enum ff_status status = source->read(source->context, at, piece, count, error);

		if (status != FF_OK) {
			return status;
		}
		if (EVP_DigestUpdate(context, piece, count) != 1) {
			return ff_error_set(error, FF_ERR_NO_MEMORY, "cannot compute a SHA-256");
		}
		at += count;
	}
	return FF_OK;
}

enum ff_status ff_espimage_digest(uint8_t digest[FF_ESPIMAGE_DIGEST_SIZE], const struct ff_source *source, size_t size,
				  struct ff_error *error)
{
	uint8_t found[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	enum ff_status status = FF_OK;

	if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "cannot compute a SHA-256");
	} else {
		status = hash_pieces(context, source, size, error);
	}
	if (status == FF_OK && EVP_DigestFinal_ex(context, found, NULL) != 1) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "cannot compute a SHA-256");
	}
	EVP_MD_CTX_free(context);
	if (status == FF_OK) {
		memcpy(digest, found, FF_ESPIMAGE_DIGEST_SIZE);
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
