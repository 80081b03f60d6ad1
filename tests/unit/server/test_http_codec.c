// SPDX-License-Identifier: Apache-2.0
/* The small pure parts of the HTTP layer: values, text, routes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "params.h"
#include "router.h"
#include "text.h"

static void test_params__reads_offsets(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t offset;
	} rows[] = {
		{ "0", 0 },
		{ "0x0", 0 },
		{ "65536", 65536 },
		{ "0x10000", 0x10000 },
		{ "0XfFfFfFfF", UINT32_MAX },
		{ "4294967295", UINT32_MAX },
		{ "0x000000000000000001000", 0x1000 },
		{ "0010", 10 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t offset = 1;
		assert_true(ff_params_number(rows[i].text, &offset));
		assert_int_equal(offset, rows[i].offset);
	}
}

static void test_params__refuses_what_is_no_offset(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"0x",
		"x10",
		"1000h",
		"0x1g",
		" 0x10",
		"0x10 ",
		"+1",
		"-1",
		"0x-1",
		"0x+1",
		"0x0x1",
		"1e3",
		"1_000",
		"10000 ",
		"\t1",
		"1\n",
		"4294967296",
		"0x100000000",
		"99999999999999999999999",
		"0xFFFFFFFFFFFFFFFFFFFFFF1000",
		"app",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t offset = 42;
		if (ff_params_number(bad[i], &offset)) {
			fail_msg("\"%s\" was taken for %u", bad[i], offset);
		}
		assert_int_equal(offset, 42);
	}
}

static void test_params__reads_lists_of_offsets(void **state)
{
	(void)state;
	static const char *const bad[] = { "",      ",",       "1,",           ",1",           "1,,2",
					   "1, 2",  "0x",      "1,one",        "1,0x1",        "4096,0x1000",
					   "1,2,3", "0x1,0x",  "1;2",          "-1",           "0x100000000",
					   "1,2,",  "0x0,0x0", "1,4294967296", "1,00000000002" };
	uint32_t offsets[2] = { 77, 77 };
	size_t count = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (ff_params_offsets(bad[i], offsets, 2, &count)) {
			fail_msg("\"%s\" is taken for offsets", bad[i]);
		}
	}
	assert_int_equal(count, 77);
	assert_true(ff_params_offsets("0x1000", offsets, 2, &count));
	assert_int_equal(count, 1);
	assert_int_equal(offsets[0], 0x1000);
	assert_true(ff_params_offsets("4294967295,0x0", offsets, 2, &count));
	assert_int_equal(count, 2);
	assert_int_equal(offsets[0], UINT32_MAX);
	assert_int_equal(offsets[1], 0);
}

static void test_params__reads_words(void **state)
{
	(void)state;
	char word[8] = "dio";
	assert_false(ff_params_word("", word, sizeof(word)));
	assert_false(ff_params_word("12345678", word, sizeof(word)));
	assert_false(ff_params_word("4 MB", word, sizeof(word)));
	assert_false(ff_params_word("4MB\n", word, sizeof(word)));
	assert_false(ff_params_word("\xc3\xa4", word, sizeof(word)));
	assert_string_equal(word, "dio");
	assert_true(ff_params_word("2MB-c1", word, sizeof(word)));
	assert_string_equal(word, "2MB-c1");
}

static void test_params__reads_switches_and_rates(void **state)
{
	(void)state;
	bool value = false;
	assert_true(ff_params_bool("true", &value) && value);
	assert_true(ff_params_bool("0", &value) && !value);
	assert_true(ff_params_bool("yes", &value) && value);
	assert_false(ff_params_bool("", &value));
	assert_false(ff_params_bool("True", &value));
	assert_false(ff_params_bool("2", &value));
	uint32_t baud = 1;
	assert_true(ff_params_baud("0", &baud) && baud == 0);
	assert_true(ff_params_baud("921600", &baud) && baud == 921600);
	assert_true(ff_params_baud("4000000", &baud) && baud == 4000000);
	assert_false(ff_params_baud("4000001", &baud));
	assert_false(ff_params_baud("49", &baud));
	assert_false(ff_params_baud("0x10", &baud));
	assert_false(ff_params_baud("", &baud));
}

static void check_clean(const char *text, const char *expected)
{
	char buffer[64];
	strcpy(buffer, text);
	ff_text_clean(buffer);
	assert_string_equal(buffer, expected);
}

static void test_text__cleans_what_is_not_text(void **state)
{
	(void)state;
	check_clean("plain", "plain");
	check_clean("a\nb\x1b[1mc\x7f", "a?b?[1mc?");
	check_clean("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
		    "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
	check_clean("a\xC2\x9B[2Jb\xC2\x80\xC2\xA0", "a??[2Jb??\xC2\xA0");
	/* Cut short, a lone continuation, overlong, a surrogate, beyond Unicode. */
	check_clean("\xC3", "?");
	check_clean("\xE2\x82", "??");
	check_clean("\x80x", "?x");
	check_clean("\xC0\xAF", "??");
	check_clean("\xE0\x80\xAF", "???");
	check_clean("\xED\xA0\x80", "???");
	check_clean("\xF4\x90\x80\x80", "????");
	check_clean("\xFF\xFE", "??");
	check_clean("\xC3(", "?(");
}

static void test_text__finds_base_names(void **state)
{
	(void)state;
	assert_string_equal(ff_text_base_name("app.bin"), "app.bin");
	assert_string_equal(ff_text_base_name("/a/b/app.bin"), "app.bin");
	assert_string_equal(ff_text_base_name("C:\\build\\app.bin"), "app.bin");
	assert_string_equal(ff_text_base_name("dir/"), "");
}

static bool is_shallow(const char *json, size_t depth)
{
	return ff_text_is_shallow(json, strlen(json), depth);
}

static void test_text__measures_how_deep_json_goes(void **state)
{
	(void)state;
	assert_true(is_shallow("", 0));
	assert_true(is_shallow("17", 0));
	assert_false(is_shallow("[", 0));
	assert_true(is_shallow("[{}, [], {\"a\": []}]", 3));
	assert_false(is_shallow("[{}, [], {\"a\": []}]", 2));
	assert_true(is_shallow("[\"[[[{{{\"]", 1));
	assert_true(is_shallow("[\"\\\"[[[\"]", 1));
	assert_false(is_shallow("[\"\\\\\", [[]]]", 2));
	assert_true(is_shallow("]]]}[]", 1));
	assert_true(is_shallow("\"\\", 0));
}

static void test_text__formats_facts(void **state)
{
	(void)state;
	char time[FF_TEXT_TIME_SIZE];
	ff_text_time(time, 1769860800007);
	assert_string_equal(time, "2026-01-31T12:00:00.007Z");
	char revision[FF_TEXT_REVISION_SIZE];
	ff_text_revision(revision, 301);
	assert_string_equal(revision, "v3.1");
	char mac[FF_TEXT_MAC_SIZE];
	ff_text_mac(mac, (const unsigned char[]){ 0x24, 0x0A, 0xC4, 0, 0, 1 });
	assert_string_equal(mac, "24:0a:c4:00:00:01");
}

static const struct ff_route routes[] = {
	{ "GET", "/healthz", NULL, FF_SCOPE_READ },        { "GET", "/boards", NULL, FF_SCOPE_READ },
	{ "GET", "/boards/*", NULL, FF_SCOPE_READ },       { "POST", "/boards/*/flash", NULL, FF_SCOPE_READ },
	{ "PUT", "/boards/*/flash", NULL, FF_SCOPE_READ },
};

static struct ff_route_match find(const char *method, const char *path)
{
	struct ff_route_match match;
	ff_router_find(routes, sizeof(routes) / sizeof(routes[0]), method, path, &match);
	return match;
}

static void test_router__finds_routes(void **state)
{
	(void)state;
	assert_ptr_equal(find("GET", "/healthz").route, &routes[0]);
	assert_ptr_equal(find("HEAD", "/boards").route, &routes[1]);
	struct ff_route_match match = find("PUT", "/boards/lab-1.a/flash");
	assert_ptr_equal(match.route, &routes[4]);
	assert_string_equal(match.param, "lab-1.a");
	assert_string_equal(match.allow, "");
	assert_string_equal(find("GET", "/boards/flash").param, "flash");
}

static void test_router__names_the_methods_that_a_path_has(void **state)
{
	(void)state;
	struct ff_route_match match = find("DELETE", "/boards/lab1/flash");
	assert_null(match.route);
	assert_string_equal(match.allow, "POST, PUT");
	assert_string_equal(find("POST", "/boards").allow, "GET, HEAD");
	assert_string_equal(find("get", "/boards").allow, "GET, HEAD");
}

static void test_router__refuses_what_is_not_there(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"/",
		"",
		"/board",
		"/boards/",
		"/boardsx",
		"/boards/a/",
		"/boards//flash",
		"/boards/a/b",
		"/boards/a/flash/",
		"/boards/a/flash/x",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ff_route_match match = find("GET", bad[i]);
		assert_null(match.route);
		assert_string_equal(match.allow, "");
	}
	char longest[128] = "/boards/";
	memset(longest + strlen("/boards/"), 'x', FF_ROUTE_PARAM_SIZE - 1);
	assert_non_null(find("GET", longest).route);
	strcat(longest, "x");
	assert_null(find("GET", longest).route);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_params__reads_offsets),
		cmocka_unit_test(test_params__reads_lists_of_offsets),
		cmocka_unit_test(test_params__reads_words),
		cmocka_unit_test(test_params__refuses_what_is_no_offset),
		cmocka_unit_test(test_params__reads_switches_and_rates),
		cmocka_unit_test(test_text__cleans_what_is_not_text),
		cmocka_unit_test(test_text__finds_base_names),
		cmocka_unit_test(test_text__measures_how_deep_json_goes),
		cmocka_unit_test(test_text__formats_facts),
		cmocka_unit_test(test_router__finds_routes),
		cmocka_unit_test(test_router__names_the_methods_that_a_path_has),
		cmocka_unit_test(test_router__refuses_what_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
