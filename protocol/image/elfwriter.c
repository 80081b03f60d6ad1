// SPDX-License-Identifier: Apache-2.0
#include "elfwriter.h"

#include <string.h>

#include <openssl/sha.h>

#include "bytes.h"

#define MAX_SEGMENT_SIZE 0x1000000
#define CHECKSUM_SEED 0xEF
#define CHECKSUM_ALIGNMENT 16
#define ELF_DIGEST_AT 0xB0u /* in the image, where ESP-IDF's application description has room for it */
#define ELF_DIGEST_SIZE ((size_t)SHA256_DIGEST_LENGTH)

struct ff_elfwriter ff_elfwriter_make(struct ff_buf *image, struct ff_error *error)
{
	return (struct ff_elfwriter){ .image = image, .start = image->size, .checksum = CHECKSUM_SEED, .error = error };
}

/* Where no word is given, or one that is none of the chip's ("keep"), another counts, or the code 0. */
static uint8_t code_of(const struct ff_imagechip_word *list, const char *word, const char *otherwise)
{
	const struct ff_imagechip_word *row = word != NULL ? ff_imagechip_find_word(list, word) : NULL;

	if (row == NULL && otherwise != NULL) {
		row = ff_imagechip_find_word(list, otherwise);
	}
	return row != NULL ? row->value : 0;
}

struct ff_imageheader ff_elfwriter_header(const struct ff_elfimage_options *options, uint8_t magic, uint8_t segments,
					  uint32_t entry)
{
	const struct ff_settings *settings = &options->settings;

	return (struct ff_imageheader){ .magic = magic,
					.segments = segments,
					.flash_mode = code_of(ff_imagechip_modes, settings->mode, "qio"),
					.flash_size = code_of(options->chip->sizes, settings->size, "1MB"),
					.flash_freq = code_of(options->chip->freqs, settings->freq, NULL),
					.entry = entry };
}

enum ff_status ff_elfwriter_append(struct ff_elfwriter *writer, const void *bytes, size_t size)
{
	enum ff_status status = ff_buf_append(writer->image, bytes, size);

	if (status == FF_OK) {
		return FF_OK;
	}
	return ff_error_set(writer->error, status, "%s",
			    status == FF_ERR_TOO_LARGE ? "the image would be larger than any flash" : "out of memory");
}

static enum ff_status append_zeros(struct ff_elfwriter *writer, size_t size)
{
	static const uint8_t zeros[256];
	enum ff_status status = FF_OK;

	while (size > 0 && status == FF_OK) {
		size_t part = size < sizeof(zeros) ? size : sizeof(zeros);

		status = ff_elfwriter_append(writer, zeros, part);
		size -= part;
	}
	return status;
}

/* Puts the ELF file's SHA-256 where the application description keeps it, if the segment written last from `from` on has
 * that place. */
static enum ff_status place_digest(struct ff_elfwriter *writer, size_t from)
{
	uint8_t *place = writer->image->bytes + writer->start + ELF_DIGEST_AT;
	size_t end = ff_elfwriter_at(writer);

	if (writer->elf_digest == NULL || ELF_DIGEST_AT < from || ELF_DIGEST_AT >= end) {
		return FF_OK;
	}
	if (ELF_DIGEST_AT < from + FF_ELFWRITER_SEGMENT_HEADER || end - ELF_DIGEST_AT < ELF_DIGEST_SIZE) {
		return ff_error_set(writer->error, FF_ERR_FORMAT,
				    "the ELF file's application description is not where its SHA-256 belongs");
	}
	for (size_t i = 0; i < ELF_DIGEST_SIZE; i++) {
		if (place[i] != 0) {
			return ff_error_set(writer->error, FF_ERR_FORMAT,
					    "the ELF file has other data where its SHA-256 belongs in the image");
		}
	}
	memcpy(place, writer->elf_digest, ELF_DIGEST_SIZE);
	return FF_OK;
}

enum ff_status ff_elfwriter_segment(struct ff_elfwriter *writer, uint32_t address, const uint8_t *bytes, size_t size,
				    size_t zeros)
{
	size_t from = ff_elfwriter_at(writer), all = size + zeros;
	uint8_t header[FF_ELFWRITER_SEGMENT_HEADER];
	enum ff_status status;

	if (all % 4 != 0 || all >= MAX_SEGMENT_SIZE) {
		return ff_error_set(writer->error, FF_ERR_FORMAT,
				    "the piece for 0x%08x would have 0x%zx bytes in the image, and a segment has a "
				    "multiple of 4 below 16 MiB",
				    address, all);
	}
	ff_put_le32(header, address);
	ff_put_le32(header + 4, (uint32_t)all);
	status = ff_elfwriter_append(writer, header, sizeof(header));
	if (status == FF_OK && size > 0) {
		status = ff_elfwriter_append(writer, bytes, size);
	}
	if (status == FF_OK) {
		status = append_zeros(writer, zeros);
	}
	if (status == FF_OK) {
		status = place_digest(writer, from);
	}
	if (status != FF_OK) {
		return status;
	}
	for (size_t i = from + FF_ELFWRITER_SEGMENT_HEADER; i < ff_elfwriter_at(writer); i++) {
		writer->checksum ^= writer->image->bytes[writer->start + i];
	}
	writer->written++;
	return FF_OK;
}

void ff_elfwriter_restart_checksum(struct ff_elfwriter *writer)
{
	writer->checksum = CHECKSUM_SEED;
}

enum ff_status ff_elfwriter_checksum(struct ff_elfwriter *writer)
{
	enum ff_status status =
		append_zeros(writer, CHECKSUM_ALIGNMENT - 1 - ff_elfwriter_at(writer) % CHECKSUM_ALIGNMENT);

	return status == FF_OK ? ff_elfwriter_append(writer, &writer->checksum, 1) : status;
}

enum ff_status ff_elfwriter_digest(struct ff_elfwriter *writer)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256(writer->image->bytes + writer->start, ff_elfwriter_at(writer), digest);
	return ff_elfwriter_append(writer, digest, sizeof(digest));
}
