// SPDX-License-Identifier: Apache-2.0
/* What tells the chips apart, as a client sees it. Expected words are worked out by hand from esptool 5.3,
 * targets/NAME.py: read_mac(), get_minor_chip_version(), get_major_chip_version(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "bus.h"
#include "model.h"

static const struct ff_identity identity = { .mac = { 0x24, 0x0A, 0xC4, 0x12, 0x34, 0x56 }, .revision = 209 };

/* Its major number has a third bit, elsewhere. */
static void test_models__p4_has_majors_above_3(void **state)
{
	(void)state;
	const struct ff_identity fifth = { .revision = 501 };
	struct ff_bus *bus = ff_bus_new(ff_model_find("esp32p4"), NULL, &fifth);
	assert_int_equal(ff_bus_read(bus, 0x5012D04C), 1u | 1u << 4 | 1u << 23);
	ff_bus_free(bus);
}

static uint32_t word(const char *chip, uint32_t address)
{
	struct ff_bus *bus = ff_bus_new(ff_model_find(chip), NULL, &identity);
	uint32_t value = ff_bus_read(bus, address);
	ff_bus_free(bus);
	return value;
}

static void test_models__mac_is_where_each_chip_has_it(void **state)
{
	(void)state;
	static const struct {
		const char *chip;
		uint32_t at;
	} rows[] = {
		{ "esp32s2", 0x3F41A044 },  { "esp32s3", 0x60007044 },  { "esp32c2", 0x60008840 },
		{ "esp32c6", 0x600B0844 },  { "esp32h2", 0x600B0844 },  { "esp32c5", 0x600B4844 },
		{ "esp32c61", 0x600B4844 }, { "esp32p4", 0x5012D044 },  { "esp32h21", 0x600B4044 },
		{ "esp32h4", 0x600B1844 },  { "esp32s31", 0x20715050 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(word(rows[i].chip, rows[i].at), 0xC4123456);
		assert_int_equal(word(rows[i].chip, rows[i].at + 4) & 0xFFFF, 0x240A);
	}
}

/* v2.9 where the minor number has four bits, v2.1 of it where it has three. */
static void test_models__revision_is_where_each_chip_has_it(void **state)
{
	(void)state;
	static const struct {
		const char *chip;
		uint32_t at, value;
	} rows[] = {
		{ "esp32s2", 0x3F41A050, 1u << 20 | 2u << 18 },
		{ "esp32s2", 0x3F41A054, 1u << 4 },
		{ "esp32s3", 0x60007050, 1u << 18 | 3u << 24 },
		{ "esp32s3", 0x60007058, 1u << 23 | 2u << 24 },
		{ "esp32c2", 0x60008844, 9u << 16 | 2u << 20 | 1u << 22 | 0x240A },
		{ "esp32c3", 0x60008850, 1u << 18 | 1u << 27 },
		{ "esp32c3", 0x60008858, 1u << 23 | 2u << 24 },
		{ "esp32c6", 0x600B0850, 9u << 18 | 2u << 22 | 1u << 24 },
		{ "esp32h2", 0x600B0850, 1u << 18 | 2u << 21 },
		{ "esp32c5", 0x600B484C, 9u | 2u << 4 },
		{ "esp32c61", 0x600B484C, 9u | 2u << 4 },
		{ "esp32p4", 0x5012D04C, 9u | 2u << 4 },
		{ "esp32h21", 0x600B4058, 9u << 4 | 2u << 8 },
		{ "esp32h4", 0x600B1850, 9u << 18 | 2u << 22 },
		{ "esp32s31", 0x2071505C, 9u << 18 | 2u << 22 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(word(rows[i].chip, rows[i].at), rows[i].value);
	}
}

/* get_pkg_version(), get_flash_cap(), get_psram_cap() of the same files. */
static void test_models__package_and_what_is_inside_are_told(void **state)
{
	(void)state;
	assert_int_equal(word("esp32", 0x3FF5A00C) >> 9 & 7, 1);    /* D0WD */
	assert_int_equal(word("esp32c3", 0x60008850) >> 27 & 7, 1); /* 4 MB of flash */
	assert_int_equal(word("esp32c6", 0x600B0850) >> 24 & 7, 1); /* QFN32 */
	assert_int_equal(word("esp32c2", 0x60008844) >> 22 & 7, 1); /* ESP8684H */
	assert_int_equal(word("esp32s3", 0x60007054) >> 3 & 3, 1);  /* 8 MB of PSRAM */
}

static void test_models__efuse_settings_win(void **state)
{
	(void)state;
	struct ff_identity other = identity;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_identity_add_efuse(&other, "0x3FF5A00C=0xA00/0xE00", &error), FF_OK); /* package 5 */
	assert_int_equal(ff_identity_add_efuse(&other, "0x3FF5A010=7", &error), FF_OK);
	assert_int_equal(ff_identity_add_efuse(&other, "1073004548=0xFFFFFFFF", &error), FF_OK);
	struct ff_bus *bus = ff_bus_new(ff_model_find("esp32"), NULL, &other);
	assert_int_equal(ff_bus_read(bus, 0x3FF5A00C), 5u << 9 | 1u << 13 | 1u << 15);
	assert_int_equal(ff_bus_read(bus, 0x3FF5A010), 7);
	assert_int_equal(ff_bus_read(bus, 0x3FF4C004), UINT32_MAX);
	ff_bus_write(bus, 0x3FF5A010, 0);
	assert_int_equal(ff_bus_read(bus, 0x3FF5A010), 7);
	ff_bus_free(bus);
}

static void test_models__rejects_what_is_no_efuse_setting(void **state)
{
	(void)state;
	static const char *const bad[] = { "",        "=",       "0x10",   "0x10=",         "=5",
					   "0x11=5",  "0x10=5/", "0x10=x", "0x100000000=1", "0x10=0x1FFFFFFFF",
					   "0x10=-1", "0x10=1 " };
	struct ff_identity none = { 0 };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ff_error error = FF_ERROR_NONE;
		assert_int_equal(ff_identity_add_efuse(&none, bad[i], &error), FF_ERR_ARGUMENT);
	}
	assert_int_equal(none.setting_count, 0);
	struct ff_error error = FF_ERROR_NONE;
	for (size_t i = 0; i < FF_EFUSE_SETTINGS_MAX; i++) {
		assert_int_equal(ff_identity_add_efuse(&none, "0x3FF5A000=1", &error), FF_OK);
	}
	assert_int_equal(ff_identity_add_efuse(&none, "0x3FF5A000=1", &error), FF_ERR_ARGUMENT);
}

static struct bench bench;

static int close_bench(void **state)
{
	(void)state;
	bench_close(&bench);
	return 0;
}

static void test_models__s2_has_12_bytes_of_security_info(void **state)
{
	(void)state;
	bench_open(&bench, "esp32s2", false);
	bench_send(&bench, 0x14, NULL, 0, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x14, 0x10, 0, 0, 0, 0, 0, /* flags */ 0, 0, 0, 0, /* crypt count */ 0,
			 /* purposes */ 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0xC0);
}

static void test_models__the_others_say_their_number(void **state)
{
	(void)state;
	static const struct {
		const char *chip;
		uint8_t id;
	} rows[] = { { "esp32s3", 9 },   { "esp32c2", 12 }, { "esp32c6", 13 },  { "esp32h2", 16 }, { "esp32c5", 23 },
		     { "esp32c61", 20 }, { "esp32p4", 18 }, { "esp32h21", 25 }, { "esp32h4", 28 }, { "esp32s31", 32 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bench_open(&bench, rows[i].chip, false);
		bench_send(&bench, 0x14, NULL, 0, 0);
		assert_int_equal(bench.out[3], 24);
		assert_int_equal(bench.out[9 + 12], rows[i].id);
		bench_close(&bench);
	}
	bench_open(&bench, "esp32s3", false);
}

/* Its ROM reckons with a crystal of 40 MHz, where 26 MHz are. */
static void test_models__c2_rom_misses_the_rate_by_26_to_40(void **state)
{
	(void)state;
	bench_open(&bench, "esp32c2", true);
	bench_sync(&bench);
	bench_wait(&bench, 100 * MS);
	bench_drop(&bench);
	bench_words(&bench, 0x0F, 460800, 0);
	bench_wait(&bench, 10 * MS);
	assert_int_equal(ff_soc_tune(bench.soc, 115200), 299520);
}

/* esptool 5.3 targets/esp32c5.py: get_crystal_freq_rom_expect(), and the divider of 48 MHz at 115200. */
static void test_models__c5_rom_says_what_crystal_it_expects(void **state)
{
	(void)state;
	bench_open(&bench, "esp32c5", false);
	bench_words(&bench, 0x0A, 0x60096110);
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 4, 0, 0, 0, 0, 48, 0, 0, 0, 0, 0xC0);
	bench_words(&bench, 0x0A, 0x60000014);
	bench_expect_hex(&bench, 0xC0, 1, 0x0A, 4, 0, 0xA0, 1, 0, 0, 0, 0, 0, 0, 0xC0);
}

static bool attaches(uint32_t revision, bool power_first)
{
	const struct ff_identity p4 = { .revision = revision };
	struct ff_bus *bus = ff_bus_new(ff_model_find("esp32p4"), NULL, &p4);
	if (power_first) {
		ff_bus_write(bus, 0x501153FC, 3);
	}
	ff_bus_attach_flash(bus);
	bool attached = ff_bus_flash_attached(bus);
	ff_bus_free(bus);
	return attached;
}

static void test_models__p4_of_v3_1_and_v3_2_has_no_flash_without_power(void **state)
{
	(void)state;
	assert_true(attaches(300, false));
	assert_false(attaches(301, false));
	assert_false(attaches(302, false));
	assert_true(attaches(302, true));
	assert_true(attaches(303, false));
}

static void test_models__boot_log_names_the_chip(void **state)
{
	(void)state;
	static const struct {
		const char *chip, *banner, *mode;
		uint32_t baud;
	} rows[] = {
		{ "esp32s2", "ESP-ROM:esp32s2-rc4-20191025\r\n", "boot:0x0 (DOWNLOAD(USB/UART0/1/SPI))\r\n", 115200 },
		{ "esp32s3", "ESP-ROM:esp32s3-20210327\r\n", "boot:0x0 (DOWNLOAD(USB/UART0))\r\n", 115200 },
		{ "esp32c2", "ESP-ROM:esp8684-api2-20220127\r\n", "boot:0x4 (DOWNLOAD(UART0))\r\n", 74880 },
		{ "esp32c6", "ESP-ROM:esp32c6-20220919\r\n", "boot:0x4 (DOWNLOAD(USB/UART0/SDIO_FEI_FEO))\r\n",
		  115200 },
		{ "esp32h2", "ESP-ROM:esp32h2-20221101\r\n", "boot:0x4 (DOWNLOAD(USB/UART0))\r\n", 115200 },
		{ "esp32c5", "ESP-ROM:esp32c5-eco2-20250121\r\n", "(DOWNLOAD(", 115200 },
		{ "esp32c61", "ESP-ROM:esp32c61-eco3-20250228\r\n", "(DOWNLOAD(", 115200 },
		{ "esp32p4", "ESP-ROM:esp32p4-eco2-20240710\r\n", "boot:0x307 (DOWNLOAD(USB/UART0/SPI))\r\n", 115200 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bench_open(&bench, rows[i].chip, false);
		ff_soc_stop(bench.soc);
		bench_drop(&bench);
		ff_soc_start(bench.soc, true, bench.now);
		bench_wait(&bench, 20 * MS);
		assert_true(bench_printed(&bench, rows[i].banner));
		assert_true(bench_printed(&bench, rows[i].mode));
		assert_true(bench_printed(&bench, "waiting for download\r\n"));
		assert_int_equal(ff_model_find(rows[i].chip)->rom_baud, rows[i].baud);
		bench_close(&bench);
	}
	bench_open(&bench, "esp32s3", false);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_models__mac_is_where_each_chip_has_it),
		cmocka_unit_test(test_models__revision_is_where_each_chip_has_it),
		cmocka_unit_test(test_models__package_and_what_is_inside_are_told),
		cmocka_unit_test(test_models__efuse_settings_win),
		cmocka_unit_test(test_models__rejects_what_is_no_efuse_setting),
		cmocka_unit_test(test_models__p4_has_majors_above_3),
		cmocka_unit_test(test_models__p4_of_v3_1_and_v3_2_has_no_flash_without_power),
		TEST(test_models__s2_has_12_bytes_of_security_info),
		TEST(test_models__the_others_say_their_number),
		TEST(test_models__c2_rom_misses_the_rate_by_26_to_40),
		TEST(test_models__c5_rom_says_what_crystal_it_expects),
		TEST(test_models__boot_log_names_the_chip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
