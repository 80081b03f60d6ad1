// SPDX-License-Identifier: Apache-2.0
/* The database as a file: it survives a crash and a full disk, and what is damaged is told. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "schema.h"
#include "store_fixture.h"

/* A child that ends without closing anything, as after kill -9. */
static void crash(struct ff_store_fixture *fixture, void (*work)(struct ff_store_fixture *fixture))
{
	int wait_status = 0;
	ff_store_close(fixture->store);
	fixture->store = NULL;
	pid_t child = fork();
	if (child == 0) {
		ff_store_fixture_open(fixture);
		work(fixture);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &wait_status, 0), child);
	assert_int_equal(wait_status, 0);
	ff_store_fixture_open(fixture);
}

static void put_two(struct ff_store_fixture *fixture)
{
	ff_store_fixture_put(fixture, ff_store_fixture_make_job(7, FF_JOB_QUEUED));
	ff_store_fixture_put(fixture, ff_store_fixture_make_job(9, FF_JOB_QUEUED));
}

static void test_store__what_was_accepted_survives_a_crash(void **state)
{
	struct ff_store_fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	crash(fixture, put_two);
	assert_int_equal(ff_store_fixture_load_jobs(fixture, &error), FF_OK);
	assert_int_equal(fixture->job_count, 2);
	assert_string_equal(ff_job_id(fixture->jobs[0]), "7");
	assert_string_equal(ff_job_id(fixture->jobs[1]), "9");
}

static void test_store__is_for_its_owner_alone(void **state)
{
	struct ff_store_fixture *fixture = *state;
	struct stat file;
	char wal[128];
	struct ff_job *job = ff_store_fixture_make_job(7, FF_JOB_QUEUED);
	ff_store_fixture_put(fixture, job);
	snprintf(wal, sizeof(wal), "%s-wal", fixture->path);
	assert_int_equal(stat(fixture->path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	assert_int_equal(stat(wal, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	ff_job_unref(job);
}

static void expect_refusal(struct ff_store_fixture *fixture, enum ff_status status, const char *text)
{
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_store_open(&fixture->store, fixture->data_dir, NULL, &error), status);
	if (!strstr(error.text, text) || !strstr(error.text, fixture->path)) {
		fail_msg("%s", error.text);
	}
	fixture->store = NULL;
}

static void overwrite(struct ff_store_fixture *fixture, off_t at, size_t size)
{
	char noise[4096];
	memset(noise, 0x5a, sizeof(noise));
	int fd = open(fixture->path, O_WRONLY);
	assert_int_equal(pwrite(fd, noise, size, at), size);
	close(fd);
}

static void test_store__a_damaged_file_is_refused(void **state)
{
	struct ff_store_fixture *fixture = *state;
	struct ff_job *job = ff_store_fixture_make_job(7, FF_JOB_QUEUED);
	ff_store_fixture_put(fixture, job);
	ff_store_close(fixture->store);
	overwrite(fixture, 4096 + 8, 4000); /* a table's page */
	expect_refusal(fixture, FF_ERR_FORMAT, "move it away");
	overwrite(fixture, 0, 100);
	expect_refusal(fixture, FF_ERR_FORMAT, "move it away");
	ff_job_unref(job);
}

static void exec(struct ff_store_fixture *fixture, const char *sql)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_db db;
	assert_int_equal(ff_db_open(&db, fixture->path, true, &error), FF_OK);
	assert_int_equal(ff_db_exec(&db, sql, &error), FF_OK);
	ff_db_close(&db);
}

static void test_store__is_for_one_process(void **state)
{
	struct ff_store_fixture *fixture = *state;
	struct ff_store *first = fixture->store;
	expect_refusal(fixture, FF_ERR_BUSY, "in use by another farflashd");
	fixture->store = first;
}

static void test_store__a_newer_version_is_refused(void **state)
{
	struct ff_store_fixture *fixture = *state;
	ff_store_close(fixture->store);
	exec(fixture, "PRAGMA user_version = 999");
	expect_refusal(fixture, FF_ERR_UNSUPPORTED, "is of version 999");
}

static void test_store__a_job_that_makes_no_sense_is_refused(void **state)
{
	struct ff_store_fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *job = ff_store_fixture_make_job(7, FF_JOB_QUEUED);
	ff_store_fixture_put(fixture, job);
	exec(fixture, "UPDATE jobs SET kind = 'dance'");
	assert_int_equal(ff_store_fixture_load_jobs(fixture, &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, "job 7 makes no sense"));
	ff_job_unref(job);
}

static void test_store__migrates_step_by_step(void **state)
{
	struct ff_store_fixture *fixture = *state;
	static const char *const migrations[] = {
		"CREATE TABLE first (a INTEGER); INSERT INTO first VALUES (17);",
		"ALTER TABLE first ADD COLUMN b INTEGER; UPDATE first SET b = a + 1;",
		"THIS IS NO SQL;",
	};
	struct ff_error error = FF_ERROR_NONE;
	struct ff_db db;
	int64_t number = 0;
	ff_store_close(fixture->store);
	fixture->store = NULL;
	assert_int_equal(truncate(fixture->path, 0), 0);
	assert_int_equal(ff_db_open(&db, fixture->path, true, &error), FF_OK);
	assert_int_equal(ff_schema_migrate(&db, migrations, 1, &error), FF_OK);
	assert_int_equal(ff_schema_migrate(&db, migrations, 2, &error), FF_OK);
	assert_int_equal(ff_db_number(&db, "SELECT b FROM first", &number, &error), FF_OK);
	assert_int_equal(number, 18);
	/* One that fails leaves the version before it. */
	assert_int_not_equal(ff_schema_migrate(&db, migrations, 3, &error), FF_OK);
	ff_error_clear(&error);
	assert_int_equal(ff_db_number(&db, "PRAGMA user_version", &number, &error), FF_OK);
	assert_int_equal(number, 2);
	ff_db_close(&db);
}

static void test_store__a_batch_is_accepted_as_a_whole(void **state)
{
	struct ff_store_fixture *fixture = *state;
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *jobs[2];
	for (size_t i = 0; i < 2; i++) {
		jobs[i] = ff_store_fixture_make_job(7 + i, FF_JOB_QUEUED);
	}
	ff_store_fixture_put(fixture, jobs[1]); /* so its number cannot be had again */
	assert_int_not_equal(ledger->accept(ledger->context, jobs, 2, &error), FF_OK);
	ff_error_clear(&error);
	assert_int_equal(ff_store_fixture_load_jobs(fixture, &error), FF_OK);
	assert_int_equal(fixture->job_count, 1);
	assert_int_equal(ff_job_number(fixture->jobs[0]), 8);
	for (size_t i = 0; i < 2; i++) {
		ff_job_unref(jobs[i]);
	}
}

/* With a limit on the size of files, which is a full disk in small. */
static void test_store__survives_a_full_disk(void **state)
{
	struct ff_store_fixture *fixture = *state;
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_error error = FF_ERROR_NONE;
	struct rlimit before;
	struct ff_job *first = ff_store_fixture_make_job(7, FF_JOB_QUEUED);
	struct ff_job *second = ff_store_fixture_make_job(8, FF_JOB_QUEUED);
	struct ff_job_view view;
	ff_store_fixture_put(fixture, first);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 8192, before.rlim_max });
	assert_int_equal(ledger->accept(ledger->context, &second, 1, &error), FF_ERR_NO_SPACE);
	assert_non_null(strstr(error.text, "no space left"));
	/* An end insists: it is recorded as soon as there is room. */
	ff_job_view(first, &view);
	view.state = FF_JOB_DONE;
	ff_error_clear(&error);
	assert_int_equal(ledger->end(ledger->context, first, &view, &error), FF_ERR_NO_SPACE);
	setrlimit(RLIMIT_FSIZE, &before);
	ff_error_clear(&error);
	assert_int_equal(ledger->accept(ledger->context, &second, 1, &error), FF_OK);
	assert_int_equal(ff_store_fixture_load_jobs(fixture, &error), FF_OK);
	assert_int_equal(fixture->job_count, 2);
	ff_job_view(fixture->jobs[0], &view);
	assert_int_equal(view.state, FF_JOB_DONE);
	ff_job_unref(first);
	ff_job_unref(second);
}

int main(void)
{
	signal(SIGXFSZ, SIG_IGN);
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ff_store_fixture_set_up, ff_store_fixture_tear_down)
		TEST(test_store__what_was_accepted_survives_a_crash),
		TEST(test_store__is_for_its_owner_alone),
		TEST(test_store__a_damaged_file_is_refused),
		TEST(test_store__is_for_one_process),
		TEST(test_store__a_newer_version_is_refused),
		TEST(test_store__a_job_that_makes_no_sense_is_refused),
		TEST(test_store__migrates_step_by_step),
		TEST(test_store__a_batch_is_accepted_as_a_whole),
		TEST(test_store__survives_a_full_disk),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
