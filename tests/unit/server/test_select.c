// SPDX-License-Identifier: Apache-2.0
/* Labels of a board, and the selectors that mean it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "labels.h"
#include "selector.h"

static const struct ff_labels board = {
	.count = 4,
	.labels = { { "chip", "esp32s3" }, { "rack", "2" }, { "has", "display" }, { "has", "lora" } },
};

static void test_selector__all_terms_have_to_hold(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool matches;
	} rows[] = {
		{ "chip=esp32s3", true },
		{ "chip=ESP32S3", true },
		{ "chip=esp32", false },
		{ "rack!=1", true },
		{ "rack!=2", false },
		{ "colour!=red", true },
		{ "has=display,has=lora", true },
		{ "has=display,has=camera", false },
		{ "has!=camera", true },
		{ "has!=lora", false },
		{ "chip=esp32s3,rack!=1,has", true },
		{ "!has", false },
		{ "!colour", true },
		{ "colour", false },
		{ "Chip=esp32s3", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ff_selector selector;
		assert_int_equal(ff_selector_parse(&selector, rows[i].text, NULL), FF_OK);
		if (ff_selector_matches(&selector, &board) != rows[i].matches) {
			fail_msg("%s", rows[i].text);
		}
	}
}

static void test_selector__refuses_what_it_does_not_understand(void **state)
{
	(void)state;
	static const char *const bad[] = { "",    ",",    "a=",    "=1",          "a=1,",  ",a=1",
					   "!",   "a==1", "a=b=c", "!a=1",        "a!!=1", "a=1, b",
					   "1=2", "a b",  "a<3",   "a=\"1\x01\"", "a!=",   "\xc3\xa4=1" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ff_selector selector = { .count = 77 };
		struct ff_error error = FF_ERROR_NONE;
		if (ff_selector_parse(&selector, bad[i], &error) != FF_ERR_ARGUMENT) {
			fail_msg("\"%s\" was taken", bad[i]);
		}
		assert_int_equal(selector.count, 77);
		assert_true(error.text[0]);
	}
}

static void test_selector__is_bounded(void **state)
{
	(void)state;
	struct ff_selector selector;
	char text[2000];
	memset(text, 'a', sizeof(text));
	text[1999] = '\0';
	assert_int_equal(ff_selector_parse(&selector, text, NULL), FF_ERR_ARGUMENT);
	text[200] = '\0';
	assert_int_equal(ff_selector_parse(&selector, text, NULL), FF_ERR_ARGUMENT);
	text[0] = '\0';
	for (int i = 0; i < FF_SELECTOR_MAX_TERMS; i++) {
		strcat(text, i > 0 ? ",a=1" : "a=1");
	}
	assert_int_equal(ff_selector_parse(&selector, text, NULL), FF_OK);
	assert_int_equal(selector.count, FF_SELECTOR_MAX_TERMS);
	strcat(text, ",a=1");
	assert_int_equal(ff_selector_parse(&selector, text, NULL), FF_ERR_ARGUMENT);
}

static void test_labels__are_checked_and_bounded(void **state)
{
	(void)state;
	struct ff_labels labels = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_labels_add(&labels, "has", "display", &error), FF_OK);
	assert_int_equal(ff_labels_add(&labels, "has", "display", &error), FF_OK);
	assert_int_equal(labels.count, 1);
	assert_int_equal(ff_labels_add(&labels, "2", "x", &error), FF_ERR_ARGUMENT);
	assert_int_equal(ff_labels_add(&labels, "a", "x y", NULL), FF_ERR_ARGUMENT);
	assert_int_equal(ff_labels_add(&labels, "a", "", NULL), FF_ERR_ARGUMENT);
	char value[3] = "0a";
	while (labels.count < FF_LABELS_MAX) {
		value[0] = (char)('0' + labels.count);
		value[1] = 'a';
		assert_true(ff_labels_add_foreign(&labels, "n", value));
	}
	assert_int_equal(ff_labels_add(&labels, "one", "more", NULL), FF_ERR_ARGUMENT);
}

static void test_labels__foreign_values_are_cleaned(void **state)
{
	(void)state;
	struct ff_labels labels = { .count = 0 };
	assert_true(ff_labels_add_foreign(&labels, "usb", "CP2102N USB; rm -rf /,x=\n\xff"));
	assert_string_equal(labels.labels[0].value, "CP2102N-USB;-rm--rf-/-x---");
	assert_false(ff_labels_add_foreign(&labels, "usb", ""));
	char longest[200];
	memset(longest, 'y', sizeof(longest));
	longest[199] = '\0';
	assert_true(ff_labels_add_foreign(&labels, "usb", longest));
	assert_int_equal(strlen(labels.labels[1].value), FF_LABEL_VALUE_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selector__all_terms_have_to_hold),
		cmocka_unit_test(test_selector__refuses_what_it_does_not_understand),
		cmocka_unit_test(test_selector__is_bounded),
		cmocka_unit_test(test_labels__are_checked_and_bounded),
		cmocka_unit_test(test_labels__foreign_values_are_cleaned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
