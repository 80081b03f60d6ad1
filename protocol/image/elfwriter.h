// SPDX-License-Identifier: Apache-2.0
/* An image of an ELF file as it grows: header, segments, checksum, SHA-256, one behind the other in a buffer.
 *
 * Pure; belongs to one thread. Source: "Firmware Image Format" of the esptool documentation. */
#ifndef FF_IMAGE_ELFWRITER_H
#define FF_IMAGE_ELFWRITER_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "buf.h"
#include "elfimage.h"
#include "imageheader.h"

#define FF_ELFWRITER_SEGMENT_HEADER 8

struct ff_elfwriter {
	struct ff_buf *image;
	size_t start; /* of the image in that buffer */
	uint8_t checksum;
	unsigned written;          /* segments */
	const uint8_t *elf_digest; /* the ELF file's SHA-256, for its place in the application description; or NULL */
	struct ff_error *error;
};

/* Begins behind what the buffer holds. */
struct ff_elfwriter ff_elfwriter_make(struct ff_buf *image, struct ff_error *error);

/* Bytes of the image so far. */
static inline size_t ff_elfwriter_at(const struct ff_elfwriter *writer)
{
	return writer->image->size - writer->start;
}

/* The first FF_IMAGEHEADER_SIZE bytes of a header, with the settings as esptool takes them: qio, 1MB, frequency 0 unless
 * they are given. */
struct ff_imageheader ff_elfwriter_header(const struct ff_elfimage_options *options, uint8_t magic, uint8_t segments,
					  uint32_t entry);

/* Appends bytes that no checksum covers. Errors of this and the others: FF_ERR_TOO_LARGE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_elfwriter_append(struct ff_elfwriter *writer, const void *bytes, size_t size);

/* Appends a segment of `size` bytes and `zeros` zeros, and its header. Also FF_ERR_FORMAT: no multiple of 4 bytes, 16 MiB
 * or more, no room for the ELF file's SHA-256 where it belongs. */
FF_WARN_UNUSED enum ff_status ff_elfwriter_segment(struct ff_elfwriter *writer, uint32_t address, const uint8_t *bytes,
						   size_t size, size_t zeros);

/* What was written so far counts no longer in the checksum. */
void ff_elfwriter_restart_checksum(struct ff_elfwriter *writer);

/* Appends the checksum, as the last byte of a line of 16. */
FF_WARN_UNUSED enum ff_status ff_elfwriter_checksum(struct ff_elfwriter *writer);

/* Appends the SHA-256 of everything so far. */
FF_WARN_UNUSED enum ff_status ff_elfwriter_digest(struct ff_elfwriter *writer);

#endif
