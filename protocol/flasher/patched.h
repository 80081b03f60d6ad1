// SPDX-License-Identifier: Apache-2.0
/* Regions as they are to lie in flash: a bootloader among them gets the flash settings that were asked for into its
 * header, and the SHA-256 that fits. Its bytes are changed on their way, so memory does not grow with them.
 *
 * Belongs to one thread. Source: esptool 5.3 cmds.py, _update_image_flash_params() and _set_flash_parameters(). */
#ifndef FF_FLASHER_PATCHED_H
#define FF_FLASHER_PATCHED_H

#include <farflash/flasher.h>

#include "session.h"
#include "settings.h"

#define FF_PATCHED_WORD_SIZE 12

/* Settings in words of the chip's: "detect" has become a size. */
struct ff_patched_settings {
	struct ff_settings words; /* point to the caller's, or to `detected` */
	char detected[FF_PATCHED_WORD_SIZE];
	uint32_t size; /* bytes that were asked for as a size, 0: what the flash has */
};

/* Reads the words that a caller gives (NULL: "keep"). `settings` stays where it is.
 * Errors: FF_ERR_ARGUMENT (a word that the chip does not have), FF_ERR_UNSUPPORTED (a size that was detected but has no
 * word). */
FF_WARN_UNUSED enum ff_status ff_patched_read_words(struct ff_patched_settings *settings,
						    const struct ff_flasher *flasher, const struct ff_settings *asked,
						    struct ff_error *error);

struct ff_patched {
	struct ff_region regions[FF_MAX_REGIONS];
	struct ff_patched_image {
		struct ff_source source; /* the caller's */
		struct ff_settings_patch patch;
	} images[FF_MAX_REGIONS];
};

/* Fills in the regions, up to FF_MAX_REGIONS of them. What begins where the chip looks for its bootloader is changed,
 * unless the chip has protections that would not forgive it, or it is no whole image of this chip: a note says so.
 * `patched` stays where it is while its regions are used. Errors: FF_ERR_NO_MEMORY, those of the sources. */
FF_WARN_UNUSED enum ff_status ff_patched_make(struct ff_patched *patched, const struct ff_flasher *flasher,
					      const struct ff_region *regions, size_t count,
					      const struct ff_settings *settings, struct ff_error *error);

/* Whether a region among the first `count` is changed: which one, and the SHA-256 of its bytes as they are then.
 * Errors: FF_ERR_NO_MEMORY, those of the source. */
FF_WARN_UNUSED enum ff_status ff_patched_tell(const struct ff_patched *patched, size_t count,
					      struct ff_write_report *report, struct ff_error *error);

#endif
