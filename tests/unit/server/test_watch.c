// SPDX-License-Identifier: Apache-2.0
/* What boards say, in the pieces in which it arrives, and what a test makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crash.h"
#include "watch.h"

#define SECOND INT64_C(1000000)
#define BOOT "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"

struct scene {
	struct ff_watch *watch;
	int64_t now_us;
	char log[8192];
};

static void keep(void *context, int64_t at_us, const char *text, size_t size)
{
	struct scene *scene = context;
	size_t used = strlen(scene->log);
	snprintf(scene->log + used, sizeof(scene->log) - used, "%d %.*s\n", (int)(at_us / 1000), (int)size, text);
}

static void begin(struct scene *scene, const char *expect, const char *fail)
{
	const struct ff_watch_options options = {
		.expect = expect, .fail = fail, .limit_us = 10 * SECOND, .line = keep, .context = scene
	};
	struct ff_error error = FF_ERROR_NONE;
	*scene = (struct scene){ .now_us = 5 * SECOND };
	assert_int_equal(ff_watch_new(&scene->watch, &options, scene->now_us, &error), FF_OK);
}

/* A millisecond later. */
static bool say(struct scene *scene, const char *text)
{
	scene->now_us += 1000;
	ff_watch_feed(scene->watch, (const uint8_t *)text, strlen(text), scene->now_us);
	return ff_watch_is_over(scene->watch, scene->now_us);
}

static enum ff_verdict end(struct scene *scene, const char *reason)
{
	assert_true(ff_watch_is_over(scene->watch, 1000 * SECOND));
	const struct ff_watch_result *result = ff_watch_result(scene->watch);
	enum ff_verdict verdict = result->verdict;
	if (!strstr(result->reason, reason)) {
		fail_msg("\"%s\" is not in \"%s\"", reason, result->reason);
	}
	ff_watch_free(scene->watch);
	return verdict;
}

static void test_watch__passes_at_once(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, "All tests passed", "FAIL");
	assert_false(say(&scene, BOOT "run"));
	assert_int_equal(ff_watch_result(scene.watch)->verdict, FF_VERDICT_OPEN);
	assert_false(say(&scene, "ning\r\nAll tests pas"));
	assert_true(say(&scene, "sed\r\n"));
	assert_int_equal(ff_watch_result(scene.watch)->at_us, 2000);
	assert_int_equal(end(&scene, "said \"All tests passed\""), FF_VERDICT_PASSED);
	assert_string_equal(scene.log, "1 rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n1 running\n"
				       "2 All tests passed\n");
}

static void test_watch__fails_and_takes_what_follows(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, "passed", "FAIL");
	assert_false(say(&scene, "test 3: FAIL\n"));
	assert_false(say(&scene, "expected 1, was 2\n"));
	assert_int_equal(end(&scene, "test 3: FAIL"), FF_VERDICT_FAILED);
	assert_non_null(strstr(scene.log, "expected 1"));
}

static void test_watch__failure_goes_before_success(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, "tests", "1 failed");
	say(&scene, "3 tests, 1 failed\n");
	assert_int_equal(end(&scene, "1 failed"), FF_VERDICT_FAILED);
	begin(&scene, "done", "never");
	say(&scene, "done\n");
	say(&scene, "never\n");
	assert_int_equal(end(&scene, "done"), FF_VERDICT_PASSED);
}

static void test_watch__half_a_line_is_not_judged_too_early(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, "PASS$", NULL);
	assert_false(say(&scene, "PASS"));
	assert_false(say(&scene, "ED\n"));
	assert_int_equal(end(&scene, "within 10 s"), FF_VERDICT_TIMEOUT);
	begin(&scene, "PASS(?!ED)", NULL);
	assert_false(say(&scene, "PASS"));
	assert_true(say(&scene, "\n"));
	assert_int_equal(end(&scene, "PASS"), FF_VERDICT_PASSED);
}

static void test_watch__a_prompt_needs_no_end(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, "^esp> ", NULL);
	assert_true(say(&scene, "hello\r\nesp> "));
	assert_int_equal(end(&scene, "esp> "), FF_VERDICT_PASSED);
	assert_string_equal(scene.log, "1 hello\n1 esp> \n");
	/* The end of the time is an end as well. */
	begin(&scene, "ready$", NULL);
	assert_false(say(&scene, "ready"));
	assert_int_equal(end(&scene, "ready"), FF_VERDICT_PASSED);
}

static void test_watch__colours_do_not_matter(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, "^I \\(23\\) test: ok$", NULL);
	assert_true(say(&scene, "\x1b[0;32mI (23) test: \x1b[1mok\x1b[0m\r\n"));
	assert_int_equal(end(&scene, "I (23) test: ok"), FF_VERDICT_PASSED);
	assert_non_null(strstr(scene.log, "\x1b[0;32m"));
}

static void test_watch__knows_crashes(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.",
		"abort() was called at PC 0x400d1234 on core 0",
		"assert failed: app_main main.c:12 (x == 1)",
		"***ERROR*** A stack overflow in task main has been detected.",
		"Brownout detector was triggered",
		"CORRUPT HEAP: Bad head at 0x3ffb1234",
		"thread 'main' panicked at 'oh', src/main.rs:3:5",
		"--------------- CUT HERE FOR EXCEPTION DECODER ---------------",
		"invalid header: 0xffffffff",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct scene scene;
		begin(&scene, "never", NULL);
		say(&scene, lines[i]);
		assert_false(say(&scene, "\r\n"));
		assert_false(say(&scene, "Backtrace: 0x400d1234:0x3ffb5678\r\n"));
		assert_int_equal(end(&scene, lines[i]), FF_VERDICT_CRASHED);
		assert_non_null(strstr(scene.log, "Backtrace"));
	}
	assert_null(ff_crash_find("I (30) main: no panic", 21));
}

static void test_watch__may_expect_a_crash(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, "Guru Meditation", NULL);
	assert_true(say(&scene, "Guru Meditation Error: Core  0 panic'ed\n"));
	assert_int_equal(end(&scene, "Guru"), FF_VERDICT_PASSED);
}

static void test_watch__knows_boot_loops(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, "never", NULL);
	for (int i = 0; i < FF_WATCH_DEFAULT_BOOTS; i++) {
		assert_int_equal(ff_watch_result(scene.watch)->verdict, FF_VERDICT_OPEN);
		say(&scene, BOOT);
	}
	assert_int_equal(end(&scene, "booted 5 times"), FF_VERDICT_CRASHED);
	begin(&scene, "ok", NULL);
	say(&scene, BOOT);
	say(&scene, "rst:0x5 (DEEPSLEEP_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n");
	say(&scene, "ok\n");
	assert_int_equal(end(&scene, "ok"), FF_VERDICT_PASSED);
}

static void test_watch__a_watchdog_may_have_started_it(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, "ok", NULL);
	say(&scene, "rst:0x10 (RTCWDT_RTC_RST),boot:0xc (SPI_FAST_FLASH_BOOT)\r\n");
	say(&scene, "ok\n");
	assert_int_equal(end(&scene, "ok"), FF_VERDICT_PASSED);
	begin(&scene, "ok", NULL);
	say(&scene, BOOT);
	say(&scene, "rst:0x8 (TG1WDT_SYS_RST),boot:0xc (SPI_FAST_FLASH_BOOT)\r\n");
	assert_int_equal(end(&scene, "watchdog"), FF_VERDICT_CRASHED);
}

static void test_watch__surviving_can_be_enough(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, NULL, "error");
	assert_false(say(&scene, BOOT "fine\n"));
	assert_false(ff_watch_is_over(scene.watch, scene.now_us + 9 * SECOND));
	assert_int_equal(ff_watch_deadline(scene.watch), 15 * SECOND);
	assert_int_equal(end(&scene, "nothing went wrong for 10 s"), FF_VERDICT_PASSED);
}

static void test_watch__cuts_endless_lines(void **state)
{
	(void)state;
	struct scene scene;
	char text[1001];
	begin(&scene, "xy", NULL);
	memset(text, 'x', 1000);
	text[1000] = '\0';
	for (int i = 0; i < 8; i++) {
		assert_false(say(&scene, text));
	}
	assert_true(say(&scene, "y"));
	assert_int_equal(end(&scene, "xxx"), FF_VERDICT_PASSED);
}

static void test_watch__bounds_what_a_pattern_costs(void **state)
{
	(void)state;
	struct scene scene;
	char text[1001];
	begin(&scene, "(a|aa|aaa)+(a|aa)+(a|aaa)+[bc]", NULL);
	memset(text, 'a', 1000);
	text[1000] = '\0';
	say(&scene, text);
	assert_int_equal(end(&scene, "takes too long"), FF_VERDICT_FAILED);
}

static void test_watch__refuses_bad_patterns(void **state)
{
	(void)state;
	struct ff_watch *watch = NULL;
	static const char *const bad[] = { "(", "a{2,1}", "[z-a]", "", "\\C" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ff_error error = FF_ERROR_NONE;
		const struct ff_watch_options options = { .fail = bad[i], .limit_us = SECOND };
		assert_int_equal(ff_watch_new(&watch, &options, 0, &error), FF_ERR_ARGUMENT);
		assert_int_equal(strncmp(error.text, "fail: ", 6), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watch__passes_at_once),
		cmocka_unit_test(test_watch__fails_and_takes_what_follows),
		cmocka_unit_test(test_watch__failure_goes_before_success),
		cmocka_unit_test(test_watch__half_a_line_is_not_judged_too_early),
		cmocka_unit_test(test_watch__a_prompt_needs_no_end),
		cmocka_unit_test(test_watch__colours_do_not_matter),
		cmocka_unit_test(test_watch__knows_crashes),
		cmocka_unit_test(test_watch__may_expect_a_crash),
		cmocka_unit_test(test_watch__knows_boot_loops),
		cmocka_unit_test(test_watch__a_watchdog_may_have_started_it),
		cmocka_unit_test(test_watch__surviving_can_be_enough),
		cmocka_unit_test(test_watch__cuts_endless_lines),
		cmocka_unit_test(test_watch__bounds_what_a_pattern_costs),
		cmocka_unit_test(test_watch__refuses_bad_patterns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
