// SPDX-License-Identifier: Apache-2.0
/* Streams after the WHATWG HTML standard, section "Server-sent events", and the server's own (docs/rest-api.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sse.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Writes each event down as "<event>=<data>;". */
static void write_down(void *context, const char *event, const char *data)
{
	char *text = context;
	size_t at = strlen(text);

	snprintf(text + at, 512 - at, "%s=%s;", event, data);
}

struct stream_case {
	const char *stream;
	const char *events;
};

static const struct stream_case cases[] = {
	{ "", "" },
	{ "data: a\n\n", "message=a;" },
	{ "data: a\r\n\r\n", "message=a;" },
	{ "data: a\r\r", "message=a;" },
	{ "data:a\n\n", "message=a;" },
	{ "data:  a\n\n", "message= a;" },
	{ "data\n\n", "message=;" },
	{ "data\ndata\n\n", "message=\n;" },
	{ "data: a\ndata: b\n\n", "message=a\nb;" },
	{ "event: end\ndata: {\"id\": \"7\"}\n\n", "end={\"id\": \"7\"};" },
	{ "data: {}\nevent: state\n\ndata: x\n\n", "state={};message=x;" },
	{ "event: state\n\ndata: x\n\n", "message=x;" },
	{ ": keep-alive\n\n: again\ndata: a\n\n", "message=a;" },
	{ "id: 3\nretry: 100\nnonsense\ndata: a\n\n", "message=a;" },
	{ "data: a\n", "" },
	{ "\n\n\ndata: a:b: c\n\n", "message=a:b: c;" },
	{ "event: state\ndata: {\"state\": \"running\"}\n\n"
	  "event: progress\ndata: {\"phase\": \"write\", \"done\": 65536, \"total\": 1048576, \"offset\": \"0x20000\"}\n\n",
	  "state={\"state\": \"running\"};"
	  "progress={\"phase\": \"write\", \"done\": 65536, \"total\": 1048576, \"offset\": \"0x20000\"};" },
};

static void feed(struct ff_sse *sse, const char *bytes, size_t size)
{
	assert_int_equal(ff_sse_feed(sse, bytes, size), FF_OK);
}

static void test_sse__reads_streams_cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t size = strlen(cases[i].stream);

		for (size_t cut = 0; cut <= size; cut++) {
			char text[512] = "";
			struct ff_sse sse;

			ff_sse_init(&sse, write_down, text);
			feed(&sse, cases[i].stream, cut);
			feed(&sse, cases[i].stream + cut, size - cut);
			assert_string_equal(text, cases[i].events);
			ff_sse_release(&sse);
		}
	}
}

static void test_sse__reads_streams_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[512] = "";
		struct ff_sse sse;

		ff_sse_init(&sse, write_down, text);
		for (const char *p = cases[i].stream; *p != '\0'; p++) {
			feed(&sse, p, 1);
		}
		assert_string_equal(text, cases[i].events);
		ff_sse_release(&sse);
	}
}

static void test_sse__cuts_long_event_names(void **state)
{
	char text[512] = "";
	struct ff_sse sse;

	(void)state;
	ff_sse_init(&sse, write_down, text);
	feed(&sse, "event: 0123456789012345678901234567890123456789\ndata: a\n\n", 57);
	assert_string_equal(text, "0123456789012345678901234567890=a;");
	ff_sse_release(&sse);
}

static void test_sse__is_bounded(void **state)
{
	char text[512] = "";
	char *long_line = malloc(FF_SSE_MAX_LINE + 1);
	struct ff_sse sse;

	(void)state;
	assert_non_null(long_line);
	memset(long_line, ':', FF_SSE_MAX_LINE + 1);
	ff_sse_init(&sse, write_down, text);
	feed(&sse, long_line, FF_SSE_MAX_LINE);
	assert_int_equal(ff_sse_feed(&sse, ":", 1), FF_ERR_TOO_LARGE);
	ff_sse_release(&sse);

	/* many short lines of one event */
	memcpy(long_line, "data: ", 6);
	memset(long_line + 6, 'x', 1000);
	long_line[1006] = '\n';
	ff_sse_init(&sse, write_down, text);
	for (size_t i = 0; i < FF_SSE_MAX_DATA / 1001; i++) {
		feed(&sse, long_line, 1007);
	}
	assert_int_equal(ff_sse_feed(&sse, long_line, 1007), FF_ERR_TOO_LARGE);
	assert_string_equal(text, "");
	ff_sse_release(&sse);
	free(long_line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sse__reads_streams_cut_at_every_byte),
		cmocka_unit_test(test_sse__reads_streams_byte_by_byte),
		cmocka_unit_test(test_sse__cuts_long_event_names),
		cmocka_unit_test(test_sse__is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
