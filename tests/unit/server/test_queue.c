// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue_fixture.h"

static int set_up_usb(void **state)
{
	struct ff_queue_fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	ff_queue_fixture_init(fixture, true, NULL);
	return 0;
}

static struct ff_job_view view_of(struct ff_job *job)
{
	struct ff_job_view view;
	ff_job_view(job, &view);
	return view;
}

static void test_queue__job_runs_to_its_end(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	struct ff_job *job = ff_queue_fixture_submit_reset(fixture);
	ff_queue_fixture_wait_state(fixture, job, FF_JOB_DONE);
	struct ff_job_view view = view_of(job);
	assert_int_equal(view.status, FF_OK);
	assert_string_equal(view.detail, "");
	assert_true(view.created_ms > 0 && view.created_ms <= view.started_ms && view.started_ms <= view.finished_ms);
	assert_int_equal(view.steps, 1);
	assert_int_equal(ff_job_step(job, 0).phase, FF_PHASE_REBOOT);
	assert_false(ff_job_cancel(job, false));
	ff_job_unref(job);
}

static void test_queue__lists_newest_first_and_finds_by_id(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	struct ff_job *first = ff_queue_fixture_submit_reset(fixture);
	struct ff_job *second = ff_queue_fixture_submit_reset(fixture);
	struct ff_job *jobs[4];
	assert_int_equal(ff_queue_list(fixture->queue, NULL, jobs, 4), 2);
	assert_ptr_equal(jobs[0], second);
	assert_ptr_equal(jobs[1], first);
	ff_job_unref(jobs[0]);
	ff_job_unref(jobs[1]);
	assert_int_equal(ff_queue_list(fixture->queue, "lab1", jobs, 1), 1);
	assert_ptr_equal(jobs[0], second);
	ff_job_unref(jobs[0]);
	struct ff_job *found = ff_queue_find(fixture->queue, ff_job_id(first));
	assert_ptr_equal(found, first);
	ff_job_unref(found);
	assert_null(ff_queue_find(fixture->queue, "999"));
	assert_null(ff_queue_find(fixture->queue, ""));
	ff_job_unref(first);
	ff_job_unref(second);
}

static void test_queue__waiting_jobs_are_bounded(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	struct ff_job *jobs[FF_WORKER_MAX_TASKS + 1];
	ff_fake_port_hold_resets(&fixture->port, true);
	jobs[0] = ff_queue_fixture_submit_reset(fixture);
	ff_fake_port_wait_resets(&fixture->port, 1);
	for (int i = 1; i <= FF_WORKER_MAX_TASKS; i++) {
		jobs[i] = ff_queue_fixture_submit_reset(fixture);
	}
	struct ff_job *surplus = NULL;
	struct ff_queue_request request = { .kind = FF_JOB_RESET, .worker = fixture->worker };
	assert_int_equal(ff_queue_submit(fixture->queue, &request, &surplus, NULL), FF_ERR_BUSY);
	assert_null(surplus);
	assert_int_equal(ff_queue_count(fixture->queue), FF_WORKER_MAX_TASKS + 1);
	for (int i = 0; i <= FF_WORKER_MAX_TASKS; i++) {
		ff_job_unref(jobs[i]);
	}
}

static void test_queue__cancels_a_job_that_waits(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	ff_fake_port_hold_resets(&fixture->port, true);
	struct ff_job *running = ff_queue_fixture_submit_reset(fixture);
	ff_fake_port_wait_resets(&fixture->port, 1);
	struct ff_job *waiting = ff_queue_fixture_submit_flash(fixture);
	assert_true(ff_job_cancel(waiting, false));
	struct ff_job_view view = view_of(waiting);
	assert_int_equal(view.state, FF_JOB_CANCELLED);
	assert_int_equal(view.status, FF_ERR_CANCELLED);
	assert_int_equal(view.started_ms, 0);
	assert_false(view.by_shutdown);
	assert_string_equal(view.detail, "lab1: cancelled before it began");
	assert_false(ff_job_cancel(waiting, false));
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_queue_fixture_wait_state(fixture, running, FF_JOB_DONE);
	ff_job_unref(running);
	ff_job_unref(waiting);
}

static void test_queue__cancels_a_job_that_runs(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	struct ff_job *job = ff_queue_fixture_submit_flash(fixture);
	ff_fake_port_wait_resets(&fixture->port, 1);
	assert_int_equal(view_of(job).state, FF_JOB_RUNNING);
	assert_true(ff_job_cancel(job, false));
	ff_queue_fixture_wait_state(fixture, job, FF_JOB_CANCELLED);
	struct ff_job *next = ff_queue_fixture_submit_reset(fixture);
	ff_queue_fixture_wait_state(fixture, next, FF_JOB_DONE);
	ff_job_unref(job);
	ff_job_unref(next);
}

static void test_queue__lost_board_fails_its_job_alone(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	struct ff_job *job = ff_queue_fixture_submit_flash(fixture);
	ff_fake_port_wait_resets(&fixture->port, 1);
	ff_fake_port_unplug(&fixture->port);
	ff_queue_fixture_wait_state(fixture, job, FF_JOB_FAILED);
	assert_int_equal(view_of(job).status, FF_ERR_LOST);
	assert_memory_equal(view_of(job).detail, "lab1: ", strlen("lab1: "));
	struct ff_job *next = ff_queue_fixture_submit_reset(fixture);
	ff_queue_fixture_wait_state(fixture, next, FF_JOB_DONE);
	ff_job_unref(job);
	ff_job_unref(next);
}

/* Silence passes, but not that of a port that is not there. */
static void test_queue__a_test_of_a_board_that_stays_away_fails(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	struct ff_job *job = NULL;
	struct ff_queue_request request = { .kind = FF_JOB_TEST, .worker = fixture->worker };
	request.watch = calloc(1, sizeof(*request.watch));
	assert_non_null(request.watch);
	request.watch->timeout_ms = 300;
	ff_fake_port_hold_resets(&fixture->port, true);
	assert_int_equal(ff_queue_submit(fixture->queue, &request, &job, NULL), FF_OK);
	ff_fake_port_wait_resets(&fixture->port, 1);
	ff_fake_port_unplug(&fixture->port);
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_queue_fixture_wait_state(fixture, job, FF_JOB_FAILED);
	struct ff_job_view view = view_of(job);
	assert_int_equal(view.status, FF_ERR_LOST);
	assert_int_equal(view.verdict.verdict, FF_VERDICT_OPEN);
	assert_non_null(strstr(view.detail, "has not come back"));
	struct ff_firmware *log = ff_job_content(job); /* what was heard until then */
	assert_non_null(log);
	ff_firmware_unref(log);
	ff_job_unref(job);
}

static void test_queue__cancel_says_what_it_left(void **state)
{
	static const struct {
		enum ff_job_kind kind;
		enum ff_phase phase; /* the last one before the cancel */
		const char *words;
	} rows[] = {
		{ FF_JOB_FLASH, FF_PHASE_SYNC, "before anything was written" },
		{ FF_JOB_FLASH, FF_PHASE_WRITE, "may hold an incomplete image" },
		{ FF_JOB_ERASE, FF_PHASE_SYNC, "before anything was erased" },
		{ FF_JOB_ERASE, FF_PHASE_ERASE, "some of the flash may be erased" },
		{ FF_JOB_READ, FF_PHASE_READ, "the flash is as it was" },
		{ FF_JOB_VERIFY, FF_PHASE_VERIFY, "the flash is as it was" },
		{ FF_JOB_READ_MEMORY, FF_PHASE_READ, "the flash is as it was" },
		{ FF_JOB_WRITE_MEMORY, FF_PHASE_SYNC, "before anything was written" },
		{ FF_JOB_WRITE_FLASH_STATUS, FF_PHASE_SYNC, "before anything was written" },
		{ FF_JOB_READ_FLASH_STATUS, FF_PHASE_SYNC, "the flash is as it was" },
	};
	struct ff_queue_fixture *fixture = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned resets = fixture->port.resets;
		struct ff_queue_request request = { .kind = rows[i].kind, .worker = fixture->worker };
		struct ff_job *job = NULL;
		ff_fake_port_hold_resets(&fixture->port, true);
		assert_int_equal(ff_queue_submit(fixture->queue, &request, &job, NULL), FF_OK);
		ff_fake_port_wait_resets(&fixture->port, resets + 1);
		ff_job_report(job, &(struct ff_progress){ .phase = rows[i].phase });
		assert_true(ff_job_cancel(job, false));
		ff_fake_port_hold_resets(&fixture->port, false);
		ff_queue_fixture_wait_state(fixture, job, FF_JOB_CANCELLED);
		if (!strstr(view_of(job).detail, rows[i].words)) {
			fail_msg("\"%s\" does not say \"%s\"", view_of(job).detail, rows[i].words);
		}
		ff_job_unref(job);
	}
}

static void test_queue__stop_cancels_everything_and_takes_nothing(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	struct ff_job *running = ff_queue_fixture_submit_flash(fixture);
	ff_fake_port_wait_resets(&fixture->port, 1);
	struct ff_job *waiting = ff_queue_fixture_submit_reset(fixture);
	ff_queue_stop(fixture->queue);
	ff_queue_fixture_wait_state(fixture, waiting, FF_JOB_CANCELLED);
	ff_queue_fixture_wait_state(fixture, running, FF_JOB_CANCELLED);
	assert_true(view_of(waiting).by_shutdown);
	assert_true(view_of(running).by_shutdown);
	struct ff_job *late = NULL;
	struct ff_queue_request request = { .kind = FF_JOB_RESET, .worker = fixture->worker };
	assert_int_equal(ff_queue_submit(fixture->queue, &request, &late, NULL), FF_ERR_CANCELLED);
	ff_job_unref(running);
	ff_job_unref(waiting);
}

static void test_queue__history_is_bounded(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	struct ff_job *oldest = ff_queue_fixture_submit_reset(fixture);
	ff_queue_fixture_wait_state(fixture, oldest, FF_JOB_DONE);
	ff_fake_port_hold_resets(&fixture->port, true);
	struct ff_job *running = ff_queue_fixture_submit_reset(fixture);
	ff_fake_port_wait_resets(&fixture->port, 2);
	for (int i = 0; i < FF_QUEUE_HISTORY; i++) {
		struct ff_job *job = ff_queue_fixture_submit_reset(fixture);
		assert_true(ff_job_cancel(job, false));
		ff_job_unref(job);
	}
	/* The one that runs counts for nothing, however old it is. */
	assert_int_equal(ff_queue_count(fixture->queue), FF_QUEUE_HISTORY + 1);
	assert_null(ff_queue_find(fixture->queue, ff_job_id(oldest)));
	struct ff_job *found = ff_queue_find(fixture->queue, ff_job_id(running));
	assert_ptr_equal(found, running);
	ff_job_unref(found);
	ff_job_unref(running);
	ff_job_unref(oldest);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, ff_queue_fixture_set_up, ff_queue_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_queue__job_runs_to_its_end),
		WITH(test_queue__lists_newest_first_and_finds_by_id),
		WITH(test_queue__waiting_jobs_are_bounded),
		WITH(test_queue__cancels_a_job_that_waits),
		WITH(test_queue__cancels_a_job_that_runs),
		WITH(test_queue__lost_board_fails_its_job_alone),
		cmocka_unit_test_setup_teardown(test_queue__a_test_of_a_board_that_stays_away_fails, set_up_usb,
						ff_queue_fixture_tear_down),
		WITH(test_queue__cancel_says_what_it_left),
		WITH(test_queue__stop_cancels_everything_and_takes_nothing),
		WITH(test_queue__history_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
