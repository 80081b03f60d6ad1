// SPDX-License-Identifier: Apache-2.0
/* The keys of the monitor, and the time before its lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keys.h"
#include "stamps.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MENU "\x1d"

struct keys_case {
	const char *typed;
	enum ff_keys_eol eol;
	const char *sent;
	enum ff_keys_action action; /* the first */
	size_t taken;
};

static const struct keys_case keys_cases[] = {
	{ "abc", FF_KEYS_CR, "abc", FF_KEYS_NONE, 3 },
	{ "a\rb", FF_KEYS_CR, "a\rb", FF_KEYS_NONE, 3 },
	{ "a\rb", FF_KEYS_LF, "a\nb", FF_KEYS_NONE, 3 },
	{ "\r\r", FF_KEYS_CRLF, "\r\n\r\n", FF_KEYS_NONE, 2 },
	{ "\n\x03\x1b[A", FF_KEYS_LF, "\n\x03\x1b[A", FF_KEYS_NONE, 5 },
	{ "a" MENU MENU "b", FF_KEYS_CR, "a", FF_KEYS_QUIT, 3 },
	{ "a" MENU "sq", FF_KEYS_CR, "a" MENU, FF_KEYS_SEND_MENU, 3 },
	{ MENU "\x13", FF_KEYS_CR, MENU, FF_KEYS_SEND_MENU, 2 },
	{ "a" MENU "qb", FF_KEYS_CR, "a", FF_KEYS_QUIT, 3 },
	{ MENU "Q", FF_KEYS_CR, "", FF_KEYS_QUIT, 2 },
	{ MENU "x", FF_KEYS_CR, "", FF_KEYS_QUIT, 2 },
	{ MENU "\x12", FF_KEYS_CR, "", FF_KEYS_RESET, 2 },
	{ MENU "r", FF_KEYS_CR, "", FF_KEYS_RESET, 2 },
	{ MENU "b", FF_KEYS_CR, "", FF_KEYS_BREAK, 2 },
	{ MENU "t", FF_KEYS_CR, "", FF_KEYS_STAMPS, 2 },
	{ MENU "l", FF_KEYS_CR, "", FF_KEYS_LOG, 2 },
	{ MENU "h", FF_KEYS_CR, "", FF_KEYS_HELP, 2 },
	{ MENU "?", FF_KEYS_CR, "", FF_KEYS_HELP, 2 },
	{ MENU "z", FF_KEYS_CR, "", FF_KEYS_UNKNOWN, 2 },
	{ MENU "\r", FF_KEYS_LF, "", FF_KEYS_UNKNOWN, 2 },
};

static void test_keys__menu_and_line_endings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys_cases); i++) {
		const struct keys_case *row = &keys_cases[i];
		struct ff_keys keys = { .eol = row->eol };
		uint8_t bytes[64];
		size_t made;
		enum ff_keys_action action;

		assert_int_equal(
			ff_keys_take(&keys, (const uint8_t *)row->typed, strlen(row->typed), bytes, &made, &action),
			row->taken);
		assert_int_equal(action, row->action);
		assert_int_equal(made, strlen(row->sent));
		assert_memory_equal(bytes, row->sent, made);
	}
}

static void test_keys__the_menu_waits_for_its_key(void **state)
{
	struct ff_keys keys = { .eol = FF_KEYS_CR };
	uint8_t bytes[8];
	size_t made;
	enum ff_keys_action action;

	(void)state;
	assert_int_equal(ff_keys_take(&keys, (const uint8_t *)MENU, 1, bytes, &made, &action), 1);
	assert_int_equal(action, FF_KEYS_NONE);
	assert_int_equal(made, 0);
	assert_int_equal(ff_keys_take(&keys, (const uint8_t *)"ra", 2, bytes, &made, &action), 1);
	assert_int_equal(action, FF_KEYS_RESET);
	assert_int_equal(ff_keys_take(&keys, (const uint8_t *)"a", 1, bytes, &made, &action), 1);
	assert_int_equal(action, FF_KEYS_NONE);
	assert_int_equal(made, 1);
}

static void test_keys__line_endings_take_turns(void **state)
{
	static const char *const names[] = { "LF", "CRLF", "CR" };
	struct ff_keys keys = { .eol = FF_KEYS_CR };
	uint8_t bytes[8];
	size_t made;
	enum ff_keys_action action;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(ff_keys_take(&keys, (const uint8_t *)MENU "e", 2, bytes, &made, &action), 2);
		assert_int_equal(action, FF_KEYS_NEXT_EOL);
		assert_string_equal(ff_keys_eol_name(keys.eol), names[i]);
	}
}

/* ---- stamps ---- */

static const struct timespec moment = { .tv_sec = 1795697576, .tv_nsec = 7654321 };

static void collect(void *context, const uint8_t *bytes, size_t size)
{
	char *text = context;
	size_t at = strlen(text);

	assert_true(at + size < 512);
	memcpy(text + at, bytes, size);
	text[at + size] = '\0';
}

static void test_stamps__text(void **state)
{
	char text[FF_STAMPS_SIZE];

	(void)state;
	assert_true(ff_stamps_text(text, FF_STAMPS_DEFAULT, &moment));
	assert_string_equal(text, "2026-11-26T12:52:56.007 ");
	assert_true(ff_stamps_text(text, "[%H:%M:%S]", &moment));
	assert_string_equal(text, "[12:52:56] ");
	assert_true(ff_stamps_text(text, "%%N %N", &moment));
	assert_string_equal(text, "%N 007 ");
	assert_true(ff_stamps_text(text, "a%", &moment));
	assert_false(ff_stamps_text(text, "", &moment));
	assert_false(ff_stamps_text(text, "%c%c%c%c%c%c%c%c%c%c", &moment));
}

struct stamps_case {
	const char *bytes;
	const char *shown;
};

static const struct stamps_case stamps_cases[] = {
	{ "a\n", "T a\n" },
	{ "a\nb", "T a\nT b" },
	{ "a\r\n\r\nb\n", "T a\r\nT \r\nT b\n" },
	{ "10%\r20%\r30%\n", "T 10%\r20%\r30%\n" },
	{ "\n\n", "T \nT \n" },
};

/* Where the bytes are cut makes no difference. */
static void test_stamps__each_line_gets_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(stamps_cases); i++) {
		const uint8_t *bytes = (const uint8_t *)stamps_cases[i].bytes;
		size_t size = strlen(stamps_cases[i].bytes);

		for (size_t cut = 0; cut <= size; cut++) {
			struct ff_stamps stamps = { .on = true, .format = "T" };
			char shown[512] = "";

			ff_stamps_put(&stamps, bytes, cut, &moment, collect, shown);
			ff_stamps_put(&stamps, bytes + cut, size - cut, &moment, collect, shown);
			assert_string_equal(shown, stamps_cases[i].shown);
		}
	}
}

static void test_stamps__switched_on_within_a_line(void **state)
{
	struct ff_stamps stamps = { .on = false, .format = "T" };
	char shown[512] = "";

	(void)state;
	ff_stamps_put(&stamps, (const uint8_t *)"a\nb", 3, &moment, collect, shown);
	stamps.on = true;
	ff_stamps_put(&stamps, (const uint8_t *)"c\nd", 3, &moment, collect, shown);
	assert_string_equal(shown, "a\nbc\nT d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys__menu_and_line_endings),
		cmocka_unit_test(test_keys__the_menu_waits_for_its_key),
		cmocka_unit_test(test_keys__line_endings_take_turns),
		cmocka_unit_test(test_stamps__text),
		cmocka_unit_test(test_stamps__each_line_gets_one),
		cmocka_unit_test(test_stamps__switched_on_within_a_line),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
