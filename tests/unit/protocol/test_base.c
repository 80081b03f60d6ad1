// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "buf.h"
#include "bytes.h"
#include "clock.h"
#include "list.h"
#include "random.h"

/* ---- bytes ---- */

static void test_bytes__order(void **state)
{
	(void)state;
	static const uint8_t bytes[] = { 0x12, 0x34, 0x56, 0xF8 };
	assert_int_equal(ff_get_le16(bytes), 0x3412);
	assert_int_equal(ff_get_le32(bytes), 0xF8563412);
	assert_int_equal(ff_get_be32(bytes), 0x123456F8);
	uint8_t out[4];
	ff_put_le32(out, 0xF8563412);
	assert_memory_equal(out, bytes, 4);
	ff_put_be32(out, 0x123456F8);
	assert_memory_equal(out, bytes, 4);
	ff_put_le16(out, 0xBEEF);
	assert_int_equal(out[0], 0xEF);
	assert_int_equal(out[1], 0xBE);
}

static void test_bytes__cursor_stays_inside_and_remembers(void **state)
{
	(void)state;
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct ff_cursor cursor = ff_cursor_make(bytes, sizeof(bytes));
	assert_int_equal(ff_cursor_u8(&cursor), 1);
	assert_int_equal(ff_cursor_le16(&cursor), 0x0302);
	assert_int_equal(ff_cursor_left(&cursor), 4);
	assert_null(ff_cursor_take(&cursor, SIZE_MAX));
	assert_true(cursor.failed);
	assert_int_equal(ff_cursor_le32(&cursor), 0);
	assert_int_equal(ff_cursor_left(&cursor), 0);
}

/* ---- buf ---- */

static void test_buf__grows_to_its_cap_and_no_further(void **state)
{
	(void)state;
	uint8_t block[1000];
	memset(block, 7, sizeof(block));
	struct ff_buf buf;
	ff_buf_init(&buf, 2500);
	assert_int_equal(ff_buf_append(&buf, block, sizeof(block)), FF_OK);
	assert_int_equal(ff_buf_append(&buf, block, sizeof(block)), FF_OK);
	assert_int_equal(ff_buf_append(&buf, block, sizeof(block)), FF_ERR_TOO_LARGE);
	assert_int_equal(buf.size, 2000);
	assert_int_equal(ff_buf_append(&buf, block, 500), FF_OK);
	assert_int_equal(ff_buf_append(&buf, block, 1), FF_ERR_TOO_LARGE);
	assert_int_equal(ff_buf_append(&buf, NULL, 0), FF_OK);
	ff_buf_release(&buf);
	assert_null(buf.bytes);
	assert_int_equal(buf.size, 0);
}

static void test_buf__consumes_from_the_front(void **state)
{
	(void)state;
	struct ff_buf buf;
	ff_buf_init(&buf, 64);
	assert_int_equal(ff_buf_printf(&buf, "%s-%d", "abc", 42), FF_OK);
	assert_int_equal(buf.size, 6);
	ff_buf_consume(&buf, 4);
	assert_int_equal(buf.size, 2);
	assert_memory_equal(buf.bytes, "42", 2);
	ff_buf_consume(&buf, 99);
	assert_int_equal(buf.size, 0);
	assert_int_equal(ff_buf_append(&buf, "x", 1), FF_OK);
	ff_buf_clear(&buf);
	assert_int_equal(buf.size, 0);
	ff_buf_release(&buf);
}

/* ---- clock ---- */

static void test_clock__poll_time_is_rounded_up_and_bounded(void **state)
{
	(void)state;
	int64_t now = ff_now_us();
	assert_int_equal(ff_deadline_poll_ms(now - 1), 0);
	assert_int_equal(ff_deadline_poll_ms(INT64_MIN / 2), 0);
	assert_int_equal(ff_deadline_poll_ms(now + INT64_C(10000000000)), 3600 * 1000);
	int ms = ff_deadline_poll_ms(ff_now_us() + 5000001);
	assert_in_range(ms, 1, 5001);
}

static void test_clock__sleeps_until_the_deadline(void **state)
{
	(void)state;
	int64_t until = ff_deadline_ms(5);
	ff_sleep_until(until);
	assert_true(ff_now_us() >= until);
}

/* ---- status ---- */

static void test_status__codes_are_stable(void **state)
{
	(void)state;
	assert_string_equal(ff_status_code(FF_ERR_VERIFY), "verify-failed");
	assert_string_equal(ff_status_text(FF_OK), "done");
	assert_string_equal(ff_status_code((enum ff_status)999), "unknown");
	assert_string_equal(ff_status_text((enum ff_status) - 1), "unknown status");
}

static void test_status__first_error_wins(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_error_set(&error, FF_ERR_TIMEOUT, "first %d", 1), FF_ERR_TIMEOUT);
	assert_int_equal(ff_error_set_errno(&error, FF_ERR_IO, EIO, "second"), FF_ERR_IO);
	assert_int_equal(error.status, FF_ERR_TIMEOUT);
	assert_string_equal(error.text, "first 1");
	ff_error_clear(&error);
	assert_int_equal(ff_error_set_errno(&error, FF_ERR_IO, EIO, "/dev/x"), FF_ERR_IO);
	assert_int_equal(error.sys_errno, EIO);
	assert_string_equal(error.text, "/dev/x: Input/output error");
	assert_int_equal(ff_error_set(NULL, FF_ERR_IO, "nobody reads this"), FF_ERR_IO);
}

static void test_status__long_texts_are_cut(void **state)
{
	(void)state;
	char text[FF_ERROR_TEXT_SIZE * 2];
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_error_set_errno(&error, FF_ERR_IO, EIO, "%s", text), FF_ERR_IO);
	assert_int_equal(strlen(error.text), FF_ERROR_TEXT_SIZE - 1);
}

/* ---- log ---- */

static void keep_line(void *context, enum ff_log_level level, const char *line)
{
	snprintf(context, 64, "%d %s", (int)level, line);
}

static void test_log__respects_level_and_missing_sinks(void **state)
{
	(void)state;
	char last[64] = "";
	struct ff_log log = { .write = keep_line, .context = last, .level = FF_LOG_INFO };
	ff_log(&log, FF_LOG_DEBUG, "quiet");
	assert_string_equal(last, "");
	ff_log(&log, FF_LOG_INFO, "port %s", "a");
	assert_string_equal(last, "2 port a");
	ff_log(NULL, FF_LOG_ERROR, "nowhere");
	log.write = NULL;
	ff_log(&log, FF_LOG_ERROR, "nowhere");
}

/* ---- list ---- */

static void test_list__hands_out_items(void **state)
{
	(void)state;
	const char *rest = "Wi-Fi, BT 5 (LE), a,b";
	const char *const items[] = { "Wi-Fi", "BT 5 (LE)", "a,b" };
	size_t size = 0;
	for (size_t i = 0; i < 3; i++) {
		const char *item = ff_list_next(&rest, &size);
		assert_non_null(item);
		assert_int_equal(size, strlen(items[i]));
		assert_memory_equal(item, items[i], size);
	}
	assert_null(ff_list_next(&rest, &size));
	assert_null(ff_list_next(&rest, &size));
}

static void test_list__empty_list_has_no_items(void **state)
{
	(void)state;
	const char *rest = "";
	size_t size = 0;
	assert_null(ff_list_next(&rest, &size));
}

/* ---- random ---- */

static void test_random__names_are_whole_and_differ(void **state)
{
	(void)state;
	char one[2 * FF_RANDOM_MOST + 2] = "";
	char other[2 * FF_RANDOM_MOST + 2] = "";
	memset(one, '!', sizeof(one) - 1);
	assert_true(ff_random_hex(one, FF_RANDOM_MOST));
	assert_true(ff_random_hex(other, FF_RANDOM_MOST));
	assert_int_equal(strlen(one), 2 * FF_RANDOM_MOST);
	assert_int_equal(strspn(one, "0123456789abcdef"), 2 * FF_RANDOM_MOST);
	assert_string_not_equal(one, other);
	assert_false(ff_random_hex(one, FF_RANDOM_MOST + 1));
	assert_string_equal(one, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes__order),
		cmocka_unit_test(test_bytes__cursor_stays_inside_and_remembers),
		cmocka_unit_test(test_buf__grows_to_its_cap_and_no_further),
		cmocka_unit_test(test_buf__consumes_from_the_front),
		cmocka_unit_test(test_clock__poll_time_is_rounded_up_and_bounded),
		cmocka_unit_test(test_clock__sleeps_until_the_deadline),
		cmocka_unit_test(test_status__codes_are_stable),
		cmocka_unit_test(test_status__first_error_wins),
		cmocka_unit_test(test_status__long_texts_are_cut),
		cmocka_unit_test(test_log__respects_level_and_missing_sinks),
		cmocka_unit_test(test_list__hands_out_items),
		cmocka_unit_test(test_list__empty_list_has_no_items),
		cmocka_unit_test(test_random__names_are_whole_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
