// SPDX-License-Identifier: Apache-2.0
/* The progress line is a function of what is known and of the width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "display.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_display__formats_a_line(void **state)
{
	static const struct {
		struct ff_display_view view;
		unsigned width;
		const char *line;
	} cases[] = {
		{ { "sync", 0, 0, 300000 }, 79, "sync" },
		{ { "write", 524288, 1048576, 8000000 },
		  79,
		  "write     [###################-------------------]   50 %  65.5 kB/s  0:08 left" },
		{ { "write", 0, 1048576, 0 }, 79, "write     [----------------------------------------]    0 %" },
		{ { "write", 1048576, 1048576, 16000000 },
		  120,
		  "write     [########################################]  100 %  65.5 kB/s  0:00 left" },
		/* too early for a rate */
		{ { "upload", 500, 1000, 400000 }, 40, "upload    [##########-----------]   50 %" },
		/* narrower: the rate goes, then the bar */
		{ { "write", 524288, 1048576, 8000000 }, 40, "write     [##########-----------]   50 %" },
		{ { "write", 524288, 1048576, 8000000 }, 24, "write      50 %" },
		{ { "write", 524288, 1048576, 8000000 }, 7, "write  " },
		/* fast, and slow beyond showing the time left */
		{ { "upload", 50000000, 100000000, 1000000 },
		  79,
		  "upload    [###################-------------------]   50 %  50.0 MB/s  0:01 left" },
		{ { "write", 1, 1048576, 60000000 },
		  79,
		  "write     [----------------------------------------]    0 %  0.0 kB/s" },
		/* more done than there was: no nonsense */
		{ { "write", 2000, 1000, 1000000 },
		  79,
		  "write     [#######################################]  100 %  2.0 kB/s  0:00 left" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char line[256];

		ff_display_line(line, sizeof(line), &cases[i].view, cases[i].width);
		assert_string_equal(line, cases[i].line);
	}
}

static void test_display__line_never_exceeds_width_or_buffer(void **state)
{
	const struct ff_display_view view = { "a-very-long-phase-name-", 999999999, 4294967295, 3600000000 };

	(void)state;
	for (unsigned width = 0; width < 300; width++) {
		for (size_t size = 1; size < 300; size += 13) {
			char *line = malloc(size);

			assert_non_null(line);
			ff_display_line(line, size, &view, width);
			assert_true(strlen(line) <= width && strlen(line) < size);
			free(line);
		}
	}
}

static void test_display__plain_form_prints_phases_and_tenths(void **state)
{
	static const struct {
		struct ff_display_view view;
		const char *line; /* NULL: nothing */
	} steps[] = {
		{ { "reset", 0, 0, 0 }, "reset" },    { { "reset", 0, 0, 0 }, NULL },
		{ { "sync", 0, 0, 0 }, "sync" },      { { "write", 0, 1000, 0 }, "write: 0 %" },
		{ { "write", 99, 1000, 0 }, NULL },   { { "write", 100, 1000, 0 }, "write: 10 %" },
		{ { "write", 150, 1000, 0 }, NULL },  { { "write", 555, 1000, 0 }, "write: 50 %" },
		{ { "write", 200, 1000, 0 }, NULL },  { { "write", 1000, 1000, 0 }, "write: 100 %" },
		{ { "write", 1000, 1000, 0 }, NULL }, { { "verify", 0, 0, 0 }, "verify" },
	};
	struct ff_display_mark mark = { .phase = "" };

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		char line[64] = "";

		assert_int_equal(ff_display_plain(line, sizeof(line), &steps[i].view, &mark), steps[i].line != NULL);
		assert_string_equal(line, steps[i].line != NULL ? steps[i].line : "");
	}
}

static void test_display__draws_lines_where_there_is_no_terminal(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = tmpfile();
	struct ff_display display;

	(void)state;
	assert_non_null(out);
	ff_display_init(&display, out);
	ff_display_update(&display, "upload", 0, 10);
	ff_display_update(&display, "upload", 10, 10);
	ff_display_update(&display, "write", 1, 10);
	ff_display_tick(&display);
	ff_display_clear(&display);
	rewind(out);
	assert_true(getdelim(&text, &size, '\0', out) > 0);
	assert_string_equal(text, "upload: 0 %\nupload: 100 %\nwrite: 10 %\n");
	free(text);
	fclose(out);
}

static void test_display__draws_nothing_without_a_stream(void **state)
{
	struct ff_display display;

	(void)state;
	ff_display_init(&display, NULL);
	ff_display_update(&display, "write", 1, 10);
	ff_display_tick(&display);
	ff_display_clear(&display);
	assert_false(display.drawn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_display__formats_a_line),
		cmocka_unit_test(test_display__line_never_exceeds_width_or_buffer),
		cmocka_unit_test(test_display__plain_form_prints_phases_and_tenths),
		cmocka_unit_test(test_display__draws_lines_where_there_is_no_terminal),
		cmocka_unit_test(test_display__draws_nothing_without_a_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
