// SPDX-License-Identifier: Apache-2.0
/* The sections of an ELF file as an image's segments: what follows each other in one kind of memory is one piece.
 *
 * Pure; any thread. Source: esptool 5.3 bin_image.py (ImageSegment, merge_adjacent_segments). */
#ifndef FF_IMAGE_ELFPIECES_H
#define FF_IMAGE_ELFPIECES_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "buf.h"
#include "elf.h"
#include "imageheader.h"
#include "memmap.h"

struct ff_elfpiece {
	const char *name; /* of its first section */
	uint32_t address;
	size_t at;   /* in the data */
	size_t size; /* a multiple of 4 */
};

struct ff_elfpieces {
	struct ff_elfpiece items[FF_IMAGEHEADER_MAX_SEGMENTS];
	size_t count;
};

/* Joins the sections, in their order; each is filled up with zeros to a multiple of 4 bytes. `data`, to be released by
 * the caller also after an error, gets all their bytes. Errors: FF_ERR_FORMAT (more pieces than an image holds),
 * FF_ERR_TOO_LARGE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_elfpieces_join(struct ff_elfpieces *pieces, struct ff_buf *data,
						const struct ff_elf_sections *sections,
						const struct ff_memmap_range *memory, struct ff_error *error);

/* By address; those with the same one stay in their order. */
void ff_elfpieces_sort(struct ff_elfpieces *pieces);

/* Refuses pieces of which two that follow each other lie in one page of the flash mapping: FF_ERR_FORMAT. */
FF_WARN_UNUSED enum ff_status ff_elfpieces_check_pages(const struct ff_elfpieces *pieces, uint32_t page,
						       struct ff_error *error);

#endif
