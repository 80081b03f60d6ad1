// SPDX-License-Identifier: Apache-2.0
/* The header of an Espressif firmware image: the one place that knows what stands where in it.
 *
 *     8 bytes    magic, number of segments, flash mode, flash size and frequency, entry point
 *     16 bytes   extended header (every chip but the ESP8266): pins, chip id, revisions, whether a SHA-256 follows
 *
 * Pure functions; any thread. Source: "Firmware Image Format" of the esptool documentation, esptool 5.3 bin_image.py and
 * ESP-IDF's "App Image Format" page. */
#ifndef FF_IMAGE_IMAGEHEADER_H
#define FF_IMAGE_IMAGEHEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_IMAGEHEADER_SIZE 8
#define FF_IMAGEHEADER_EXTENDED_SIZE 16
/* Bytes that ff_imageheader_recognise() looks at. */
#define FF_IMAGEHEADER_FULL_SIZE (FF_IMAGEHEADER_SIZE + FF_IMAGEHEADER_EXTENDED_SIZE)

/* Where the flash settings stand, and how many bytes they are. */
#define FF_IMAGEHEADER_FLASH_AT 2
#define FF_IMAGEHEADER_FLASH_SIZE 2

#define FF_IMAGEHEADER_MAGIC 0xE9
#define FF_IMAGEHEADER_MAGIC_V2 0xEA /* an ESP8266 image of "version 2" */
#define FF_IMAGEHEADER_MAX_SEGMENTS 16
#define FF_IMAGEHEADER_ANY_REVISION 0xFFFF

struct ff_imageheader {
	uint8_t magic;
	uint8_t segments;
	uint8_t flash_mode;
	uint8_t flash_size; /* 0 to 15 */
	uint8_t flash_freq; /* the same */
	uint32_t entry;

	/* of the extended header, 0 without one */
	bool extended;
	uint8_t wp_pin;
	uint8_t drive[6]; /* CLK, Q, D, CS0, HD, WP; 0 to 15 */
	uint16_t chip_id;
	uint8_t min_revision_old; /* one number, before there were major and minor; see FF_CHIP_MIN_REVISION_IS_MINOR */
	uint16_t min_revision;    /* major * 100 + minor */
	uint16_t
		max_revision; /* the same; 0: the image is older than these fields; FF_IMAGEHEADER_ANY_REVISION: no limit */
	uint32_t reserved;
	uint8_t has_digest; /* 0 or 1 in a valid header */
};

/* Reads the first FF_IMAGEHEADER_SIZE bytes; what the extended header holds becomes 0. */
void ff_imageheader_read(struct ff_imageheader *header, const uint8_t *bytes);

/* Adds the FF_IMAGEHEADER_EXTENDED_SIZE bytes that follow. */
void ff_imageheader_read_extended(struct ff_imageheader *header, const uint8_t *bytes);

/* True if what begins like an image looks like one for the ESP8266, which nothing says outright. `size` is at least
 * FF_IMAGEHEADER_SIZE. */
bool ff_imageheader_is_esp8266(const uint8_t *bytes, size_t size);

/* True if the bytes begin a firmware image, and then its header, extended unless it is for the ESP8266. Data that merely
 * begins with the magic byte is not taken for one. */
bool ff_imageheader_recognise(struct ff_imageheader *header, const uint8_t *bytes, size_t size);

/* Writes FF_IMAGEHEADER_FULL_SIZE bytes: an extended header, whatever `extended` says. */
void ff_imageheader_write(const struct ff_imageheader *header, uint8_t *bytes);

/* The two bytes of flash settings, as they stand at FF_IMAGEHEADER_FLASH_AT. */
void ff_imageheader_put_flash(uint8_t *bytes, uint8_t mode, uint8_t size, uint8_t freq);

#endif
