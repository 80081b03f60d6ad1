// SPDX-License-Identifier: Apache-2.0
#include "imageheader.h"

#include "bytes.h"

/* Where an ESP8266 runs code; no other chip has memory there. */
#define ESP8266_IRAM 0x40100000
#define ESP8266_IRAM_END 0x40110000

static bool between(uint32_t value, uint32_t from, uint32_t to)
{
	return value >= from && value < to;
}

void ff_imageheader_read(struct ff_imageheader *header, const uint8_t *bytes)
{
	struct ff_cursor cursor = ff_cursor_make(bytes, FF_IMAGEHEADER_SIZE);

	*header = (struct ff_imageheader){ .magic = ff_cursor_u8(&cursor) };
	header->segments = ff_cursor_u8(&cursor);
	header->flash_mode = ff_cursor_u8(&cursor);
	uint8_t size_freq = ff_cursor_u8(&cursor);
	header->flash_size = size_freq >> 4;
	header->flash_freq = size_freq & 0x0F;
	header->entry = ff_cursor_le32(&cursor);
}

void ff_imageheader_read_extended(struct ff_imageheader *header, const uint8_t *bytes)
{
	struct ff_cursor cursor = ff_cursor_make(bytes, FF_IMAGEHEADER_EXTENDED_SIZE);

	header->extended = true;
	header->wp_pin = ff_cursor_u8(&cursor);
	for (size_t i = 0; i < 6; i += 2) {
		uint8_t pair = ff_cursor_u8(&cursor);
		header->drive[i] = pair & 0x0F;
		header->drive[i + 1] = pair >> 4;
	}
	header->chip_id = ff_cursor_le16(&cursor);
	header->min_revision_old = ff_cursor_u8(&cursor);
	header->min_revision = ff_cursor_le16(&cursor);
	header->max_revision = ff_cursor_le16(&cursor);
	header->reserved = ff_cursor_le32(&cursor);
	header->has_digest = ff_cursor_u8(&cursor);
}

/* Its entry point tells, where there is one; failing that, the bytes where other chips have their extended header do not
 * look like one. */
bool ff_imageheader_is_esp8266(const uint8_t *bytes, size_t size)
{
	struct ff_imageheader header;

	ff_imageheader_read(&header, bytes);
	if (header.magic == FF_IMAGEHEADER_MAGIC_V2 || between(header.entry, ESP8266_IRAM, ESP8266_IRAM_END)) {
		return true;
	}
	if (size < FF_IMAGEHEADER_FULL_SIZE) {
		return false;
	}
	ff_imageheader_read_extended(&header, bytes + FF_IMAGEHEADER_SIZE);
	return header.has_digest > 1 || header.reserved != 0;
}

/* The first segment's address and size follow the ESP8266's short header at once. */
static bool recognise_esp8266(const struct ff_imageheader *header, const uint8_t *bytes)
{
	bool version_2 = header->magic == FF_IMAGEHEADER_MAGIC_V2;
	uint32_t address = ff_get_le32(bytes + FF_IMAGEHEADER_SIZE);
	bool segment_fits = between(address, 0x3FFE8000, 0x40000000) ||
			    between(address, ESP8266_IRAM, ESP8266_IRAM_END) ||
			    (version_2 && (address == 0 || between(address, 0x40200000, 0x40300000)));

	return (header->magic == FF_IMAGEHEADER_MAGIC || version_2) && segment_fits &&
	       between(header->entry, ESP8266_IRAM, ESP8266_IRAM_END);
}

bool ff_imageheader_recognise(struct ff_imageheader *header, const uint8_t *bytes, size_t size)
{
	struct ff_imageheader found;

	if (size < FF_IMAGEHEADER_FULL_SIZE) {
		return false;
	}
	ff_imageheader_read(&found, bytes);
	if (found.segments < 1 || found.segments > FF_IMAGEHEADER_MAX_SEGMENTS) {
		return false;
	}
	/* First the ESP8266: its addresses are unmistakable, while a first segment of zeros looks like the other form. */
	if (!recognise_esp8266(&found, bytes)) {
		ff_imageheader_read_extended(&found, bytes + FF_IMAGEHEADER_SIZE);
		if (found.magic != FF_IMAGEHEADER_MAGIC || found.reserved != 0 || found.has_digest > 1) {
			return false;
		}
	}
	*header = found;
	return true;
}

void ff_imageheader_put_flash(uint8_t *bytes, uint8_t mode, uint8_t size, uint8_t freq)
{
	bytes[0] = mode;
	bytes[1] = (uint8_t)(size << 4 | freq);
}

void ff_imageheader_write(const struct ff_imageheader *header, uint8_t *bytes)
{
	bytes[0] = header->magic;
	bytes[1] = header->segments;
	ff_imageheader_put_flash(bytes + FF_IMAGEHEADER_FLASH_AT, header->flash_mode, header->flash_size,
				 header->flash_freq);
	ff_put_le32(bytes + 4, header->entry);
	bytes += FF_IMAGEHEADER_SIZE;
	bytes[0] = header->wp_pin;
	for (size_t i = 0; i < 3; i++) {
		bytes[1 + i] = (uint8_t)(header->drive[2 * i] | header->drive[2 * i + 1] << 4);
	}
	ff_put_le16(bytes + 4, header->chip_id);
	bytes[6] = header->min_revision_old;
	ff_put_le16(bytes + 7, header->min_revision);
	ff_put_le16(bytes + 9, header->max_revision);
	ff_put_le32(bytes + 11, header->reserved);
	bytes[15] = header->has_digest;
}
