// SPDX-License-Identifier: Apache-2.0
/* Images of ELF files: the first byte chooses a chip, and of the ESP8266 a form; the rest is the file. Whatever is in it,
 * an image that is made is whole and for that chip. */
#include <stdint.h>
#include <stdlib.h>

#include "elfimage.h"
#include "elfimage8266.h"
#include "espimage.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

#define MAX_IMAGE (1 << 20)
#define CRC_SIZE 4
#define DIGEST_SIZE 32

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const struct ff_buf *image, const struct ff_imagechip *chip, size_t behind)
{
	struct ff_espimage parsed;

	CHECK(ff_espimage_parse(&parsed, image->bytes, image->size, chip, NULL) == FF_OK);
	CHECK(parsed.size + behind == image->size && ff_espimage_is_whole(&parsed) && parsed.chip == chip);
}

static void make_esp8266(const struct ff_elfimage_options *options, unsigned version, const uint8_t *elf, size_t size)
{
	struct ff_elfimage8266 made;

	ff_elfimage8266_init(&made, MAX_IMAGE);
	if (ff_elfimage8266_make(&made, options, version, elf, size, NULL) == FF_OK) {
		check(&made.image, options->chip, version == 1 ? 0 : version == 2 ? CRC_SIZE : DIGEST_SIZE);
		CHECK(version == 1 || made.irom.size == 0);
		CHECK(made.irom_at < 1 << 20);
	}
	ff_elfimage8266_release(&made);
}

static void make(const struct ff_elfimage_options *options, const uint8_t *elf, size_t size)
{
	struct ff_buf image;

	ff_buf_init(&image, MAX_IMAGE);
	if (ff_elfimage_make(options, elf, size, &image, NULL) == FF_OK) {
		check(&image, options->chip, 0);
	}
	ff_buf_release(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const chips[] = { "esp32",   "esp32s2", "esp32s3", "esp32c2",  "esp32c3",
					     "esp32c5", "esp32c6", "esp32p4", "esp32s31", "esp8266",
					     "esp8266", "esp8266", "esp32e22" };
	struct ff_elfimage_options options = { .max_revision = FF_IMAGEHEADER_ANY_REVISION };
	unsigned choice;

	if (size == 0) {
		return 0;
	}
	choice = bytes[0] % (sizeof(chips) / sizeof(chips[0]));
	options.chip = ff_imagechip_by_name(chips[choice]);
	if (options.chip->id == FF_IMAGECHIP_NO_ID) {
		make_esp8266(&options, choice % FF_ELFIMAGE8266_VERSIONS + 1, bytes + 1, size - 1);
	} else {
		make(&options, bytes + 1, size - 1);
	}
	return 0;
}
