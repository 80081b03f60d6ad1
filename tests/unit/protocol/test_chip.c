// SPDX-License-Identifier: Apache-2.0
/* The table against facts written down once more from esptool 5.3, targets folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chip.h"

struct fact {
	const char *name;
	uint16_t id;
	uint32_t magic;
	uint32_t mac;
	uint32_t spi;
	uint32_t bootloader;
	uint8_t crystal;
	const char *stub;
};

static const struct fact facts[] = {
	{ "ESP8266", 0xFFFF, 0xFFF0C101, 0x3FF00050, 0x60000200, 0x0, 0, "esp8266" },
	{ "ESP32", 0, 0x00F01D83, 0x3FF5A004, 0x3FF42000, 0x1000, 0, "esp32" },
	{ "ESP32-S2", 2, 0x000007C6, 0x3F41A044, 0x3F402000, 0x1000, 40, "esp32s2" },
	{ "ESP32-S3", 9, 0, 0x60007044, 0x60002000, 0x0, 40, "esp32s3" },
	{ "ESP32-C2", 12, 0, 0x60008840, 0x60002000, 0x0, 0, "esp32c2" },
	{ "ESP32-C3", 5, 0, 0x60008844, 0x60002000, 0x0, 40, "esp32c3" },
	{ "ESP32-C5", 23, 0, 0x600B4844, 0x60003000, 0x2000, 0, "esp32c5" },
	{ "ESP32-C6", 13, 0, 0x600B0844, 0x60003000, 0x0, 40, "esp32c6" },
	{ "ESP32-C61", 20, 0, 0x600B4844, 0x60003000, 0x0, 40, "esp32c61" },
	{ "ESP32-H2", 16, 0, 0x600B0844, 0x60003000, 0x0, 32, "esp32h2" },
	{ "ESP32-H21", 25, 0, 0x600B4044, 0x60003000, 0x0, 32, NULL },
	{ "ESP32-H4", 28, 0, 0x600B1844, 0x60099000, 0x2000, 32, "esp32h4" },
	{ "ESP32-P4", 18, 0, 0x5012D044, 0x5008D000, 0x2000, 40, "esp32p4" },
	{ "ESP32-S31", 32, 0, 0x20715050, 0x20501000, 0x2000, 40, "esp32s31" },
};

#define FACTS (sizeof(facts) / sizeof(facts[0]))

static void test_chip__rows_hold_the_facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < FACTS; i++) {
		const struct ff_chip *chip = ff_chip_by_name(facts[i].name);
		assert_non_null(chip);
		assert_int_equal(chip->id, facts[i].id);
		assert_int_equal(chip->magic, facts[i].magic);
		assert_int_equal(chip->mac, facts[i].mac);
		assert_int_equal(chip->spi_base, facts[i].spi);
		assert_int_equal(chip->bootloader_at, facts[i].bootloader);
		assert_int_equal(chip->crystal_mhz, facts[i].crystal);
		if (facts[i].stub) {
			assert_string_equal(chip->stub, facts[i].stub);
		} else {
			assert_null(chip->stub);
		}
	}
	assert_null(ff_chip_at(FACTS));
}

static void test_chip__rows_are_complete(void **state)
{
	(void)state;
	for (size_t i = 0; ff_chip_at(i); i++) {
		const struct ff_chip *chip = ff_chip_at(i);
		assert_non_null(chip->spi);
		assert_true(chip->magic != 0 || chip->id != FF_CHIP_NO_ID);
		/* The crystal is either known or can be measured. */
		assert_true((chip->crystal_mhz != 0) != (chip->uart_divider != 0));
		assert_true(chip->uart_divider == 0 || chip->clock_multiplier > 0);
		assert_true(chip->rom_clock != FF_CHIP_CLOCK_REGISTER || chip->rom_crystal.width > 0);
		for (size_t j = i + 1; ff_chip_at(j); j++) {
			assert_string_not_equal(chip->name, ff_chip_at(j)->name);
			assert_true(chip->id != ff_chip_at(j)->id);
		}
	}
}

static void test_chip__is_found_by_id_and_magic(void **state)
{
	(void)state;
	assert_string_equal(ff_chip_by_id(5)->name, "ESP32-C3");
	assert_string_equal(ff_chip_by_id(0)->name, "ESP32");
	assert_null(ff_chip_by_id(FF_CHIP_NO_ID));
	assert_null(ff_chip_by_id(4711));
	assert_string_equal(ff_chip_by_magic(0xFFF0C101)->name, "ESP8266");
	assert_null(ff_chip_by_magic(0));
	assert_null(ff_chip_by_name("ESP33"));
}

static void test_chip__stub_depends_on_the_revision(void **state)
{
	(void)state;
	assert_string_equal(ff_chip_stub(ff_chip_by_name("ESP32-P4"), 299), "esp32p4-rev1");
	assert_string_equal(ff_chip_stub(ff_chip_by_name("ESP32-P4"), 300), "esp32p4");
	assert_null(ff_chip_stub(ff_chip_by_name("ESP32-C2"), 0));
	assert_string_equal(ff_chip_stub(ff_chip_by_name("ESP32-C2"), 100), "esp32c2");
	assert_string_equal(ff_chip_stub(ff_chip_by_name("ESP32"), 0), "esp32");
	assert_null(ff_chip_stub(ff_chip_by_name("ESP32-H21"), 100));
}

static void test_chip__console_depends_on_the_revision(void **state)
{
	(void)state;
	assert_int_equal(ff_chip_console_of(ff_chip_by_name("ESP32-C3"), 100)->address, 0x3FCDF07C);
	assert_int_equal(ff_chip_console_of(ff_chip_by_name("ESP32-C3"), 101)->address, 0x3FCDF078);
	assert_int_equal(ff_chip_console_of(ff_chip_by_name("ESP32-C61"), 3)->usb_jtag, 4);
	assert_null(ff_chip_console_of(ff_chip_by_name("ESP32"), 300));
}

/* esptool 5.3 cmds.py, DETECTED_FLASH_SIZES and DETECTED_FLASH_SIZES_ADESTO. */
static void test_chip__flash_size_from_jedec_id(void **state)
{
	(void)state;
	static const struct {
		uint32_t id;
		uint32_t kb;
	} sizes[] = {
		{ 0x1240EF, 256 },    { 0x1640EF, 4096 },  { 0x1840C8, 16384 },  { 0x1940C8, 32768 },
		{ 0x1C40EF, 262144 }, { 0x2070EF, 65536 }, { 0x2170EF, 131072 }, { 0x2270EF, 262144 },
		{ 0x3225C2, 256 },    { 0x3625C2, 4096 },  { 0x3A25C2, 65536 },  { 0x00041F, 512 },
		{ 0x00871F, 4096 },   { 0x00091F, 16384 }, { 0x1140EF, 0 },      { 0x1D40EF, 0 },
		{ 0x2340EF, 0 },      { 0x3140EF, 0 },     { 0x3B40EF, 0 },      { 0x16031F, 0 },
		{ 0x160A1F, 0 },
	};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(ff_chip_flash_size(sizes[i].id), sizes[i].kb * 1024);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chip__rows_hold_the_facts),
		cmocka_unit_test(test_chip__rows_are_complete),
		cmocka_unit_test(test_chip__is_found_by_id_and_magic),
		cmocka_unit_test(test_chip__stub_depends_on_the_revision),
		cmocka_unit_test(test_chip__console_depends_on_the_revision),
		cmocka_unit_test(test_chip__flash_size_from_jedec_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
