// SPDX-License-Identifier: Apache-2.0
/* esptool's --flash-mode, --flash-freq and --flash-size, put into an image's header, with the appended SHA-256 made
 * anew. The checksum covers the segments only and stays.
 *
 * Pure, in memory that does not grow with the image. Any thread. Source: esptool 5.3 cmds.py (_update_image_flash_params). */
#ifndef FF_IMAGE_SETTINGS_H
#define FF_IMAGE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/source.h>
#include <farflash/status.h>

#include "espimage.h"
#include "imagechip.h"

/* esptool's words ("dio", "40m", "2MB"); "", "keep" or NULL leave what the image says. */
struct ff_settings {
	const char *mode;
	const char *freq;
	const char *size;
};

/* True if nothing is asked for. */
bool ff_settings_keep(const struct ff_settings *settings);

/* Checks the words against the chip's. Errors: FF_ERR_ARGUMENT (text lists what the chip knows). */
FF_WARN_UNUSED enum ff_status ff_settings_check(const struct ff_settings *settings, const struct ff_imagechip *chip,
						struct ff_error *error);

/* What settings change in an image: its header's bytes at FF_IMAGEHEADER_FLASH_AT, and its SHA-256 if it has one. */
struct ff_settings_patch {
	bool changed; /* false: nothing, and the rest means nothing */
	uint8_t flash[FF_IMAGEHEADER_FLASH_SIZE];
	bool has_digest;
	size_t digest_at;
	uint8_t digest[FF_ESPIMAGE_DIGEST_SIZE];
};

/* Finds out what the settings change in the image at the start of a source (what lies behind the image stays). Only a
 * whole image of this chip is changed: to give a damaged one a right digest would hide the damage.
 * Errors: FF_ERR_ARGUMENT (as above), FF_ERR_FORMAT (no image, or a damaged one), FF_ERR_WRONG_CHIP, those of the
 * source. */
FF_WARN_UNUSED enum ff_status ff_settings_find_patch(struct ff_settings_patch *patch,
						     const struct ff_settings *settings,
						     const struct ff_imagechip *chip, const struct ff_source *source,
						     struct ff_error *error);

/* Lays a patch over `size` bytes that begin at `offset` of the image. */
void ff_settings_lay(const struct ff_settings_patch *patch, uint64_t offset, uint8_t *bytes, size_t size);

/* Both at once, in the caller's bytes; *changed says whether there was anything to change. Errors as above; then nothing
 * was changed. */
FF_WARN_UNUSED enum ff_status ff_settings_apply(const struct ff_settings *settings, const struct ff_imagechip *chip,
						uint8_t *bytes, size_t size, bool *changed, struct ff_error *error);

#endif
