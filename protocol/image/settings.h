// SPDX-License-Identifier: Apache-2.0
/* esptool's --flash-mode, --flash-freq and --flash-size, put into an image's header, with the appended SHA-256 made
 * anew. The checksum covers the segments only and stays.
 *
 * Pure, changes the caller's bytes in place. Any thread. Source: esptool 5.3 cmds.py (_update_image_flash_params). */
#ifndef FF_IMAGE_SETTINGS_H
#define FF_IMAGE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

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

/* Puts the settings into the header of the image at the start of `bytes` (what lies behind the image stays) and says
 * whether that changed anything. Only a whole image of this chip is touched: to give a damaged one a right digest would
 * hide the damage.
 * Errors: FF_ERR_ARGUMENT (as above), FF_ERR_FORMAT (no image, or a damaged one), FF_ERR_WRONG_CHIP; then nothing was
 * changed. */
FF_WARN_UNUSED enum ff_status ff_settings_apply(const struct ff_settings *settings, const struct ff_imagechip *chip,
						uint8_t *bytes, size_t size, bool *changed, struct ff_error *error);

#endif
