// SPDX-License-Identifier: Apache-2.0
/* The database: what is put in comes out again, also after a crash, and what is damaged is told. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "job_json.h"
#include "leases.h"
#include "schema.h"
#include "store.h"

#define MOST 8
#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct fixture {
	struct ff_store *store;
	char data_dir[64];
	char path[96];

	/* What has been found. */
	struct ff_job *jobs[MOST];
	size_t job_count;
	struct ff_lease_record leases[MOST];
	size_t lease_count;
	char lines[4096];
	uint64_t last_line;
};

static void open_store(struct fixture *fixture)
{
	struct ff_error error = FF_ERROR_NONE;
	if (ff_store_open(&fixture->store, fixture->data_dir, NULL, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}

static void open_again(struct fixture *fixture)
{
	ff_store_close(fixture->store);
	fixture->store = NULL;
	open_store(fixture);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	strcpy(fixture->data_dir, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->data_dir));
	snprintf(fixture->path, sizeof(fixture->path), "%s/" FF_STORE_FILE, fixture->data_dir);
	open_store(fixture);
	return 0;
}

static void drop_jobs(struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->job_count; i++) {
		ff_job_unref(fixture->jobs[i]);
	}
	fixture->job_count = 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	drop_jobs(fixture);
	ff_store_close(fixture->store);
	unlink(fixture->path);
	/* Nothing else may be left in it, or this fails. */
	assert_int_equal(rmdir(fixture->data_dir), 0);
	free(fixture);
	return 0;
}

/* ---- jobs ---- */

static struct ff_job_region *make_regions(void)
{
	struct ff_job_region *regions = calloc(2, sizeof(*regions));
	regions[0] = (struct ff_job_region){ .offset = 0x1000, .size = 5000000000, .sha256 = SHA, .encrypt = true };
	regions[1] = (struct ff_job_region){ .offset = 0x10000, .size = 1, .sha256 = SHA };
	regions[1].name = strdup("\xff umlaut \xc3\xa4.bin"); /* not all of it is UTF-8 */
	return regions;
}

static struct ff_job_watch *make_watch(void)
{
	struct ff_job_watch *watch = calloc(1, sizeof(*watch));
	*watch = (struct ff_job_watch){ .expect = strdup("\"quoted\"\\"), .timeout_ms = 60000, .boots = 3 };
	return watch;
}

/* A test with everything that a job can have. */
static struct ff_job *make_job(uint64_t number, enum ff_job_state state)
{
	struct ff_job_spec spec = {
		.kind = FF_JOB_TEST,
		.number = number,
		.repeats = 3,
		.board = "lab1",
		.lease = 17,
		.options = { .before = FF_BEFORE_USB_RESET,
			     .after = FF_AFTER_WATCHDOG_RESET,
			     .attempts = 9,
			     .baud = 921600,
			     .stub = true,
			     .rerun = true,
			     .flash_mode = "dio" },
		.target = { .start = UINT32_MAX, .size = 4, .value = 1, .mask = 0x80000000, .non_volatile = true },
		.regions = make_regions(),
		.region_count = 2,
		.watch = make_watch(),
	};
	struct ff_job_past past = {
		.view = {
			.state = state,
			.created_ms = 1767225600123,
			.started_ms = state == FF_JOB_QUEUED ? 0 : 1767225600124,
			.finished_ms = 1767225600125,
			.has_progress = true,
			.progress = { .phase = FF_PHASE_VERIFY, .done = 7, .total = 9, .region = 1, .offset = 0x10000 },
			.steps = 2,
			.notes = 1,
			.result = { .known = true, .bytes = UINT32_MAX, .wire_bytes = 2, .verified = true, .unverified = 3,
				    .patched_region = 1, .patched_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
				    .before = 4, .value = 5, .stub = true, .baud = 6,
				    .phase_us = { [FF_PHASE_WRITE] = 1234567 } },
			.compared = true,
			.same = { true, false },
			.verdict = { .verdict = FF_VERDICT_CRASHED, .at_us = 42, .reason = "Guru Meditation" },
			.sha256 = SHA,
			.facts = { .known = true, .chip = "ESP32-C3", .revision = 4, .mac = { 1, 2, 3, 4, 5, 0xff },
				   .tells_security = true, .security = { .flags = 1, .key_purposes = { 9, 8 } },
				   .secure_boot = FF_SECURE_BOOT_COUNT - 1 },
			.status = FF_ERR_TEST,
			.detail = "lab1: it crashed",
		},
		.step_phase = { FF_PHASE_SYNC, FF_PHASE_WRITE },
		.step_region = { 0, 1 },
		.notes = { strdup("a note") },
	};
	struct ff_job *job = ff_job_restore(&spec, &past);
	assert_non_null(job);
	return job;
}

static void on_job(void *context, const struct ff_job_spec *spec, const struct ff_job_past *past)
{
	struct fixture *fixture = context;
	assert_true(fixture->job_count < MOST);
	fixture->jobs[fixture->job_count] = ff_job_restore(spec, past);
	assert_non_null(fixture->jobs[fixture->job_count++]);
}

static enum ff_status load_jobs(struct fixture *fixture, struct ff_error *error)
{
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	drop_jobs(fixture);
	return ledger->load(ledger->context, on_job, fixture, error);
}

static void expect_same(struct ff_job *one, struct ff_job *other)
{
	struct ff_job_view view;
	struct ff_job_view other_view;
	ff_job_view(one, &view);
	ff_job_view(other, &other_view);
	char *texts[] = { ff_job_json_asked(one), ff_job_json_asked(other), ff_job_json_known(one, &view),
			  ff_job_json_known(other, &other_view) };
	assert_string_equal(texts[0], texts[1]);
	assert_string_equal(texts[2], texts[3]);
	for (int i = 0; i < 4; i++) {
		free(texts[i]);
	}
	assert_string_equal(ff_job_id(one), ff_job_id(other));
	assert_string_equal(ff_job_board(one), ff_job_board(other));
	assert_int_equal(ff_job_kind(one), ff_job_kind(other));
	assert_int_equal(ff_job_lease(one), ff_job_lease(other));
	assert_int_equal(ff_job_repeats(one), ff_job_repeats(other));
	assert_int_equal(view.created_ms, other_view.created_ms);
	assert_int_equal(view.state, other_view.state);
}

static void put(struct fixture *fixture, struct ff_job *job)
{
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_error error = FF_ERROR_NONE;
	if (ledger->accept(ledger->context, job, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}

static void test_store__a_job_comes_back_as_it_was(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *job = make_job(7, FF_JOB_QUEUED);
	put(fixture, job);
	open_again(fixture);
	assert_int_equal(load_jobs(fixture, &error), FF_OK);
	assert_int_equal(fixture->job_count, 1);
	expect_same(job, fixture->jobs[0]);
	ff_job_unref(job);
}

static void test_store__an_end_is_kept_and_counted(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job_view view;
	struct ff_board_history history;
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_job *job = make_job(7, FF_JOB_FAILED);
	put(fixture, job);
	ff_job_view(job, &view);
	assert_int_equal(ledger->begin(ledger->context, job, view.started_ms, &error), FF_OK);
	assert_int_equal(ledger->end(ledger->context, job, &view, &error), FF_OK);
	view.state = FF_JOB_DONE;
	for (int i = 0; i < FF_LEDGER_RECENT; i++) {
		assert_int_equal(ledger->end(ledger->context, job, &view, &error), FF_OK);
	}
	ledger->history(ledger->context, "lab1", &history);
	assert_int_equal(history.counts[FF_JOB_FAILED], 1);
	assert_int_equal(history.counts[FF_JOB_DONE], FF_LEDGER_RECENT);
	assert_int_equal(history.recent[FF_JOB_FAILED], 0); /* it is the one before the last hundred */
	assert_int_equal(history.recent[FF_JOB_DONE], FF_LEDGER_RECENT);
	assert_int_equal(history.last_success_ms, view.finished_ms);
	ledger->history(ledger->context, "lab2", &history);
	assert_int_equal(history.counts[FF_JOB_DONE], 0);
	ff_job_unref(job);
}

static void test_store__a_job_that_began_was_running(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_job *job = make_job(7, FF_JOB_QUEUED);
	put(fixture, job);
	assert_int_equal(ledger->begin(ledger->context, job, 5, &error), FF_OK);
	assert_int_equal(ledger->reach(ledger->context, job, &error), FF_OK);
	open_again(fixture);
	assert_int_equal(load_jobs(fixture, &error), FF_OK);
	struct ff_job_view view;
	ff_job_view(fixture->jobs[0], &view);
	assert_int_equal(view.state, FF_JOB_INTERRUPTED);
	assert_int_equal(view.started_ms, 5);
	assert_int_equal(view.steps, 2);
	ff_job_unref(job);
}

static void test_store__forgets_jobs(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_job *job = make_job(7, FF_JOB_QUEUED);
	put(fixture, job);
	ledger->forget(ledger->context, 7);
	open_again(fixture); /* closing waits for it */
	assert_int_equal(load_jobs(fixture, &error), FF_OK);
	assert_int_equal(fixture->job_count, 0);
	ff_job_unref(job);
}

/* A child that ends without closing anything, as after kill -9. */
static void crash(struct fixture *fixture, void (*work)(struct fixture *fixture))
{
	int wait_status = 0;
	ff_store_close(fixture->store);
	fixture->store = NULL;
	pid_t child = fork();
	if (child == 0) {
		open_store(fixture);
		work(fixture);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &wait_status, 0), child);
	assert_int_equal(wait_status, 0);
	open_store(fixture);
}

static void put_two(struct fixture *fixture)
{
	put(fixture, make_job(7, FF_JOB_QUEUED));
	put(fixture, make_job(9, FF_JOB_QUEUED));
}

static void test_store__what_was_accepted_survives_a_crash(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	crash(fixture, put_two);
	assert_int_equal(load_jobs(fixture, &error), FF_OK);
	assert_int_equal(fixture->job_count, 2);
	assert_string_equal(ff_job_id(fixture->jobs[0]), "7");
	assert_string_equal(ff_job_id(fixture->jobs[1]), "9");
}

/* ---- leases ---- */

static struct ff_lease_record make_lease(uint64_t number, const char *board)
{
	struct ff_lease_record record = { .keep = { .lease = number, .owner = "ann", .peer = "192.0.2.7" },
					  .created_ms = 1,
					  .expires_ms = 2 };
	memset(record.hash, (int)number, sizeof(record.hash));
	snprintf(record.board, sizeof(record.board), "%s", board);
	return record;
}

static void on_lease(void *context, const struct ff_lease_record *record)
{
	struct fixture *fixture = context;
	assert_true(fixture->lease_count < MOST);
	fixture->leases[fixture->lease_count++] = *record;
}

static uint64_t load_leases(struct fixture *fixture)
{
	const struct ff_lease_ledger *ledger = ff_store_lease_ledger(fixture->store);
	struct ff_error error = FF_ERROR_NONE;
	uint64_t last = 0;
	fixture->lease_count = 0;
	assert_int_equal(ledger->load(ledger->context, on_lease, fixture, &last, &error), FF_OK);
	return last;
}

static void test_store__leases_come_back(void **state)
{
	struct fixture *fixture = *state;
	const struct ff_lease_ledger *ledger = ff_store_lease_ledger(fixture->store);
	struct ff_lease_record first = make_lease(5, "lab1");
	struct ff_lease_record second = make_lease(6, "lab1");
	assert_int_equal(ledger->take(ledger->context, &first, NULL), FF_OK);
	/* Two leases of a board cannot be in force, whatever the program does. */
	assert_int_not_equal(ledger->take(ledger->context, &second, NULL), FF_OK);
	assert_int_equal(ledger->renew(ledger->context, 5, 99, NULL), FF_OK);
	first.ended_ms = 50;
	assert_int_equal(ledger->end(ledger->context, &first, "expired", NULL), FF_OK);
	assert_int_equal(ledger->take(ledger->context, &second, NULL), FF_OK);
	open_again(fixture);
	assert_int_equal(load_leases(fixture), 6);
	assert_int_equal(fixture->lease_count, 2);
	assert_int_equal(fixture->leases[0].expires_ms, 99);
	assert_int_equal(fixture->leases[0].ended_ms, 50);
	assert_int_equal(fixture->leases[1].ended_ms, 0);
	assert_string_equal(fixture->leases[1].keep.owner, "ann");
	assert_string_equal(fixture->leases[1].keep.peer, "192.0.2.7");
	assert_memory_equal(fixture->leases[1].hash, second.hash, sizeof(second.hash));
}

static void test_store__a_jobs_lease_is_not_given_again(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job *job = make_job(7, FF_JOB_QUEUED);
	put(fixture, job); /* under lease 17 */
	assert_int_equal(load_leases(fixture), 17);
	ff_job_unref(job);
}

/* ---- the trail ---- */

static void on_line(void *context, const struct ff_audit_line *line)
{
	struct fixture *fixture = context;
	size_t used = strlen(fixture->lines);
	fixture->last_line = line->number;
	assert_true(line->at_ms > 0);
	snprintf(fixture->lines + used, sizeof(fixture->lines) - used, "%s %s %s %s %s %s; ",
		 line->who ? line->who : "-", line->from ? line->from : "-", line->action,
		 line->board ? line->board : "-", line->job ? line->job : "-", line->result ? line->result : "-");
}

static const char *list_lines(struct fixture *fixture, const char *board, size_t limit)
{
	const struct ff_audit *audit = ff_store_audit(fixture->store);
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_audit_query query = { .board = board, .limit = limit };
	fixture->lines[0] = 0;
	assert_int_equal(audit->list(audit->context, &query, on_line, fixture, &error), FF_OK);
	return fixture->lines;
}

static void note(struct fixture *fixture, const char *who, const char *board)
{
	const struct ff_audit *audit = ff_store_audit(fixture->store);
	audit->note(audit->context,
		    &(struct ff_audit_line){ .who = who, .from = "::1", .action = "reset", .board = board });
}

static void test_store__keeps_a_trail(void **state)
{
	struct fixture *fixture = *state;
	note(fixture, "ann", "lab1");
	note(fixture, NULL, "lab2");
	note(fixture, "b\xff", "lab1");
	open_again(fixture);
	assert_string_equal(list_lines(fixture, "lab1", 10),
			    "b\xef\xbf\xbd ::1 reset lab1 - -; ann ::1 reset lab1 - -; ");
	assert_string_equal(list_lines(fixture, NULL, 2), "b\xef\xbf\xbd ::1 reset lab1 - -; - ::1 reset lab2 - -; ");
}

static void test_store__a_leases_beginning_and_end_are_in_the_trail(void **state)
{
	struct fixture *fixture = *state;
	const struct ff_lease_ledger *ledger = ff_store_lease_ledger(fixture->store);
	struct ff_lease_record lease = make_lease(5, "lab1");
	assert_int_equal(ledger->take(ledger->context, &lease, NULL), FF_OK);
	lease.ended_ms = 50;
	assert_int_equal(ledger->end(ledger->context, &lease, "expired", NULL), FF_OK);
	assert_string_equal(list_lines(fixture, NULL, 10),
			    "ann 192.0.2.7 lease-ended lab1 - expired; ann 192.0.2.7 lease-taken lab1 - -; ");
}

static void test_store__long_texts_are_cut(void **state)
{
	struct fixture *fixture = *state;
	char text[1000];
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	memcpy(text + 191, "\xc3\xa4", 2); /* the cut would be in the middle of it */
	note(fixture, text, "lab1");
	open_again(fixture);
	const char *line = list_lines(fixture, "lab1", 10);
	assert_int_equal(strspn(line, "a"), 191);
	assert_int_equal(line[191], ' ');
}

/* ---- the file ---- */

static void test_store__is_for_its_owner_alone(void **state)
{
	struct fixture *fixture = *state;
	struct stat file;
	char wal[128];
	struct ff_job *job = make_job(7, FF_JOB_QUEUED);
	put(fixture, job);
	snprintf(wal, sizeof(wal), "%s-wal", fixture->path);
	assert_int_equal(stat(fixture->path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	assert_int_equal(stat(wal, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	ff_job_unref(job);
}

static void expect_refusal(struct fixture *fixture, enum ff_status status, const char *text)
{
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_store_open(&fixture->store, fixture->data_dir, NULL, &error), status);
	if (!strstr(error.text, text) || !strstr(error.text, fixture->path)) {
		fail_msg("%s", error.text);
	}
	fixture->store = NULL;
}

static void overwrite(struct fixture *fixture, off_t at, size_t size)
{
	char noise[4096];
	memset(noise, 0x5a, sizeof(noise));
	int fd = open(fixture->path, O_WRONLY);
	assert_int_equal(pwrite(fd, noise, size, at), size);
	close(fd);
}

static void test_store__a_damaged_file_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job *job = make_job(7, FF_JOB_QUEUED);
	put(fixture, job);
	ff_store_close(fixture->store);
	overwrite(fixture, 4096 + 8, 4000); /* a table's page */
	expect_refusal(fixture, FF_ERR_FORMAT, "move it away");
	overwrite(fixture, 0, 100);
	expect_refusal(fixture, FF_ERR_FORMAT, "move it away");
	ff_job_unref(job);
}

static void exec(struct fixture *fixture, const char *sql)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_db db;
	assert_int_equal(ff_db_open(&db, fixture->path, true, &error), FF_OK);
	assert_int_equal(ff_db_exec(&db, sql, &error), FF_OK);
	ff_db_close(&db);
}

static void test_store__is_for_one_process(void **state)
{
	struct fixture *fixture = *state;
	struct ff_store *first = fixture->store;
	expect_refusal(fixture, FF_ERR_BUSY, "in use by another farflashd");
	fixture->store = first;
}

static void test_store__a_newer_version_is_refused(void **state)
{
	struct fixture *fixture = *state;
	ff_store_close(fixture->store);
	exec(fixture, "PRAGMA user_version = 999");
	expect_refusal(fixture, FF_ERR_UNSUPPORTED, "is of version 999");
}

static void test_store__a_job_that_makes_no_sense_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *job = make_job(7, FF_JOB_QUEUED);
	put(fixture, job);
	exec(fixture, "UPDATE jobs SET kind = 'dance'");
	assert_int_equal(load_jobs(fixture, &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, "job 7 makes no sense"));
	ff_job_unref(job);
}

static void test_store__migrates_step_by_step(void **state)
{
	struct fixture *fixture = *state;
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

/* With a limit on the size of files, which is a full disk in small. */
static void test_store__survives_a_full_disk(void **state)
{
	struct fixture *fixture = *state;
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_error error = FF_ERROR_NONE;
	struct rlimit before;
	struct ff_job *first = make_job(7, FF_JOB_QUEUED);
	struct ff_job *second = make_job(8, FF_JOB_QUEUED);
	struct ff_job_view view;
	put(fixture, first);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 8192, before.rlim_max });
	assert_int_equal(ledger->accept(ledger->context, second, &error), FF_ERR_NO_SPACE);
	assert_non_null(strstr(error.text, "no space left"));
	/* An end insists: it is recorded as soon as there is room. */
	ff_job_view(first, &view);
	view.state = FF_JOB_DONE;
	ff_error_clear(&error);
	assert_int_equal(ledger->end(ledger->context, first, &view, &error), FF_ERR_NO_SPACE);
	setrlimit(RLIMIT_FSIZE, &before);
	ff_error_clear(&error);
	assert_int_equal(ledger->accept(ledger->context, second, &error), FF_OK);
	assert_int_equal(load_jobs(fixture, &error), FF_OK);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_store__a_job_comes_back_as_it_was),
		TEST(test_store__an_end_is_kept_and_counted),
		TEST(test_store__a_job_that_began_was_running),
		TEST(test_store__forgets_jobs),
		TEST(test_store__what_was_accepted_survives_a_crash),
		TEST(test_store__leases_come_back),
		TEST(test_store__a_jobs_lease_is_not_given_again),
		TEST(test_store__keeps_a_trail),
		TEST(test_store__a_leases_beginning_and_end_are_in_the_trail),
		TEST(test_store__long_texts_are_cut),
		TEST(test_store__is_for_its_owner_alone),
		TEST(test_store__a_damaged_file_is_refused),
		TEST(test_store__is_for_one_process),
		TEST(test_store__a_newer_version_is_refused),
		TEST(test_store__a_job_that_makes_no_sense_is_refused),
		TEST(test_store__migrates_step_by_step),
		TEST(test_store__survives_a_full_disk),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
