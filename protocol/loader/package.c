// SPDX-License-Identifier: Apache-2.0
#include "package.h"

#include <stddef.h>
#include <string.h>

#define ALL 0xFFFF
/* Ends a list: the text for every other value. */
#define OTHERWISE(text) \
	{ \
		0, 0, text \
	}

#define ANY_FLASH "Embedded Flash"
#define UNKNOWN_FLASH "Unknown Embedded Flash"
#define UNKNOWN_PSRAM "Unknown Embedded PSRAM"

/* Where esptool prints empty parentheses for a maker that it does not know, we print none. */
static const struct ff_package_choice flash_makers[] = { { ALL, 1, "XMC" }, { ALL, 2, "GD" },   { ALL, 3, "FM" },
							 { ALL, 4, "TT" },  { ALL, 5, "ZBIT" }, OTHERWISE(NULL) };

/* Bits: 0 and 2 to 4 tell the size of the flash inside, 1 its temperature range, 0 or 5 that there is one. */
static const struct ff_package_choice esp8266_names[] = {
	{ 0x1F, 0x01, "ESP8285N08" }, { 0x1F, 0x03, "ESP8285H08" }, { 0x1F, 0x09, "ESP8285N16" },
	{ 0x1F, 0x0B, "ESP8285H16" }, { 0x3F, 0x24, "ESP8285N16" }, { 0x3F, 0x26, "ESP8285H16" },
	{ 0x01, 0x01, "ESP8285" },    { 0x20, 0x20, "ESP8285" },    OTHERWISE("ESP8266EX"),
};
static const struct ff_package_choice esp8266_flash[] = { { ALL, 0, NULL }, OTHERWISE(ANY_FLASH) };

/* Bits: 0 to 3 the package, 4 a single core, 5 to 7 the major revision, which is 3 when all are set. */
static const struct ff_package_choice esp32_names[] = {
	{ 0x1F, 0x10, "ESP32-S0WDQ6" },  { 0xEF, 0xE0, "ESP32-D0WDQ6-V3" },  { 0x0F, 0x00, "ESP32-D0WDQ6" },
	{ 0x1F, 0x11, "ESP32-S0WD" },    { 0xEF, 0xE1, "ESP32-D0WD-V3" },    { 0x0F, 0x01, "ESP32-D0WD" },
	{ 0x0F, 0x02, "ESP32-D2WD" },    { 0x0F, 0x04, "ESP32-U4WDH" },      { 0xEF, 0xE5, "ESP32-PICO-V3" },
	{ 0x0F, 0x05, "ESP32-PICO-D4" }, { 0x0F, 0x06, "ESP32-PICO-V3-02" }, { 0x0F, 0x07, "ESP32-D0WDR2-V3" },
	OTHERWISE("Unknown ESP32"),
};
static const struct ff_package_choice esp32_bluetooth[] = { { ALL, 0, "BT" }, OTHERWISE(NULL) };
static const struct ff_package_choice esp32_cores[] = { { ALL, 0, "Dual Core + LP Core" },
							OTHERWISE("Single Core + LP Core") };
static const struct ff_package_choice esp32_rates[] = { { ALL, 2, "240MHz" }, { ALL, 3, "160MHz" }, OTHERWISE(NULL) };
static const struct ff_package_choice esp32_flash[] = {
	{ ALL, 2, ANY_FLASH }, { ALL, 4, ANY_FLASH }, { ALL, 5, ANY_FLASH }, { ALL, 6, ANY_FLASH }, OTHERWISE(NULL),
};
static const struct ff_package_choice esp32_psram[] = { { ALL, 6, "Embedded PSRAM" }, OTHERWISE(NULL) };
static const struct ff_package_choice esp32_vref[] = { { ALL, 0, NULL }, OTHERWISE("Vref calibration in eFuse") };
static const struct ff_package_choice esp32_block3[] = { { ALL, 0, NULL }, OTHERWISE("BLK3 partially reserved") };
static const struct ff_package_choice esp32_coding[] = {
	{ ALL, 0, "Coding Scheme None" },
	{ ALL, 1, "Coding Scheme 3/4" },
	{ ALL, 2, "Coding Scheme Repeat (UNSUPPORTED)" },
	OTHERWISE("Coding Scheme None (may contain encoding data)"),
};

/* Bits: 0 to 3 the flash inside, 4 to 7 the PSRAM. */
static const struct ff_package_choice esp32s2_names[] = {
	{ ALL, 0x00, "ESP32-S2" },   { ALL, 0x01, "ESP32-S2FH2" },  { ALL, 0x02, "ESP32-S2FH4" },
	{ ALL, 0x10, "ESP32-S2R2" }, { ALL, 0x12, "ESP32-S2FNR2" }, OTHERWISE("Unknown ESP32-S2"),
};
static const struct ff_package_choice esp32s2_flash[] = {
	{ ALL, 0, "No Embedded Flash" },
	{ ALL, 1, "Embedded Flash 2MB" },
	{ ALL, 2, "Embedded Flash 4MB" },
	OTHERWISE(UNKNOWN_FLASH),
};
static const struct ff_package_choice esp32s2_psram[] = {
	{ ALL, 0, "No Embedded PSRAM" },
	{ ALL, 1, "Embedded PSRAM 2MB" },
	{ ALL, 2, "Embedded PSRAM 4MB" },
	OTHERWISE(UNKNOWN_PSRAM),
};
static const struct ff_package_choice esp32s2_calibration[] = {
	{ ALL, 0, "No calibration in BLK2 of efuse" },
	{ ALL, 1, "ADC and temperature sensor calibration in BLK2 of eFuse V1" },
	{ ALL, 2, "ADC and temperature sensor calibration in BLK2 of eFuse V2" },
	OTHERWISE("Unknown calibration in BLK2"),
};

static const struct ff_package_choice esp32s3_names[] = {
	{ ALL, 0, "ESP32-S3 (QFN56)" },
	{ ALL, 1, "ESP32-S3-PICO-1 (LGA56)" },
	OTHERWISE("Unknown ESP32-S3"),
};
static const struct ff_package_choice esp32s3_flash[] = {
	{ ALL, 0, NULL }, { ALL, 1, "Embedded Flash 8MB" }, { ALL, 2, "Embedded Flash 4MB" }, OTHERWISE(UNKNOWN_FLASH)
};
static const struct ff_package_choice esp32s3_flash_makers[] = { { ALL, 1, "XMC" }, { ALL, 2, "GD" }, { ALL, 3, "FM" },
								 { ALL, 4, "TT" },  { ALL, 5, "BY" }, OTHERWISE(NULL) };
static const struct ff_package_choice esp32s3_psram[] = {
	{ ALL, 0, NULL },
	{ ALL, 1, "Embedded PSRAM 8MB" },
	{ ALL, 2, "Embedded PSRAM 2MB" },
	{ ALL, 3, "Embedded PSRAM 16MB" },
	{ ALL, 4, "Embedded PSRAM 4MB" },
	OTHERWISE(UNKNOWN_PSRAM),
};
static const struct ff_package_choice esp32s3_psram_makers[] = { { ALL, 1, "AP_3v3" },
								 { ALL, 2, "AP_1v8" },
								 OTHERWISE(NULL) };

static const struct ff_package_choice esp32c2_names[] = {
	{ ALL, 0, "ESP32-C2" },
	{ ALL, 1, "ESP8684H" },
	OTHERWISE("Unknown ESP32-C2"),
};
static const struct ff_package_choice esp32c2_flash[] = {
	{ ALL, 0, NULL },
	{ ALL, 1, "Embedded Flash 4MB" },
	{ ALL, 2, "Embedded Flash 2MB" },
	{ ALL, 3, "Embedded Flash 1MB" },
	OTHERWISE(UNKNOWN_FLASH),
};

static const struct ff_package_choice esp32c3_names[] = {
	{ ALL, 0, "ESP32-C3 (QFN32)" }, { ALL, 1, "ESP8685 (QFN28)" }, { ALL, 2, "ESP32-C3 AZ (QFN32)" },
	{ ALL, 3, "ESP8686 (QFN24)" },  OTHERWISE("Unknown ESP32-C3"),
};
static const struct ff_package_choice esp32c3_flash[] = {
	{ ALL, 0, NULL },
	{ ALL, 1, "Embedded Flash 4MB" },
	{ ALL, 2, "Embedded Flash 2MB" },
	{ ALL, 3, "Embedded Flash 1MB" },
	{ ALL, 4, "Embedded Flash 8MB" },
	OTHERWISE(UNKNOWN_FLASH),
};

/* Bits: 0 to 2 the package, 3 to 5 the flash inside, which tells two of the same package apart. */
static const struct ff_package_choice esp32c6_names[] = {
	{ 0x07, 0x00, "ESP32-C6 (QFN40)" },
	{ ALL, 0x09, "ESP32-C6FH4 (QFN32)" },
	{ ALL, 0x11, "ESP32-C6FH8 (QFN32)" },
	OTHERWISE("Unknown ESP32-C6"),
};
static const struct ff_package_choice esp32c6_flash[] = {
	{ ALL, 1, "Embedded Flash 4MB" },
	{ ALL, 2, "Embedded Flash 8MB" },
	OTHERWISE(UNKNOWN_FLASH),
};

static const struct ff_package_choice esp32c5_names[] = { { ALL, 0, "ESP32-C5" }, OTHERWISE("Unknown ESP32-C5") };
static const struct ff_package_choice esp32c61_names[] = { { ALL, 0, "ESP32-C61" }, OTHERWISE("Unknown ESP32-C61") };
static const struct ff_package_choice esp32h2_names[] = { { ALL, 0, "ESP32-H2" }, OTHERWISE("Unknown ESP32-H2") };
static const struct ff_package_choice esp32h21_names[] = { { ALL, 0, "ESP32-H21" }, OTHERWISE("Unknown ESP32-H21") };
static const struct ff_package_choice esp32h4_names[] = { { ALL, 0, "ESP32-H4 (QFN40)" },
							  OTHERWISE("Unknown ESP32-H4") };
static const struct ff_package_choice esp32p4_names[] = { { ALL, 0, "ESP32-P4" }, OTHERWISE("Unknown ESP32-P4") };
static const struct ff_package_choice esp32s31_names[] = { { ALL, 0, "ESP32-S31" }, OTHERWISE("Unknown ESP32-S31") };

#define ESP32_PACKAGE \
	{ 0x3FF5A00C, 9, 3 }, \
	{ \
		0x3FF5A00C, 2, 1 \
	}

static const struct ff_package packages[] = {
	{
		.chip = "ESP8266",
		.name = { .fields = { { 0x3FF00050, 4, 2 }, { 0x3FF0005C, 25, 3 }, { 0x3FF00058, 16, 1 } },
			  .choices = esp8266_names },
		.features = { { .always = "Wi-Fi, 160MHz" },
			      { .fields = { { 0x3FF00050, 4, 1 }, { 0x3FF00058, 16, 1 } }, .choices = esp8266_flash } },
	},
	{
		.chip = "ESP32",
		.name = { .fields = { ESP32_PACKAGE,
				      { 0x3FF5A00C, 0, 1 },
				      { 0x3FF5A00C, 15, 1 },
				      { 0x3FF5A014, 20, 1 },
				      { 0x3FF6607C, 31, 1 } },
			  .choices = esp32_names },
		.features = { { .always = "Wi-Fi" },
			      { .fields = { { 0x3FF5A00C, 1, 1 } }, .choices = esp32_bluetooth },
			      { .fields = { { 0x3FF5A00C, 0, 1 } }, .choices = esp32_cores },
			      { .fields = { { 0x3FF5A00C, 12, 2 } }, .choices = esp32_rates },
			      { .fields = { ESP32_PACKAGE }, .choices = esp32_flash },
			      { .fields = { ESP32_PACKAGE }, .choices = esp32_psram },
			      { .fields = { { 0x3FF5A010, 8, 5 } }, .choices = esp32_vref },
			      { .fields = { { 0x3FF5A00C, 14, 1 } }, .choices = esp32_block3 },
			      { .fields = { { 0x3FF5A018, 0, 2 } }, .choices = esp32_coding } },
	},
	{
		.chip = "ESP32-S2",
		.name = { .fields = { { 0x3F41A050, 21, 4 }, { 0x3F41A050, 28, 4 } }, .choices = esp32s2_names },
		.features = { { .always = "Wi-Fi, Single Core, 240MHz" },
			      { .fields = { { 0x3F41A050, 21, 4 } }, .choices = esp32s2_flash },
			      { .fields = { { 0x3F41A050, 28, 4 } }, .choices = esp32s2_psram },
			      { .fields = { { 0x3F41A06C, 4, 3 } }, .choices = esp32s2_calibration } },
	},
	{
		.chip = "ESP32-S3",
		.name = { .fields = { { 0x60007050, 21, 3 } }, .choices = esp32s3_names },
		.features = { { .always = "Wi-Fi, BT 5 (LE), Dual Core + LP Core, 240MHz" },
			      { .fields = { { 0x60007050, 27, 3 } },
				.choices = esp32s3_flash,
				.maker = { 0x60007054, 0, 3 },
				.makers = esp32s3_flash_makers },
			      { .fields = { { 0x60007054, 3, 2 }, { 0x60007058, 19, 1 } },
				.choices = esp32s3_psram,
				.maker = { 0x60007054, 7, 2 },
				.makers = esp32s3_psram_makers } },
	},
	{
		.chip = "ESP32-C2",
		.name = { .fields = { { 0x60008844, 22, 3 } }, .choices = esp32c2_names },
		.features = { { .always = "Wi-Fi, BT 5 (LE), Single Core, 120MHz" },
			      { .fields = { { 0x6000885C, 29, 3 } },
				.choices = esp32c2_flash,
				.maker = { 0x6000885C, 24, 3 },
				.makers = flash_makers } },
	},
	{
		.chip = "ESP32-C3",
		.name = { .fields = { { 0x60008850, 21, 3 } }, .choices = esp32c3_names },
		.features = { { .always = "Wi-Fi, BT 5 (LE), Single Core, 160MHz" },
			      { .fields = { { 0x60008850, 27, 3 } },
				.choices = esp32c3_flash,
				.maker = { 0x60008854, 0, 3 },
				.makers = flash_makers } },
	},
	{
		.chip = "ESP32-C5",
		.name = { .fields = { { 0x600B484C, 26, 3 } }, .choices = esp32c5_names },
		.features = { { .always =
					"Wi-Fi 6 (dual-band), BT 5 (LE), IEEE802.15.4, Single Core + LP Core, 240MHz" } },
	},
	{
		.chip = "ESP32-C6",
		.name = { .fields = { { 0x600B0850, 24, 3 }, { 0x600B0854, 0, 3 } }, .choices = esp32c6_names },
		.features = { { .always = "Wi-Fi 6, BT 5 (LE), IEEE802.15.4, Single Core + LP Core, 160MHz" },
			      { .fields = { { 0x600B0854, 0, 3 } }, .choices = esp32c6_flash } },
	},
	{
		.chip = "ESP32-C61",
		.name = { .fields = { { 0x600B484C, 26, 3 } }, .choices = esp32c61_names },
		.features = { { .always = "Wi-Fi 6, BT 5 (LE), Single Core, 160MHz" } },
	},
	{
		.chip = "ESP32-H2",
		.name = { .fields = { { 0x600B0854, 0, 3 } }, .choices = esp32h2_names },
		.features = { { .always = "BT 5 (LE), IEEE802.15.4, Single Core, 96MHz" } },
	},
	{
		.chip = "ESP32-H21",
		.name = { .fields = { { 0x600B4058, 11, 3 } }, .choices = esp32h21_names },
		.features = { { .always = "BT 5 (LE), IEEE802.15.4, Single Core, 96MHz" } },
	},
	{
		.chip = "ESP32-H4",
		.name = { .fields = { { 0x600B1854, 12, 3 } }, .choices = esp32h4_names },
		.features = { { .always = "BT 5 (LE), IEEE802.15.4, Dual Core, 96MHz" } },
	},
	{
		.chip = "ESP32-P4",
		.name = { .fields = { { 0x5012D04C, 20, 3 } }, .choices = esp32p4_names },
		.features = { { .always = "Dual Core + LP Core, 400MHz" } },
	},
	{
		.chip = "ESP32-S31",
		.name = { .fields = { { 0x20715060, 6, 2 } }, .choices = esp32s31_names },
		.features = { { .always = "Wi-Fi 6, BT 5.4 (LE), IEEE802.15.4, Dual Core + LP Core, 300MHz" } },
	},
};

const struct ff_package *ff_package_of(const struct ff_chip *chip)
{
	for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++) {
		if (strcmp(packages[i].chip, chip->name) == 0) {
			return &packages[i];
		}
	}
	return NULL;
}

const char *ff_package_choose(const struct ff_package_choice *choices, uint32_t value)
{
	while ((value & choices->mask) != choices->value) {
		choices++;
	}
	return choices->text;
}
