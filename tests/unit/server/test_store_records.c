// SPDX-License-Identifier: Apache-2.0
/* Leases, and who did what: what is put into the database comes out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "db.h"
#include "store_fixture.h"

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
	struct ff_store_fixture *fixture = context;
	assert_true(fixture->lease_count < FF_STORE_FIXTURE_MOST);
	fixture->leases[fixture->lease_count++] = *record;
}

static uint64_t load_leases(struct ff_store_fixture *fixture)
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
	struct ff_store_fixture *fixture = *state;
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
	ff_store_fixture_reopen(fixture);
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
	struct ff_store_fixture *fixture = *state;
	struct ff_job *job = ff_store_fixture_make_job(7, FF_JOB_QUEUED);
	ff_store_fixture_put(fixture, job); /* under lease 17 */
	assert_int_equal(load_leases(fixture), 17);
	ff_job_unref(job);
}

/* The writer waits two seconds for whoever locks the file, twice, and then takes the next change; whoever asks for that gives
 * up after four, and the lock goes before the fifth. */
static void test_store__a_lease_that_comes_too_late_is_in_nobodys_way(void **state)
{
	struct ff_store_fixture *fixture = *state;
	const struct ff_lease_ledger *ledger = ff_store_lease_ledger(fixture->store);
	const struct ff_audit *audit = ff_store_audit(fixture->store);
	struct ff_error error = FF_ERROR_NONE;
	struct ff_lease_record first = make_lease(5, "lab1");
	struct ff_lease_record second = make_lease(6, "lab1");
	struct ff_db other;
	assert_int_equal(ff_db_open(&other, fixture->path, true, &error), FF_OK);
	assert_int_equal(ff_db_exec(&other, "BEGIN IMMEDIATE", &error), FF_OK);
	audit->note(audit->context, &(struct ff_audit_line){ .action = "reset" });
	assert_int_equal(ledger->take(ledger->context, &first, NULL), FF_ERR_TIMEOUT);
	assert_int_equal(ff_db_exec(&other, "ROLLBACK", &error), FF_OK);
	ff_db_close(&other);
	assert_int_equal(ledger->take(ledger->context, &second, NULL), FF_OK);
	load_leases(fixture);
	assert_int_equal(fixture->lease_count, 2); /* so it has been late, and not refused */
	assert_true(fixture->leases[0].ended_ms > 0);
	assert_int_equal(fixture->leases[1].ended_ms, 0);
}

/* ---- the trail ---- */

static void on_line(void *context, const struct ff_audit_line *line)
{
	struct ff_store_fixture *fixture = context;
	size_t used = strlen(fixture->lines);
	fixture->last_line = line->number;
	assert_true(line->at_ms > 0);
	snprintf(fixture->lines + used, sizeof(fixture->lines) - used, "%s %s %s %s %s %s; ",
		 line->who ? line->who : "-", line->from ? line->from : "-", line->action,
		 line->board ? line->board : "-", line->job ? line->job : "-", line->result ? line->result : "-");
}

static const char *list_lines(struct ff_store_fixture *fixture, const char *board, size_t limit)
{
	const struct ff_audit *audit = ff_store_audit(fixture->store);
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_audit_query query = { .board = board, .limit = limit };
	fixture->lines[0] = 0;
	assert_int_equal(audit->list(audit->context, &query, on_line, fixture, &error), FF_OK);
	return fixture->lines;
}

static void note(struct ff_store_fixture *fixture, const char *who, const char *board)
{
	const struct ff_audit *audit = ff_store_audit(fixture->store);
	audit->note(audit->context,
		    &(struct ff_audit_line){ .who = who, .from = "::1", .action = "reset", .board = board });
}

static void test_store__keeps_a_trail(void **state)
{
	struct ff_store_fixture *fixture = *state;
	note(fixture, "ann", "lab1");
	note(fixture, NULL, "lab2");
	note(fixture, "b\xff", "lab1");
	ff_store_fixture_reopen(fixture);
	assert_string_equal(list_lines(fixture, "lab1", 10),
			    "b\xef\xbf\xbd ::1 reset lab1 - -; ann ::1 reset lab1 - -; ");
	assert_string_equal(list_lines(fixture, NULL, 2), "b\xef\xbf\xbd ::1 reset lab1 - -; - ::1 reset lab2 - -; ");
}

static void test_store__a_leases_beginning_and_end_are_in_the_trail(void **state)
{
	struct ff_store_fixture *fixture = *state;
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
	struct ff_store_fixture *fixture = *state;
	char text[1000];
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	memcpy(text + 191, "\xc3\xa4", 2); /* the cut would be in the middle of it */
	note(fixture, text, "lab1");
	ff_store_fixture_reopen(fixture);
	const char *line = list_lines(fixture, "lab1", 10);
	assert_int_equal(strspn(line, "a"), 191);
	assert_int_equal(line[191], ' ');
}

/* ---- quarantine ---- */

struct found {
	unsigned count;
	char board[FF_BOARD_NAME_SIZE];
	struct ff_quarantine_view view;
};

static void on_quarantine(void *context, const char *board, const struct ff_quarantine_view *view)
{
	struct found *found = context;
	found->count++;
	snprintf(found->board, sizeof(found->board), "%s", board);
	found->view = *view;
}

static void test_store__boards_in_quarantine_come_back(void **state)
{
	struct ff_store_fixture *fixture = *state;
	const struct ff_quarantine_ledger *ledger = ff_store_quarantine_ledger(fixture->store);
	struct found found = { .count = 0 };
	struct ff_quarantine_view view = { .in = true, .failures = 3, .since_ms = 1234, .reason = "no sync" };
	assert_int_equal(ledger->set(ledger->context, "lab1", &view, NULL), FF_OK);
	assert_int_equal(ledger->set(ledger->context, "lab2", &view, NULL), FF_OK);
	view.by_hand = true;
	snprintf(view.who, sizeof(view.who), "ann");
	snprintf(view.reason, sizeof(view.reason), "its antenna is broken");
	assert_int_equal(ledger->set(ledger->context, "lab2", &view, NULL), FF_OK);
	assert_int_equal(ledger->drop(ledger->context, "lab1", NULL), FF_OK);
	assert_int_equal(ledger->drop(ledger->context, "lab9", NULL), FF_OK);
	ff_store_fixture_reopen(fixture);
	ledger = ff_store_quarantine_ledger(fixture->store);
	assert_int_equal(ledger->load(ledger->context, on_quarantine, &found, NULL), FF_OK);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.board, "lab2");
	assert_true(found.view.in && found.view.by_hand);
	assert_int_equal(found.view.failures, 3);
	assert_int_equal(found.view.since_ms, 1234);
	assert_string_equal(found.view.who, "ann");
	assert_string_equal(found.view.reason, "its antenna is broken");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ff_store_fixture_set_up, ff_store_fixture_tear_down)
		TEST(test_store__leases_come_back),
		TEST(test_store__a_jobs_lease_is_not_given_again),
		TEST(test_store__a_lease_that_comes_too_late_is_in_nobodys_way),
		TEST(test_store__keeps_a_trail),
		TEST(test_store__a_leases_beginning_and_end_are_in_the_trail),
		TEST(test_store__long_texts_are_cut),
		TEST(test_store__boards_in_quarantine_come_back),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
