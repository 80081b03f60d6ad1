// SPDX-License-Identifier: Apache-2.0
/* An executable written out by hand from the ELF specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "elf.h"

#define SIZE (52 + 3 * 32 + 12)

/* RISC-V, entry 40380000: 8 bytes of code at 40380000, a note, 4 of 100 bytes of data at 3FC80000. */
static void make(uint8_t *bytes)
{
	static const uint32_t segments[3][8] = {
		{ 1, 148, 0x40380000, 0x40380000, 8, 8, 5, 4 },
		{ 4, 148, 0, 0, 8, 8, 4, 4 },
		{ 1, 156, 0x3FC80000, 0x3FC80000, 4, 100, 6, 4 },
	};
	static const uint8_t head[52] = {
		0x7f, 'E', 'L',  'F',  1,  1, 1,  0, 0, 0, 0, 0, 0, 0, 0, 0, /* 32 bits, little endian */
		2,    0,   0xf3, 0,    1,  0, 0,  0,                         /* executable, RISC-V, version 1 */
		0,    0,   0x38, 0x40, 52, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, /* entry, segments, sections, flags */
		52,   0,   32,   0,    3,  0, 40, 0, 0, 0, 0, 0,             /* sizes and counts */
	};

	memcpy(bytes, head, sizeof(head));
	for (size_t i = 0; i < 24; i++) {
		ff_put_le32(bytes + 52 + 4 * i, segments[i / 8][i % 8]);
	}
	memcpy(bytes + 148, "codecodedata", 12);
}

static void test_elf__reads_segments(void **state)
{
	uint8_t bytes[SIZE];
	struct ff_elf elf;

	(void)state;
	make(bytes);
	assert_true(ff_elf_is(bytes, sizeof(bytes)));
	assert_int_equal(ff_elf_parse(&elf, bytes, sizeof(bytes), NULL), FF_OK);
	assert_int_equal(elf.machine, FF_ELF_RISCV);
	assert_int_equal(elf.entry, 0x40380000);
	assert_int_equal(elf.count, 2);
	assert_int_equal(elf.segments[0].address, 0x40380000);
	assert_int_equal(elf.segments[0].size, 8);
	assert_memory_equal(elf.segments[0].bytes, "codecode", 8);
	assert_true(elf.segments[0].executable);
	assert_int_equal(elf.segments[1].address, 0x3FC80000);
	assert_int_equal(elf.segments[1].size, 4);
	assert_memory_equal(elf.segments[1].bytes, "data", 4);
	assert_false(elf.segments[1].executable);
}

static void refuse(size_t at, uint8_t value, enum ff_status status, const char *why)
{
	uint8_t bytes[SIZE];
	struct ff_elf elf;
	struct ff_error error = FF_ERROR_NONE;

	make(bytes);
	bytes[at] = value;
	assert_int_equal(ff_elf_parse(&elf, bytes, sizeof(bytes), &error), status);
	assert_non_null(strstr(error.text, why));
}

static void test_elf__refuses_what_it_cannot_load(void **state)
{
	(void)state;
	refuse(0, 0xe9, FF_ERR_FORMAT, "not an ELF file");
	refuse(4, 2, FF_ERR_UNSUPPORTED, "not 32-bit");
	refuse(5, 2, FF_ERR_UNSUPPORTED, "little-endian");
	refuse(16, 1, FF_ERR_UNSUPPORTED, "no linked executable");
	refuse(18, 62, FF_ERR_UNSUPPORTED, "machine 62");
	refuse(44, 0, FF_ERR_EMPTY, "nothing to load");
	refuse(44, 4, FF_ERR_FORMAT, "list of segments"); /* the fourth would end past the file */
	refuse(42, 31, FF_ERR_FORMAT, "list of segments");
	refuse(31, 0xff, FF_ERR_FORMAT, "list of segments");
	refuse(52 + 4, 157, FF_ERR_FORMAT, "ends inside its segment for 0x40380000");
	refuse(52 + 19, 0xff, FF_ERR_FORMAT, "ends inside its segment");
}

static void test_elf__refuses_what_ends_early(void **state)
{
	uint8_t bytes[SIZE];
	struct ff_elf elf;

	(void)state;
	make(bytes);
	for (size_t size = 0; size < SIZE; size++) {
		uint8_t *exact = malloc(size > 0 ? size : 1);

		assert_non_null(exact);
		memcpy(exact, bytes, size);
		assert_int_equal(ff_elf_parse(&elf, exact, size, NULL), FF_ERR_FORMAT);
		free(exact);
	}
}

static void test_elf__refuses_too_many_segments(void **state)
{
	static uint8_t bytes[52 + 65 * 32];
	struct ff_elf elf;
	struct ff_error error = FF_ERROR_NONE;

	(void)state;
	make(bytes);
	for (size_t i = 0; i < 65; i++) {
		uint8_t *header = bytes + 52 + i * 32;

		memset(header, 0, 32);
		ff_put_le32(header, 1);
		ff_put_le32(header + 16, 4);
	}
	bytes[44] = 64;
	assert_int_equal(ff_elf_parse(&elf, bytes, sizeof(bytes), NULL), FF_OK);
	assert_int_equal(elf.count, 64);
	bytes[44] = 65;
	assert_int_equal(ff_elf_parse(&elf, bytes, sizeof(bytes), &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "more than 64"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elf__reads_segments),
		cmocka_unit_test(test_elf__refuses_what_it_cannot_load),
		cmocka_unit_test(test_elf__refuses_what_ends_early),
		cmocka_unit_test(test_elf__refuses_too_many_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
