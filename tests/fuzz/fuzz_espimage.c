// SPDX-License-Identifier: Apache-2.0
/* Firmware images: whatever the bytes, every segment lies inside them, texts end, settings leave a whole image, and only
 * a whole one is signed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "espimage.h"
#include "settings.h"
#include "signature.h"

#define MAX_INPUT 8192 /* room for a signature behind a sector */

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

static void check_image(const struct ff_espimage *image, const uint8_t *bytes, size_t size)
{
	struct ff_espimage_app app;
	struct ff_espimage_bootloader bootloader;

	CHECK(image->segment_count <= FF_ESPIMAGE_MAX_SEGMENTS);
	CHECK(image->body_size % 16 == 0 && image->body_size <= image->size && image->size <= size);
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct ff_espimage_segment *segment = &image->segments[i];

		CHECK(segment->at + 8 + segment->size < image->body_size);
		CHECK(i == 0 || segment->at >= image->segments[i - 1].at + 8 + image->segments[i - 1].size);
	}
	if (ff_espimage_app(&app, image, bytes)) {
		CHECK(strlen(app.version) <= 32 && strlen(app.project) <= 32 && strlen(app.idf_version) <= 32);
	}
	if (ff_espimage_bootloader(&bootloader, image, bytes)) {
		CHECK(strlen(bootloader.idf_version) <= 32 && strlen(bootloader.date_time) <= 24);
	}
}

static void check_settings(const struct ff_espimage *image, const uint8_t *bytes, size_t size)
{
	static const struct ff_settings settings = { "dout", "20m", "2MB" };
	struct ff_espimage again;
	uint8_t *copy = malloc(size);
	bool changed;

	CHECK(copy != NULL);
	memcpy(copy, bytes, size);
	if (ff_settings_apply(&settings, image->chip, copy, size, &changed, NULL) == FF_OK) {
		CHECK(ff_espimage_parse(&again, copy, size, image->chip, NULL) == FF_OK);
		CHECK(ff_espimage_is_whole(&again) && again.flash_mode == 3);
	} else {
		CHECK(memcmp(copy, bytes, size) == 0);
	}
	free(copy);
}

static void check_signature(const uint8_t *bytes, size_t size, const struct ff_imagechip *chip)
{
	const struct ff_source source = ff_espimage_bytes(&bytes, size);
	struct ff_espimage image;
	bool is_signed;

	CHECK(ff_signature_find(&is_signed, &source, chip, NULL) == FF_OK);
	if (is_signed) {
		CHECK(ff_espimage_parse(&image, bytes, size, chip, NULL) == FF_OK && ff_espimage_is_whole(&image));
		CHECK(image.size < size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint16_t ids[] = { FF_IMAGECHIP_NO_ID, 0, 13 };
	struct ff_espimage image;

	if (size > MAX_INPUT) {
		return 0;
	}
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (ff_espimage_parse(&image, bytes, size, ff_imagechip_by_id(ids[i]), NULL) == FF_OK) {
			check_image(&image, bytes, size);
		}
		check_signature(bytes, size, ff_imagechip_by_id(ids[i]));
	}
	if (ff_espimage_parse(&image, bytes, size, NULL, NULL) == FF_OK) {
		check_image(&image, bytes, size);
		if (image.chip != NULL) {
			check_settings(&image, bytes, size);
		}
	}
	return 0;
}
