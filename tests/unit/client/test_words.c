// SPDX-License-Identifier: Apache-2.0
/* Argument files as ESP-IDF writes them, and the shell's quoting rules (POSIX.1-2017, Shell 2.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "words.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Splits and joins again with '|', so that a case is one string. */
static void split_to_text(char *joined, size_t size, const char *text)
{
	struct ff_words words;
	struct ff_error error = FF_ERROR_NONE;

	assert_int_equal(ff_words_split(&words, text, strlen(text), &error), FF_OK);
	assert_null(words.items[words.count]);
	joined[0] = '\0';
	for (size_t i = 0; i < words.count; i++) {
		size_t at = strlen(joined);

		snprintf(joined + at, size - at, "%s%s", i > 0 ? "|" : "", words.items[i]);
	}
	ff_words_release(&words);
}

static void test_words__splits(void **state)
{
	static const struct {
		const char *text;
		const char *words;
	} cases[] = {
		{ "", "" },
		{ " \t\r\n\n", "" },
		{ "one", "one" },
		{ "one two\tthree\r\nfour\n", "one|two|three|four" },
		{ "'a b' \"c d\"", "a b|c d" },
		{ "a'b c'd\"e f\"g", "ab cde fg" },
		{ "''", "" },
		{ "a '' b", "a||b" },
		{ "a\\ b \\\"c\\' \\\\", "a b|\"c'|\\" },
		{ "\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d" },
		{ "'a\\'", "a\\" },
		{ "# all of it\none # two\nthree#four", "one|three#four" },
		{ "'#' \\#x", "#|#x" },
		{ "a #", "a" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char joined[128];

		split_to_text(joined, sizeof(joined), cases[i].text);
		assert_string_equal(joined, cases[i].words);
	}
}

static void test_words__reads_esp_idf_flash_args(void **state)
{
	static const char text[] = "--flash_mode dio --flash_freq 40m --flash_size 2MB\n"
				   "0x1000 bootloader/bootloader.bin\n"
				   "0x10000 hello_world.bin\n"
				   "0x8000 partition_table/partition-table.bin\n";
	char joined[256];

	(void)state;
	split_to_text(joined, sizeof(joined), text);
	assert_string_equal(joined,
			    "--flash_mode|dio|--flash_freq|40m|--flash_size|2MB|0x1000|bootloader/bootloader.bin|"
			    "0x10000|hello_world.bin|0x8000|partition_table/partition-table.bin");
}

static void expect_refusal(const char *text, size_t size, enum ff_status status, const char *reason)
{
	struct ff_words words = { .count = 77 };
	struct ff_error error = FF_ERROR_NONE;

	assert_int_equal(ff_words_split(&words, text, size, &error), status);
	assert_non_null(strstr(error.text, reason));
	assert_int_equal(words.count, 77); /* out parameters only on success */
}

static void test_words__names_the_line_of_an_open_quote(void **state)
{
	(void)state;
	expect_refusal("a\nb 'c\nd' e", 11, FF_ERR_FORMAT, "line 2: a ' is not closed");
	expect_refusal("\n\n\"", 3, FF_ERR_FORMAT, "line 3: a \" is not closed");
	expect_refusal("a \"b\\", 5, FF_ERR_FORMAT, "line 1: a \" is not closed");
}

static void test_words__refuses_a_backslash_at_the_end(void **state)
{
	(void)state;
	expect_refusal("a\\", 2, FF_ERR_FORMAT, "line 1");
	expect_refusal("a\\\nb", 4, FF_ERR_FORMAT, "line 1");
}

static void test_words__refuses_binary(void **state)
{
	(void)state;
	expect_refusal("0x0\0a", 5, FF_ERR_FORMAT, "zero byte");
}

static void test_words__is_bounded(void **state)
{
	char *text = malloc(FF_WORDS_MAX_SIZE + 1);
	struct ff_words words;
	struct ff_error error = FF_ERROR_NONE;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', FF_WORDS_MAX_SIZE + 1);
	expect_refusal(text, FF_WORDS_MAX_SIZE + 1, FF_ERR_TOO_LARGE, "65536");
	assert_int_equal(ff_words_split(&words, text, FF_WORDS_MAX_SIZE, &error), FF_OK);
	assert_int_equal(words.count, 1);
	ff_words_release(&words);
	for (size_t i = 0; i < 2 * (FF_WORDS_MAX + 1); i++) {
		text[i] = i % 2 == 0 ? 'a' : ' ';
	}
	expect_refusal(text, 2 * (FF_WORDS_MAX + 1), FF_ERR_TOO_LARGE, "512");
	assert_int_equal(ff_words_split(&words, text, 2 * FF_WORDS_MAX, &error), FF_OK);
	assert_int_equal(words.count, FF_WORDS_MAX);
	ff_words_release(&words);
	free(text);
}

static void test_words__release_twice_is_harmless(void **state)
{
	struct ff_words words = { .count = 0 };

	(void)state;
	ff_words_release(&words);
	ff_words_release(&words);
	assert_null(words.storage);
}

static void test_words__offset_takes_decimal_and_hex(void **state)
{
	static const struct {
		const char *text;
		uint32_t offset;
	} cases[] = {
		{ "0", 0 },
		{ "0x0", 0 },
		{ "65536", 65536 },
		{ "0x10000", 0x10000 },
		{ "0X1aBc", 0x1abc },
		{ "010", 10 },
		{ "0xffffffff", 0xffffffff },
		{ "4294967295", 0xffffffff },
		{ "0x00000000000001000", 0x1000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t offset = 1;
		struct ff_error error = FF_ERROR_NONE;

		assert_int_equal(ff_words_offset(&offset, cases[i].text, &error), FF_OK);
		assert_int_equal(offset, cases[i].offset);
	}
}

static void test_words__offset_refuses_the_rest(void **state)
{
	static const char *const cases[] = {
		"",    "0x",   "x10",  "-1",         "+1",      " 1",
		"1 ",  "1k",   "0xg",  "0x1.0",      "app.bin", "0x100000000",
		"1e3", "0b10", "12a4", "4294967296", "0x-1",    "99999999999999999999999999"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t offset = 77;
		struct ff_error error = FF_ERROR_NONE;

		assert_int_equal(ff_words_offset(&offset, cases[i], &error), FF_ERR_ARGUMENT);
		assert_int_equal(offset, 77);
		assert_non_null(strstr(error.text, "is not a flash offset"));
	}
}

static void test_words__number_is_called_by_its_name(void **state)
{
	uint32_t size = 77;
	struct ff_error error = FF_ERROR_NONE;

	(void)state;
	assert_int_equal(ff_words_number(&size, "0x1000", "a size", &error), FF_OK);
	assert_int_equal(size, 4096);
	assert_int_equal(ff_words_number(&size, "big", "a size", &error), FF_ERR_ARGUMENT);
	assert_int_equal(size, 4096);
	assert_non_null(strstr(error.text, "'big' is not a size"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words__splits),
		cmocka_unit_test(test_words__reads_esp_idf_flash_args),
		cmocka_unit_test(test_words__names_the_line_of_an_open_quote),
		cmocka_unit_test(test_words__refuses_a_backslash_at_the_end),
		cmocka_unit_test(test_words__refuses_binary),
		cmocka_unit_test(test_words__is_bounded),
		cmocka_unit_test(test_words__release_twice_is_harmless),
		cmocka_unit_test(test_words__offset_takes_decimal_and_hex),
		cmocka_unit_test(test_words__offset_refuses_the_rest),
		cmocka_unit_test(test_words__number_is_called_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
