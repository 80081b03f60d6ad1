// SPDX-License-Identifier: Apache-2.0
/* How the flash chip is connected: data lines and voltage, as far as efuses and pins tell. Only the ESP32, the ESP32-S2 and
 * the ESP32-S3 do. */
#ifndef FF_LOADER_WIRING_H
#define FF_LOADER_WIRING_H

#include <farflash/wiring.h>

#include "loader.h"

/* What is not told stays empty, which in secure download mode is all. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_wiring_read(struct ff_loader *loader, struct ff_flash_wiring *wiring,
					     struct ff_error *error);

#endif
