// SPDX-License-Identifier: Apache-2.0
#include "imagechip.h"

#include <ctype.h>
#include <stdbool.h>
#include <strings.h>

const struct ff_imagechip_word ff_imagechip_modes[] = {
	{ "qio", 0 }, { "qout", 1 }, { "dio", 2 }, { "dout", 3 }, { NULL, 0 }
};

static const struct ff_imagechip_word sizes_esp8266[] = { { "512KB", 0 },  { "256KB", 1 }, { "1MB", 2 },
							  { "2MB", 3 },    { "4MB", 4 },   { "2MB-c1", 5 },
							  { "4MB-c1", 6 }, { "8MB", 8 },   { "16MB", 9 },
							  { NULL, 0 } };
static const struct ff_imagechip_word sizes_esp32[] = { { "1MB", 0 },  { "2MB", 1 },   { "4MB", 2 },
							{ "8MB", 3 },  { "16MB", 4 },  { "32MB", 5 },
							{ "64MB", 6 }, { "128MB", 7 }, { NULL, 0 } };

static const struct ff_imagechip_word freqs_80m[] = {
	{ "80m", 15 }, { "40m", 0 }, { "26m", 1 }, { "20m", 2 }, { NULL, 0 }
};
static const struct ff_imagechip_word freqs_80m_no_26m[] = { { "80m", 15 }, { "40m", 0 }, { "20m", 2 }, { NULL, 0 } };
/* The C6's ROM divides wrongly, so its images say 40 MHz for 80 as well. */
static const struct ff_imagechip_word freqs_c6[] = { { "80m", 0 }, { "40m", 0 }, { "20m", 2 }, { NULL, 0 } };
static const struct ff_imagechip_word freqs_60m[] = {
	{ "60m", 15 }, { "30m", 0 }, { "20m", 1 }, { "15m", 2 }, { NULL, 0 }
};
static const struct ff_imagechip_word freqs_48m[] = {
	{ "48m", 15 }, { "24m", 0 }, { "16m", 1 }, { "12m", 2 }, { NULL, 0 }
};

static const struct ff_imagechip chips[] = {
	{ "ESP8266", FF_IMAGECHIP_NO_ID, 0, 0x7EAB61ED, sizes_esp8266, freqs_80m, ff_memmap_esp8266 },
	{ "ESP32", 0, 0x1000, 0x1C5F21B0, sizes_esp32, freqs_80m, ff_memmap_esp32 },
	{ "ESP32-S2", 2, 0x1000, 0xBFDD4EEE, sizes_esp32, freqs_80m, ff_memmap_esp32s2 },
	{ "ESP32-S3", 9, 0, 0xC47E5767, sizes_esp32, freqs_80m, ff_memmap_esp32s3 },
	{ "ESP32-C2", 12, 0, 0x2B88D29C, sizes_esp32, freqs_60m, ff_memmap_esp32c2 },
	{ "ESP32-C3", 5, 0, 0xD42BA06C, sizes_esp32, freqs_80m, ff_memmap_esp32c3 },
	{ "ESP32-C5", 23, 0x2000, 0xF71C0343, sizes_esp32, freqs_80m_no_26m, ff_memmap_esp32c5 },
	{ "ESP32-C6", 13, 0, 0x540DDF62, sizes_esp32, freqs_c6, ff_memmap_esp32c6 },
	{ "ESP32-C61", 20, 0, 0x77D850C4, sizes_esp32, freqs_80m_no_26m, ff_memmap_esp32c61 },
	{ "ESP32-H2", 16, 0, 0x332726F6, sizes_esp32, freqs_48m, ff_memmap_esp32c6 },
	{ "ESP32-H21", 25, 0, 0xB6DD00AF, sizes_esp32, freqs_48m, ff_memmap_esp32c6 },
	{ "ESP32-H4", 28, 0x2000, 0x9E0BAA8A, sizes_esp32, freqs_48m, ff_memmap_esp32h4 },
	{ "ESP32-P4", 18, 0x2000, 0x3D308E94, sizes_esp32, freqs_80m, ff_memmap_esp32p4 },
	{ "ESP32-S31", 32, 0x2000, 0x3101F7C1, sizes_esp32, freqs_80m_no_26m, ff_memmap_esp32s31 },
	{ "ESP32-E22", 31, 0, 0, sizes_esp32, freqs_80m, ff_memmap_esp32e22 },
};

#define CHIP_COUNT (sizeof(chips) / sizeof(chips[0]))

const struct ff_imagechip *ff_imagechip_by_id(uint16_t id)
{
	for (size_t i = 0; i < CHIP_COUNT; i++) {
		if (chips[i].id == id) {
			return &chips[i];
		}
	}
	return NULL;
}

bool ff_imagechip_is_same_name(const char *a, const char *b)
{
	for (;;) {
		a += *a == '-';
		b += *b == '-';
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) {
			return false;
		}
		if (*a == '\0') {
			return true;
		}
		a++;
		b++;
	}
}

const struct ff_imagechip *ff_imagechip_by_name(const char *name)
{
	for (size_t i = 0; i < CHIP_COUNT; i++) {
		if (ff_imagechip_is_same_name(chips[i].name, name)) {
			return &chips[i];
		}
	}
	return NULL;
}

const struct ff_imagechip *ff_imagechip_by_family(uint32_t family)
{
	for (size_t i = 0; family != 0 && i < CHIP_COUNT; i++) {
		if (chips[i].uf2_family == family) {
			return &chips[i];
		}
	}
	return NULL;
}

const char *ff_imagechip_word(const struct ff_imagechip_word *list, uint8_t value)
{
	for (; list->word != NULL; list++) {
		if (list->value == value) {
			return list->word;
		}
	}
	return NULL;
}

const struct ff_imagechip_word *ff_imagechip_find_word(const struct ff_imagechip_word *list, const char *word)
{
	for (; list->word != NULL; list++) {
		if (strcasecmp(list->word, word) == 0) {
			return list;
		}
	}
	return NULL;
}

uint32_t ff_imagechip_size(const char *word)
{
	uint32_t value = 0;

	for (; isdigit((unsigned char)*word) && value < 1000; word++) {
		value = value * 10 + (uint32_t)(*word - '0');
	}
	if (strncasecmp(word, "KB", 2) == 0) {
		return value << 10;
	}
	return strncasecmp(word, "MB", 2) == 0 ? value << 20 : 0;
}
