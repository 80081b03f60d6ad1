// SPDX-License-Identifier: Apache-2.0
/* The header of an Espressif firmware image: which chip and which revisions of it an image is for.
 *
 * Pure functions; any thread. Source: esptool 5.3 bin_image.py and ESP-IDF's "App Image Format" page. */
#ifndef FF_FLASHER_IMAGE_H
#define FF_FLASHER_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that ff_image_parse() looks at. */
#define FF_IMAGE_HEADER_SIZE 24

#define FF_IMAGE_ANY_REVISION 0xFFFF

struct ff_image {
	bool esp8266; /* the ESP8266's format, which names no chip; the rest is 0 then */
	uint16_t chip_id;
	uint8_t min_revision_old; /* one number, before there were major and minor; see FF_CHIP_MIN_REVISION_IS_MINOR */
	uint16_t min_revision;    /* major * 100 + minor */
	uint16_t max_revision; /* the same; 0: the image is older than these fields; FF_IMAGE_ANY_REVISION: no limit */
};

/* True if the bytes begin a firmware image. Data that merely begins with the magic byte is not taken for one. */
bool ff_image_parse(struct ff_image *image, const uint8_t *bytes, size_t size);

#endif
