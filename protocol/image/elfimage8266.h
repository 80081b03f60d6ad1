// SPDX-License-Identifier: Apache-2.0
/* Makes the firmware images of an ELF executable for the ESP8266, of the three forms that its SDKs know:
 *
 *     version 1   what the ROM loads from flash address 0, and beside it, as plain bytes, the code that runs from flash
 *     version 2   one file for a second stage bootloader: the code that runs from flash first, a CRC-32 last
 *     version 3   ESP8266_RTOS_SDK's: like the ESP32's without the extended header, nothing at page boundaries
 *
 * Pure; any thread. Source: esptool 5.3 bin_image.py (ESP8266ROMFirmwareImage, ESP8266V2FirmwareImage,
 * ESP8266V3FirmwareImage) and cmds.py (elf2image); the same input gives the same bytes, but for what is refused here. */
#ifndef FF_IMAGE_ELFIMAGE8266_H
#define FF_IMAGE_ELFIMAGE8266_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "buf.h"
#include "elfimage.h"

#define FF_ELFIMAGE8266_VERSIONS 3

struct ff_elfimage8266 {
	struct ff_buf image;
	struct ff_buf irom; /* of version 1: code in flash; empty without any, and of the others */
	uint32_t irom_at;   /* the flash address that this code was linked for; 0 without any, and of version 3 */
};

/* Empty; each part will hold at most `cap` bytes. */
void ff_elfimage8266_init(struct ff_elfimage8266 *made, size_t cap);

void ff_elfimage8266_release(struct ff_elfimage8266 *made);

/* Makes an image of `version` 1 to 3, with the options' chip (the ESP8266) and settings; the rest of them has no place in
 * its images. `made` is empty before.
 * Errors: those of ff_elfimage_make(); FF_ERR_FORMAT also for two pieces of code in flash, for nothing in RAM (versions 1
 * and 2) and for nothing in flash (version 2). */
FF_WARN_UNUSED enum ff_status ff_elfimage8266_make(struct ff_elfimage8266 *made,
						   const struct ff_elfimage_options *options, unsigned version,
						   const uint8_t *elf, size_t size, struct ff_error *error);

#endif
