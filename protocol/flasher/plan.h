// SPDX-License-Identifier: Apache-2.0
/* What can be refused before anything is erased. ff_check_regions() is in the public header. Any thread. */
#ifndef FF_FLASHER_PLAN_H
#define FF_FLASHER_PLAN_H

#include <farflash/flasher.h>

#include "chip.h"

/* Room for what ff_plan_label() writes. */
#define FF_PLAN_LABEL_SIZE 96

/* How messages call a region: by its name, or by its number. Answers `label`. */
const char *ff_plan_label(const struct ff_region *regions, size_t index, char label[FF_PLAN_LABEL_SIZE]);

/* Reads the header of each image and refuses those for another chip, or for a revision that the chip does not have.
 * Regions that are no images pass. `revision` is major * 100 + minor and counts only where it is known.
 * Errors: FF_ERR_WRONG_CHIP, FF_ERR_WRONG_REVISION, those of the sources. */
FF_WARN_UNUSED enum ff_status ff_plan_check_images(const struct ff_region *regions, size_t count,
						   const struct ff_chip *chip, unsigned revision, bool revision_known,
						   struct ff_error *error);

#endif
