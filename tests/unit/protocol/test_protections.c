// SPDX-License-Identifier: Apache-2.0
/* What eFuses say of a chip's protections. Register values by hand, from esptool 5.3 targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protections.h"
#include "test_loader_chip.h"

#define ESP32_WORD_0 0x3FF5A000
#define ESP32_WORD_5 0x3FF5A014
#define ESP32_WORD_6 0x3FF5A018
#define ESP32_KEY 0x3FF5A038

static struct {
	struct chip chip;
	struct ff_loader loader;
} fixture;

/* A loader that knows its chip and has heard security info, unless the chip is one that tells none. */
static struct ff_loader *start(const char *name)
{
	static const struct ff_link_hooks hooks;
	bool old = strcmp(name, "ESP32") == 0 || strcmp(name, "ESP8266") == 0;
	chip_init(&fixture.chip, CHIP_ESP32C3);
	ff_loader_init(&fixture.loader, &fixture.chip.script.transport, 115200, &hooks);
	fixture.loader.chip = ff_chip_by_name(name);
	fixture.loader.security_known = !old;
	return &fixture.loader;
}

static int release(void **state)
{
	(void)state;
	chip_release(&fixture.chip);
	return 0;
}

static void expect(enum ff_secure_boot boot, enum ff_flash_encryption encryption)
{
	assert_int_equal(ff_protections_read(&fixture.loader, NULL), FF_OK);
	assert_string_equal(ff_secure_boot_name(fixture.loader.boot_protection), ff_secure_boot_name(boot));
	assert_string_equal(ff_flash_encryption_name(fixture.loader.encryption), ff_flash_encryption_name(encryption));
}

static struct ff_protections_key read_key(void)
{
	struct ff_protections_key key = { .known = false };
	assert_int_equal(ff_protections_read_key(&fixture.loader, &key, NULL), FF_OK);
	return key;
}

static void test_protections__esp32_reads_its_efuses(void **state)
{
	(void)state;
	struct ff_loader *loader = start("ESP32");
	loader->revision = 300;
	expect(FF_SECURE_BOOT_OFF, FF_FLASH_ENCRYPTION_OFF);
	chip_set_register(&fixture.chip, ESP32_WORD_6, 1U << 4);
	expect(FF_SECURE_BOOT_V1, FF_FLASH_ENCRYPTION_OFF);
	chip_set_register(&fixture.chip, ESP32_WORD_6, 1U << 5);
	expect(FF_SECURE_BOOT_V2, FF_FLASH_ENCRYPTION_OFF);
	loader->revision = 101;
	expect(FF_SECURE_BOOT_OFF, FF_FLASH_ENCRYPTION_OFF);
	chip_set_register(&fixture.chip, ESP32_WORD_0, 1U << 20 | 3U << 16);
	expect(FF_SECURE_BOOT_OFF, FF_FLASH_ENCRYPTION_DEVELOPMENT);
	chip_set_register(&fixture.chip, ESP32_WORD_6, 1U << 7);
	expect(FF_SECURE_BOOT_OFF, FF_FLASH_ENCRYPTION_RELEASE);
	chip_set_register(&fixture.chip, ESP32_WORD_0, 3U << 20); /* on, and off again */
	expect(FF_SECURE_BOOT_OFF, FF_FLASH_ENCRYPTION_OFF);
	chip_set_register(&fixture.chip, ESP32_WORD_0, 0x7FU << 20);
	expect(FF_SECURE_BOOT_OFF, FF_FLASH_ENCRYPTION_RELEASE);
}

static void test_protections__later_chips_have_told(void **state)
{
	(void)state;
	struct ff_loader *loader = start("ESP32-C3");
	expect(FF_SECURE_BOOT_OFF, FF_FLASH_ENCRYPTION_OFF);
	assert_int_equal(chip_count(&fixture.chip, 0x0A), 0);
	loader->secure_boot = true;
	loader->security.crypt_count = 7;
	expect(FF_SECURE_BOOT_V2, FF_FLASH_ENCRYPTION_DEVELOPMENT);
	chip_set_register(&fixture.chip, 0x60008830, 1U << 20);
	expect(FF_SECURE_BOOT_V2, FF_FLASH_ENCRYPTION_RELEASE);
	unsigned reads = chip_count(&fixture.chip, 0x0A);
	loader->secure_download = true;
	expect(FF_SECURE_BOOT_V2, FF_FLASH_ENCRYPTION_ON);
	assert_int_equal(chip_count(&fixture.chip, 0x0A), reads);
	assert_false(read_key().known);
}

static void test_protections__some_chips_tell_nothing(void **state)
{
	(void)state;
	start("ESP8266");
	expect(FF_SECURE_BOOT_UNKNOWN, FF_FLASH_ENCRYPTION_UNKNOWN);
	assert_false(read_key().known);
	fixture.loader.chip = ff_chip_by_name("ESP32-C3"); /* with a stub that was running and cannot ask */
	expect(FF_SECURE_BOOT_UNKNOWN, FF_FLASH_ENCRYPTION_UNKNOWN);
	assert_false(read_key().known);
	assert_int_equal(chip_count(&fixture.chip, 0x0A), 0);
}

static void test_protections__esp32_key(void **state)
{
	(void)state;
	start("ESP32");
	struct ff_protections_key key = read_key();
	assert_true(key.known && key.may_encrypt && !key.present);
	assert_int_equal(key.crypt_config, 0);
	chip_set_register(&fixture.chip, ESP32_WORD_5, 0xF0000000);
	chip_set_register(&fixture.chip, ESP32_KEY + 28, 1);
	chip_set_register(&fixture.chip, ESP32_WORD_6, 1U << 7);
	key = read_key();
	assert_true(key.present && !key.may_encrypt);
	assert_int_equal(key.crypt_config, 0xF);
	chip_set_register(&fixture.chip, ESP32_KEY + 28, 0);
	chip_set_register(&fixture.chip, ESP32_WORD_5, 0);
	chip_set_register(&fixture.chip, ESP32_WORD_0, 1U << 16 | 1U << 19); /* neither can be read */
	key = read_key();
	assert_true(key.present);
	assert_int_equal(key.crypt_config, 0xF);
}

static void test_protections__c2_key(void **state)
{
	(void)state;
	start("ESP32-C2");
	assert_false(read_key().present);
	chip_set_register(&fixture.chip, 0x60008860 + 16, 1); /* in the half that is none of the key */
	assert_false(read_key().present);
	chip_set_register(&fixture.chip, 0x60008830, 1U << 10);
	assert_true(read_key().present);
	chip_set_register(&fixture.chip, 0x60008860 + 16, 0);
	chip_set_register(&fixture.chip, 0x60008830, 1U << 10 | 1); /* only one half is hidden */
	assert_false(read_key().present);
	chip_set_register(&fixture.chip, 0x60008830, 1U << 10 | 3);
	assert_true(read_key().present);
	chip_set_register(&fixture.chip, 0x60008830, 1U << 6 | 1);
	assert_true(read_key().present && !read_key().may_encrypt);
}

static void test_protections__keys_by_their_purpose(void **state)
{
	(void)state;
	struct ff_loader *loader = start("ESP32-S3");
	assert_false(read_key().present);
	loader->security.key_purposes[6] = 4; /* belongs to no block */
	assert_false(read_key().present);
	loader->security.key_purposes[1] = 2;
	assert_false(read_key().present);
	loader->security.key_purposes[5] = 3;
	assert_true(read_key().present);
	loader->chip = ff_chip_by_name("ESP32-C3"); /* has no AES-256 */
	assert_false(read_key().present);
	loader->security.key_purposes[0] = 4;
	assert_true(read_key().present);
	assert_int_equal(read_key().crypt_config, 0xF);
}

static void test_protections__key_manager(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t address;
		uint32_t field; /* FORCE_USE_KEY_MANAGER_KEY with XTS-AES in it */
	} chips[] = { { "ESP32-C5", 0x600B4834, 2U << 10 },
		      { "ESP32-H4", 0x600B1838, 2U << 19 },
		      { "ESP32-P4", 0x5012D034, 2U << 9 },
		      { "ESP32-S31", 0x20715034, 2U << 12 } };
	for (size_t i = 0; i < 4; i++) {
		struct ff_loader *loader = start(chips[i].name);
		loader->security.crypt_count = 1;
		expect(FF_SECURE_BOOT_OFF, FF_FLASH_ENCRYPTION_DEVELOPMENT);
		assert_false(loader->key_manager || read_key().present);
		chip_set_register(&fixture.chip, chips[i].address, chips[i].field);
		expect(FF_SECURE_BOOT_OFF, FF_FLASH_ENCRYPTION_DEVELOPMENT);
		assert_true(loader->key_manager && read_key().present);
		loader->security.crypt_count = 0;
		expect(FF_SECURE_BOOT_OFF, FF_FLASH_ENCRYPTION_OFF);
		assert_false(loader->key_manager);
		if (i < 3) {
			chip_release(&fixture.chip);
		}
	}
}

/* EFUSE_DIS_DOWNLOAD_MANUAL_ENCRYPT of every chip. */
static void test_protections__rows_hold_the_facts(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t address;
		unsigned bit;
	} facts[] = { { "ESP32", 0x3FF5A018, 7 },      { "ESP32-S2", 0x3F41A030, 19 },  { "ESP32-S3", 0x60007030, 20 },
		      { "ESP32-C2", 0x60008830, 6 },   { "ESP32-C3", 0x60008830, 20 },  { "ESP32-C5", 0x600B4830, 20 },
		      { "ESP32-C6", 0x600B0830, 20 },  { "ESP32-C61", 0x600B4830, 14 }, { "ESP32-H2", 0x600B0830, 20 },
		      { "ESP32-H21", 0x600B4030, 20 }, { "ESP32-H4", 0x600B1830, 14 },  { "ESP32-P4", 0x5012D030, 20 },
		      { "ESP32-S31", 0x20715030, 20 } };
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		struct ff_loader *loader = start(facts[i].name);
		assert_true(read_key().may_encrypt);
		chip_set_register(&fixture.chip, facts[i].address, 1U << facts[i].bit);
		assert_false(read_key().may_encrypt);
		assert_int_equal(loader->chip->encrypted_alignment, i == 0 ? 32 : 16);
		if (i + 1 < sizeof(facts) / sizeof(facts[0])) {
			chip_release(&fixture.chip);
		}
	}
}

static void test_protections__states_have_names(void **state)
{
	(void)state;
	start("ESP32");
	assert_string_equal(ff_secure_boot_name(FF_SECURE_BOOT_V1), "v1");
	assert_string_equal(ff_secure_boot_name(FF_SECURE_BOOT_COUNT), "unknown");
	assert_string_equal(ff_flash_encryption_name(FF_FLASH_ENCRYPTION_RELEASE), "release");
	assert_string_equal(ff_flash_encryption_name(FF_FLASH_ENCRYPTION_COUNT), "unknown");
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_protections__esp32_reads_its_efuses),
		TEST(test_protections__later_chips_have_told),
		TEST(test_protections__some_chips_tell_nothing),
		TEST(test_protections__esp32_key),
		TEST(test_protections__c2_key),
		TEST(test_protections__keys_by_their_purpose),
		TEST(test_protections__key_manager),
		TEST(test_protections__rows_hold_the_facts),
		TEST(test_protections__states_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
