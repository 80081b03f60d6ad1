// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "header.h"

static void test_header__takes_parameters(void **state)
{
	(void)state;
	const char *at = "; a=b ;C = \"d;\\\"e\\\\f\\g\" ;";
	const char *name;
	size_t size;
	char value[16];
	assert_int_equal(ff_header_take_param(&at, &name, &size, value, sizeof(value)), FF_HEADER_PARAM);
	assert_true(ff_header_equals(name, size, "A"));
	assert_string_equal(value, "b");
	assert_int_equal(ff_header_take_param(&at, &name, &size, value, sizeof(value)), FF_HEADER_PARAM);
	assert_true(ff_header_equals(name, size, "c"));
	assert_string_equal(value, "d;\"e\\f\\g");
	assert_int_equal(ff_header_take_param(&at, &name, &size, value, sizeof(value)), FF_HEADER_END);
}

static void test_header__refuses_malformed_parameters(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"a=b", ";=b", ";a", ";a=", ";a==b", ";a=\"b", ";a=\"b\\", ";a=(b)", ";a=12345678", ";a=\"12345678\"",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *at = bad[i];
		const char *name;
		size_t size;
		char value[8];
		enum ff_header_param taken = ff_header_take_param(&at, &name, &size, value, sizeof(value));
		if (taken != FF_HEADER_BAD) {
			fail_msg("\"%s\" was taken", bad[i]);
		}
	}
}

static void test_header__prefers_text_only_when_asked_to(void **state)
{
	(void)state;
	static const struct {
		const char *accept;
		bool text;
	} rows[] = {
		{ NULL, false },
		{ "", false },
		{ "*/*", false },
		{ "text/*", false },
		{ "text/plain", true },
		{ "TEXT/Plain;charset=utf-8", true },
		{ "text/html, text/plain;q=0.5", true },
		{ "application/json, text/plain, */*", false }, /* axios' default */
		{ "text/plain, application/json", true },
		{ "text/plain;q=0.8, application/json;q=0.9", false },
		{ "application/json;q=0.8, text/plain;q=0.9", true },
		{ "application/json;q=0.5, text/plain;q=1.0", true },
		{ "text/plain;q=0", false },
		{ "text/plain;q=0.000", false },
		{ "text/plainer", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (ff_header_prefers_text(rows[i].accept) != rows[i].text) {
			fail_msg("\"%s\" is judged wrongly", rows[i].accept);
		}
	}
}

static void test_header__finds_preferences(void **state)
{
	(void)state;
	static const struct {
		const char *prefer;
		bool has;
	} rows[] = {
		{ NULL, false },
		{ "", false },
		{ "respond-async", true },
		{ "Respond-Async", true },
		{ "wait=10, respond-async", true },
		{ "respond-async; foo=bar, wait=10", true },
		{ "respond-async2", false },
		{ "respond-async=x", false },
		{ "handling=\"respond-async\"", false },
		{ ",, respond-async", true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (ff_header_has_preference(rows[i].prefer, "respond-async") != rows[i].has) {
			fail_msg("\"%s\" is judged wrongly", rows[i].prefer);
		}
	}
}

static void test_header__finds_words_in_lists(void **state)
{
	(void)state;
	assert_true(ff_header_lists("keep-alive, Upgrade", "upgrade"));
	assert_true(ff_header_lists("upgrade", "upgrade"));
	assert_true(ff_header_lists(" ,x ,upgrade\t", "upgrade"));
	assert_false(ff_header_lists("upgraded", "upgrade"));
	assert_false(ff_header_lists("not upgrade", "upgrade"));
	assert_false(ff_header_lists("", "upgrade"));
	assert_false(ff_header_lists(NULL, "upgrade"));
}

static void test_header__knows_its_own_origin(void **state)
{
	(void)state;
	assert_true(ff_header_is_own_origin("http://lab:8217", "lab:8217"));
	assert_true(ff_header_is_own_origin("https://LAB", "lab"));
	assert_true(ff_header_is_own_origin("http://[::1]:8217", "[::1]:8217"));
	assert_false(ff_header_is_own_origin("http://lab:8218", "lab:8217"));
	assert_false(ff_header_is_own_origin("http://lab", "lab:8217"));
	assert_false(ff_header_is_own_origin("http://evil.lab:8217", "lab:8217"));
	assert_false(ff_header_is_own_origin("http://lab:8217.evil", "lab:8217"));
	assert_false(ff_header_is_own_origin("null", "null"));
	assert_false(ff_header_is_own_origin("", ""));
	assert_false(ff_header_is_own_origin("file://lab", "lab"));
	assert_false(ff_header_is_own_origin("http://lab", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header__takes_parameters),
		cmocka_unit_test(test_header__refuses_malformed_parameters),
		cmocka_unit_test(test_header__prefers_text_only_when_asked_to),
		cmocka_unit_test(test_header__finds_preferences),
		cmocka_unit_test(test_header__finds_words_in_lists),
		cmocka_unit_test(test_header__knows_its_own_origin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
