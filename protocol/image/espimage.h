// SPDX-License-Identifier: Apache-2.0
/* Espressif's firmware image, whole: header, segments, checksum, appended SHA-256, and the descriptions that ESP-IDF
 * puts into it.
 *
 *     24 bytes   the header (imageheader.h); 8 on the ESP8266
 *     segments   8 bytes load address and size, then the data
 *     zeros      up to one byte less than a multiple of 16
 *     1 byte     0xEF XOR every data byte of every segment
 *     32 bytes   SHA-256 of everything before it, if the extended header says so
 *
 * Images of the ESP8266 in "version 2" begin with magic 0xEA, a header and one segment that stays in flash; the form
 * above follows. What comes behind an image (padding, a signature, the next image of a merged file) is not looked at.
 *
 * Pure functions over bytes or sources that stay the caller's; the memory does not grow with the image. Any thread.
 * Source: "Firmware Image Format" of the esptool documentation; "App Image Format" and "Bootloader Image Format" of the
 * ESP-IDF guide for the descriptions; esptool 5.3 bin_image.py for version 2. */
#ifndef FF_IMAGE_ESPIMAGE_H
#define FF_IMAGE_ESPIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/source.h>
#include <farflash/status.h>

#include "imagechip.h"
#include "imageheader.h"

/* Sixteen, and the one in front of a version 2 image. */
#define FF_ESPIMAGE_MAX_SEGMENTS (FF_IMAGEHEADER_MAX_SEGMENTS + 1)
#define FF_ESPIMAGE_DIGEST_SIZE 32
#define FF_ESPIMAGE_NO_WP_PIN 0xEE

struct ff_espimage_segment {
	uint32_t address; /* 0 for padding, and for the flash part of version 2 */
	uint32_t size;    /* of the data */
	size_t at;        /* of the segment's header in the file; its data is 8 bytes further */
	bool in_checksum;
};

struct ff_espimage {
	uint8_t version;                 /* 1, or 2 for an ESP8266 image of that form */
	bool extended;                   /* has the extended header: everything but an ESP8266 image */
	const struct ff_imagechip *chip; /* NULL if chip_id is not one that we know */
	uint8_t flash_mode;
	uint8_t flash_size; /* 0 to 15, as in the header */
	uint8_t flash_freq; /* the same */
	uint32_t entry;     /* 0: not set */

	/* of the extended header, 0 without one */
	uint8_t wp_pin;   /* FF_ESPIMAGE_NO_WP_PIN: none */
	uint8_t drive[6]; /* CLK, Q, D, CS0, HD, WP; 0 to 15 */
	uint16_t chip_id; /* FF_IMAGECHIP_NO_ID without one */
	uint8_t min_revision_old;
	uint16_t min_revision; /* major * 100 + minor */
	uint16_t max_revision; /* the same */
	bool has_digest;

	struct ff_espimage_segment segments[FF_ESPIMAGE_MAX_SEGMENTS];
	size_t segment_count;
	uint8_t checksum;                                /* as stored */
	uint8_t checksum_of_data;                        /* as computed: the image is whole if both agree */
	size_t body_size;                                /* from the first byte through the checksum */
	size_t size;                                     /* the same with the digest */
	uint8_t digest[FF_ESPIMAGE_DIGEST_SIZE];         /* as stored; zeros without one */
	uint8_t digest_of_body[FF_ESPIMAGE_DIGEST_SIZE]; /* as computed; zeros without one */
};

/* ESP-IDF's esp_app_desc_t, at the start of an application's first read-only flash segment. Texts are cut at their
 * first zero; bytes that are not printable ASCII become '?'. */
struct ff_espimage_app {
	uint32_t secure_version;
	char version[33];
	char project[33];
	char time[17];
	char date[17];
	char idf_version[33];
	uint8_t elf_digest[FF_ESPIMAGE_DIGEST_SIZE];
	uint16_t min_efuse_revision; /* of the eFuse block, major * 100 + minor */
	uint16_t max_efuse_revision; /* the same */
	uint32_t mmu_page_size;      /* bytes, 0: not said */
};

/* ESP-IDF's esp_bootloader_desc_t, at the start of a bootloader's first segment. Texts as above. */
struct ff_espimage_bootloader {
	uint32_t version;
	char idf_version[33];
	char date_time[25];
};

/* Reads the image at the start of `bytes`. `chip` says which chip's form to expect; NULL finds out. A wrong checksum or
 * digest is no error here: see ff_espimage_is_whole(). `error` may be NULL.
 * Errors: FF_ERR_EMPTY, FF_ERR_FORMAT (no image, or one that ends too early; the text says where). */
FF_WARN_UNUSED enum ff_status ff_espimage_parse(struct ff_espimage *image, const uint8_t *bytes, size_t size,
						const struct ff_imagechip *chip, struct ff_error *error);

/* The same from a source, which is read once for the segments and once for the digest. Errors: those, and those of the
 * source. */
FF_WARN_UNUSED enum ff_status ff_espimage_scan(struct ff_espimage *image, const struct ff_source *source,
					       const struct ff_imagechip *chip, struct ff_error *error);

/* SHA-256 of the first `size` bytes of a source. Errors: FF_ERR_NO_MEMORY, those of the source. */
FF_WARN_UNUSED enum ff_status ff_espimage_digest(uint8_t digest[FF_ESPIMAGE_DIGEST_SIZE],
						 const struct ff_source *source, size_t size, struct ff_error *error);

/* A source over bytes, which both stay the caller's. */
struct ff_source ff_espimage_bytes(const uint8_t *const *bytes, size_t size);

/* True if the checksum, and the digest where there is one, are right. */
bool ff_espimage_is_whole(const struct ff_espimage *image);

/* Finds the application's description; `bytes` are those that the image was read from. False: there is none. */
bool ff_espimage_app(struct ff_espimage_app *app, const struct ff_espimage *image, const uint8_t *bytes);

/* Finds the bootloader's description. False: there is none (ESP-IDF before 5.1 had none). */
bool ff_espimage_bootloader(struct ff_espimage_bootloader *bootloader, const struct ff_espimage *image,
			    const uint8_t *bytes);

#endif
