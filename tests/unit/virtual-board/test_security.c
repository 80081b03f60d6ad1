// SPDX-License-Identifier: Apache-2.0
/* What a locked chip says and refuses. Places in the efuses by hand from esptool 5.3, targets/NAME.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "bench.h"
#include "bus.h"
#include "crypt.h"
#include "model.h"

static struct bench bench;

static int close_bench(void **state)
{
	(void)state;
	bench_close(&bench);
	return 0;
}

/* ---- the command line ---- */

static void test_security__parses_a_list(void **state)
{
	(void)state;
	struct ff_security security = { 0 };
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_security_parse(&security, "secure-boot,flash-encryption", &error), FF_OK);
	assert_true(security.secure_boot && security.flash_encryption);
	assert_false(security.secure_boot_v1 || security.no_manual_encrypt || security.secure_download);
	static const char *const bad[] = { "",           ",", "secure-boot,", "secure", "secure-boot;secure-download",
					   "Secure-Boot" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ff_error reason = FF_ERROR_NONE;
		assert_int_equal(ff_security_parse(&security, bad[i], &reason), FF_ERR_ARGUMENT);
	}
}

static enum ff_status check(const char *chip, uint32_t revision, const char *list)
{
	struct ff_security security = { 0 };
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_security_parse(&security, list, &error), FF_OK);
	return ff_security_check(&security, ff_model_find(chip), revision, &error);
}

static void test_security__knows_what_each_chip_has(void **state)
{
	(void)state;
	assert_int_equal(check("esp8266", 0, "flash-encryption"), FF_ERR_ARGUMENT);
	assert_int_equal(check("esp32", 300, "secure-download"), FF_ERR_ARGUMENT);
	assert_int_equal(check("esp32", 100, "secure-boot"), FF_ERR_ARGUMENT);
	assert_int_equal(check("esp32", 100, "secure-boot-v1,flash-encryption"), FF_OK);
	assert_int_equal(check("esp32", 300, "secure-boot"), FF_OK);
	assert_int_equal(check("esp32c3", 3, "secure-boot-v1"), FF_ERR_ARGUMENT);
	assert_int_equal(check("esp32c3", 3, "secure-boot,flash-encryption,no-manual-encrypt,secure-download"), FF_OK);
}

static enum ff_status load_key(const char *chip, size_t size)
{
	struct ff_security security = { 0 };
	struct ff_error error = FF_ERROR_NONE;
	char path[] = "/tmp/farflash-key-XXXXXX";
	uint8_t key[65] = { 1, 2, 3 };
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, key, size), size);
	close(fd);
	enum ff_status status = ff_security_load_key(&security, ff_model_find(chip), path, &error);
	unlink(path);
	assert_int_equal(security.key_size, status == FF_OK ? size : 0);
	return status;
}

static void test_security__takes_keys_of_the_right_length(void **state)
{
	(void)state;
	assert_int_equal(load_key("esp32", 32), FF_OK);
	assert_int_equal(load_key("esp32", 64), FF_ERR_ARGUMENT);
	assert_int_equal(load_key("esp32c3", 64), FF_ERR_ARGUMENT);
	assert_int_equal(load_key("esp32s3", 64), FF_OK);
	assert_int_equal(load_key("esp32s3", 65), FF_ERR_ARGUMENT);
	assert_int_equal(load_key("esp32s3", 31), FF_ERR_ARGUMENT);
	assert_int_equal(load_key("esp32s3", 0), FF_ERR_ARGUMENT);
	assert_int_equal(load_key("esp8266", 32), FF_ERR_ARGUMENT);
}

/* ---- what the efuses say ---- */

static uint32_t word(const char *chip, const struct ff_security *security, uint32_t address)
{
	struct ff_identity identity = { .revision = 300, .security = *security };
	struct ff_bus *bus = ff_bus_new(ff_model_find(chip), NULL, &identity);
	uint32_t value = ff_bus_read(bus, address);
	ff_bus_free(bus);
	return value;
}

static void test_security__esp32_efuses(void **state)
{
	(void)state;
	const struct ff_security all = { .secure_boot = true,
					 .secure_boot_v1 = true,
					 .flash_encryption = true,
					 .no_manual_encrypt = true,
					 .key_size = 32 };
	const struct ff_security development = { .flash_encryption = true, .key_size = 32 };
	assert_int_equal(word("esp32", &all, 0x3FF5A000), 0x7Fu << 20 | 1u << 16);
	assert_int_equal(word("esp32", &all, 0x3FF5A018), 1u << 4 | 1u << 5 | 1u << 7);
	assert_int_equal(word("esp32", &all, 0x3FF5A014) >> 28, 0xF);
	assert_int_equal(word("esp32", &development, 0x3FF5A000), 1u << 20 | 1u << 16);
	assert_int_equal(word("esp32", &development, 0x3FF5A018), 0);
}

/* Crypt count 1, secure boot, no encryption by the loaders; a key of 32 bytes and a digest in the first two blocks. */
static void test_security__each_chip_has_its_places(void **state)
{
	(void)state;
	static const struct {
		const char *chip;
		uint32_t count, count_shift, boot, boot_bit, manual, manual_bit, purposes, purposes_shift, purpose_bits;
	} rows[] = {
		{ "esp32s2", 0x3F41A034, 18, 0x3F41A038, 20, 0x3F41A030, 19, 0x3F41A034, 24, 4 },
		{ "esp32s3", 0x60007034, 18, 0x60007038, 20, 0x60007030, 20, 0x60007034, 24, 4 },
		{ "esp32c3", 0x60008834, 18, 0x60008838, 20, 0x60008830, 20, 0x60008834, 24, 4 },
		{ "esp32c6", 0x600B0834, 18, 0x600B0838, 20, 0x600B0830, 20, 0x600B0834, 24, 4 },
		{ "esp32h2", 0x600B0834, 18, 0x600B0838, 20, 0x600B0830, 20, 0x600B0834, 24, 4 },
		{ "esp32h21", 0x600B4034, 18, 0x600B4038, 20, 0x600B4030, 20, 0x600B4034, 24, 4 },
		{ "esp32p4", 0x5012D034, 18, 0x5012D038, 20, 0x5012D030, 20, 0x5012D034, 24, 4 },
		{ "esp32c5", 0x600B4834, 16, 0x600B4838, 25, 0x600B4830, 20, 0x600B4834, 22, 5 },
		{ "esp32c61", 0x600B4830, 23, 0x600B4834, 26, 0x600B4830, 14, 0x600B4834, 0, 4 },
		{ "esp32h4", 0x600B1830, 23, 0x600B1838, 5, 0x600B1830, 14, 0x600B1834, 0, 5 },
		{ "esp32s31", 0x20715034, 21, 0x2071503C, 2, 0x20715030, 20, 0x20715038, 0, 5 },
	};
	const struct ff_security locked = {
		.secure_boot = true, .flash_encryption = true, .no_manual_encrypt = true, .key_size = 32
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *chip = rows[i].chip;
		assert_int_equal(word(chip, &locked, rows[i].count) >> rows[i].count_shift & 7, 7);
		assert_int_equal(word(chip, &locked, rows[i].boot) >> rows[i].boot_bit & 1, 1);
		assert_int_equal(word(chip, &locked, rows[i].manual) >> rows[i].manual_bit & 1, 1);
		uint32_t purposes = word(chip, &locked, rows[i].purposes) >> rows[i].purposes_shift;
		uint32_t mask = (1u << rows[i].purpose_bits) - 1;
		assert_int_equal(purposes & mask, 4);
		assert_int_equal(purposes >> rows[i].purpose_bits & mask, 9);
	}
	assert_int_equal(word("esp32c2", &locked, 0x60008830), 7u << 7 | 1u << 21 | 1u << 6 | 3u | 1u << 10);
}

static void test_security__info_tells_the_same(void **state)
{
	(void)state;
	bench_open_locked(
		&bench, "esp32s3",
		&(struct ff_security){
			.secure_boot = true, .flash_encryption = true, .secure_download = true, .key_size = 64 });
	bench_send(&bench, 0x14, NULL, 0, 0);
	bench_expect_hex(&bench, 0xC0, 1, 0x14, 24, 0, 0, 0, 0, 0, /* flags */ 5, 0, 0, 0, /* crypt count */ 1,
			 /* purposes */ 2, 3, 9, 0, 0, 0, 12, /* chip */ 9, 0, 0, 0, /* revision */ 2, 0, 0, 0, 0, 0, 0,
			 0, 0xC0);
}

/* ---- what is refused ---- */

/* The second byte of the status of the answer that is in. */
static unsigned status(size_t data_size)
{
	assert_in_range(bench.out_size, 1 + 8 + data_size + 2, BENCH_OUT_MAX);
	unsigned code = (unsigned)bench.out[9 + data_size] << 8 | bench.out[9 + data_size + 1];
	bench_drop(&bench);
	return code;
}

static void test_security__secure_download_mode_leaves_writing_and_little_else(void **state)
{
	(void)state;
	bench_open_locked(&bench, "esp32s2", &(struct ff_security){ .secure_download = true });
	bench_send(&bench, 0x14, NULL, 0, 0); /* otherwise an error would repeat that of a SYNC */
	bench_drop(&bench);
	bench_words(&bench, 0x0A, 0x40001000);
	assert_int_equal(status(0), 0x105);
	bench_words(&bench, 0x09, 0x3F41A044, 0, 0xFFFFFFFF, 0);
	assert_int_equal(status(0), 0x105);
	bench_words(&bench, 0x05, 8, 1, 0x1800, BENCH_STUB_TEXT);
	assert_int_equal(status(0), 0x105);
	bench_attach(&bench);
	bench_words(&bench, 0x0E, 0, 4);
	assert_int_equal(status(0), 0x105);
	bench_words(&bench, 0x13, 0, 0x1000, 0, 0);
	assert_int_equal(status(0), 0x105);
	bench_words(&bench, 0x02, 0x1000, 1, 0x1000, 0x10000, 0);
	assert_int_equal(status(0) >> 8, 0);
	bench_block(&bench, 0x03, "farflash", 8, 0);
	assert_int_equal(status(0) >> 8, 0);
	char found[8];
	ff_nor_read(bench.nor, 0x10000, found, sizeof(found));
	assert_memory_equal(found, "farflash", 8);
}

static void test_security__c3_with_secure_boot_takes_no_stub(void **state)
{
	(void)state;
	bench_open_locked(&bench, "esp32c3", &(struct ff_security){ .secure_boot = true });
	bench_words(&bench, 0x0A, 0x60008838);
	bench_drop(&bench);
	bench_words(&bench, 0x05, 8, 1, 0x1800, BENCH_STUB_TEXT);
	assert_int_equal(status(0), 0x105);
	bench_close(&bench);
	bench_open_locked(&bench, "esp32s3", &(struct ff_security){ .secure_boot = true });
	bench_start_stub(&bench);
}

/* ---- encryption ---- */

static struct ff_security with_key(bool no_manual)
{
	struct ff_security security = { .flash_encryption = true, .no_manual_encrypt = no_manual, .key_size = 32 };
	memcpy(security.key, BENCH_KEY, 32);
	return security;
}

/* An image without segments: magic, count, two bytes of flash settings, entry point. */
static const uint8_t image[64] = { 0xE9, 0, 2, 0x20, 0x00, 0x04, 0x08, 0x40 };

static void expect_encrypted(const char *chip, uint32_t address)
{
	uint8_t bytes[sizeof(image)];
	struct ff_crypt *crypt = ff_crypt_new((const uint8_t *)BENCH_KEY, 32, strcmp(chip, "esp32") == 0);
	ff_nor_read(bench.nor, address, bytes, sizeof(bytes));
	ff_crypt_run(crypt, false, address, bytes, sizeof(bytes));
	assert_memory_equal(bytes, image, sizeof(image));
	ff_crypt_free(crypt);
}

static void test_security__rom_encrypts_and_the_chip_boots_from_it(void **state)
{
	(void)state;
	struct ff_security security = with_key(false);
	security.secure_download = true;
	bench_open_locked(&bench, "esp32c3", &security);
	bench_attach(&bench);
	bench_words(&bench, 0x02, sizeof(image), 1, 0x400, 0, 1);
	assert_int_equal(status(0) >> 8, 0);
	bench_block(&bench, 0x03, image, sizeof(image), 0);
	assert_int_equal(status(0) >> 8, 0);
	expect_encrypted("esp32c3", 0);
	ff_soc_start(bench.soc, false, bench.now);
	bench_wait(&bench, 100 * MS);
	assert_true(bench_printed(&bench, "entry 0x40080400"));
	assert_true(bench_printed(&bench, "hello"));
}

static void test_security__rom_encrypts_what_it_inflates(void **state)
{
	(void)state;
	struct ff_security security = with_key(false);
	uint8_t packed[128];
	uLongf size = sizeof(packed);
	assert_int_equal(compress(packed, &size, image, sizeof(image)), Z_OK);
	bench_open_locked(&bench, "esp32s3", &security);
	bench_attach(&bench);
	bench_words(&bench, 0x10, sizeof(image), 11, (uint32_t)size, 0x1000, 1);
	assert_int_equal(status(0) >> 8, 0);
	for (uint32_t i = 0; i < 10; i++) { /* a byte a block: never a whole unit of encryption at once */
		bench_block(&bench, 0x11, packed + i, 1, i);
		assert_int_equal(status(0) >> 8, 0);
	}
	bench_block(&bench, 0x11, packed + 10, (uint32_t)size - 10, 10);
	assert_int_equal(status(0) >> 8, 0);
	expect_encrypted("esp32s3", 0x1000);
}

static void test_security__stub_encrypts_in_the_esp32s_way(void **state)
{
	(void)state;
	struct ff_security security = with_key(false);
	bench_open_locked(&bench, "esp32", &security);
	bench_start_stub(&bench);
	bench_words(&bench, 0x02, sizeof(image), 1, 0x400, 0x1000, 1);
	bench_block(&bench, 0x03, image, sizeof(image), 0);
	bench_drop(&bench);
	bench_words(&bench, 0x04, 1);
	assert_int_equal(status(0), 0);
	expect_encrypted("esp32", 0x1000);
	ff_soc_start(bench.soc, false, bench.now);
	bench_wait(&bench, 100 * MS);
	assert_true(bench_printed(&bench, "hello"));
}

static void test_security__plain_image_does_not_boot_on_an_encrypted_chip(void **state)
{
	(void)state;
	struct ff_security security = with_key(false);
	bench_open_locked(&bench, "esp32", &security);
	ff_nor_program(bench.nor, 0x1000, image, sizeof(image));
	ff_soc_start(bench.soc, false, bench.now);
	bench_wait(&bench, 100 * MS);
	assert_true(bench_printed(&bench, "invalid header: 0x"));
	assert_false(bench_printed(&bench, "hello"));
}

static void test_security__reads_and_hashes_are_raw(void **state)
{
	(void)state;
	struct ff_security security = with_key(false);
	bench_open_locked(&bench, "esp32c3", &security);
	bench_attach(&bench);
	ff_nor_program(bench.nor, 0x1000, image, sizeof(image));
	bench_words(&bench, 0x0E, 0x1000, 64);
	assert_memory_equal(bench.out + 9, image, sizeof(image));
}

static unsigned encrypted_write(const char *chip, const struct ff_security *security, uint32_t address, uint32_t size)
{
	bench_open_locked(&bench, chip, security);
	bench_attach(&bench);
	bench_words(&bench, 0x02, size, 1, 0x400, address, 1);
	bench_drop(&bench);
	bench_block(&bench, 0x03, image, size, 0);
	unsigned code = status(0);
	assert_true(ff_nor_is_blank(bench.nor, address, 64));
	bench_close(&bench);
	return code;
}

static void test_security__encrypted_writes_fail_without_key_or_permission_or_alignment(void **state)
{
	(void)state;
	struct ff_security allowed = with_key(false), forbidden = with_key(true),
			   keyless = { .flash_encryption = true };
	assert_int_equal(encrypted_write("esp32c3", &keyless, 0x1000, 64), 0x108);
	assert_int_equal(encrypted_write("esp32c3", &forbidden, 0x1000, 64), 0x108);
	assert_int_equal(encrypted_write("esp32c3", &allowed, 0x1000, 24), 0x108);
	bench_open(&bench, "esp32c3", false);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_security__parses_a_list),
		cmocka_unit_test(test_security__knows_what_each_chip_has),
		cmocka_unit_test(test_security__takes_keys_of_the_right_length),
		cmocka_unit_test(test_security__esp32_efuses),
		cmocka_unit_test(test_security__each_chip_has_its_places),
		TEST(test_security__info_tells_the_same),
		TEST(test_security__secure_download_mode_leaves_writing_and_little_else),
		TEST(test_security__c3_with_secure_boot_takes_no_stub),
		TEST(test_security__rom_encrypts_and_the_chip_boots_from_it),
		TEST(test_security__rom_encrypts_what_it_inflates),
		TEST(test_security__stub_encrypts_in_the_esp32s_way),
		TEST(test_security__plain_image_does_not_boot_on_an_encrypted_chip),
		TEST(test_security__reads_and_hashes_are_raw),
		TEST(test_security__encrypted_writes_fail_without_key_or_permission_or_alignment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
