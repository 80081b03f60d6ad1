// SPDX-License-Identifier: Apache-2.0
/* The stream against zlib's own inflate, and its size against the best that zlib can do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "blocks.h"
#include "deflate.h"
#include "inflate.h"

#define MAX_STREAM (4 * 1024 * 1024)

struct input {
	const uint8_t *bytes;
	size_t size;
	size_t at;
	size_t piece; /* most to give at a time */
	size_t fails_at;
};

static enum ff_status give(void *context, uint8_t *bytes, size_t capacity, size_t *got, struct ff_error *error)
{
	struct input *input = context;
	size_t count = input->size - input->at;
	count = count < capacity ? count : capacity;
	count = count < input->piece ? count : input->piece;
	if (input->at + count > input->fails_at) {
		return ff_error_set(error, FF_ERR_IO, "no more");
	}
	memcpy(bytes, input->bytes + input->at, count);
	input->at += count;
	*got = count;
	return FF_OK;
}

/* Half noise, half repetition, from a fixed seed. */
static uint8_t *make_bytes(size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	assert_non_null(bytes);
	uint32_t seed = 1;
	for (size_t i = 0; i < size; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = i % 64 < 32 ? (uint8_t)(seed >> 24) : (uint8_t)i;
	}
	return bytes;
}

static uint8_t *inflate_all(const uint8_t *stream, size_t size, size_t expected)
{
	uint8_t *plain = malloc(expected + 1);
	assert_non_null(plain);
	uLongf plain_size = expected + 1;
	assert_int_equal(uncompress(plain, &plain_size, stream, size), Z_OK);
	assert_int_equal(plain_size, expected);
	return plain;
}

struct output {
	const uint8_t *expected;
	size_t size;
	size_t fails_at;
};

static enum ff_status take(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct output *output = context;
	if (output->size + size > output->fails_at) {
		return ff_error_set(error, FF_ERR_NO_SPACE, "no room");
	}
	if (output->expected) {
		assert_memory_equal(bytes, output->expected + output->size, size);
	}
	output->size += size;
	return FF_OK;
}

static void expect_no_more(struct ff_deflate *deflate, uint8_t *block, size_t capacity)
{
	size_t filled = 1;
	assert_int_equal(ff_deflate_next(deflate, block, capacity, &filled, NULL), FF_OK);
	assert_int_equal(filled, 0);
}

static void round_trip(struct ff_deflate *deflate, struct ff_inflate *inflate, const uint8_t *bytes, size_t size,
		       size_t block, size_t piece)
{
	struct input input = { .bytes = bytes, .size = size, .piece = piece, .fails_at = SIZE_MAX };
	struct output output = { .expected = bytes, .fails_at = SIZE_MAX };
	uint8_t *stream = malloc(compressBound(size) + block);
	assert_non_null(stream);
	size_t total = 0;
	uint64_t inflated_total = 0;
	ff_deflate_start(deflate, give, &input);
	ff_inflate_start(inflate, &(struct ff_sink){ .write = take, .context = &output });
	for (size_t filled = block; filled == block;) {
		uint32_t inflated = 0;
		assert_int_equal(ff_deflate_next(deflate, stream + total, block, &filled, NULL), FF_OK);
		assert_int_equal(ff_inflate_next(inflate, stream + total, filled, &inflated, NULL), FF_OK);
		total += filled;
		inflated_total += inflated;
	}
	expect_no_more(deflate, stream + total, block);
	assert_int_equal(inflated_total, size);
	assert_int_equal(output.size, size);

	uint8_t *plain = inflate_all(stream, total, size);
	assert_memory_equal(plain, bytes, size);
	uLongf best_size = compressBound(size);
	uint8_t *best = malloc(best_size);
	assert_non_null(best);
	assert_int_equal(compress2(best, &best_size, bytes, size, 9), Z_OK);
	assert_true(total <= best_size + best_size / 100 + 8);
	free(best);
	free(plain);
	free(stream);
}

static void test_deflate__round_trip(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 16383, 16384, 16385, 100001 };
	struct ff_deflate *deflate = NULL;
	struct ff_inflate *inflate = NULL;
	assert_int_equal(ff_deflate_new(&deflate, NULL), FF_OK);
	assert_int_equal(ff_inflate_new(&inflate, NULL), FF_OK);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *bytes = make_bytes(sizes[i]);
		round_trip(deflate, inflate, bytes, sizes[i], 1024, SIZE_MAX);
		round_trip(deflate, inflate, bytes, sizes[i], 16384, 100);
		free(bytes);
	}
	ff_inflate_free(inflate);
	ff_deflate_free(deflate);
}

/* One short block may hold megabytes, which a chip then takes minutes to write. */
static void test_deflate__tells_what_a_block_inflates_to(void **state)
{
	(void)state;
	struct ff_deflate *deflate = NULL;
	struct ff_inflate *inflate = NULL;
	assert_int_equal(ff_deflate_new(&deflate, NULL), FF_OK);
	assert_int_equal(ff_inflate_new(&inflate, NULL), FF_OK);
	uint8_t *zeros = calloc(1, MAX_STREAM);
	assert_non_null(zeros);
	struct input input = { .bytes = zeros, .size = MAX_STREAM, .piece = SIZE_MAX, .fails_at = SIZE_MAX };
	uint8_t block[16384];
	size_t size = 0;
	uint32_t inflated = 0;
	struct output output = { .expected = zeros, .fails_at = SIZE_MAX };
	ff_deflate_start(deflate, give, &input);
	ff_inflate_start(inflate, &(struct ff_sink){ .write = take, .context = &output });
	assert_int_equal(ff_deflate_next(deflate, block, sizeof(block), &size, NULL), FF_OK);
	assert_true(size < 8192);
	assert_int_equal(ff_inflate_next(inflate, block, size, &inflated, NULL), FF_OK);
	assert_int_equal(inflated, MAX_STREAM);
	free(zeros);
	ff_inflate_free(inflate);
	ff_deflate_free(deflate);
}

static void test_deflate__passes_on_failures_and_starts_again(void **state)
{
	(void)state;
	struct ff_deflate *deflate = NULL;
	struct ff_inflate *inflate = NULL;
	assert_int_equal(ff_deflate_new(&deflate, NULL), FF_OK);
	assert_int_equal(ff_inflate_new(&inflate, NULL), FF_OK);
	uint8_t *bytes = make_bytes(100000);
	struct input input = { .bytes = bytes, .size = 100000, .piece = SIZE_MAX, .fails_at = 50000 };
	uint8_t block[65536];
	size_t size = 0;
	struct ff_error error = FF_ERROR_NONE;
	ff_deflate_start(deflate, give, &input);
	assert_int_equal(ff_deflate_next(deflate, block, sizeof(block), &size, &error), FF_ERR_IO);
	assert_string_equal(error.text, "no more");
	round_trip(deflate, inflate, bytes, 100000, 4096, SIZE_MAX);
	free(bytes);
	ff_inflate_free(inflate);
	ff_inflate_free(NULL);
	ff_deflate_free(deflate);
	ff_deflate_free(NULL);
}

static void test_inflate__tells_what_is_no_stream(void **state)
{
	(void)state;
	struct ff_inflate *inflate = NULL;
	struct output output = { .fails_at = 1000 };
	const struct ff_sink sink = { .write = take, .context = &output };
	uint8_t stream[256];
	uLongf size = sizeof(stream) - 1;
	uint8_t zeros[2000] = { 0 };
	uint32_t inflated = 7;
	assert_int_equal(compress(stream, &size, zeros, 1000), Z_OK);
	stream[size] = 0; /* one byte behind its end */
	assert_int_equal(ff_inflate_new(&inflate, NULL), FF_OK);
	ff_inflate_start(inflate, &sink);
	assert_int_equal(ff_inflate_next(inflate, stream, size + 1, &inflated, NULL), FF_ERR_FORMAT);
	output.size = 0;
	ff_inflate_start(inflate, &sink);
	assert_int_equal(ff_inflate_next(inflate, zeros, 10, &inflated, NULL), FF_ERR_FORMAT);
	assert_int_equal(inflated, 7);
	ff_inflate_start(inflate, &sink);
	assert_int_equal(ff_inflate_next(inflate, stream, size, &inflated, NULL), FF_OK);
	assert_int_equal(inflated, 1000);
	output.size = 1;
	ff_inflate_start(inflate, &sink);
	assert_int_equal(ff_inflate_next(inflate, stream, size, &inflated, NULL), FF_ERR_NO_SPACE);
	ff_inflate_free(inflate);
}

static enum ff_status read_abc(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)context;
	(void)error;
	assert_true(offset + size <= 3);
	memcpy(bytes, &"abc"[offset], size);
	return FF_OK;
}

/* MD5 of "abc\xFF" by hand of md5sum. */
static void test_blocks__fill_up_to_a_word(void **state)
{
	(void)state;
	static const uint8_t expected[] = { 0xC0, 0x26, 0x4F, 0x69, 0x55, 0xCE, 0x65, 0x9E,
					    0xC5, 0x18, 0xAC, 0x7B, 0x5D, 0xE9, 0x49, 0x54 };
	struct ff_region region = { .source = { .size = 3, .read = read_abc } };
	struct ff_blocks *blocks = NULL;
	struct ff_block block;
	uint8_t md5[16];
	assert_int_equal(ff_blocks_flash_size(&region, FF_BLOCKS_WORD), 4);
	assert_int_equal(ff_blocks_new(&blocks, NULL), FF_OK);
	for (int deflated = 0; deflated < 2; deflated++) {
		enum ff_blocks_form form = deflated ? FF_BLOCKS_DEFLATED : FF_BLOCKS_PLAIN;
		assert_int_equal(ff_blocks_start(blocks, &region, FF_BLOCKS_WORD, form, 1024, NULL), FF_OK);
		assert_int_equal(ff_blocks_next(blocks, &block, NULL), FF_OK);
		assert_int_equal(block.programmed, 4);
		if (deflated) {
			uint8_t *plain = inflate_all(block.bytes, block.size, 4);
			assert_memory_equal(plain, "abc\xFF", 4);
			free(plain);
		} else {
			assert_int_equal(block.size, 1024);
			assert_memory_equal(block.bytes, "abc\xFF\xFF\xFF\xFF\xFF", 8);
			assert_int_equal(block.bytes[1023], 0xFF);
		}
		assert_int_equal(ff_blocks_next(blocks, &block, NULL), FF_OK);
		assert_int_equal(block.size, 0);
		assert_int_equal(ff_blocks_md5(blocks, md5, NULL), FF_OK);
		assert_memory_equal(md5, expected, sizeof(md5));
	}
	ff_blocks_free(blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deflate__round_trip),
		cmocka_unit_test(test_deflate__tells_what_a_block_inflates_to),
		cmocka_unit_test(test_deflate__passes_on_failures_and_starts_again),
		cmocka_unit_test(test_inflate__tells_what_is_no_stream),
		cmocka_unit_test(test_blocks__fill_up_to_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
