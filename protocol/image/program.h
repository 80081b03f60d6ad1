// SPDX-License-Identifier: Apache-2.0
/* A program for a chip's RAM, from an image or an ELF file that was linked for RAM. Pure, a plain value that points into
 * the file's bytes. */
#ifndef FF_IMAGE_PROGRAM_H
#define FF_IMAGE_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/flasher.h>
#include <farflash/status.h>

struct ff_imagechip;

struct ff_program {
	const struct ff_imagechip *chip; /* NULL: the file does not say */
	uint16_t machine;                /* of an ELF file, else 0 */
	struct ff_ram_segment segments[FF_MAX_RAM_SEGMENTS];
	size_t count;
	uint32_t entry;
	uint64_t bytes; /* of all segments */
};

/* `bytes` must outlive the program. FF_ERR_FORMAT (neither of the two, damaged, or for flash), FF_ERR_EMPTY,
 * FF_ERR_TOO_LARGE (more than FF_MAX_RAM_SEGMENTS segments). Texts are to stand behind the file's name and a colon. */
FF_WARN_UNUSED enum ff_status ff_program_parse(struct ff_program *program, const uint8_t *bytes, size_t size,
					       struct ff_error *error);

/* Whether it is for this chip ("ESP32-C3"), as far as can be told. FF_ERR_WRONG_CHIP, FF_ERR_FORMAT; texts as above. */
FF_WARN_UNUSED enum ff_status ff_program_check(const struct ff_program *program, const char *chip,
					       struct ff_error *error);

#endif
