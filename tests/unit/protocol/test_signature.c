// SPDX-License-Identifier: Apache-2.0
/* Signature blocks behind images, built here from the ESP-IDF guide's "Signature Block Format"; images that espsecure 5.3
 * had signed were recognised as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>
#include <zlib.h>

#include "bytes.h"
#include "elf.h"
#include "espimage.h"
#include "signature.h"
#include "test_elfimage_fixture.h"

#define SECTOR 4096
#define BLOCK 1216
#define SIZE (2 * SECTOR)

static uint8_t file[SIZE];

static void seal(uint8_t *block)
{
	ff_put_le32(block + 1196, (uint32_t)crc32_z(0, block, 1196));
}

/* An image in the first sector, and RSA's block at the start of the second. */
static void sign(void)
{
	static const struct test_section sections[] = { { ".dram0.data", 0x3FC80000, 100, 1, 0 }, { NULL } };
	const struct ff_elfimage_options options = test_elf_options("esp32c3");
	struct ff_buf elf = test_elf_make(FF_ELF_RISCV, sections), image;

	ff_buf_init(&image, SECTOR);
	assert_int_equal(ff_elfimage_make(&options, elf.bytes, elf.size, &image, NULL), FF_OK);
	memset(file, 0xFF, sizeof(file));
	memcpy(file, image.bytes, image.size);
	memset(file + SECTOR, 0x5A, BLOCK);
	memcpy(file + SECTOR, "\xE7\x02\0\0", 4);
	SHA256(file, SECTOR, file + SECTOR + 4);
	seal(file + SECTOR);
	ff_buf_release(&image);
	ff_buf_release(&elf);
}

static bool finds(size_t size)
{
	const uint8_t *bytes = file;
	const struct ff_source source = ff_espimage_bytes(&bytes, size);
	bool found = true;

	assert_int_equal(ff_signature_find(&found, &source, ff_imagechip_by_name("esp32c3"), NULL), FF_OK);
	return found;
}

static void test_signature__is_the_block_at_the_next_sector(void **state)
{
	(void)state;
	sign();
	assert_true(finds(SIZE));
	assert_true(finds(SECTOR + BLOCK));
	assert_false(finds(SECTOR + BLOCK - 1));
	assert_false(finds(SECTOR));
	assert_false(finds(0));
}

static void test_signature__has_to_be_whole(void **state)
{
	static const size_t damaged[] = { 0, 1, 4, 600, 1195, 1196, 1199 };

	(void)state;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		sign();
		file[SECTOR + damaged[i]] ^= 0x10;
		assert_false(finds(SIZE));
	}
	sign();
	file[SECTOR + 1] = 4; /* no version that there is */
	seal(file + SECTOR);
	assert_false(finds(SIZE));
}

static void test_signature__is_about_this_image(void **state)
{
	(void)state;
	sign();
	file[SECTOR - 1] = 0; /* behind the image, but in its sector */
	assert_false(finds(SIZE));
	/* ECDSA's digest may be one that we do not compute. */
	file[SECTOR + 1] = 3;
	seal(file + SECTOR);
	assert_true(finds(SIZE));
	file[40] ^= 1; /* the image is no longer whole */
	assert_false(finds(SIZE));
	sign();
	file[0] = 0;
	assert_false(finds(SIZE));
}

static enum ff_status fail_to_read(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	const uint64_t *fails_at = context;

	if (offset + size > *fails_at) {
		return ff_error_set(error, FF_ERR_IO, "no more");
	}
	memcpy(bytes, file + offset, size);
	return FF_OK;
}

static void test_signature__sources_may_fail(void **state)
{
	static const uint64_t places[] = { 10, 60, SECTOR, SECTOR + 100 };

	(void)state;
	sign();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint64_t fails_at = places[i];
		const struct ff_source source = { .size = SIZE, .read = fail_to_read, .context = &fails_at };
		struct ff_error error = FF_ERROR_NONE;
		bool found = true;

		assert_int_equal(ff_signature_find(&found, &source, ff_imagechip_by_name("esp32c3"), &error),
				 FF_ERR_IO);
		assert_string_equal(error.text, "no more");
	}
}

static enum ff_status fail_without_a_word(void *context, uint64_t offset, uint8_t *bytes, size_t size,
					  struct ff_error *error)
{
	(void)context;
	(void)offset;
	(void)bytes;
	(void)size;
	(void)error;
	return FF_ERR_IO;
}

/* Then it is the caller's to say what cannot be read. */
static void test_signature__sources_may_fail_without_a_word(void **state)
{
	const struct ff_source source = { .size = SIZE, .read = fail_without_a_word };
	struct ff_error error = FF_ERROR_NONE;
	bool found = true;

	(void)state;
	assert_int_equal(ff_signature_find(&found, &source, ff_imagechip_by_name("esp32c3"), &error), FF_ERR_IO);
	assert_int_equal(error.status, FF_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature__is_the_block_at_the_next_sector),
		cmocka_unit_test(test_signature__has_to_be_whole),
		cmocka_unit_test(test_signature__is_about_this_image),
		cmocka_unit_test(test_signature__sources_may_fail),
		cmocka_unit_test(test_signature__sources_may_fail_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
