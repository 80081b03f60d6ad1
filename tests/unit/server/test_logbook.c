// SPDX-License-Identifier: Apache-2.0
/* What a console gets, in files: bytes, marks, rotation, what is missing, and disks that do not do as they should. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "logbook.h"

#define TEXT_SIZE (1024 * 1024)

struct fixture {
	char dir[64];
	struct ff_log log;
	atomic_uint errors; /* that were logged */
	struct ff_console console;
	struct ff_logbook *logbook;
	struct ff_logbook_page *page;
	char text[TEXT_SIZE];
};

static void count_errors(void *context, enum ff_log_level level, const char *line)
{
	struct fixture *fixture = context;
	(void)line;
	if (level == FF_LOG_ERROR) {
		atomic_fetch_add(&fixture->errors, 1);
	}
}

static void open_logbook(struct fixture *fixture, uint64_t size, unsigned keep)
{
	struct ff_logbook_options options = {
		.dir = fixture->dir,
		.limits = { size, keep },
		.log = &fixture->log,
	};
	assert_int_equal(ff_logbook_new(&fixture->logbook, &options, NULL), FF_OK);
	fixture->page = ff_logbook_open(fixture->logbook, "lab1", &fixture->console);
	assert_non_null(fixture->page);
}

static void close_logbook(struct fixture *fixture)
{
	ff_logbook_stop(fixture->logbook);
	ff_logbook_close(fixture->page);
	ff_logbook_free(fixture->logbook);
	fixture->logbook = NULL;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	strcpy(fixture->dir, "/tmp/farflash-test-XXXXXX");
	fixture->log = (struct ff_log){ count_errors, fixture, FF_LOG_INFO };
	assert_non_null(mkdtemp(fixture->dir));
	return ff_console_init(&fixture->console) == FF_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char command[96];
	if (fixture->logbook) {
		close_logbook(fixture);
	}
	ff_console_release(&fixture->console);
	snprintf(command, sizeof(command), "rm -r %s", fixture->dir);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

static void say(struct fixture *fixture, const char *text)
{
	ff_console_write(&fixture->console, (const uint8_t *)text, strlen(text));
	ff_logbook_kick(fixture->page);
}

/* The file's text; "" if there is none. */
static const char *content(struct fixture *fixture, const char *name)
{
	char path[128];
	size_t size = 0;
	snprintf(path, sizeof(path), "%s/%s", fixture->dir, name);
	FILE *file = fopen(path, "re");
	if (file) {
		size = fread(fixture->text, 1, TEXT_SIZE - 1, file);
		fclose(file);
	}
	fixture->text[size] = '\0';
	return fixture->text;
}

/* Waits until the file has `text`. */
static void wait_for(struct fixture *fixture, const char *name, const char *text)
{
	for (int i = 0; i < 2000 && !strstr(content(fixture, name), text); i++) {
		usleep(5000);
	}
	if (!strstr(content(fixture, name), text)) {
		fail_msg("\"%s\" is not in %s: %.300s", text, name, fixture->text);
	}
}

/* Writes more than the ring holds before the thread can look, which is in its pause or behind the mutex. */
static void say_a_lot(struct fixture *fixture, size_t size)
{
	char *bytes = malloc(size);
	memset(bytes, 'x', size);
	ff_console_write(&fixture->console, (const uint8_t *)bytes, size);
	free(bytes);
}

static void test_logbook__has_what_is_said_and_marked_in_its_order(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, "before\n");
	open_logbook(fixture, 65536, 1);
	say(fixture, "one\r\ntw");
	ff_console_mark(&fixture->console, "job %d begins\r\n", 7);
	say(fixture, "o\xff\n");
	ff_console_mark(&fixture->console, "done");
	ff_console_mark(&fixture->console, "gone");
	ff_logbook_kick(fixture->page);
	close_logbook(fixture);
	char *text = (char *)content(fixture, "lab1.log");
	/* The times, which begin with the century. */
	for (char *at = text; (at = strstr(at, "--- 2")); at += strlen("--- ")) {
		assert_int_equal(at[strlen("--- 2026-01-31T12:00:00.000")], 'Z');
		memmove(at + strlen("--- "), at + strlen("--- 2026-01-31T12:00:00.000Z "),
			strlen(at + strlen("--- 2026-01-31T12:00:00.000Z ")) + 1);
	}
	assert_string_equal(text, "one\r\ntw\n--- job 7 begins   ---\no\xff\n--- done ---\n--- gone ---\n");
}

static void test_logbook__rotates_and_keeps_so_many(void **state)
{
	struct fixture *fixture = *state;
	struct stat stat_of;
	char path[128];
	snprintf(path, sizeof(path), "%s/lab1.log.7", fixture->dir);
	fclose(fopen(path, "we")); /* of a time when more were kept */
	open_logbook(fixture, 65536, 2);
	for (int i = 0; i < 8; i++) {
		char end[32];
		say_a_lot(fixture, 40000);
		snprintf(end, sizeof(end), " end of %d\n", i);
		say(fixture, end);
		wait_for(fixture, "lab1.log", end);
	}
	close_logbook(fixture);
	for (unsigned age = 0; age <= 2; age++) {
		snprintf(path, sizeof(path), age ? "%s/lab1.log.%u" : "%s/lab1.log", fixture->dir, age);
		assert_int_equal(stat(path, &stat_of), 0);
		assert_in_range(stat_of.st_size, 1, 65536);
	}
	snprintf(path, sizeof(path), "%s/lab1.log.3", fixture->dir);
	assert_int_not_equal(stat(path, &stat_of), 0);
	snprintf(path, sizeof(path), "%s/lab1.log.7", fixture->dir);
	assert_int_not_equal(stat(path, &stat_of), 0);
}

static void test_logbook__says_what_it_has_missed(void **state)
{
	struct fixture *fixture = *state;
	open_logbook(fixture, 1 << 20, 0);
	say_a_lot(fixture, FF_CONSOLE_SIZE + 1000);
	say(fixture, "the end\n");
	wait_for(fixture, "lab1.log", "the end\n");
	close_logbook(fixture);
	const char *text = content(fixture, "lab1.log");
	assert_non_null(strstr(text, " 1008 bytes are missing here ---\nxxx"));
	assert_int_equal(strlen(strstr(text, "---\nx")) - strlen("---\n"), FF_CONSOLE_SIZE);
}

static void test_logbook__survives_the_removal_of_its_folder(void **state)
{
	struct fixture *fixture = *state;
	char command[96];
	open_logbook(fixture, 65536, 1);
	say(fixture, "one\n");
	wait_for(fixture, "lab1.log", "one\n");
	snprintf(command, sizeof(command), "rm -r %s", fixture->dir);
	assert_int_equal(system(command), 0);
	say(fixture, "two\n");
	wait_for(fixture, "lab1.log", "two\n");
	assert_string_equal(content(fixture, "lab1.log"), "two\n");
	assert_int_equal(atomic_load(&fixture->errors), 0);
}

static void test_logbook__a_full_disk_is_told_once(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit before;
	getrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_IGN);
	open_logbook(fixture, 65536, 1);
	say(fixture, "0123456789\n");
	wait_for(fixture, "lab1.log", "0123456789\n");
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 16, before.rlim_max });
	say(fixture, "abcdefghij\n");
	wait_for(fixture, "lab1.log", "abcde");
	for (int i = 0; i < 3; i++) {
		say(fixture, "lost\n");
		usleep(150000); /* more than a round: otherwise they may be one failure, which shows less */
	}
	setrlimit(RLIMIT_FSIZE, &before);
	say(fixture, "again\n");
	wait_for(fixture, "lab1.log", "again\n");
	close_logbook(fixture);
	assert_int_equal(atomic_load(&fixture->errors), 1);
	assert_non_null(strstr(content(fixture, "lab1.log"), "0123456789\nabcde\n--- "));
	assert_non_null(strstr(fixture->text, " 21 bytes are missing here ---\nagain\n"));
}

static void test_logbook__a_link_in_the_place_of_a_file_is_not_followed(void **state)
{
	struct fixture *fixture = *state;
	char path[128];
	char target[128];
	struct stat stat_of;
	snprintf(path, sizeof(path), "%s/lab1.log", fixture->dir);
	snprintf(target, sizeof(target), "%s/elsewhere", fixture->dir);
	assert_int_equal(symlink(target, path), 0);
	open_logbook(fixture, 65536, 1);
	say(fixture, "one\n");
	close_logbook(fixture);
	assert_int_not_equal(stat(target, &stat_of), 0);
	assert_int_equal(atomic_load(&fixture->errors), 1);
}

static void test_console__keeps_the_latest_marks(void **state)
{
	struct fixture *fixture = *state;
	struct ff_console_mark mark;
	uint64_t number = 0;
	assert_false(ff_console_next_mark(&fixture->console, &number, &mark));
	for (int i = 0; i < FF_CONSOLE_MARKS + 3; i++) {
		ff_console_write(&fixture->console, (const uint8_t *)"x", 1);
		ff_console_mark(&fixture->console, "mark %d", i);
	}
	assert_true(ff_console_next_mark(&fixture->console, &number, &mark));
	assert_int_equal(number, 3);
	assert_int_equal(mark.position, 4);
	assert_string_equal(mark.text, "mark 3");
	number = FF_CONSOLE_MARKS + 3;
	assert_false(ff_console_next_mark(&fixture->console, &number, &mark));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_logbook__has_what_is_said_and_marked_in_its_order, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_logbook__rotates_and_keeps_so_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_logbook__says_what_it_has_missed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_logbook__survives_the_removal_of_its_folder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_logbook__a_full_disk_is_told_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_logbook__a_link_in_the_place_of_a_file_is_not_followed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_console__keeps_the_latest_marks, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
