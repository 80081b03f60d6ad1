// SPDX-License-Identifier: Apache-2.0
/* Sequences from RFC 3629. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BAD "\xef\xbf\xbd"

static void test_utf8__keeps_what_is_valid_and_marks_the_rest(void **state)
{
	static const struct {
		const char *bytes;
		const char *text;
	} cases[] = {
		{ "", "" },
		{ "boot:\r\n\x1b[0;32mI\n", "boot:\r\n\x1b[0;32mI\n" },
		{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\x80", BAD },
		{ "a\xff", "a" BAD },
		{ "\xc3", BAD },
		{ "\xc3(", BAD "(" },
		{ "\xc0\xaf", BAD BAD },
		{ "\xe0\x80\x80", BAD BAD BAD },
		{ "\xed\xa0\x80", BAD BAD BAD },
		{ "\xf4\x90\x80\x80", BAD BAD BAD BAD },
		{ "\xe2\x82", BAD BAD },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *value = ff_utf8_json((const uint8_t *)cases[i].bytes, strlen(cases[i].bytes));

		assert_string_equal(json_string_value(value), cases[i].text);
		json_decref(value);
	}
}

static void test_utf8__keeps_zero_bytes(void **state)
{
	json_t *value = ff_utf8_json((const uint8_t *)"a\0b", 3);

	(void)state;
	assert_int_equal(json_string_length(value), 3);
	json_decref(value);
}

static void test_utf8__knows_what_may_go_on(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t unfinished;
	} cases[] = {
		{ "", 0 },
		{ "a", 0 },
		{ "\xc3", 1 },
		{ "a\xe2\x82", 2 },
		{ "\xe2\x82\xac", 0 },
		{ "\xf0\x9f\x98", 3 },
		{ "\xf0\x9f\x98\x80", 0 },
		{ "\x80\x80", 0 },
		{ "\xff", 0 },
		{ "\xc3\x80\x80", 0 },
		{ "\xf5", 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ff_utf8_unfinished((const uint8_t *)cases[i].bytes, strlen(cases[i].bytes)),
				 cases[i].unfinished);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8__keeps_what_is_valid_and_marks_the_rest),
		cmocka_unit_test(test_utf8__keeps_zero_bytes),
		cmocka_unit_test(test_utf8__knows_what_may_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
