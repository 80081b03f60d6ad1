// SPDX-License-Identifier: Apache-2.0
/* The programs of the power hook: what they get, and what becomes of those that fail or do not end. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "power.h"

struct patience {
	unsigned looks; /* so far */
	unsigned most;  /* then it is over; 0: never */
};

static bool meanwhile(void *context)
{
	struct patience *patience = context;
	patience->looks++;
	return patience->most == 0 || patience->looks < patience->most;
}

static void add_script(struct ff_power *power, enum ff_power_action action, const char *script)
{
	const char *const words[] = { "/bin/sh", "-c", script };
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(ff_power_add_word(power, action, words[i], NULL), FF_OK);
	}
}

static enum ff_status run(const struct ff_power *power, enum ff_power_action action, struct patience *patience,
			  struct ff_error *error)
{
	const struct ff_power_caller caller = {
		.board = "lab1",
		.address = "/dev/ttyUSB0",
		.meanwhile = meanwhile,
		.context = patience,
	};
	*error = (struct ff_error)FF_ERROR_NONE;
	return ff_power_run(power, action, &caller, error);
}

static enum ff_status run_script(const char *script, unsigned timeout_s, struct patience *patience,
				 struct ff_error *error)
{
	struct ff_power power = { .timeout_s = timeout_s };
	add_script(&power, FF_POWER_ON, script);
	return run(&power, FF_POWER_ON, patience, error);
}

static void assert_says(const char *script, const char *wanted)
{
	struct patience patience = { 0 };
	struct ff_error error;
	assert_int_equal(run_script(script, 0, &patience, &error), FF_ERR_POWER);
	if (!strstr(error.text, wanted)) {
		fail_msg("\"%s\" is not in: %s", wanted, error.text);
	}
}

static void test_power__succeeds_in_silence(void **state)
{
	(void)state;
	struct patience patience = { 0 };
	struct ff_error error;
	assert_int_equal(run_script("echo fine", 0, &patience, &error), FF_OK);
	assert_string_equal(error.text, "");
}

static void test_power__quotes_the_end_of_what_a_failed_one_says(void **state)
{
	(void)state;
	assert_says("echo ' no such hub '; echo; exit 3", "power on: its program ended with status 3: no such hub");
	assert_says("echo one; echo two >&2; exit 1", "status 1: one two");
	assert_says("exit 1", "status 1");
	assert_says("yes | head -c 1000000; echo the last; exit 1", "y y the last");
	assert_says("kill -9 $$", "signal 9");
	assert_says("printf 'a\\033[2Jb'; exit 1", "a [2Jb");
}

static void test_power__gives_words_as_they_are(void **state)
{
	(void)state;
	struct ff_power power = { .timeout_s = 5 };
	struct patience patience = { 0 };
	struct ff_error error;
	add_script(&power, FF_POWER_OFF, "printf '%s|' \"$@\"; exit 1");
	const char *const words[] = { "sh", "a b", "$(id)", "; rm -rf x", "" };
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(ff_power_add_word(&power, FF_POWER_OFF, words[i], NULL), FF_OK);
	}
	assert_int_equal(run(&power, FF_POWER_OFF, &patience, &error), FF_ERR_POWER);
	assert_non_null(strstr(error.text, "a b|$(id)|; rm -rf x||"));
}

static void test_power__environment_is_its_own(void **state)
{
	(void)state;
	setenv("FARFLASH_SECRET", "of the server", 1);
	assert_says("env | sort | grep -v '^_=\\|^PWD=' | tr '\\n' ' '; exit 1",
		    "FARFLASH_ADDRESS=/dev/ttyUSB0 FARFLASH_BOARD=lab1 FARFLASH_POWER=on PATH=/usr");
	assert_says("test -n \"$FARFLASH_SECRET\" || { pwd; exit 1; }", "status 1: /");
	unsetenv("FARFLASH_SECRET");
}

static void test_power__descriptors_and_signals_are_the_usual_ones(void **state)
{
	(void)state;
	int open_here = dup(STDERR_FILENO);
	signal(SIGPIPE, SIG_IGN);
	/* ls has one of its own, for the folder it reads. */
	assert_says("ls /proc/self/fd | tr '\\n' ' '; exit 1", "status 1: 0 1 2 3");
	assert_says("grep SigIgn /proc/self/status | tr -s '\\t0' ' 0'; exit 1", "SigIgn: 0");
	assert_says("cat; readlink /proc/self/fd/0; exit 1", "status 1: /dev/null");
	signal(SIGPIPE, SIG_DFL);
	close(open_here);
}

static void test_power__one_that_does_not_end_is_ended(void **state)
{
	(void)state;
	struct patience patience = { 0 };
	struct ff_error error;
	assert_int_equal(run_script("echo waiting; sleep 60", 1, &patience, &error), FF_ERR_POWER);
	assert_non_null(strstr(error.text, "longer than 1 s and was ended: waiting"));
	assert_true(patience.looks >= 5);
}

/* The file's number; 0: there is none. */
static pid_t read_number(const char *path)
{
	char text[32] = "";
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	return (pid_t)strtol(text, NULL, 10);
}

static bool is_there(pid_t pid)
{
	char path[64];
	char state = 'Z';
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file) {
		(void)!fscanf(file, "%*d (%*[^)]) %c", &state);
		fclose(file);
	}
	return state != 'Z';
}

static void test_power__what_it_has_started_goes_with_it(void **state)
{
	(void)state;
	char path[] = "/tmp/farflash-test-XXXXXX";
	char script[160];
	struct patience patience = { .most = 5 };
	struct ff_error error;
	close(mkstemp(path));
	snprintf(script, sizeof(script), "trap '' TERM; sleep 60 & echo $! > %s; wait; wait; wait", path);
	assert_int_equal(run_script(script, 60, &patience, &error), FF_ERR_CANCELLED);
	assert_non_null(strstr(error.text, "cancelled"));
	pid_t started = read_number(path);
	for (int i = 0; i < 1000 && is_there(started); i++) {
		usleep(10000); /* a killed process takes its time to go */
	}
	assert_false(is_there(started));
	unlink(path);
}

static void test_power__one_that_leaves_a_process_behind_has_ended(void **state)
{
	(void)state;
	char path[] = "/tmp/farflash-test-XXXXXX";
	char script[128];
	struct patience patience = { 0 };
	struct ff_error error;
	close(mkstemp(path));
	snprintf(script, sizeof(script), "sleep 60 & echo $! > %s", path);
	assert_int_equal(run_script(script, 30, &patience, &error), FF_OK);
	pid_t left = read_number(path);
	assert_true(is_there(left));
	kill(left, SIGKILL);
	unlink(path);
}

static void test_power__cycle_is_off_and_on(void **state)
{
	(void)state;
	struct ff_power power = { .timeout_s = 5 };
	struct patience patience = { 0 };
	struct ff_error error;
	assert_false(ff_power_can(&power, FF_POWER_CYCLE));
	add_script(&power, FF_POWER_OFF, "true");
	assert_false(ff_power_can(&power, FF_POWER_CYCLE));
	assert_int_equal(run(&power, FF_POWER_CYCLE, &patience, &error), FF_ERR_UNSUPPORTED);
	add_script(&power, FF_POWER_ON, "echo on; exit 4");
	assert_true(ff_power_can(&power, FF_POWER_CYCLE));
	assert_int_equal(run(&power, FF_POWER_CYCLE, &patience, &error), FF_ERR_POWER);
	assert_non_null(strstr(error.text, "power on: its program ended with status 4"));
	add_script(&power, FF_POWER_CYCLE, "exit 5");
	assert_int_equal(run(&power, FF_POWER_CYCLE, &patience, &error), FF_ERR_POWER);
	assert_non_null(strstr(error.text, "power cycle: its program ended with status 5"));
}

static void test_power__words_are_bounded(void **state)
{
	(void)state;
	struct ff_power power = { 0 };
	struct ff_error error = FF_ERROR_NONE;
	char longest[FF_POWER_WORDS_SIZE + 1];
	assert_int_equal(ff_power_add_word(&power, FF_POWER_ON, "uhubctl", &error), FF_ERR_ARGUMENT);
	assert_non_null(strstr(error.text, "\"uhubctl\" is not the absolute path"));
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[FF_POWER_WORDS_SIZE] = '\0';
	assert_int_equal(ff_power_add_word(&power, FF_POWER_ON, longest, NULL), FF_ERR_ARGUMENT);
	longest[FF_POWER_WORDS_SIZE - 1] = '\0';
	assert_int_equal(ff_power_add_word(&power, FF_POWER_ON, longest, NULL), FF_OK);
	assert_int_equal(ff_power_add_word(&power, FF_POWER_ON, "", NULL), FF_ERR_ARGUMENT);
	for (int i = 0; i < FF_POWER_MAX_WORDS; i++) {
		assert_int_equal(ff_power_add_word(&power, FF_POWER_OFF, "/a", NULL), FF_OK);
	}
	assert_int_equal(ff_power_add_word(&power, FF_POWER_OFF, "/a", NULL), FF_ERR_ARGUMENT);
}

static void test_power__a_program_that_is_not_there_is_told(void **state)
{
	(void)state;
	struct ff_power power = { 0 };
	struct patience patience = { 0 };
	struct ff_error error;
	assert_int_equal(ff_power_add_word(&power, FF_POWER_ON, "/nonexistent/switch", NULL), FF_OK);
	assert_int_equal(run(&power, FF_POWER_ON, &patience, &error), FF_ERR_POWER);
	assert_non_null(strstr(error.text, "cannot run /nonexistent/switch: No such file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power__succeeds_in_silence),
		cmocka_unit_test(test_power__quotes_the_end_of_what_a_failed_one_says),
		cmocka_unit_test(test_power__gives_words_as_they_are),
		cmocka_unit_test(test_power__environment_is_its_own),
		cmocka_unit_test(test_power__descriptors_and_signals_are_the_usual_ones),
		cmocka_unit_test(test_power__one_that_does_not_end_is_ended),
		cmocka_unit_test(test_power__what_it_has_started_goes_with_it),
		cmocka_unit_test(test_power__one_that_leaves_a_process_behind_has_ended),
		cmocka_unit_test(test_power__cycle_is_off_and_on),
		cmocka_unit_test(test_power__words_are_bounded),
		cmocka_unit_test(test_power__a_program_that_is_not_there_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
