// SPDX-License-Identifier: Apache-2.0
/* What every chip of the table makes of its efuses: package, features, revision, MAC. The words are set by hand, from the
 * readers of esptool 5.3, targets folder, and so are the texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "identify.h"
#include "loader.h"
#include "package.h"
#include "test_loader_chip.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct chip chip;
	struct ff_loader loader;
};

/* A chip of any family whose registers all read 0. What the script answers does not depend on the family. */
static struct fixture *start(const char *name)
{
	static struct fixture fixture;
	static const struct ff_link_hooks hooks;
	chip_init(&fixture.chip, CHIP_ESP32C3);
	ff_loader_init(&fixture.loader, &fixture.chip.script.transport, 115200, &hooks);
	fixture.loader.chip = ff_chip_by_name(name);
	assert_non_null(fixture.loader.chip);
	if (fixture.loader.chip->flags & FF_CHIP_MINIMAL_ROM) {
		fixture.chip.kind = CHIP_ESP8266;
	}
	return &fixture;
}

static void identify(struct fixture *fixture)
{
	assert_int_equal(ff_identify(&fixture->loader, NULL), FF_OK);
}

struct word {
	uint32_t address;
	uint32_t value;
};

struct package_case {
	const char *chip;
	struct word words[4];
	const char *description;
	const char *features; /* NULL: those are another case's matter */
};

static void expect_packages(const struct package_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fixture *fixture = start(cases[i].chip);
		for (size_t w = 0; w < COUNT(cases[i].words) && cases[i].words[w].address != 0; w++) {
			chip_set_register(&fixture->chip, cases[i].words[w].address, cases[i].words[w].value);
		}
		identify(fixture);
		assert_string_equal(fixture->loader.description, cases[i].description);
		if (cases[i].features) {
			assert_string_equal(fixture->loader.features, cases[i].features);
		}
		chip_release(&fixture->chip);
	}
}

static void test_identify__every_chip_has_a_package(void **state)
{
	(void)state;
	for (size_t i = 0; ff_chip_at(i); i++) {
		struct fixture *fixture = start(ff_chip_at(i)->name);
		assert_non_null(ff_package_of(fixture->loader.chip));
		identify(fixture);
		assert_memory_equal(fixture->loader.description, "ESP", 3);
		assert_int_not_equal(fixture->loader.features[0], 0);
		chip_release(&fixture->chip);
	}
}

/* Fuses of words 0, 2 and 3: 4 and 80 tell that there is flash inside, 5 its temperature, 121 to 123 its size. */
static void test_identify__esp8266_packages(void **state)
{
	(void)state;
	static const struct package_case cases[] = {
		{ "ESP8266", { { 0 } }, "ESP8266EX", "Wi-Fi, 160MHz" },
		{ "ESP8266", { { 0x3FF00050, 1 << 4 } }, "ESP8285N08", "Wi-Fi, 160MHz, Embedded Flash" },
		{ "ESP8266", { { 0x3FF00050, 3 << 4 } }, "ESP8285H08", NULL },
		{ "ESP8266", { { 0x3FF00050, 1 << 4 }, { 0x3FF0005C, 1 << 26 } }, "ESP8285N16", NULL },
		{ "ESP8266", { { 0x3FF00050, 3 << 4 }, { 0x3FF0005C, 1 << 26 } }, "ESP8285H16", NULL },
		{ "ESP8266", { { 0x3FF00058, 1 << 16 }, { 0x3FF0005C, 1 << 25 } }, "ESP8285N16", NULL },
		{ "ESP8266",
		  { { 0x3FF00050, 1 << 5 }, { 0x3FF00058, 1 << 16 }, { 0x3FF0005C, 1 << 25 } },
		  "ESP8285H16",
		  NULL },
		{ "ESP8266", { { 0x3FF00058, 1 << 16 }, { 0x3FF0005C, 3 << 25 } }, "ESP8285", NULL },
		{ "ESP8266", { { 0x3FF00058, 1 << 16 } }, "ESP8285", "Wi-Fi, 160MHz, Embedded Flash" },
		{ "ESP8266", { { 0x3FF00050, 1 << 4 }, { 0x3FF0005C, 1 << 27 } }, "ESP8285", NULL },
	};
	expect_packages(cases, COUNT(cases));
}

#define WORD3 0x3FF5A00C
#define WORD5 0x3FF5A014
#define DATE 0x3FF6607C
#define PACKAGE(n) ((n & 7u) << 9 | (n >> 3 & 1u) << 2)
#define REV3_WORD3 (1u << 15)
#define REV3_REST \
	{ WORD5, 1u << 20 }, \
	{ \
		DATE, 1u << 31 \
	}

static void test_identify__esp32_packages(void **state)
{
	(void)state;
	static const struct package_case cases[] = {
		{ "ESP32", { { WORD3, PACKAGE(0) } }, "ESP32-D0WDQ6", NULL },
		{ "ESP32", { { WORD3, PACKAGE(0) | REV3_WORD3 }, REV3_REST }, "ESP32-D0WDQ6-V3", NULL },
		{ "ESP32", { { WORD3, PACKAGE(0) | REV3_WORD3 }, { WORD5, 1u << 20 } }, "ESP32-D0WDQ6", NULL },
		{ "ESP32", { { WORD3, PACKAGE(0) | 1 } }, "ESP32-S0WDQ6", NULL },
		{ "ESP32", { { WORD3, PACKAGE(1) } }, "ESP32-D0WD", NULL },
		{ "ESP32", { { WORD3, PACKAGE(1) | REV3_WORD3 }, REV3_REST }, "ESP32-D0WD-V3", NULL },
		{ "ESP32", { { WORD3, PACKAGE(1) | REV3_WORD3 | 1 }, REV3_REST }, "ESP32-S0WD", NULL },
		{ "ESP32", { { WORD3, PACKAGE(2) } }, "ESP32-D2WD", NULL },
		{ "ESP32", { { WORD3, PACKAGE(3) } }, "Unknown ESP32", NULL },
		{ "ESP32", { { WORD3, PACKAGE(4) | 1 } }, "ESP32-U4WDH", NULL },
		{ "ESP32", { { WORD3, PACKAGE(5) } }, "ESP32-PICO-D4", NULL },
		{ "ESP32", { { WORD3, PACKAGE(5) | REV3_WORD3 }, REV3_REST }, "ESP32-PICO-V3", NULL },
		{ "ESP32", { { WORD3, PACKAGE(6) } }, "ESP32-PICO-V3-02", NULL },
		{ "ESP32", { { WORD3, PACKAGE(7) } }, "ESP32-D0WDR2-V3", NULL },
		{ "ESP32", { { WORD3, PACKAGE(9) } }, "Unknown ESP32", NULL },
	};
	expect_packages(cases, COUNT(cases));
}

static void test_identify__esp32_features(void **state)
{
	(void)state;
	static const struct package_case cases[] = {
		{ "ESP32", { { 0 } }, "ESP32-D0WDQ6", "Wi-Fi, BT, Dual Core + LP Core, Coding Scheme None" },
		{ "ESP32",
		  { { WORD3, PACKAGE(1) | 1u << 13 }, { 0x3FF5A010, 0x1100 }, { 0x3FF5A018, 1 } },
		  "ESP32-D0WD",
		  "Wi-Fi, BT, Dual Core + LP Core, 240MHz, Vref calibration in eFuse, Coding Scheme 3/4" },
		{ "ESP32",
		  { { WORD3, PACKAGE(4) | 3u << 12 | 3 }, { 0x3FF5A018, 2 } },
		  "ESP32-U4WDH",
		  "Wi-Fi, Single Core + LP Core, 160MHz, Embedded Flash, Coding Scheme Repeat (UNSUPPORTED)" },
		{ "ESP32",
		  { { WORD3, PACKAGE(6) | 1u << 13 | 1u << 14 }, { 0x3FF5A010, 0x1F00 }, { 0x3FF5A018, 3 } },
		  "ESP32-PICO-V3-02",
		  "Wi-Fi, BT, Dual Core + LP Core, 240MHz, Embedded Flash, Embedded PSRAM, Vref calibration in eFuse, "
		  "BLK3 partially reserved, Coding Scheme None (may contain encoding data)" },
		{ "ESP32",
		  { { WORD3, PACKAGE(7) | 1u << 12 } },
		  "ESP32-D0WDR2-V3",
		  "Wi-Fi, BT, Dual Core + LP Core, Coding Scheme None" },
	};
	expect_packages(cases, COUNT(cases));
}

static void test_identify__esp32s2_packages(void **state)
{
	(void)state;
	static const struct package_case cases[] = {
		{ "ESP32-S2",
		  { { 0 } },
		  "ESP32-S2",
		  "Wi-Fi, Single Core, 240MHz, No Embedded Flash, No Embedded PSRAM, No calibration in BLK2 of efuse" },
		{ "ESP32-S2",
		  { { 0x3F41A050, 1u << 21 }, { 0x3F41A06C, 1 << 4 } },
		  "ESP32-S2FH2",
		  "Wi-Fi, Single Core, 240MHz, Embedded Flash 2MB, No Embedded PSRAM, "
		  "ADC and temperature sensor calibration in BLK2 of eFuse V1" },
		{ "ESP32-S2", { { 0x3F41A050, 2u << 21 } }, "ESP32-S2FH4", NULL },
		{ "ESP32-S2", { { 0x3F41A050, 1u << 28 } }, "ESP32-S2R2", NULL },
		{ "ESP32-S2",
		  { { 0x3F41A050, 2u << 21 | 1u << 28 }, { 0x3F41A06C, 2 << 4 } },
		  "ESP32-S2FNR2",
		  "Wi-Fi, Single Core, 240MHz, Embedded Flash 4MB, Embedded PSRAM 2MB, "
		  "ADC and temperature sensor calibration in BLK2 of eFuse V2" },
		{ "ESP32-S2",
		  { { 0x3F41A050, 9u << 21 | 9u << 28 }, { 0x3F41A06C, 7 << 4 } },
		  "Unknown ESP32-S2",
		  "Wi-Fi, Single Core, 240MHz, Unknown Embedded Flash, Unknown Embedded PSRAM, "
		  "Unknown calibration in BLK2" },
	};
	expect_packages(cases, COUNT(cases));
}

#define S3_FIXED "Wi-Fi, BT 5 (LE), Dual Core + LP Core, 240MHz"

static void test_identify__esp32s3_packages(void **state)
{
	(void)state;
	static const struct package_case cases[] = {
		{ "ESP32-S3", { { 0 } }, "ESP32-S3 (QFN56)", S3_FIXED },
		{ "ESP32-S3",
		  { { 0x60007050, 1u << 21 | 1u << 27 }, { 0x60007054, 1 | 1 << 3 | 1 << 7 } },
		  "ESP32-S3-PICO-1 (LGA56)",
		  S3_FIXED ", Embedded Flash 8MB (XMC), Embedded PSRAM 8MB (AP_3v3)" },
		{ "ESP32-S3",
		  { { 0x60007050, 2u << 27 }, { 0x60007054, 5 | 2 << 3 | 2 << 7 } },
		  "ESP32-S3 (QFN56)",
		  S3_FIXED ", Embedded Flash 4MB (BY), Embedded PSRAM 2MB (AP_1v8)" },
		{ "ESP32-S3",
		  { { 0x60007054, 3 << 3 | 2 << 7 } },
		  "ESP32-S3 (QFN56)",
		  S3_FIXED ", Embedded PSRAM 16MB (AP_1v8)" },
		{ "ESP32-S3",
		  { { 0x60007058, 1 << 19 }, { 0x60007054, 1 << 7 } },
		  "ESP32-S3 (QFN56)",
		  S3_FIXED ", Embedded PSRAM 4MB (AP_3v3)" },
		{ "ESP32-S3",
		  { { 0x60007050, 7u << 21 | 7u << 27 }, { 0x60007054, 7 | 3 << 3 | 3 << 7 }, { 0x60007058, 1 << 19 } },
		  "Unknown ESP32-S3",
		  S3_FIXED ", Unknown Embedded Flash, Unknown Embedded PSRAM" },
	};
	expect_packages(cases, COUNT(cases));
}

static void test_identify__esp32c2_and_c3_packages(void **state)
{
	(void)state;
	static const struct package_case cases[] = {
		{ "ESP32-C2", { { 0 } }, "ESP32-C2", "Wi-Fi, BT 5 (LE), Single Core, 120MHz" },
		{ "ESP32-C2",
		  { { 0x60008844, 1 << 22 }, { 0x6000885C, 1u << 29 | 5 << 24 } },
		  "ESP8684H",
		  "Wi-Fi, BT 5 (LE), Single Core, 120MHz, Embedded Flash 4MB (ZBIT)" },
		{ "ESP32-C2",
		  { { 0x60008844, 2 << 22 }, { 0x6000885C, 3u << 29 | 2 << 24 } },
		  "Unknown ESP32-C2",
		  "Wi-Fi, BT 5 (LE), Single Core, 120MHz, Embedded Flash 1MB (GD)" },
		{ "ESP32-C2",
		  { { 0x6000885C, 2u << 29 } },
		  "ESP32-C2",
		  "Wi-Fi, BT 5 (LE), Single Core, 120MHz, Embedded Flash 2MB" },
		{ "ESP32-C3", { { 0 } }, "ESP32-C3 (QFN32)", "Wi-Fi, BT 5 (LE), Single Core, 160MHz" },
		{ "ESP32-C3",
		  { { 0x60008850, 1 << 21 | 1 << 27 }, { 0x60008854, 1 } },
		  "ESP8685 (QFN28)",
		  "Wi-Fi, BT 5 (LE), Single Core, 160MHz, Embedded Flash 4MB (XMC)" },
		{ "ESP32-C3",
		  { { 0x60008850, 2 << 21 | 4 << 27 }, { 0x60008854, 3 } },
		  "ESP32-C3 AZ (QFN32)",
		  "Wi-Fi, BT 5 (LE), Single Core, 160MHz, Embedded Flash 8MB (FM)" },
		{ "ESP32-C3",
		  { { 0x60008850, 3 << 21 | 5u << 27 }, { 0x60008854, 4 } },
		  "ESP8686 (QFN24)",
		  "Wi-Fi, BT 5 (LE), Single Core, 160MHz, Unknown Embedded Flash (TT)" },
		{ "ESP32-C3", { { 0x60008850, 4 << 21 } }, "Unknown ESP32-C3", NULL },
	};
	expect_packages(cases, COUNT(cases));
}

#define C6_FIXED "Wi-Fi 6, BT 5 (LE), IEEE802.15.4, Single Core + LP Core, 160MHz, "

static void test_identify__later_packages(void **state)
{
	(void)state;
	static const struct package_case cases[] = {
		{ "ESP32-C5",
		  { { 0 } },
		  "ESP32-C5",
		  "Wi-Fi 6 (dual-band), BT 5 (LE), IEEE802.15.4, Single Core + LP Core, 240MHz" },
		{ "ESP32-C5", { { 0x600B484C, 1 << 26 } }, "Unknown ESP32-C5", NULL },
		{ "ESP32-C6", { { 0x600B0854, 1 } }, "ESP32-C6 (QFN40)", C6_FIXED "Embedded Flash 4MB" },
		{ "ESP32-C6",
		  { { 0x600B0850, 1 << 24 }, { 0x600B0854, 1 } },
		  "ESP32-C6FH4 (QFN32)",
		  C6_FIXED "Embedded Flash 4MB" },
		{ "ESP32-C6",
		  { { 0x600B0850, 1 << 24 }, { 0x600B0854, 2 } },
		  "ESP32-C6FH8 (QFN32)",
		  C6_FIXED "Embedded Flash 8MB" },
		{ "ESP32-C6", { { 0x600B0850, 1 << 24 } }, "Unknown ESP32-C6", C6_FIXED "Unknown Embedded Flash" },
		{ "ESP32-C6", { { 0x600B0850, 2 << 24 }, { 0x600B0854, 1 } }, "Unknown ESP32-C6", NULL },
		{ "ESP32-C61", { { 0 } }, "ESP32-C61", "Wi-Fi 6, BT 5 (LE), Single Core, 160MHz" },
		{ "ESP32-C61", { { 0x600B484C, 3 << 26 } }, "Unknown ESP32-C61", NULL },
		{ "ESP32-H2", { { 0 } }, "ESP32-H2", "BT 5 (LE), IEEE802.15.4, Single Core, 96MHz" },
		{ "ESP32-H2", { { 0x600B0854, 4 } }, "Unknown ESP32-H2", NULL },
		{ "ESP32-H21", { { 0 } }, "ESP32-H21", "BT 5 (LE), IEEE802.15.4, Single Core, 96MHz" },
		{ "ESP32-H21", { { 0x600B4058, 1 << 11 } }, "Unknown ESP32-H21", NULL },
		{ "ESP32-H4", { { 0 } }, "ESP32-H4 (QFN40)", "BT 5 (LE), IEEE802.15.4, Dual Core, 96MHz" },
		{ "ESP32-H4", { { 0x600B1854, 1 << 12 } }, "Unknown ESP32-H4", NULL },
		{ "ESP32-P4", { { 0 } }, "ESP32-P4", "Dual Core + LP Core, 400MHz" },
		{ "ESP32-P4", { { 0x5012D04C, 1 << 20 } }, "Unknown ESP32-P4", NULL },
		{ "ESP32-S31",
		  { { 0 } },
		  "ESP32-S31",
		  "Wi-Fi 6, BT 5.4 (LE), IEEE802.15.4, Dual Core + LP Core, 300MHz" },
		{ "ESP32-S31", { { 0x20715060, 1 << 6 } }, "Unknown ESP32-S31", NULL },
	};
	expect_packages(cases, COUNT(cases));
}

/* Corner cases of each layout: the highest of each part, and what belongs to neighbours set as well. */
static void test_identify__revisions(void **state)
{
	(void)state;
	static const struct {
		const char *chip;
		struct word words[4];
		unsigned revision;
	} cases[] = {
		{ "ESP32", { { WORD3, 1u << 15 } }, 100 },
		{ "ESP32", { { WORD3, 1u << 15 }, { WORD5, 1u << 20 | 3u << 24 } }, 203 },
		{ "ESP32", { { WORD3, 1u << 15 }, { WORD5, 1u << 20 | 1u << 24 }, { DATE, 1u << 31 } }, 301 },
		/* bits that are not set one after the other count for nothing */
		{ "ESP32", { { WORD5, 1u << 20 | 2u << 24 } }, 2 },
		{ "ESP32", { { WORD3, 1u << 15 }, { DATE, 1u << 31 } }, 0 },
		{ "ESP32-S2", { { 0x3F41A054, 7 << 4 }, { 0x3F41A050, 1 << 20 | 3 << 18 } }, 315 },
		{ "ESP32-S2", { { 0x3F41A054, 0xFFFFFF8F }, { 0x3F41A050, 0xFFE3FFFF } }, 0 },
		{ "ESP32-S3", { { 0x60007050, 1 << 18 }, { 0x60007058, 1 << 24 } }, 101 },
		{ "ESP32-S3", { { 0x60007050, 2 << 18 }, { 0x60007058, 1 << 23 } }, 10 },
		/* block version 1.1 and a minor revision whose low bits are 0: v0.0, whatever the others say */
		{ "ESP32-S3", { { 0x60007050, 1 << 24 }, { 0x60007058, 3 << 24 }, { 0x6000706C, 1 } }, 0 },
		{ "ESP32-S3", { { 0x60007050, 1 << 24 }, { 0x60007058, 7 << 23 }, { 0x6000706C, 1 } }, 0 },
		{ "ESP32-S3", { { 0x60007050, 1 << 24 | 1 << 18 }, { 0x60007058, 2 << 24 }, { 0x6000706C, 1 } }, 201 },
		{ "ESP32-S3", { { 0x60007050, 2 << 24 }, { 0x60007058, 2 << 24 }, { 0x6000706C, 1 } }, 200 },
		{ "ESP32-S3", { { 0x60007050, 1 << 24 }, { 0x60007058, 2 << 24 }, { 0x6000706C, 2 } }, 200 },
		{ "ESP32-C2", { { 0x60008844, 0x3F << 16 } }, 315 },
		{ "ESP32-C3", { { 0x60008850, 4 << 18 }, { 0x60008858, 0 } }, 4 },
		{ "ESP32-C3", { { 0x60008850, 7 << 18 }, { 0x60008858, 7 << 23 } }, 315 },
		{ "ESP32-C5", { { 0x600B484C, 0x3F } }, 315 },
		{ "ESP32-C6", { { 0x600B0850, 0x3F << 18 } }, 315 },
		{ "ESP32-C61", { { 0x600B484C, 0x23 } }, 203 },
		{ "ESP32-H2", { { 0x600B0850, 0x1F << 18 } }, 307 },
		{ "ESP32-H21", { { 0x600B4058, 0x12 << 4 } }, 102 },
		{ "ESP32-H4", { { 0x600B1850, 0x3F << 18 } }, 315 },
		{ "ESP32-P4", { { 0x5012D04C, 0x3F } }, 315 },
		{ "ESP32-P4", { { 0x5012D04C, 1 << 23 | 0x12 } }, 502 },
		{ "ESP32-S31", { { 0x2071505C, 0x11 << 18 } }, 101 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture *fixture = start(cases[i].chip);
		for (size_t w = 0; w < COUNT(cases[i].words) && cases[i].words[w].address != 0; w++) {
			chip_set_register(&fixture->chip, cases[i].words[w].address, cases[i].words[w].value);
		}
		identify(fixture);
		assert_int_equal(fixture->loader.revision, cases[i].revision);
		chip_release(&fixture->chip);
	}
}

static void test_identify__macs_and_their_extensions(void **state)
{
	(void)state;
	static const uint8_t mac[] = { 0x60, 0x55, 0xF9, 0xF7, 0x2C, 0xA2 };
	static const char *const extended[] = { "ESP32-C5", "ESP32-C6", "ESP32-H2", "ESP32-H21", "ESP32-H4" };
	for (size_t i = 0; ff_chip_at(i); i++) {
		const struct ff_chip *chip = ff_chip_at(i);
		bool wants = false;
		for (size_t n = 0; n < COUNT(extended); n++) {
			wants = wants || strcmp(extended[n], chip->name) == 0;
		}
		assert_int_equal((chip->flags & FF_CHIP_MAC_EXTENSION) != 0, wants);
		if (chip->id == FF_CHIP_NO_ID) {
			continue; /* keeps its MAC elsewhere: test_loader.c */
		}
		struct fixture *fixture = start(chip->name);
		chip_set_register(&fixture->chip, chip->mac, 0xF9F72CA2);
		chip_set_register(&fixture->chip, chip->mac + 4, 0xFFFE6055);
		identify(fixture);
		assert_memory_equal(fixture->loader.mac, mac, sizeof(mac));
		assert_int_equal(fixture->loader.mac_extension[0], 0xFF);
		assert_int_equal(fixture->loader.mac_extension[1], 0xFE);
		chip_release(&fixture->chip);
	}
}

/* A crystal that is fixed, or what the UART's divider makes of 115200 baud (esptool 5.3 loader.py, get_crystal_freq()). */
static void test_identify__crystals(void **state)
{
	(void)state;
	static const struct {
		const char *chip;
		struct word divider;
		uint32_t mhz;
	} cases[] = {
		{ "ESP8266", { 0x60000014, 694 }, 40 },   { "ESP8266", { 0x60000014, 451 }, 26 },
		{ "ESP32", { 0x3FF40014, 347 }, 40 },     { "ESP32", { 0x3FF40014, 226 }, 26 },
		{ "ESP32", { 0x3FF40014, 260 }, 0 },      { "ESP32-C2", { 0x60000014, 226 }, 26 },
		{ "ESP32-C2", { 0x60000014, 347 }, 40 },  { "ESP32-C5", { 0x60000014, 347 }, 40 },
		{ "ESP32-C5", { 0x60000014, 417 }, 48 },  { "ESP32-C5", { 0x60000014, 0xF00000 | 417 }, 48 },
		{ "ESP32-S2", { 0x3F400014, 226 }, 40 },  { "ESP32-S3", { 0x60000014, 226 }, 40 },
		{ "ESP32-C3", { 0x60000014, 226 }, 40 },  { "ESP32-C6", { 0x60000014, 226 }, 40 },
		{ "ESP32-C61", { 0x60000014, 226 }, 40 }, { "ESP32-H2", { 0x60000014, 226 }, 32 },
		{ "ESP32-H21", { 0x60000014, 226 }, 32 }, { "ESP32-H4", { 0x60000014, 226 }, 32 },
		{ "ESP32-P4", { 0x60000014, 226 }, 40 },  { "ESP32-S31", { 0x60000014, 226 }, 40 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture *fixture = start(cases[i].chip);
		chip_set_register(&fixture->chip, cases[i].divider.address, cases[i].divider.value);
		identify(fixture);
		assert_int_equal(fixture->loader.crystal_mhz, cases[i].mhz);
		chip_release(&fixture->chip);
	}
}

/* On a distant board each question costs a round trip. */
static void test_identify__asks_for_no_word_twice(void **state)
{
	(void)state;
	for (size_t i = 0; ff_chip_at(i); i++) {
		struct fixture *fixture = start(ff_chip_at(i)->name);
		const struct ff_chip *chip = fixture->loader.chip;
		identify(fixture);
		for (unsigned a = 0; a < chip_count(&fixture->chip, 0x0A); a++) {
			uint32_t address = chip_find(&fixture->chip, 0x0A, a)->words[0];
			for (unsigned b = 0; b < a; b++) {
				if (chip_find(&fixture->chip, 0x0A, b)->words[0] == address) {
					fail_msg("%s is asked twice for %08x", chip->name, address);
				}
			}
		}
		chip_release(&fixture->chip);
	}
}

static void test_identify__secure_download_mode_tells_the_family(void **state)
{
	(void)state;
	struct fixture *fixture = start("ESP32-C3");
	fixture->loader.secure_download = true;
	identify(fixture);
	assert_string_equal(fixture->loader.description, "ESP32-C3");
	assert_string_equal(fixture->loader.features, "");
	assert_int_equal(chip_count(&fixture->chip, 0x0A), 0);
	chip_release(&fixture->chip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identify__every_chip_has_a_package),
		cmocka_unit_test(test_identify__esp8266_packages),
		cmocka_unit_test(test_identify__esp32_packages),
		cmocka_unit_test(test_identify__esp32_features),
		cmocka_unit_test(test_identify__esp32s2_packages),
		cmocka_unit_test(test_identify__esp32s3_packages),
		cmocka_unit_test(test_identify__esp32c2_and_c3_packages),
		cmocka_unit_test(test_identify__later_packages),
		cmocka_unit_test(test_identify__revisions),
		cmocka_unit_test(test_identify__macs_and_their_extensions),
		cmocka_unit_test(test_identify__crystals),
		cmocka_unit_test(test_identify__asks_for_no_word_twice),
		cmocka_unit_test(test_identify__secure_download_mode_tells_the_family),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
