// SPDX-License-Identifier: Apache-2.0
/* Jobs that are put into the database come out again as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "job_json.h"
#include "store_fixture.h"

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

static void test_store__a_job_comes_back_as_it_was(void **state)
{
	struct ff_store_fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *job = ff_store_fixture_make_job(7, FF_JOB_QUEUED);
	ff_store_fixture_put(fixture, job);
	ff_store_fixture_reopen(fixture);
	assert_int_equal(ff_store_fixture_load_jobs(fixture, &error), FF_OK);
	assert_int_equal(fixture->job_count, 1);
	expect_same(job, fixture->jobs[0]);
	ff_job_unref(job);
}

static void test_store__an_end_is_kept_and_counted(void **state)
{
	struct ff_store_fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job_view view;
	struct ff_board_history history;
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_job *job = ff_store_fixture_make_job(7, FF_JOB_FAILED);
	ff_store_fixture_put(fixture, job);
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
	struct ff_store_fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_job *job = ff_store_fixture_make_job(7, FF_JOB_QUEUED);
	ff_store_fixture_put(fixture, job);
	assert_int_equal(ledger->begin(ledger->context, job, 5, &error), FF_OK);
	assert_int_equal(ledger->reach(ledger->context, job, &error), FF_OK);
	ff_store_fixture_reopen(fixture);
	assert_int_equal(ff_store_fixture_load_jobs(fixture, &error), FF_OK);
	struct ff_job_view view;
	ff_job_view(fixture->jobs[0], &view);
	assert_int_equal(view.state, FF_JOB_INTERRUPTED);
	assert_int_equal(view.started_ms, 5);
	assert_int_equal(view.steps, 2);
	ff_job_unref(job);
}

static void test_store__forgets_jobs(void **state)
{
	struct ff_store_fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_job *job = ff_store_fixture_make_job(7, FF_JOB_QUEUED);
	ff_store_fixture_put(fixture, job);
	ledger->forget(ledger->context, 7);
	ff_store_fixture_reopen(fixture); /* closing waits for it */
	assert_int_equal(ff_store_fixture_load_jobs(fixture, &error), FF_OK);
	assert_int_equal(fixture->job_count, 0);
	ff_job_unref(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ff_store_fixture_set_up, ff_store_fixture_tear_down)
		TEST(test_store__a_job_comes_back_as_it_was),
		TEST(test_store__an_end_is_kept_and_counted),
		TEST(test_store__a_job_that_began_was_running),
		TEST(test_store__forgets_jobs),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
