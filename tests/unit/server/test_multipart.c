// SPDX-License-Identifier: Apache-2.0
/* Forms written by hand from RFC 7578 and RFC 2046 section 5.1. Each is fed whole, byte by byte, and cut in two at every
 * place: the answer must be the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "multipart.h"

#define TYPE "multipart/form-data; boundary=AaB03x"
#define STORY_SIZE 8192
#define MAX_PARTS 4

/* A form's events as text: "[name|filename]content." for each part; an error ends it with "!" and its text. */
struct story {
	char text[STORY_SIZE];
	size_t size;
};

static void tell(struct story *story, const void *bytes, size_t size)
{
	assert_true(story->size + size < STORY_SIZE);
	memcpy(story->text + story->size, bytes, size);
	story->size += size;
	story->text[story->size] = 0;
}

static void tell_text(struct story *story, const char *text)
{
	tell(story, text, strlen(text));
}

static enum ff_status feed(struct ff_multipart *form, const uint8_t *bytes, size_t size, struct story *story,
			   struct ff_error *error)
{
	/* A copy of its own on the heap, so that a read past the piece is seen. */
	uint8_t *copy = malloc(size ? size : 1);
	memcpy(copy, bytes, size);
	const uint8_t *at = copy;
	struct ff_multipart_event event = { .kind = FF_MULTIPART_PART };
	enum ff_status status = FF_OK;
	while (status == FF_OK && event.kind != FF_MULTIPART_MORE) {
		status = ff_multipart_next(form, &at, &size, &event, error);
		if (status != FF_OK) {
			break;
		}
		if (event.kind == FF_MULTIPART_PART) {
			tell_text(story, "[");
			tell_text(story, form->name);
			tell_text(story, form->has_filename ? "|" : "");
			tell_text(story, form->filename);
			tell_text(story, "]");
		} else if (event.kind == FF_MULTIPART_DATA) {
			assert_true(event.size > 0);
			tell(story, event.bytes, event.size);
		} else if (event.kind == FF_MULTIPART_PART_END) {
			tell_text(story, ".");
		}
	}
	assert_true(status != FF_OK || size == 0);
	free(copy);
	return status;
}

/* Feeds `first` bytes, then pieces of `rest` bytes each. */
static void parse(const char *body, size_t size, size_t first, size_t rest, struct story *story)
{
	struct ff_multipart form;
	struct ff_error error = FF_ERROR_NONE;
	*story = (struct story){ .size = 0 };
	assert_int_equal(ff_multipart_init(&form, TYPE, MAX_PARTS, &error), FF_OK);
	enum ff_status status = feed(&form, (const uint8_t *)body, first, story, &error);
	for (size_t at = first; status == FF_OK && at < size; at += rest) {
		size_t piece = rest < size - at ? rest : size - at;
		status = feed(&form, (const uint8_t *)body + at, piece, story, &error);
	}
	if (status == FF_OK) {
		status = ff_multipart_finish(&form, &error);
	}
	if (status != FF_OK) {
		assert_int_equal(status, FF_ERR_FORMAT);
		tell_text(story, "!");
		tell_text(story, error.text);
	}
}

static void check_sized(const char *body, size_t size, const char *expected)
{
	struct story story;
	parse(body, size, size, 1, &story);
	assert_string_equal(story.text, expected);
	for (size_t cut = 0; cut < size; cut++) {
		parse(body, size, cut, size, &story);
		assert_string_equal(story.text, expected);
	}
	parse(body, size, 0, 1, &story);
	assert_string_equal(story.text, expected);
	parse(body, size, 0, 3, &story);
	assert_string_equal(story.text, expected);
}

static void check(const char *body, const char *expected)
{
	check_sized(body, strlen(body), expected);
}

/* The expected text is the end of the story: its "!" and some words. */
static void check_refused(const char *body, const char *words)
{
	struct story story;
	parse(body, strlen(body), strlen(body), 1, &story);
	const char *refusal = strchr(story.text, '!');
	if (!refusal || !strstr(refusal, words)) {
		fail_msg("\"%s\" lacks \"%s\"", story.text, words);
	}
	char expected[STORY_SIZE];
	memcpy(expected, story.text, sizeof(expected));
	check(body, expected);
}

#define DISPOSITION(rest) "Content-Disposition: form-data; " rest "\r\n"

static void test_multipart__reads_the_form_of_rfc_7578(void **state)
{
	(void)state;
	check("--AaB03x\r\n"
	      "content-disposition: form-data; name=\"field1\"\r\n"
	      "content-type: text/plain;charset=UTF-8\r\n"
	      "\r\n"
	      "Joe owes <euro>100.\r\n"
	      "--AaB03x--\r\n",
	      "[field1]Joe owes <euro>100..");
}

static void test_multipart__reads_files_and_several_parts(void **state)
{
	(void)state;
	check("--AaB03x\r\n" DISPOSITION(
		      "name=\"0x1000\"; filename=\"boot.bin\"") "Content-Type: a/b\r\n\r\nBOOT\r\n"
								"--AaB03x\r\n" DISPOSITION(
									"name=0x10000; filename=app.bin") "\r\nAPP\r\n--AaB03x--",
	      "[0x1000|boot.bin]BOOT.[0x10000|app.bin]APP.");
}

static void test_multipart__keeps_line_breaks_that_belong_to_the_content(void **state)
{
	(void)state;
	check("--AaB03x\r\n" DISPOSITION("name=a") "\r\n\r\n\r\nx\r\n\r\n--AaB03x--\r\n", "[a]\r\n\r\nx\r\n.");
}

static void test_multipart__keeps_what_only_resembles_a_boundary(void **state)
{
	(void)state;
	check("--AaB03x\r\n" DISPOSITION("name=a") "\r\n--AaB03\r\n-\r\n--AaB03y\r\n\r\r\n--A\r\r\n--AaB03x--\r\n",
	      "[a]--AaB03\r\n-\r\n--AaB03y\r\n\r\r\n--A\r.");
	/* A boundary counts at the beginning of a line only. */
	check("--AaB03x\r\n" DISPOSITION("name=a") "\r\nx--AaB03x--\n--AaB03x--\r\n--AaB03x--\r\n",
	      "[a]x--AaB03x--\n--AaB03x--.");
}

static void test_multipart__reads_binary_content(void **state)
{
	(void)state;
	static const char head[] = "--AaB03x\r\n" DISPOSITION("name=a") "\r\n";
	static const char tail[] = "\r\n--AaB03x--\r\n";
	char body[1024];
	size_t size = strlen(head);
	memcpy(body, head, size);
	for (int c = 1; c < 256; c++) {
		body[size++] = (char)c;
	}
	memcpy(body + size, tail, strlen(tail));
	size += strlen(tail);
	char expected[512] = "[a]";
	for (int c = 1; c < 256; c++) {
		expected[2 + c] = (char)c;
	}
	strcpy(expected + 3 + 255, ".");
	check_sized(body, size, expected);
}

static void test_multipart__reads_empty_parts(void **state)
{
	(void)state;
	check("--AaB03x\r\n" DISPOSITION("name=a; filename=\"\"") "\r\n\r\n--AaB03x--\r\n", "[a|].");
	/* RFC 2046: the body with its line break may be missing altogether. */
	check("--AaB03x\r\n" DISPOSITION("name=a") "\r\n--AaB03x\r\n" DISPOSITION("name=b") "\r\n\r\n--AaB03x--",
	      "[a].[b].");
}

static void test_multipart__skips_preamble_epilogue_and_padding(void **state)
{
	(void)state;
	check("This is a message\r\nof several parts --AaB03x\r\n--AaB03x \t \r\n" DISPOSITION(
		      "name=a") "\r\nx\r\n--AaB03x--  \r\nand more\r\n--AaB03x\r\n",
	      "[a]x.");
}

static void test_multipart__reads_quoted_names(void **state)
{
	(void)state;
	check("--AaB03x\r\n" DISPOSITION(
		      "name=\"a \\\"b\\\" ; c\\\\\"; filename=\"C:\\dir\\f.bin\"") "\r\nx\r\n--AaB03x--",
	      "[a \"b\" ; c\\|C:\\dir\\f.bin]x.");
	check("--AaB03x\r\n" DISPOSITION("filename=\"gr\xC3\xBC\xC3\x9F.bin\" ;\tname = \"0\"") "\r\nx\r\n--AaB03x--",
	      "[0|gr\xC3\xBC\xC3\x9F.bin]x.");
	/* The charset of RFC 5987 must not be used here; it is no reason to refuse either. */
	check("--AaB03x\r\n" DISPOSITION("name=a; filename*=UTF-8''f") "\r\nx\r\n--AaB03x--", "[a]x.");
}

static void test_multipart__accepts_encodings_that_change_nothing(void **state)
{
	(void)state;
	check("--AaB03x\r\nContent-Transfer-Encoding: binary\r\n" DISPOSITION("name=a") "\r\nx\r\n--AaB03x--", "[a]x.");
	check_refused(
		"--AaB03x\r\nContent-Transfer-Encoding: base64\r\n" DISPOSITION("name=a") "\r\neA==\r\n--AaB03x--",
		"Content-Transfer-Encoding");
}

static void test_multipart__refuses_line_feeds_without_carriage_return(void **state)
{
	(void)state;
	check_refused("--AaB03x\n" DISPOSITION("name=a") "\r\nx\r\n--AaB03x--", "neither with CR LF nor with --");
	check_refused("--AaB03x\r\nContent-Disposition: form-data; name=a\n\r\nx\r\n--AaB03x--", "LF instead of CR LF");
	check_refused("--AaB03x\r\n" DISPOSITION("name=a") "\nx\r\n--AaB03x--", "LF instead of CR LF");
	check_refused("--AaB03x\n" DISPOSITION("name=a") "\nx\n--AaB03x--\n", "neither with CR LF nor with --");
}

static void test_multipart__refuses_a_form_without_its_end(void **state)
{
	(void)state;
	static const char whole[] = "--AaB03x\r\n" DISPOSITION("name=a") "\r\nx\r\n--AaB03x--";
	for (size_t size = 0; size < strlen(whole); size++) {
		struct story story;
		parse(whole, size, size, 1, &story);
		assert_non_null(strstr(story.text, "!the form ends without its closing boundary"));
	}
}

static void test_multipart__refuses_what_follows_a_boundary(void **state)
{
	(void)state;
	check_refused("--AaB03xyz\r\n" DISPOSITION("name=a") "\r\nx\r\n--AaB03x--", "neither with CR LF nor with --");
	check_refused("--AaB03x-\r\n", "neither with CR LF nor with --");
	check_refused("--AaB03x\r\r\n", "neither with CR LF nor with --");
	check_refused("--AaB03x --\r\n", "neither with CR LF nor with --");
}

static void test_multipart__refuses_parts_without_a_name(void **state)
{
	(void)state;
	check_refused("--AaB03x\r\n\r\nx\r\n--AaB03x--", "part 1 of the form: it has no name");
	check_refused("--AaB03x\r\n" DISPOSITION("filename=a") "\r\nx\r\n--AaB03x--", "it has no name");
	check_refused("--AaB03x\r\n" DISPOSITION("name=a") "\r\nx\r\n--AaB03x\r\nContent-Type: a/b\r\n\r\n",
		      "part 2 of the form: it has no name");
}

static void test_multipart__refuses_doubled_headers_and_parameters(void **state)
{
	(void)state;
	check_refused("--AaB03x\r\n" DISPOSITION("name=a") DISPOSITION("name=b") "\r\n", "two Content-Disposition");
	check_refused("--AaB03x\r\n" DISPOSITION("name=a; name=b") "\r\n", "the same parameter twice");
	check_refused("--AaB03x\r\n" DISPOSITION("name=a; filename=a; filename=b") "\r\n", "the same parameter twice");
}

static void test_multipart__refuses_malformed_headers(void **state)
{
	(void)state;
	check_refused("--AaB03x\r\nContent-Disposition: attachment; name=a\r\n", "is not form-data");
	check_refused("--AaB03x\r\n" DISPOSITION("name=\"a") "\r\n", "malformed or too long");
	check_refused("--AaB03x\r\n" DISPOSITION("name") "\r\n", "malformed or too long");
	check_refused("--AaB03x\r\n" DISPOSITION("name=") "\r\n", "malformed or too long");
	check_refused("--AaB03x\r\n" DISPOSITION("name=\"a\"b") "\r\n", "malformed or too long");
	check_refused("--AaB03x\r\nno colon here\r\n", "header lines is malformed");
	check_refused("--AaB03x\r\nName : value\r\n", "header lines is malformed");
	check_refused("--AaB03x\r\n" DISPOSITION("name=a") " folded: x\r\n", "header lines is malformed");
	check_refused("--AaB03x\r\nA: \x01\r\n", "control character");
	check_refused("--AaB03x\r\nA: b\rc\r\n", "control character");
}

static void test_multipart__refuses_too_much(void **state)
{
	(void)state;
	char body[4096] = "--AaB03x\r\nA: ";
	memset(body + strlen(body), 'x', FF_MULTIPART_LINE_SIZE);
	check_refused(body, "too long");

	memset(body, 0, sizeof(body));
	strcpy(body, "--AaB03x\r\nContent-Disposition: form-data; name=");
	memset(body + strlen(body), 'x', FF_MULTIPART_NAME_SIZE);
	strcat(body, "\r\n\r\n");
	check_refused(body, "malformed or too long");

	strcpy(body, "--AaB03x\r\n");
	for (int i = 0; i <= FF_MULTIPART_MAX_HEADERS; i++) {
		strcat(body, "A: b\r\n");
	}
	check_refused(body, "too many headers");

	strcpy(body, "--AaB03x");
	for (int i = 0; i <= MAX_PARTS; i++) {
		strcat(body, "\r\n" DISPOSITION("name=a") "\r\nx\r\n--AaB03x");
	}
	check_refused(body, "more than 4 parts");
}

static void test_multipart__refuses_a_form_without_parts(void **state)
{
	(void)state;
	check_refused("--AaB03x--\r\n", "has no parts");
	check_refused("", "without its closing boundary");
}

static void test_multipart__finds_the_boundary_in_the_content_type(void **state)
{
	(void)state;
	static const struct {
		const char *type;
		const char *delimiter; /* NULL: refused */
	} rows[] = {
		{ "multipart/form-data; boundary=x", "\r\n--x" },
		{ "Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b'()+_,-./:=?c\"", "\r\n--a b'()+_,-./:=?c" },
		{ "multipart/form-data; boundary="
		  "1234567890123456789012345678901234567890123456789012345678901234567890",
		  "\r\n--1234567890123456789012345678901234567890123456789012345678901234567890" },
		{ "multipart/form-data; boundary="
		  "12345678901234567890123456789012345678901234567890123456789012345678901",
		  NULL },
		{ "multipart/form-data", NULL },
		{ "multipart/form-data; boundary=", NULL },
		{ "multipart/form-data; boundary=\"\"", NULL },
		{ "multipart/form-data; boundary=\"a \"", NULL },
		{ "multipart/form-data; boundary=\"a\rb\"", NULL },
		{ "multipart/form-data; boundary=a; boundary=b", NULL },
		{ "multipart/form-data; boundary=\"a", NULL },
		{ "multipart/mixed; boundary=x", NULL },
		{ "multipart/form-data2; boundary=x", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ff_multipart form = { 0 };
		struct ff_error error = FF_ERROR_NONE;
		enum ff_status status = ff_multipart_init(&form, rows[i].type, 1, &error);
		if (rows[i].delimiter) {
			assert_int_equal(status, FF_OK);
			assert_int_equal(form.delimiter_size, strlen(rows[i].delimiter));
			assert_memory_equal(form.delimiter, rows[i].delimiter, form.delimiter_size);
		} else {
			assert_int_equal(status, FF_ERR_FORMAT);
			assert_true(error.text[0] != 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_multipart__reads_the_form_of_rfc_7578),
		cmocka_unit_test(test_multipart__reads_files_and_several_parts),
		cmocka_unit_test(test_multipart__keeps_line_breaks_that_belong_to_the_content),
		cmocka_unit_test(test_multipart__keeps_what_only_resembles_a_boundary),
		cmocka_unit_test(test_multipart__reads_binary_content),
		cmocka_unit_test(test_multipart__reads_empty_parts),
		cmocka_unit_test(test_multipart__skips_preamble_epilogue_and_padding),
		cmocka_unit_test(test_multipart__reads_quoted_names),
		cmocka_unit_test(test_multipart__accepts_encodings_that_change_nothing),
		cmocka_unit_test(test_multipart__refuses_line_feeds_without_carriage_return),
		cmocka_unit_test(test_multipart__refuses_a_form_without_its_end),
		cmocka_unit_test(test_multipart__refuses_what_follows_a_boundary),
		cmocka_unit_test(test_multipart__refuses_parts_without_a_name),
		cmocka_unit_test(test_multipart__refuses_doubled_headers_and_parameters),
		cmocka_unit_test(test_multipart__refuses_malformed_headers),
		cmocka_unit_test(test_multipart__refuses_too_much),
		cmocka_unit_test(test_multipart__refuses_a_form_without_parts),
		cmocka_unit_test(test_multipart__finds_the_boundary_in_the_content_type),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
