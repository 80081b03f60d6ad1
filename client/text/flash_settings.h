// SPDX-License-Identifier: Apache-2.0
/* esptool's --flash-mode, --flash-freq and --flash-size, as words that the engine understands or refuses. */
#ifndef FF_CLIENT_FLASH_SETTINGS_H
#define FF_CLIENT_FLASH_SETTINGS_H

/* "dio", "40m", "2MB"; "" where nobody says. */
struct ff_flash_settings {
	char mode[8];
	char freq[8];
	char size[12];
};

#endif
