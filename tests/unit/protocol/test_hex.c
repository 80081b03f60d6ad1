// SPDX-License-Identifier: Apache-2.0
/* Records written out by hand from Intel's specification; the sums were added up by hand too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hex.h"

static enum ff_status read_text(struct ff_segments *segments, const char *text, struct ff_error *error)
{
	ff_segments_init(segments, 4096);
	return ff_hex_read(segments, (const uint8_t *)text, strlen(text), error);
}

static void expect_segment(const struct ff_segments *segments, size_t index, uint32_t address, const char *bytes,
			   size_t size)
{
	assert_int_equal(segments->items[index].address, address);
	assert_int_equal(segments->items[index].size, size);
	assert_memory_equal(ff_segments_bytes(segments, index), bytes, size);
}

static void test_hex__reads_data(void **state)
{
	struct ff_segments segments;

	(void)state;
	assert_int_equal(read_text(&segments,
				   ":0400100001020304E2\n"
				   ":02001400aabb85\r\n"
				   "\n"
				   "  :0100200055 8A\n" +
					   0,
				   NULL),
			 FF_ERR_FORMAT); /* a blank inside a record */
	ff_segments_release(&segments);
	assert_int_equal(read_text(&segments,
				   ":0400100001020304E2\n"
				   ":02001400aabb85\r\n"
				   "\n"
				   "  :01002000558A\n"
				   ":00000001FF\n",
				   NULL),
			 FF_OK);
	assert_int_equal(segments.count, 2);
	expect_segment(&segments, 0, 0x10, "\x01\x02\x03\x04\xaa\xbb", 6);
	expect_segment(&segments, 1, 0x20, "\x55", 1);
	ff_segments_release(&segments);
}

static void test_hex__reads_upper_addresses(void **state)
{
	struct ff_segments segments;

	(void)state;
	/* 3FC8 above bit 16, then segment 1000h above bit 4; start addresses of both kinds are passed over. */
	assert_int_equal(read_text(&segments,
				   ":020000043FC8F3\n"
				   ":01FFFF0011F0\n"
				   ":0400000540380000 7F\n" +
					   0,
				   NULL),
			 FF_ERR_FORMAT);
	ff_segments_release(&segments);
	assert_int_equal(read_text(&segments,
				   ":020000043FC8F3\n"
				   ":01FFFF0011F0\n"
				   ":04000005403800007F\n"
				   ":020000021000EC\n"
				   ":0400000300003800C1\n"
				   ":0100020022DB\n"
				   ":00000001FF",
				   NULL),
			 FF_OK);
	assert_int_equal(segments.count, 2);
	expect_segment(&segments, 0, 0x10002, "\x22", 1);
	expect_segment(&segments, 1, 0x3fc8ffff, "\x11", 1);
	ff_segments_release(&segments);
}

static void test_hex__sorts_and_joins(void **state)
{
	struct ff_segments segments;

	(void)state;
	assert_int_equal(read_text(&segments,
				   ":01000200CC31\n"
				   ":01000000AA55\n"
				   ":01000100BB43\n"
				   ":00000001FF\n",
				   NULL),
			 FF_OK);
	assert_int_equal(segments.count, 1);
	expect_segment(&segments, 0, 0, "\xaa\xbb\xcc", 3);
	ff_segments_release(&segments);
}

static void refuse(const char *text, enum ff_status status, const char *why)
{
	struct ff_segments segments;
	struct ff_error error = FF_ERROR_NONE;

	assert_int_equal(read_text(&segments, text, &error), status);
	assert_non_null(strstr(error.text, why));
	ff_segments_release(&segments);
}

static void test_hex__refuses_what_is_wrong(void **state)
{
	(void)state;
	refuse(":0400100001020304E3\n:00000001FF\n", FF_ERR_FORMAT, "line 1: its checksum");
	refuse(":01000000AA55\n:0500100001020304E1\n", FF_ERR_FORMAT, "line 2: it says another length");
	refuse(":01000000AA5\n", FF_ERR_FORMAT, "line 1: its length");
	refuse("01000000AA55\n", FF_ERR_FORMAT, "line 1: no colon");
	refuse(":010020 0558A\n", FF_ERR_FORMAT, "no hexadecimal digit");
	refuse(":010000G0AA55\n", FF_ERR_FORMAT, "no hexadecimal digit");
	refuse(":01000006AA4F\n", FF_ERR_FORMAT, "no such type");
	refuse(":0100000400FB\n", FF_ERR_FORMAT, "not that of its type");
	refuse(":01000000AA55\n", FF_ERR_FORMAT, "end record is missing");
	refuse(":00000001FF\n:01000000AA55\n", FF_ERR_FORMAT, "line 2: there is more");
	refuse(":00000001FF\n", FF_ERR_EMPTY, "no data");
	refuse("", FF_ERR_FORMAT, "end record is missing");
	refuse(":01000000AA55\n:01000000AB54\n:00000001FF\n", FF_ERR_OVERLAP, "0x00000000 twice");
	refuse(":020000021000EC\n:02FFFF00AABB9B\n:00000001FF\n", FF_ERR_FORMAT, "wraps around");
	refuse(":02000004FFFFFC\n:02FFFF00AABB9B\n:00000001FF\n", FF_ERR_FORMAT, "past the last address");
}

static void test_hex__holds_no_more_than_its_cap(void **state)
{
	struct ff_segments segments;
	struct ff_error error = FF_ERROR_NONE;
	const char *text = ":0400100001020304E2\n:00000001FF\n";

	(void)state;
	ff_segments_init(&segments, 3);
	assert_int_equal(ff_hex_read(&segments, (const uint8_t *)text, strlen(text), &error), FF_ERR_TOO_LARGE);
	assert_non_null(strstr(error.text, "more than 3 bytes"));
	ff_segments_release(&segments);
}

static void test_hex__knows_its_own(void **state)
{
	(void)state;
	assert_true(ff_hex_is((const uint8_t *)":00000001FF", 11));
	assert_false(ff_hex_is((const uint8_t *)":0000000", 8));
	assert_false(ff_hex_is((const uint8_t *)":00 000001FF", 12));
	assert_false(ff_hex_is((const uint8_t *)"\xe9"
						"00000001FF",
			       11));
}

static enum ff_status collect(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)error;
	return ff_buf_append(context, bytes, size);
}

static void test_hex__writes(void **state)
{
	struct ff_buf text;
	struct ff_hex_writer writer = { .sink = { collect, &text } };
	static const uint8_t bytes[18] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 };

	(void)state;
	ff_buf_init(&text, 4096);
	assert_int_equal(ff_hex_write(&writer, 0xfff0, bytes, sizeof(bytes), NULL), FF_OK);
	assert_int_equal(ff_hex_write(&writer, 0x10020, bytes, 2, NULL), FF_OK);
	assert_int_equal(ff_hex_write(&writer, 0x3fc8fffe, bytes, 4, NULL), FF_OK);
	assert_int_equal(ff_hex_end(&writer, NULL), FF_OK);
	assert_int_equal(ff_buf_append(&text, "", 1), FF_OK);
	assert_string_equal((char *)text.bytes, ":020000040000FA\n"
						":10FFF000000102030405060708090A0B0C0D0E0F89\n"
						":020000040001F9\n"
						":020000001011DD\n"
						":020020000001DD\n"
						":020000043FC8F3\n"
						":02FFFE00000100\n"
						":020000043FC9F2\n"
						":020000000203F9\n"
						":00000001FF\n");
	ff_buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex__reads_data),
		cmocka_unit_test(test_hex__reads_upper_addresses),
		cmocka_unit_test(test_hex__sorts_and_joins),
		cmocka_unit_test(test_hex__refuses_what_is_wrong),
		cmocka_unit_test(test_hex__holds_no_more_than_its_cap),
		cmocka_unit_test(test_hex__knows_its_own),
		cmocka_unit_test(test_hex__writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
