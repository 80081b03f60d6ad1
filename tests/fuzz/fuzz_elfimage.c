// SPDX-License-Identifier: Apache-2.0
/* Images of ELF files: the first byte chooses a chip, the rest is the file. Whatever is in it, an image that is made is
 * whole and for that chip. */
#include <stdint.h>
#include <stdlib.h>

#include "elfimage.h"
#include "espimage.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

#define MAX_IMAGE (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const chips[] = { "esp32",   "esp32s2", "esp32s3",  "esp32c2", "esp32c3", "esp32c5",
					     "esp32c6", "esp32p4", "esp32s31", "esp8266", "esp32e22" };
	struct ff_elfimage_options options = { .max_revision = FF_IMAGEHEADER_ANY_REVISION };
	struct ff_espimage parsed;
	struct ff_buf image;

	if (size == 0) {
		return 0;
	}
	options.chip = ff_imagechip_by_name(chips[bytes[0] % (sizeof(chips) / sizeof(chips[0]))]);
	ff_buf_init(&image, MAX_IMAGE);
	if (ff_elfimage_make(&options, bytes + 1, size - 1, &image, NULL) == FF_OK) {
		CHECK(ff_espimage_parse(&parsed, image.bytes, image.size, options.chip, NULL) == FF_OK);
		CHECK(parsed.size == image.size && ff_espimage_is_whole(&parsed) && parsed.chip == options.chip);
	}
	ff_buf_release(&image);
	return 0;
}
