// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "stub.h"

/* RFC 4648's own examples: "foobar" and "fooba". */
#define GOOD \
	"{\"entry\": 1074434092, \"text\": \"Zm9vYmFy\", \"text_start\": 1074429952, \"data\": \"Zm9vYmE=\"," \
	" \"data_start\": 1073605996, \"bss_start\": 1073528832}"

static void expect_bad(const char *json)
{
	struct ff_stub stub = { 0 };
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_stub_parse(&stub, json, strlen(json), "x.json", &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, "x.json"));
	assert_null(stub.text.bytes);
	assert_null(stub.data.bytes);
}

static void test_stub__reads_all_fields(void **state)
{
	(void)state;
	struct ff_stub stub = { 0 };
	assert_int_equal(ff_stub_parse(&stub, GOOD, strlen(GOOD), "x", NULL), FF_OK);
	assert_int_equal(stub.entry, 1074434092);
	assert_int_equal(stub.text.address, 1074429952);
	assert_int_equal(stub.text.size, 6);
	assert_memory_equal(stub.text.bytes, "foobar", 6);
	assert_int_equal(stub.data.address, 1073605996);
	assert_int_equal(stub.data.size, 5);
	assert_memory_equal(stub.data.bytes, "fooba", 5);
	ff_stub_release(&stub);
	assert_null(stub.text.bytes);
	ff_stub_release(&stub);
}

static void test_stub__data_is_optional(void **state)
{
	(void)state;
	struct ff_stub stub = { 0 };
	static const char json[] = "{\"entry\": 1, \"text\": \"Zg==\", \"text_start\": 2}";
	assert_int_equal(ff_stub_parse(&stub, json, strlen(json), "x", NULL), FF_OK);
	assert_int_equal(stub.text.size, 1);
	assert_memory_equal(stub.text.bytes, "f", 1);
	assert_int_equal(stub.data.size, 0);
	ff_stub_release(&stub);
}

static void test_stub__refuses_what_is_wrong(void **state)
{
	(void)state;
	expect_bad("");
	expect_bad("[]");
	expect_bad("{\"entry\": 1");
	expect_bad("{}");
	expect_bad("{\"entry\": \"1\", \"text\": \"Zg==\", \"text_start\": 2}");
	expect_bad("{\"entry\": -1, \"text\": \"Zg==\", \"text_start\": 2}");
	expect_bad("{\"entry\": 4294967296, \"text\": \"Zg==\", \"text_start\": 2}");
	expect_bad("{\"entry\": 1, \"text\": \"\", \"text_start\": 2}");
	expect_bad("{\"entry\": 1, \"text\": 7, \"text_start\": 2}");
	expect_bad("{\"entry\": 1, \"text\": \"Zg==\"}");
	expect_bad("{\"entry\": 1, \"text\": \"Zg==\", \"text_start\": 4294967295}"); /* runs over the end of memory */
	expect_bad("{\"entry\": 1, \"text\": \"Zg==\", \"text_start\": 2, \"data\": \"Zg==\"}");
	expect_bad("{\"entry\": 1, \"entry\": 2, \"text\": \"Zg==\", \"text_start\": 2}");
}

static void test_stub__refuses_bad_base64(void **state)
{
	(void)state;
	static const char *const texts[] = { "Zg=", "Zg", "Z===", "====", "Zg==Zg==", "Z g=", "Zg\\n=", "Zm9v!!!!" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char json[128];
		snprintf(json, sizeof(json), "{\"entry\": 1, \"text\": \"%s\", \"text_start\": 2}", texts[i]);
		expect_bad(json);
	}
}

static void test_stub__refuses_more_than_a_chip_holds(void **state)
{
	(void)state;
	size_t length = (FF_STUB_MAX_SEGMENT / 3 + 4) / 4 * 16;
	char *json = malloc(length + 128);
	assert_non_null(json);
	int head = sprintf(json, "{\"entry\": 1, \"text_start\": 2, \"text\": \"");
	memset(json + head, 'A', length);
	strcpy(json + head + length, "\"}");
	expect_bad(json);
	free(json);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_stub__loads_from_a_folder(void **state)
{
	(void)state;
	char dir[] = "/tmp/ff-stub-XXXXXX";
	char path[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/esp32.json", dir);
	struct ff_stub stub = { 0 };
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_stub_load(&stub, dir, "esp32", &error), FF_ERR_NOT_FOUND);
	assert_non_null(strstr(error.text, dir));

	write_file(path, GOOD);
	assert_int_equal(ff_stub_load(&stub, dir, "esp32", NULL), FF_OK);
	ff_stub_release(&stub);
	setenv("FARFLASH_STUB_DIR", dir, 1);
	assert_int_equal(ff_stub_load(&stub, NULL, "esp32", NULL), FF_OK);
	ff_stub_release(&stub);
	unsetenv("FARFLASH_STUB_DIR");

	ff_error_clear(&error);
	write_file(path, "{\"entry\":");
	assert_int_equal(ff_stub_load(&stub, dir, "esp32", &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, path));
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stub__reads_all_fields),
		cmocka_unit_test(test_stub__data_is_optional),
		cmocka_unit_test(test_stub__refuses_what_is_wrong),
		cmocka_unit_test(test_stub__refuses_bad_base64),
		cmocka_unit_test(test_stub__refuses_more_than_a_chip_holds),
		cmocka_unit_test(test_stub__loads_from_a_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
