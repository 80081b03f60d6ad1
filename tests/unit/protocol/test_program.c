// SPDX-License-Identifier: Apache-2.0
/* Programs for RAM: which files are some, and for which chips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "program.h"

#define SEGMENTS 66
#define MAX_SIZE (52 + SEGMENTS * 32 + SEGMENTS * 4)
#define XTENSA 94
#define RISCV 243

/* An ELF file with `count` segments of 4 bytes from `address` on. */
static size_t make_elf(uint8_t *bytes, uint16_t machine, uint32_t address, size_t count)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 1, 1, 1 };
	size_t content = 52 + 32 * count;
	memset(bytes, 0, MAX_SIZE);
	memcpy(bytes, ident, sizeof(ident));
	bytes[16] = 2;
	bytes[18] = (uint8_t)machine;
	bytes[20] = 1;
	ff_put_le32(bytes + 24, address);
	ff_put_le32(bytes + 28, 52);
	bytes[40] = 52;
	bytes[42] = 32;
	bytes[44] = (uint8_t)count;
	for (size_t i = 0; i < count; i++) {
		const uint32_t header[] = {
			1, (uint32_t)(content + 4 * i), address + 16 * (uint32_t)i, address + 16 * (uint32_t)i, 4, 4, 7,
			4
		};
		for (size_t k = 0; k < 8; k++) {
			ff_put_le32(bytes + 52 + 32 * i + 4 * k, header[k]);
		}
	}
	return content + 4 * count;
}

static void test_program__reads_an_elf_file(void **state)
{
	(void)state;
	uint8_t bytes[MAX_SIZE];
	struct ff_program program;
	size_t size = make_elf(bytes, XTENSA, 0x40080000, 3);
	assert_int_equal(ff_program_parse(&program, bytes, size, NULL), FF_OK);
	assert_int_equal(program.count, 3);
	assert_int_equal(program.bytes, 12);
	assert_int_equal(program.entry, 0x40080000);
	assert_null(program.chip);
	assert_int_equal(program.segments[2].address, 0x40080020);
	assert_ptr_equal(program.segments[2].bytes, bytes + size - 4);
}

static void test_program__is_for_its_processor(void **state)
{
	(void)state;
	uint8_t bytes[MAX_SIZE];
	struct ff_program program;
	struct ff_error error = FF_ERROR_NONE;
	size_t size = make_elf(bytes, RISCV, 0x40380000, 1);
	assert_int_equal(ff_program_parse(&program, bytes, size, NULL), FF_OK);
	assert_int_equal(ff_program_check(&program, "ESP32-C3", &error), FF_OK);
	assert_int_equal(ff_program_check(&program, "no chip of ours", &error), FF_OK);
	assert_int_equal(ff_program_check(&program, "ESP32", &error), FF_ERR_WRONG_CHIP);
	ff_error_clear(&error);
	assert_int_equal(ff_program_check(&program, "ESP8266", &error), FF_ERR_WRONG_CHIP);
	assert_non_null(strstr(error.text, "another processor than that of the ESP8266"));
}

static void test_program__for_flash_is_none(void **state)
{
	(void)state;
	uint8_t bytes[MAX_SIZE];
	struct ff_program program;
	struct ff_error error = FF_ERROR_NONE;
	size_t size = make_elf(bytes, XTENSA, 0x400D0020, 1);
	assert_int_equal(ff_program_parse(&program, bytes, size, NULL), FF_OK);
	assert_int_equal(ff_program_check(&program, "ESP32", &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, "for flash"));
}

/* The ESP8266's version 2: 16 bytes of code in flash, then the part for RAM, which is nothing without it. */
static void test_program__half_in_flash_is_none(void **state)
{
	(void)state;
	static const uint8_t bytes[64] = {
		0xEA,        4,           [12] = 16,   [32] = 0xE9, 1,           [38] = 0x10,
		[39] = 0x40, [42] = 0x10, [43] = 0x40, [44] = 4,    [48] = 0x22, [63] = 0xCD
	};
	struct ff_program program;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_program_parse(&program, bytes, sizeof(bytes), &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, "for flash, not for RAM"));
	assert_int_equal(ff_program_parse(&program, bytes + 32, sizeof(bytes) - 32, NULL), FF_OK);
}

static void test_program__has_a_bounded_number_of_segments(void **state)
{
	(void)state;
	uint8_t bytes[MAX_SIZE];
	struct ff_program program = { .count = 77 };
	size_t size = make_elf(bytes, XTENSA, 0x40080000, 64);
	assert_int_equal(ff_program_parse(&program, bytes, size, NULL), FF_OK);
	assert_int_equal(program.count, 64);
	size = make_elf(bytes, XTENSA, 0x40080000, 65);
	assert_int_not_equal(ff_program_parse(&program, bytes, size, NULL), FF_OK);
	assert_int_equal(program.count, 64);
}

static void test_program__other_files_are_none(void **state)
{
	(void)state;
	uint8_t bytes[MAX_SIZE];
	struct ff_program program;
	struct ff_error error = FF_ERROR_NONE;
	size_t size = make_elf(bytes, XTENSA, 0x40080000, 0);
	assert_int_not_equal(ff_program_parse(&program, bytes, size, &error), FF_OK);
	ff_error_clear(&error);
	assert_int_equal(ff_program_parse(&program, (const uint8_t *)"hello", 5, &error), FF_ERR_FORMAT);
	assert_int_not_equal(ff_program_parse(&program, bytes, 0, NULL), FF_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program__reads_an_elf_file),
		cmocka_unit_test(test_program__is_for_its_processor),
		cmocka_unit_test(test_program__for_flash_is_none),
		cmocka_unit_test(test_program__half_in_flash_is_none),
		cmocka_unit_test(test_program__has_a_bounded_number_of_segments),
		cmocka_unit_test(test_program__other_files_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
