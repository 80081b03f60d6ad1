// SPDX-License-Identifier: Apache-2.0
/* Makes the firmware image of an ELF executable, as struct ff_espimage describes it: what flash shows in memory comes
 * first, each segment where the MMU can map it, with pieces of what is loaded into RAM as padding between; then the rest
 * for RAM, checksum and SHA-256. ESP-IDF's application description gets the SHA-256 of the ELF file.
 *
 * Pure; any thread. Source: esptool 5.3 bin_image.py (ELFFile, merge_adjacent_segments, ESP32FirmwareImage.save) and
 * cmds.py (elf2image); the same input gives the same bytes. */
#ifndef FF_IMAGE_ELFIMAGE_H
#define FF_IMAGE_ELFIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "buf.h"
#include "imagechip.h"
#include "imageheader.h"
#include "settings.h"

struct ff_elfimage_options {
	const struct ff_imagechip *chip;
	struct ff_settings
		settings;         /* words left out mean what they mean to esptool: qio, the frequency of code 0, 1MB */
	uint8_t min_revision_old; /* before there were major and minor */
	uint16_t min_revision;    /* major * 100 + minor */
	uint16_t max_revision;    /* the same; FF_IMAGEHEADER_ANY_REVISION for no limit */
	uint32_t mmu_page;        /* bytes; 0: what the application description or its address says, else 64 KiB */
};

/* Appends the image to `image`, whose cap bounds it.
 * Errors: FF_ERR_UNSUPPORTED (the ESP8266, for which there is ff_elfimage8266_make(); what ff_elf_parse_sections() says), FF_ERR_ARGUMENT (settings or page size that
 * the chip does not have), FF_ERR_WRONG_CHIP (another processor), FF_ERR_FORMAT (sections that no image can hold),
 * FF_ERR_EMPTY, FF_ERR_TOO_LARGE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_elfimage_make(const struct ff_elfimage_options *options, const uint8_t *elf,
					       size_t size, struct ff_buf *image, struct ff_error *error);

#endif
