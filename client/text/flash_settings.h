// SPDX-License-Identifier: Apache-2.0
/* esptool's --flash-mode, --flash-freq and --flash-size, and whether they agree with a bootloader's header. Pure. */
#ifndef FF_CLIENT_FLASH_SETTINGS_H
#define FF_CLIENT_FLASH_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_FLASH_SETTINGS_HEADER_SIZE 16

/* What the bootloader's header should say, in esptool's words ("dio", "40m", "2MB"); "" or "keep" where nobody says. */
struct ff_flash_settings {
	char mode[8];
	char freq[8];
	char size[12];
};

/* Compares esptool's flash settings with an image's header and says what esptool would change and farflash leaves as
 * built: writes one sentence into `text` and answers true. False where nothing would change: the settings agree or say
 * "keep", the image is no bootloader (another offset than its chip's, no 0xE9 in front), or its chip is not known.
 *
 * `header` holds the image's first bytes; fewer than FF_FLASH_SETTINGS_HEADER_SIZE are no bootloader. Source: esptool 5.3 cmds.py
 * (_update_image_flash_params) and targets (FLASH_SIZES, FLASH_FREQUENCY, BOOTLOADER_FLASH_OFFSET). */
bool ff_flash_settings_differ(const struct ff_flash_settings *settings, uint32_t offset, const uint8_t *header,
			      size_t header_size, char *text, size_t text_size);

#endif
