// SPDX-License-Identifier: Apache-2.0
/* The promise of the manual page: every code of docs/rest-api.md and <farflash/status.h> has its exit status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failure.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_failure__maps_every_problem_of_the_server(void **state)
{
	static const struct {
		int exit;
		const char *codes[20];
	} rows[] = {
		{ 0, { "", "ok" } },
		{ 1,
		  { "verify-failed", "command-refused", "protocol-error", "io-error", "unknown-chip", "timeout",
		    "cancelled", "no-space", "no-memory", "internal-error", "a-code-of-tomorrow" } },
		{ 2,
		  { "invalid-argument", "missing-offset", "bad-offset", "unaligned-offset", "empty-image",
		    "overlapping-regions", "bad-multipart", "no-such-content", "no-such-board", "no-such-job",
		    "no-such-resource", "method-not-allowed", "length-required", "unsupported-media-type",
		    "upload-too-large", "wrong-chip", "wrong-revision", "too-large", "bad-format" } },
		{ 2, { "unsupported", "protected", "no-such-firmware", "wrong-hash" } },
		{ 3,
		  { "board-lost", "port-not-found", "unreachable", "no-answer", "shutting-down",
		    "server-unreachable" } },
		{ 4, { "board-busy", "port-busy", "port-denied", "too-many-jobs", "job-ended", "firmware-in-use" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t k = 0; k < COUNT(rows[i].codes) && rows[i].codes[k] != NULL; k++) {
			if ((int)ff_failure_exit(rows[i].codes[k]) != rows[i].exit) {
				fail_msg("'%s' does not mean %d", rows[i].codes[k], rows[i].exit);
			}
		}
	}
}

static void test_failure__knows_what_may_pass(void **state)
{
	static const char *const passing[] = { "server-unreachable", "shutting-down", "not-a-server",
					       "too-many-requests", "too-many-streams" };
	static const char *const lasting[] = {
		"", "board-busy", "too-many-jobs", "unauthorized", "no-such-board", "cancelled"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(passing); i++) {
		struct ff_failure failure = { .code = "" };

		ff_failure_set(&failure, passing[i], "%s", passing[i]);
		assert_true(ff_failure_may_pass(&failure));
	}
	for (size_t i = 0; i < COUNT(lasting); i++) {
		struct ff_failure failure = { .code = "" };

		ff_failure_set(&failure, lasting[i], "%s", lasting[i]);
		assert_false(ff_failure_may_pass(&failure));
	}
}

static void test_failure__maps_every_status_of_the_engine(void **state)
{
	static const int exits[FF_STATUS_COUNT] = {
		[FF_OK] = 0,           [FF_ERR_ARGUMENT] = 2,    [FF_ERR_NO_MEMORY] = 1,      [FF_ERR_IO] = 1,
		[FF_ERR_TIMEOUT] = 1,  [FF_ERR_CANCELLED] = 1,   [FF_ERR_NOT_FOUND] = 3,      [FF_ERR_DENIED] = 4,
		[FF_ERR_BUSY] = 4,     [FF_ERR_UNREACHABLE] = 3, [FF_ERR_LOST] = 3,           [FF_ERR_NO_ANSWER] = 3,
		[FF_ERR_PROTOCOL] = 1, [FF_ERR_REFUSED] = 1,     [FF_ERR_UNSUPPORTED] = 2,    [FF_ERR_UNKNOWN_CHIP] = 1,
		[FF_ERR_EMPTY] = 2,    [FF_ERR_ALIGNMENT] = 2,   [FF_ERR_OVERLAP] = 2,        [FF_ERR_TOO_LARGE] = 2,
		[FF_ERR_FORMAT] = 2,   [FF_ERR_WRONG_CHIP] = 2,  [FF_ERR_WRONG_REVISION] = 2, [FF_ERR_VERIFY] = 1,
		[FF_ERR_NO_SPACE] = 1, [FF_ERR_PROTECTED] = 2,   [FF_ERR_TEST] = 1,           [FF_ERR_POWER] = 1,
		[FF_ERR_NO_BOARD] = 4,
	};

	(void)state;
	for (unsigned i = 0; i < FF_STATUS_COUNT; i++) {
		assert_int_equal(ff_failure_exit(ff_status_code((enum ff_status)i)), exits[i]);
	}
}

static void test_failure__keeps_the_first(void **state)
{
	struct ff_failure failure = { .code = "" };

	(void)state;
	assert_false(ff_failure_set(&failure, "board-busy", "lab%d is busy", 1));
	assert_false(ff_failure_set(&failure, "timeout", "later"));
	assert_string_equal(failure.code, "board-busy");
	assert_string_equal(failure.text, "lab1 is busy");
}

static void test_failure__names_the_board_once(void **state)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_failure failure = { .code = "" };
	struct ff_failure other = { .code = "" };

	(void)state;
	ff_error_set(&error, FF_ERR_NO_ANSWER, "no answer after 7 resets");
	ff_failure_set_error(&failure, "/dev/ttyUSB0", &error);
	assert_string_equal(failure.code, "no-answer");
	assert_string_equal(failure.text, "/dev/ttyUSB0: no answer after 7 resets");

	ff_error_clear(&error);
	ff_error_set(&error, FF_ERR_NOT_FOUND, "there is no port /dev/ttyUSB0");
	ff_failure_set_error(&other, "/dev/ttyUSB0", &error);
	assert_string_equal(other.text, "there is no port /dev/ttyUSB0");
}

static void test_failure__has_a_text_where_the_engine_gives_none(void **state)
{
	const struct ff_error error = { .status = FF_ERR_LOST };
	struct ff_failure failure = { .code = "" };

	(void)state;
	ff_failure_set_error(&failure, "lab1", &error);
	assert_string_equal(failure.text, "lab1: the port of the board went away");
}

static void test_failure__text_cannot_steer_a_terminal(void **state)
{
	struct ff_failure failure = { .code = "" };

	(void)state;
	ff_failure_set(&failure, "timeout", "%s", "a\x1b[2J\r\nb\x7f \xc3\xa9");
	assert_string_equal(failure.text, "a [2J  b  \xc3\xa9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failure__maps_every_problem_of_the_server),
		cmocka_unit_test(test_failure__knows_what_may_pass),
		cmocka_unit_test(test_failure__maps_every_status_of_the_engine),
		cmocka_unit_test(test_failure__keeps_the_first),
		cmocka_unit_test(test_failure__names_the_board_once),
		cmocka_unit_test(test_failure__text_cannot_steer_a_terminal),
		cmocka_unit_test(test_failure__has_a_text_where_the_engine_gives_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
