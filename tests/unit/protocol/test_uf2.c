// SPDX-License-Identifier: Apache-2.0
/* Blocks written out by hand from Microsoft's description; the MD5 with md5sum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "imagechip.h"
#include "uf2.h"

/* printf 0123 | md5sum */
static const uint8_t md5_0123[16] = { 0xeb, 0x62, 0xf6, 0xb9, 0x30, 0x6d, 0xb5, 0x75,
				      0xc2, 0xd5, 0x96, 0xb1, 0x27, 0x96, 0x27, 0xa4 };

static void make_block(uint8_t *block, uint32_t flags, uint32_t address, const char *data, uint32_t number,
		       uint32_t count, uint32_t family)
{
	const uint32_t words[8] = { 0x0A324655, 0x9E5D5157, flags, address, (uint32_t)strlen(data),
				    number,     count,      family };

	memset(block, 0, FF_UF2_BLOCK_SIZE);
	for (size_t i = 0; i < 8; i++) {
		ff_put_le32(block + 4 * i, words[i]);
	}
	memcpy(block + 32, data, strlen(data));
	ff_put_le32(block + 508, 0x0AB16F30);
}

static enum ff_status read_blocks(const uint8_t *bytes, size_t size, struct ff_segments *segments, uint32_t *family,
				  struct ff_error *error)
{
	ff_segments_init(segments, 4096);
	return ff_uf2_read(segments, family, bytes, size, error);
}

static void test_uf2__reads_blocks(void **state)
{
	uint8_t bytes[4 * FF_UF2_BLOCK_SIZE];
	struct ff_segments segments;
	uint32_t family = 0;

	(void)state;
	make_block(bytes, 0x2000, 0x1000, "0123", 1, 3, 0xD42BA06C);
	make_block(bytes + 512, 0x2000, 0x8000, "far", 2, 3, 0xD42BA06C);
	make_block(bytes + 1024, 0x2001, 0x1234, "a comment", 0, 1, 0);
	make_block(bytes + 1536, 0x2000, 0xffc, "abcd", 0, 3, 0xD42BA06C); /* out of order */
	assert_int_equal(read_blocks(bytes, sizeof(bytes), &segments, &family, NULL), FF_OK);
	assert_string_equal(ff_imagechip_by_family(family)->name, "ESP32-C3");
	assert_int_equal(segments.count, 2);
	assert_int_equal(segments.items[0].address, 0xffc);
	assert_int_equal(segments.items[0].size, 8);
	assert_memory_equal(ff_segments_bytes(&segments, 0), "abcd0123", 8);
	assert_int_equal(segments.items[1].address, 0x8000);
	assert_memory_equal(ff_segments_bytes(&segments, 1), "far", 3);
	ff_segments_release(&segments);
}

static void put_md5(uint8_t *place, uint32_t address, uint32_t size)
{
	ff_put_le32(place, address);
	ff_put_le32(place + 4, size);
	memcpy(place + 8, md5_0123, sizeof(md5_0123));
}

static void test_uf2__checks_the_md5(void **state)
{
	static const size_t places[] = { 4, FF_UF2_MAX_DATA - FF_UF2_MD5_SIZE };
	struct ff_segments segments;
	uint32_t family;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t block[FF_UF2_BLOCK_SIZE];
		struct ff_error error = FF_ERROR_NONE;

		make_block(block, 0x6000, 0x1000, "0123", 0, 1, 1);
		put_md5(block + 32 + places[i], 0x1000, 4);
		assert_int_equal(read_blocks(block, sizeof(block), &segments, &family, NULL), FF_OK);
		ff_segments_release(&segments);
		block[32] ^= 1;
		assert_int_equal(read_blocks(block, sizeof(block), &segments, &family, &error), FF_ERR_FORMAT);
		assert_non_null(strstr(error.text, "block 0: its MD5"));
		ff_segments_release(&segments);
		block[32 + places[i] + 4] = 200; /* of a larger region: none of ours */
		assert_int_equal(read_blocks(block, sizeof(block), &segments, &family, NULL), FF_OK);
		ff_segments_release(&segments);
	}
}

static void refuse(const uint8_t *bytes, size_t size, enum ff_status status, const char *why)
{
	struct ff_segments segments;
	struct ff_error error = FF_ERROR_NONE;
	uint32_t family = 77;

	assert_int_equal(read_blocks(bytes, size, &segments, &family, &error), status);
	assert_non_null(strstr(error.text, why));
	assert_int_equal(family, 77);
	ff_segments_release(&segments);
}

static void test_uf2__refuses_what_is_wrong(void **state)
{
	uint8_t bytes[2 * FF_UF2_BLOCK_SIZE];

	(void)state;
	make_block(bytes, 0x2000, 0x1000, "0123", 0, 2, 1);
	make_block(bytes + 512, 0x2000, 0x2000, "0123", 1, 2, 2);
	refuse(bytes, sizeof(bytes), FF_ERR_UNSUPPORTED, "several families");
	refuse(bytes, 1023, FF_ERR_FORMAT, "no whole number");
	refuse(bytes, 0, FF_ERR_EMPTY, "no data");
	ff_put_le32(bytes + 512 + 20, 2);
	refuse(bytes, sizeof(bytes), FF_ERR_FORMAT, "block 1: it calls itself number 2 of 2");
	make_block(bytes + 512, 0x2000, 0x1002, "0123", 1, 2, 1);
	refuse(bytes, sizeof(bytes), FF_ERR_OVERLAP, "twice");
	bytes[512 + 508] ^= 1;
	refuse(bytes, sizeof(bytes), FF_ERR_FORMAT, "block 1: its magic");
	make_block(bytes, 0x3000, 0x1000, "0123", 0, 1, 1);
	refuse(bytes, 512, FF_ERR_UNSUPPORTED, "unpacked");
	make_block(bytes, 0x2000, 0x1000, "0123", 0, 1, 1);
	ff_put_le32(bytes + 16, 477);
	refuse(bytes, 512, FF_ERR_FORMAT, "477 bytes do not fit");
	ff_put_le32(bytes + 16, 453);
	ff_put_le32(bytes + 8, 0x6000);
	refuse(bytes, 512, FF_ERR_FORMAT, "453 bytes do not fit");
}

static enum ff_status collect(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)error;
	return ff_buf_append(context, bytes, size);
}

static void test_uf2__writes(void **state)
{
	uint8_t expected[2 * FF_UF2_BLOCK_SIZE];
	struct ff_buf file;
	const struct ff_sink sink = { collect, &file };
	struct ff_uf2_options options = { .family = 0x1C5F21B0, .chunk = 4 };

	(void)state;
	make_block(expected, 0x6000, 0x8000, "0123", 0, 1, 0x1C5F21B0);
	put_md5(expected + 36, 0x8000, 4);
	ff_buf_init(&file, 4096);
	assert_int_equal(ff_uf2_write(&options, &sink, 0x8000, (const uint8_t *)"0123", 4, NULL), FF_OK);
	assert_int_equal(file.size, FF_UF2_BLOCK_SIZE);
	assert_memory_equal(file.bytes, expected, FF_UF2_BLOCK_SIZE);
	ff_buf_clear(&file);
	options.no_md5 = true;
	make_block(expected, 0x2000, 0x8000, "0123", 0, 2, 0x1C5F21B0);
	make_block(expected + 512, 0x2000, 0x8004, "45", 1, 2, 0x1C5F21B0);
	assert_int_equal(ff_uf2_write(&options, &sink, 0x8000, (const uint8_t *)"012345", 6, NULL), FF_OK);
	assert_int_equal(file.size, sizeof(expected));
	assert_memory_equal(file.bytes, expected, sizeof(expected));
	ff_buf_release(&file);
}

static void test_uf2__checks_the_chunk_size(void **state)
{
	static const struct ff_uf2_options good[] = { { .chunk = 452 },
						      { .chunk = 476, .no_md5 = true },
						      { .chunk = 0 } };
	static const struct ff_uf2_options bad[] = { { .chunk = 456 },
						     { .chunk = 480, .no_md5 = true },
						     { .chunk = 6 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ff_error error = FF_ERROR_NONE;

		assert_int_equal(ff_uf2_check(&good[i], NULL), FF_OK);
		assert_int_equal(ff_uf2_check(&bad[i], &error), FF_ERR_ARGUMENT);
		assert_non_null(strstr(error.text, "a multiple of 4"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uf2__reads_blocks),          cmocka_unit_test(test_uf2__checks_the_md5),
		cmocka_unit_test(test_uf2__refuses_what_is_wrong), cmocka_unit_test(test_uf2__writes),
		cmocka_unit_test(test_uf2__checks_the_chunk_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
