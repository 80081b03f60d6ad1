// SPDX-License-Identifier: Apache-2.0
/* Whether an image is signed for secure boot v2: a block behind it, at the next sector.
 *
 * Pure but for its source; any thread. Source: "Secure Boot v2" of the ESP-IDF guide, "Signature Block Format"; esptool
 * 5.3 espsecure. */
#ifndef FF_IMAGE_SIGNATURE_H
#define FF_IMAGE_SIGNATURE_H

#include <stdbool.h>

#include <farflash/source.h>
#include <farflash/status.h>

#include "imagechip.h"

/* Sets *signed_ if a whole image of this chip is at the start of the source, and behind it a signature block that is whole
 * and, where it is RSA's, about this image. Whether the chip trusts the key is not looked at.
 * Errors: those of the source, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_signature_find(bool *signed_, const struct ff_source *source,
						const struct ff_imagechip *chip, struct ff_error *error);

#endif
