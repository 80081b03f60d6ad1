// SPDX-License-Identifier: Apache-2.0
/* Takes a file into the list of images, whatever its format, which shows in its content and never in its name: plain
 * bytes stay in their file; Intel HEX and UF2 become pieces in memory, and an ELF executable its image. Any thread. */
#ifndef FF_CLIENT_TAKE_H
#define FF_CLIENT_TAKE_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "flash_settings.h"
#include "images.h"

/* An Intel HEX or UF2 file, or an ELF file with what debuggers want, may be three times as large as its content. */
#define FF_TAKE_MAX_FILE (3 * FF_IMAGES_MAX_CONTENT)

enum ff_take_purpose {
	FF_TAKE_TO_WRITE,   /* whole flash sectors: pieces that share one are joined, and begin where it does */
	FF_TAKE_TO_MERGE,   /* pieces that share a sector are joined */
	FF_TAKE_TO_COMPARE, /* every piece as the file has it */
};

enum ff_take_format { FF_TAKE_RAW, FF_TAKE_HEX, FF_TAKE_UF2, FF_TAKE_ELF, FF_TAKE_ARCHIVE };

struct ff_take {
	enum ff_take_purpose purpose;
	/* for ELF files */
	const char *chip;                         /* NULL: not said */
	const struct ff_flash_settings *settings; /* for the image's header; NULL: the defaults */
};

/* What a file's first bytes say; plain bytes too where it cannot be read, for others to complain about. */
enum ff_take_format ff_take_format(const char *path);

/* "hex" */
const char *ff_take_format_name(enum ff_take_format format);

/* Adds the content of the file at `path`: Intel HEX and UF2 where they say themselves; an ELF executable's image, and
 * anything else as plain bytes, at `offset`. For the ESP8266 an image's offset is 0, and its code in flash comes beside it,
 * where it was linked for.
 * Errors, with the path in the text: FF_ERR_ARGUMENT (not readable, too many pieces, no chip said for an ELF file, the ESP8266's elsewhere
 * than at 0),
 * FF_ERR_EMPTY, FF_ERR_TOO_LARGE, those of ff_hex_read(), ff_uf2_read() and ff_elfimage_make(), FF_ERR_NO_MEMORY. Plain
 * bytes are not looked at here. */
FF_WARN_UNUSED enum ff_status ff_take_file(struct ff_images *images, const char *path, uint32_t offset,
					   const struct ff_take *how, struct ff_error *error);

#endif
