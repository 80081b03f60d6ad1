// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "merge.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

struct output {
	struct ff_buf file;
	uint64_t size;
};

static enum ff_status collect(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct output *output = context;

	(void)error;
	output->size += size;
	return output->file.size + size > output->file.cap ? FF_OK : ff_buf_append(&output->file, bytes, size);
}

static void test_merge__raw_fills_gaps(void **state)
{
	struct ff_part parts[] = { { 0x3000, BYTES("app"), "app.bin" }, { 0x1000, BYTES("boot"), "boot.bin" } };
	struct output output = { .size = 0 };
	const struct ff_sink sink = { collect, &output };

	(void)state;
	ff_buf_init(&output.file, 65536);
	assert_int_equal(ff_merge_sort(parts, 2, NULL), FF_OK);
	assert_string_equal(parts[0].name, "boot.bin");
	assert_int_equal(ff_merge_raw(parts, 2, 0x800, 0, &sink, NULL), FF_OK);
	assert_int_equal(output.file.size, 0x2803);
	assert_memory_equal(output.file.bytes + 0x800, "boot\xff", 5);
	assert_memory_equal(output.file.bytes + 0x27ff,
			    "\xff"
			    "app",
			    4);
	for (size_t i = 0; i < 0x800; i++) {
		assert_int_equal(output.file.bytes[i], 0xff);
	}
	ff_buf_clear(&output.file);
	assert_int_equal(ff_merge_raw(parts, 2, 0x1000, 0x4000, &sink, NULL), FF_OK);
	assert_int_equal(output.file.size, 0x3000);
	assert_memory_equal(output.file.bytes, "boot", 4);
	assert_int_equal(output.file.bytes[0x2fff], 0xff);
	ff_buf_release(&output.file);
}

static void refuse_raw(uint32_t address, uint32_t target, uint32_t pad_to, enum ff_status status, const char *why)
{
	struct ff_part part = { address, BYTES("app"), "app.bin" };
	struct output output = { .size = 0 };
	const struct ff_sink sink = { collect, &output };
	struct ff_error error = FF_ERROR_NONE;

	assert_int_equal(ff_merge_raw(&part, 1, target, pad_to, &sink, &error), status);
	assert_non_null(strstr(error.text, why));
	assert_int_equal(output.size, 0);
}

static void test_merge__raw_refuses_what_cannot_be(void **state)
{
	(void)state;
	refuse_raw(0x1000, 0x2000, 0, FF_ERR_ARGUMENT, "before the target offset 0x2000");
	refuse_raw(0x3ffffe, 0, 0x400000, FF_ERR_TOO_LARGE, "ends at 0x400001");
	refuse_raw(0x10000000, 0, 0, FF_ERR_TOO_LARGE, "256 MiB");
}

static void refuse_sort(struct ff_part *parts, size_t count, enum ff_status status, const char *why)
{
	struct ff_error error = FF_ERROR_NONE;

	assert_int_equal(ff_merge_sort(parts, count, &error), status);
	assert_non_null(strstr(error.text, why));
}

static void test_merge__sort_refuses_what_cannot_be(void **state)
{
	struct ff_part overlapping[] = { { 0x1800, BYTES("b"), "b.bin" }, { 0x17f0, BYTES("a"), "a.bin" } };
	struct ff_part empty[] = { { 0x1800, BYTES(""), "e.bin" } };
	struct ff_part beyond[] = { { 0xffffffff, BYTES("ab"), "far.bin" } };
	struct ff_part last[] = { { 0xffffffff, BYTES("a"), "far.bin" } };

	(void)state;
	refuse_sort(NULL, 0, FF_ERR_ARGUMENT, "nothing to merge");
	refuse_sort(overlapping, 2, FF_ERR_OVERLAP, "a.bin at 0x17f0 and b.bin at 0x1800 share");
	refuse_sort(empty, 1, FF_ERR_EMPTY, "e.bin is empty");
	refuse_sort(beyond, 1, FF_ERR_TOO_LARGE, "far.bin at 0xffffffff");
	assert_int_equal(ff_merge_sort(last, 1, NULL), FF_OK);
}

static void test_merge__hex_leaves_gaps(void **state)
{
	const struct ff_part parts[] = { { 0x0, BYTES("\1\2"), "a" }, { 0x10000, BYTES("\3"), "b" } };
	struct output output = { .size = 0 };
	const struct ff_sink sink = { collect, &output };

	(void)state;
	ff_buf_init(&output.file, 4096);
	assert_int_equal(ff_merge_hex(parts, 2, &sink, NULL), FF_OK);
	assert_int_equal(ff_buf_append(&output.file, "", 1), FF_OK);
	assert_string_equal((char *)output.file.bytes, ":020000040000FA\n:020000000102FB\n"
						       ":020000040001F9\n:0100000003FC\n:00000001FF\n");
	ff_buf_release(&output.file);
}

static void test_merge__uf2_counts_each_file(void **state)
{
	const struct ff_part parts[] = { { 0x0, BYTES("abcdefgh"), "a" }, { 0x10000, BYTES("ijkl"), "b" } };
	const struct ff_uf2_options options = { .family = 1, .chunk = 4 }, bad = { .chunk = 5 };
	struct output output = { .size = 0 };
	const struct ff_sink sink = { collect, &output };

	(void)state;
	ff_buf_init(&output.file, 4096);
	assert_int_equal(ff_merge_uf2(parts, 2, &options, &sink, NULL), FF_OK);
	assert_int_equal(output.file.size, 3 * FF_UF2_BLOCK_SIZE);
	assert_memory_equal(output.file.bytes + 512 + 12, "\4\0\0\0\4\0\0\0\1\0\0\0\2\0\0\0", 16);
	assert_memory_equal(output.file.bytes + 1024 + 12, "\0\0\1\0\4\0\0\0\0\0\0\0\1\0\0\0", 16);
	assert_int_equal(ff_merge_uf2(parts, 2, &bad, &sink, NULL), FF_ERR_ARGUMENT);
	ff_buf_release(&output.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge__raw_fills_gaps),
		cmocka_unit_test(test_merge__raw_refuses_what_cannot_be),
		cmocka_unit_test(test_merge__sort_refuses_what_cannot_be),
		cmocka_unit_test(test_merge__hex_leaves_gaps),
		cmocka_unit_test(test_merge__uf2_counts_each_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
