// SPDX-License-Identifier: Apache-2.0
#include "flash_settings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Image header: byte 0 0xE9, byte 2 flash mode, byte 3 size in the upper and frequency in the lower half, bytes 12 and
 * 13 the chip's id (ESP8266 images have no such field). Source: esptool 5.3 bin_image.py. */
#define IMAGE_MAGIC 0xe9

struct setting_row {
	const char *word;
	uint8_t value;
};

static const struct setting_row modes[] = { { "qio", 0 }, { "qout", 1 }, { "dio", 2 }, { "dout", 3 }, { NULL, 0 } };

static const struct setting_row sizes[] = { { "1MB", 0 },  { "2MB", 1 },  { "4MB", 2 },   { "8MB", 3 }, { "16MB", 4 },
					    { "32MB", 5 }, { "64MB", 6 }, { "128MB", 7 }, { NULL, 0 } };

static const struct setting_row freqs_80m[] = { { "80m", 15 }, { "40m", 0 }, { "26m", 1 }, { "20m", 2 }, { NULL, 0 } };
static const struct setting_row freqs_60m[] = { { "60m", 15 }, { "30m", 0 }, { "20m", 1 }, { "15m", 2 }, { NULL, 0 } };
/* The C6's ROM divides wrongly, so its images say 40 MHz for 80 as well. */
static const struct setting_row freqs_c6[] = { { "80m", 0 }, { "40m", 0 }, { "20m", 2 }, { NULL, 0 } };
static const struct setting_row freqs_48m[] = { { "48m", 15 }, { "24m", 0 }, { "16m", 1 }, { "12m", 2 }, { NULL, 0 } };

struct chip_row {
	uint16_t id;
	uint32_t bootloader;
	const struct setting_row *freqs;
};

static const struct chip_row chips[] = {
	{ 0, 0x1000, freqs_80m },  /* ESP32 */
	{ 2, 0x1000, freqs_80m },  /* S2 */
	{ 9, 0x0, freqs_80m },     /* S3 */
	{ 12, 0x0, freqs_60m },    /* C2 */
	{ 5, 0x0, freqs_80m },     /* C3 */
	{ 23, 0x2000, freqs_80m }, /* C5 */
	{ 13, 0x0, freqs_c6 },     /* C6 */
	{ 20, 0x0, freqs_80m },    /* C61 */
	{ 16, 0x0, freqs_48m },    /* H2 */
	{ 18, 0x2000, freqs_80m }, /* P4 */
};

static const struct chip_row *find_chip(uint16_t id, uint32_t offset)
{
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		if (chips[i].id == id && chips[i].bootloader == offset) {
			return &chips[i];
		}
	}
	return NULL;
}

/* True if the word is one of the table's and stands for another value. */
static bool differs(const struct setting_row *table, const char *word, uint8_t value)
{
	for (; table->word != NULL; table++) {
		if (strcasecmp(table->word, word) == 0) {
			return table->value != value;
		}
	}
	return false;
}

bool ff_flash_settings_differ(const struct ff_flash_settings *settings, uint32_t offset, const uint8_t *header,
			      size_t header_size, char *text, size_t text_size)
{
	const struct chip_row *chip;
	bool mode, freq, size;

	if (header_size < FF_FLASH_SETTINGS_HEADER_SIZE || header[0] != IMAGE_MAGIC) {
		return false;
	}
	chip = find_chip((uint16_t)(header[12] | header[13] << 8), offset);
	if (chip == NULL) {
		return false;
	}
	mode = differs(modes, settings->mode, header[2]);
	freq = differs(chip->freqs, settings->freq, header[3] & 0x0f);
	size = differs(sizes, settings->size, header[3] >> 4);
	if (!mode && !freq && !size) {
		return false;
	}
	snprintf(text, text_size, "its header disagrees with%s%s%s%s%s%s; farflash writes it as it was built",
		 mode ? " --flash-mode " : "", mode ? settings->mode : "", freq ? " --flash-freq " : "",
		 freq ? settings->freq : "", size ? " --flash-size " : "", size ? settings->size : "");
	return true;
}
