// SPDX-License-Identifier: Apache-2.0
/* flasher_args.json as ESP-IDF 5's build leaves it, and its sick relatives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flasher_args.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char hello_world[] =
	"{\n"
	"    \"write_flash_args\" : [ \"--flash_mode\", \"dio\",\n"
	"                           \"--flash_size\", \"2MB\",\n"
	"                           \"--flash_freq\", \"40m\" ],\n"
	"    \"flash_settings\" : {\n"
	"        \"flash_mode\": \"dio\",\n"
	"        \"flash_size\": \"2MB\",\n"
	"        \"flash_freq\": \"40m\"\n"
	"    },\n"
	"    \"flash_files\" : {\n"
	"        \"0x1000\" : \"bootloader/bootloader.bin\",\n"
	"        \"0x10000\" : \"hello_world.bin\",\n"
	"        \"0x8000\" : \"partition_table/partition-table.bin\"\n"
	"    },\n"
	"    \"bootloader\" : { \"offset\" : \"0x1000\", \"file\" : \"bootloader/bootloader.bin\", \"encrypted\" : \"false\" },\n"
	"    \"app\" : { \"offset\" : \"0x10000\", \"file\" : \"hello_world.bin\", \"encrypted\" : \"false\" },\n"
	"    \"partition-table\" : { \"offset\" : \"0x8000\", \"file\" : \"partition_table/partition-table.bin\", \"encrypted\" : "
	"\"false\" },\n"
	"    \"extra_esptool_args\" : {\n"
	"        \"after\"  : \"hard_reset\",\n"
	"        \"before\" : \"default_reset\",\n"
	"        \"stub\"   : true,\n"
	"        \"chip\"   : \"esp32\"\n"
	"    }\n"
	"}\n";

static struct ff_flasher_args parse(const char *text)
{
	struct ff_flasher_args args;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_flasher_args_parse(&args, text, strlen(text), &error);

	assert_string_equal(error.text, "");
	assert_int_equal(status, FF_OK);
	return args;
}

static void test_flasher_args__reads_esp_idf_5(void **state)
{
	struct ff_flasher_args args = parse(hello_world);

	(void)state;
	assert_int_equal(args.count, 3);
	assert_int_equal(args.files[0].offset, 0x1000);
	assert_string_equal(args.files[0].path, "bootloader/bootloader.bin");
	assert_int_equal(args.files[1].offset, 0x10000);
	assert_string_equal(args.files[1].path, "hello_world.bin");
	assert_int_equal(args.files[2].offset, 0x8000);
	assert_string_equal(args.files[2].path, "partition_table/partition-table.bin");
	assert_false(args.files[0].encrypted || args.files[1].encrypted || args.files[2].encrypted);
	assert_string_equal(args.settings.mode, "dio");
	assert_string_equal(args.settings.freq, "40m");
	assert_string_equal(args.settings.size, "2MB");
	assert_string_equal(args.chip, "esp32");
	assert_false(args.no_stub || args.no_compress || args.force || args.no_reset_after);
	ff_flasher_args_release(&args);
}

static void test_flasher_args__reads_encrypted_entries(void **state)
{
	struct ff_flasher_args args =
		parse("{\"flash_files\": {\"0x0\": \"b.bin\", \"0x8000\": \"p.bin\", \"0x20000\": \"a.bin\"},"
		      " \"bootloader\": {\"offset\": \"0x0\", \"file\": \"b.bin\", \"encrypted\": \"true\"},"
		      " \"app\": {\"offset\": \"0x20000\", \"file\": \"a.bin\", \"encrypted\": true},"
		      " \"partition-table\": {\"offset\": \"0x8000\", \"file\": \"p.bin\", \"encrypted\": \"false\"}}");

	(void)state;
	assert_true(args.files[0].encrypted);
	assert_false(args.files[1].encrypted);
	assert_true(args.files[2].encrypted);
	ff_flasher_args_release(&args);
}

static void test_flasher_args__reads_extra_arguments(void **state)
{
	struct ff_flasher_args args = parse(
		"{\"flash_files\": {\"65536\": \"/abs/../a.bin\"},"
		" \"write_flash_args\": [\"--flash-mode\", \"qio\", \"--no-compress\", \"--force\", \"--encrypt\", \"-z\"],"
		" \"extra_esptool_args\": {\"after\": \"no_reset\", \"stub\": false, \"chip\": \"esp32c3\"}}");

	(void)state;
	assert_int_equal(args.files[0].offset, 65536);
	assert_true(args.encrypt);
	assert_string_equal(args.files[0].path, "/abs/../a.bin");
	assert_string_equal(args.settings.mode, "qio");
	assert_string_equal(args.settings.freq, "");
	assert_string_equal(args.chip, "esp32c3");
	assert_true(args.no_stub && args.no_compress && args.force && args.no_reset_after);
	ff_flasher_args_release(&args);
}

static void test_flasher_args__refuses(void **state)
{
	static const struct {
		const char *text;
		const char *reason;
	} cases[] = {
		{ "", "not valid JSON" },
		{ "{", "not valid JSON in line 1" },
		{ "[]", "not a JSON object" },
		{ "{}", "no flash_files" },
		{ "{\"flash_files\": {}}", "no flash_files" },
		{ "{\"flash_files\": [\"a.bin\"]}", "no flash_files" },
		{ "{\"flash_files\": {\"here\": \"a.bin\"}}", "'here' is not a flash offset" },
		{ "{\"flash_files\": {\"0x100000000\": \"a.bin\"}}", "is not a flash offset" },
		{ "{\"flash_files\": {\"0x0\": 7}}", "no usable file name at offset: '0x0'" },
		{ "{\"flash_files\": {\"0x0\": \"\"}}", "no usable file name" },
		{ "{\"flash_files\": {\"0x0\": \"a\\u0000b\"}}", "not valid JSON" },
		{ "{\"flash_files\": {\"0x0\": \"a\", \"0x0\": \"b\"}}", "duplicate" },
		{ "{\"flash_files\": {\"0x0\": \"a\"}, \"write_flash_args\": [\"--diff-with\"]}", "'--diff-with'" },
		{ "{\"flash_files\": {\"0x0\": \"a\"}, \"write_flash_args\": [\"--erase-all\"]}", "'--erase-all'" },
		{ "{\"flash_files\": {\"0x0\": \"a\"}, \"write_flash_args\": [3]}", "(not a word)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ff_flasher_args args = { .count = 77 };
		struct ff_error error = FF_ERROR_NONE;

		assert_int_equal(ff_flasher_args_parse(&args, cases[i].text, strlen(cases[i].text), &error),
				 FF_ERR_FORMAT);
		if (strstr(error.text, cases[i].reason) == NULL) {
			fail_msg("%s: '%s' does not say '%s'", cases[i].text, error.text, cases[i].reason);
		}
		assert_int_equal(args.count, 77);
	}
}

/* A flash_files object with this many entries. */
static char *many_files(unsigned count)
{
	char *text = malloc(64 * (size_t)count + 64);
	size_t at;

	assert_non_null(text);
	at = (size_t)sprintf(text, "{\"flash_files\": {");
	for (unsigned i = 0; i < count; i++) {
		at += (size_t)sprintf(text + at, "%s\"0x%x\": \"f%u\"", i > 0 ? "," : "", i * 4096, i);
	}
	sprintf(text + at, "}}");
	return text;
}

static void test_flasher_args__is_bounded(void **state)
{
	char *text = many_files(FF_MAX_REGIONS);
	struct ff_flasher_args args = parse(text);
	struct ff_error error = FF_ERROR_NONE;

	(void)state;
	assert_int_equal(args.count, FF_MAX_REGIONS);
	ff_flasher_args_release(&args);
	free(text);

	text = many_files(FF_MAX_REGIONS + 1);
	assert_int_equal(ff_flasher_args_parse(&args, text, strlen(text), &error), FF_ERR_TOO_LARGE);
	free(text);

	text = calloc(1, FF_FLASHER_ARGS_MAX_SIZE + 1);
	assert_non_null(text);
	ff_error_clear(&error);
	assert_int_equal(ff_flasher_args_parse(&args, text, FF_FLASHER_ARGS_MAX_SIZE + 1, &error), FF_ERR_TOO_LARGE);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flasher_args__reads_esp_idf_5),
		cmocka_unit_test(test_flasher_args__reads_encrypted_entries),
		cmocka_unit_test(test_flasher_args__reads_extra_arguments),
		cmocka_unit_test(test_flasher_args__refuses),
		cmocka_unit_test(test_flasher_args__is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
