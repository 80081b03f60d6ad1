// SPDX-License-Identifier: Apache-2.0
#include "image.h"

#include "bytes.h"

#define MAGIC 0xE9
#define MAGIC_ESP8266_V2 0xEA
#define MAX_SEGMENTS 16
#define RESERVED_SIZE 4

static bool between(uint32_t value, uint32_t from, uint32_t to)
{
	return value >= from && value < to;
}

/* The ESP8266's header is 8 bytes, and the first segment's address and size follow at once. */
static bool parse_esp8266(const uint8_t *bytes)
{
	struct ff_cursor cursor = ff_cursor_make(bytes, FF_IMAGE_HEADER_SIZE);
	uint8_t magic = ff_cursor_u8(&cursor);
	uint8_t segments = ff_cursor_u8(&cursor);
	ff_cursor_le16(&cursor); /* flash mode, size and frequency */
	uint32_t entry = ff_cursor_le32(&cursor);
	uint32_t address = ff_cursor_le32(&cursor);
	bool segment_fits = between(address, 0x3FFE8000, 0x40000000) || between(address, 0x40100000, 0x40110000) ||
			    (magic == MAGIC_ESP8266_V2 && (address == 0 || between(address, 0x40200000, 0x40300000)));
	return (magic == MAGIC || magic == MAGIC_ESP8266_V2) && segments >= 1 && segments <= MAX_SEGMENTS &&
	       between(entry, 0x40100000, 0x40110000) && segment_fits;
}

static bool parse_esp32(struct ff_image *image, const uint8_t *bytes)
{
	struct ff_cursor cursor = ff_cursor_make(bytes, FF_IMAGE_HEADER_SIZE);
	uint8_t magic = ff_cursor_u8(&cursor);
	uint8_t segments = ff_cursor_u8(&cursor);
	ff_cursor_take(&cursor, 2 + 4 + 4); /* flash settings, entry point, pins */
	*image = (struct ff_image){ .chip_id = ff_cursor_le16(&cursor) };
	image->min_revision_old = ff_cursor_u8(&cursor);
	image->min_revision = ff_cursor_le16(&cursor);
	image->max_revision = ff_cursor_le16(&cursor);
	uint32_t reserved = ff_cursor_le32(&cursor);
	uint8_t has_digest = ff_cursor_u8(&cursor);
	return magic == MAGIC && segments >= 1 && segments <= MAX_SEGMENTS && reserved == 0 && has_digest <= 1;
}

bool ff_image_parse(struct ff_image *image, const uint8_t *bytes, size_t size)
{
	if (size < FF_IMAGE_HEADER_SIZE) {
		return false;
	}
	/* First the ESP8266: its addresses are unmistakable, while a first segment of zeros looks like the other form. */
	if (parse_esp8266(bytes)) {
		*image = (struct ff_image){ .esp8266 = true };
		return true;
	}
	struct ff_image found;
	if (!parse_esp32(&found, bytes)) {
		return false;
	}
	*image = found;
	return true;
}
