// SPDX-License-Identifier: Apache-2.0
/* What the queue tells its ledger, and what it makes of what the ledger has kept. The ledger is the test's own. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue_fixture.h"

struct fixture {
	struct ff_queue_fixture base;
	struct ff_ledger ledger;

	pthread_mutex_t mutex;
	char told[1024]; /* what the ledger was told, in its order */
	enum ff_status accept_status;
	enum ff_status begin_status;
	enum ff_status end_status;

	/* What it tells. */
	struct ff_job_spec spec;
	struct ff_job_past past;
	size_t past_count;
};

static void tell(struct fixture *fixture, const char *what, unsigned long long number)
{
	pthread_mutex_lock(&fixture->mutex);
	size_t used = strlen(fixture->told);
	snprintf(fixture->told + used, sizeof(fixture->told) - used, "%s %llu; ", what, number);
	pthread_mutex_unlock(&fixture->mutex);
}

static enum ff_status refuse(enum ff_status status, struct ff_error *error)
{
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "the ledger is full");
}

static enum ff_status on_accept(void *context, struct ff_job *const *jobs, size_t count, struct ff_error *error)
{
	struct fixture *fixture = context;
	tell(fixture, count == 1 ? "accept" : "accept a batch from", ff_job_number(jobs[0]));
	return refuse(fixture->accept_status, error);
}

static enum ff_status on_begin(void *context, struct ff_job *job, int64_t started_ms, struct ff_error *error)
{
	struct fixture *fixture = context;
	struct ff_job_view view;
	ff_job_view(job, &view);
	assert_true(started_ms > 0);
	assert_int_equal(view.state, FF_JOB_QUEUED); /* nobody has heard of it yet */
	tell(fixture, "begin", ff_job_number(job));
	return refuse(fixture->begin_status, error);
}

static enum ff_status on_reach(void *context, struct ff_job *job, struct ff_error *error)
{
	(void)error;
	tell(context, "reach", ff_job_number(job));
	return FF_OK;
}

static enum ff_status on_end(void *context, struct ff_job *job, const struct ff_job_view *end, struct ff_error *error)
{
	struct fixture *fixture = context;
	struct ff_job_view view;
	char what[32];
	ff_job_view(job, &view);
	assert_true(ff_job_state_ended(end->state) && end->finished_ms > 0);
	assert_true(!ff_job_state_ended(view.state) || view.state == FF_JOB_INTERRUPTED);
	snprintf(what, sizeof(what), "end %s", ff_job_state_name(end->state));
	tell(fixture, what, ff_job_number(job));
	return refuse(fixture->end_status, error);
}

static void on_forget(void *context, uint64_t number)
{
	tell(context, "forget", number);
}

static enum ff_status load(void *context, ff_ledger_found found, void *found_context, struct ff_error *error)
{
	(void)error;
	struct fixture *fixture = context;
	for (size_t i = 0; i < fixture->past_count; i++) {
		struct ff_job_spec spec = fixture->spec;
		spec.number += i;
		found(found_context, &spec, &fixture->past);
	}
	return FF_OK;
}

static struct ff_worker *find_worker(void *context, const char *name)
{
	struct fixture *fixture = context;
	return strcmp(name, "lab1") == 0 ? fixture->base.worker : NULL;
}

static bool has_ended(void *context)
{
	struct ff_job_view view;
	ff_job_view(context, &view);
	return ff_job_state_ended(view.state);
}

static struct ff_job_view wait_end(struct fixture *fixture, struct ff_job *job)
{
	struct ff_job_view view;
	ff_fake_port_wait(&fixture->base.port, has_ended, job);
	ff_job_view(job, &view);
	return view;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	pthread_mutex_init(&fixture->mutex, NULL);
	fixture->ledger = (struct ff_ledger){
		.accept = on_accept,
		.begin = on_begin,
		.reach = on_reach,
		.end = on_end,
		.forget = on_forget,
		.load = load,
		.context = fixture,
	};
	ff_queue_fixture_init(&fixture->base, false, &fixture->ledger);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ff_queue_fixture_release(&fixture->base);
	pthread_mutex_destroy(&fixture->mutex);
	free(fixture);
	return 0;
}

static enum ff_status submit(struct fixture *fixture, struct ff_job **job, struct ff_error *error)
{
	struct ff_queue_request request = { .kind = FF_JOB_RESET, .worker = fixture->base.worker };
	return ff_queue_submit(fixture->base.queue, &request, job, error);
}

static struct ff_job *find(struct fixture *fixture, const char *id)
{
	struct ff_job *job = ff_queue_find(fixture->base.queue, id);
	assert_non_null(job);
	return job;
}

static void restore(struct fixture *fixture, enum ff_job_kind kind, enum ff_job_state state, size_t count)
{
	struct ff_error error = FF_ERROR_NONE;
	fixture->spec.kind = kind;
	fixture->spec.number = 7;
	if (!fixture->spec.board[0]) {
		strcpy(fixture->spec.board, "lab1");
	}
	fixture->past.view.state = state;
	fixture->past.view.created_ms = 1000;
	fixture->past.view.started_ms = state == FF_JOB_QUEUED ? 0 : 2000;
	fixture->past_count = count;
	assert_int_equal(ff_queue_restore(fixture->base.queue, find_worker, fixture, &error), FF_OK);
}

static void test_ledger__is_told_before_anybody_else(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *job = NULL;
	assert_int_equal(submit(fixture, &job, &error), FF_OK);
	assert_int_equal(wait_end(fixture, job).state, FF_JOB_DONE);
	assert_string_equal(fixture->told, "accept 1; begin 1; end done 1; ");
	ff_job_unref(job);
}

static void test_ledger__a_job_that_it_does_not_take_is_not_accepted(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *job = NULL;
	fixture->accept_status = FF_ERR_NO_SPACE;
	assert_int_equal(submit(fixture, &job, &error), FF_ERR_NO_SPACE);
	assert_string_equal(error.text, "the ledger is full");
	assert_null(job);
	assert_int_equal(ff_queue_count(fixture->base.queue), 0);
	assert_string_equal(fixture->told, "accept 1; forget 1; ");
}

/* One that is told of them one by one may end between two of them. */
static void test_ledger__a_batch_is_accepted_as_a_whole(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_worker *boards[] = { fixture->base.worker, fixture->base.worker };
	struct ff_job *jobs[2] = { NULL };
	struct ff_queue_request request = { .kind = FF_JOB_RESET };
	fixture->accept_status = FF_ERR_NO_SPACE;
	assert_int_equal(ff_queue_submit_all(fixture->base.queue, &request, boards, jobs, 2, &error), FF_ERR_NO_SPACE);
	assert_int_equal(ff_queue_count(fixture->base.queue), 0);
	fixture->accept_status = FF_OK;
	ff_error_clear(&error);
	assert_int_equal(ff_queue_submit_all(fixture->base.queue, &request, boards, jobs, 2, &error), FF_OK);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(wait_end(fixture, jobs[i]).state, FF_JOB_DONE);
		ff_job_unref(jobs[i]);
	}
	assert_string_equal(fixture->told, "accept a batch from 1; forget 1; forget 2; accept a batch from 3; begin 3; "
					   "end done 3; begin 4; end done 4; ");
}

static void test_ledger__a_job_whose_begin_is_not_recorded_does_not_begin(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *job = NULL;
	fixture->begin_status = FF_ERR_NO_SPACE;
	assert_int_equal(submit(fixture, &job, &error), FF_OK);
	struct ff_job_view view = wait_end(fixture, job);
	assert_int_equal(view.state, FF_JOB_FAILED);
	assert_int_equal(view.status, FF_ERR_NO_SPACE);
	assert_int_equal(view.started_ms, 0);
	assert_string_equal(view.detail, "lab1: the ledger is full");
	assert_int_equal(fixture->base.port.resets, 0);
	ff_job_unref(job);
}

static void test_ledger__what_waits_when_the_server_stops_is_kept(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *running = NULL;
	struct ff_job *waiting = NULL;
	ff_fake_port_hold_resets(&fixture->base.port, true);
	assert_int_equal(submit(fixture, &running, &error), FF_OK);
	ff_fake_port_wait_resets(&fixture->base.port, 1);
	assert_int_equal(submit(fixture, &waiting, &error), FF_OK);
	ff_queue_stop(fixture->base.queue);
	struct ff_job_view view = wait_end(fixture, waiting);
	assert_int_equal(view.state, FF_JOB_CANCELLED);
	assert_non_null(strstr(view.detail, "the job waits for its next start"));
	assert_null(strstr(fixture->told, "end cancelled 2"));
	assert_null(strstr(fixture->told, "forget"));
	ff_job_unref(running);
	ff_job_unref(waiting);
}

static void test_ledger__what_had_ended_is_history(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *job = NULL;
	fixture->past.view.finished_ms = 3000;
	restore(fixture, FF_JOB_RESET, FF_JOB_DONE, 2);
	struct ff_job *old = find(fixture, "7");
	struct ff_job_view view;
	ff_job_view(old, &view);
	assert_int_equal(view.state, FF_JOB_DONE);
	assert_int_equal(view.finished_ms, 3000);
	assert_int_equal(submit(fixture, &job, &error), FF_OK);
	assert_string_equal(ff_job_id(job), "9"); /* numbers go on */
	wait_end(fixture, job);
	assert_string_equal(fixture->told, "accept 9; begin 9; end done 9; ");
	ff_job_unref(job);
	ff_job_unref(old);
}

static void test_ledger__history_stays_bounded(void **state)
{
	struct fixture *fixture = *state;
	restore(fixture, FF_JOB_RESET, FF_JOB_DONE, FF_QUEUE_HISTORY + 2);
	assert_int_equal(ff_queue_count(fixture->base.queue), FF_QUEUE_HISTORY);
	assert_string_equal(fixture->told, "forget 7; forget 8; ");
}

static void test_ledger__what_waited_runs_in_its_order(void **state)
{
	struct fixture *fixture = *state;
	restore(fixture, FF_JOB_RESET, FF_JOB_QUEUED, 2);
	struct ff_job *first = find(fixture, "7");
	struct ff_job *second = find(fixture, "8");
	assert_int_equal(wait_end(fixture, second).state, FF_JOB_DONE);
	assert_string_equal(fixture->told, "begin 7; end done 7; begin 8; end done 8; ");
	assert_int_equal(wait_end(fixture, first).created_ms, 1000);
	ff_job_unref(first);
	ff_job_unref(second);
}

static void test_ledger__what_ran_was_interrupted(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job_past *past = &fixture->past;
	past->view.steps = 1;
	past->step_phase[0] = FF_PHASE_WRITE;
	restore(fixture, FF_JOB_FLASH, FF_JOB_RUNNING, 1);
	struct ff_job *job = find(fixture, "7");
	struct ff_job_view view;
	ff_job_view(job, &view);
	assert_int_equal(view.state, FF_JOB_INTERRUPTED);
	assert_true(ff_job_state_ended(view.state));
	assert_int_not_equal(view.status, FF_OK);
	assert_string_equal(view.detail,
			    "lab1: interrupted after the write had begun: the flash may hold an incomplete image "
			    "(the server ended in the middle of the job)");
	assert_false(ff_job_cancel(job, false));
	assert_string_equal(fixture->told, "end interrupted 7; ");
	ff_job_unref(job);
}

static void test_ledger__an_interruption_is_told_once(void **state)
{
	struct fixture *fixture = *state;
	restore(fixture, FF_JOB_RESET, FF_JOB_INTERRUPTED, 1);
	assert_string_equal(fixture->told, "");
}

static void test_ledger__what_ran_runs_again_if_asked_for(void **state)
{
	struct fixture *fixture = *state;
	fixture->spec.options.rerun = true;
	restore(fixture, FF_JOB_RESET, FF_JOB_RUNNING, 1);
	struct ff_job *again = find(fixture, "8");
	assert_int_equal(wait_end(fixture, again).state, FF_JOB_DONE);
	assert_int_equal(ff_job_repeats(again), 7);
	assert_string_equal(fixture->told, "accept 8; end interrupted 7; begin 8; end done 8; ");
	ff_job_unref(again);
}

static void test_ledger__nothing_is_repeated_twice(void **state)
{
	struct fixture *fixture = *state;
	fixture->spec.options.rerun = true;
	fixture->spec.repeats = 7; /* of both, so that 7 has been repeated by 8 */
	fixture->past.view.by_shutdown = true;
	restore(fixture, FF_JOB_RESET, FF_JOB_CANCELLED, 1);
	assert_null(ff_queue_find(fixture->base.queue, "8"));
	assert_string_equal(fixture->told, "");
}

/* Else a job that brings the server down would do so again and again. */
static void test_ledger__an_interrupted_repeat_is_the_last(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job_view view;
	fixture->spec.options.rerun = true;
	fixture->spec.repeats = 6;
	restore(fixture, FF_JOB_RESET, FF_JOB_RUNNING, 1);
	assert_null(ff_queue_find(fixture->base.queue, "8"));
	assert_string_equal(fixture->told, "end interrupted 7; ");
	struct ff_job *job = find(fixture, "7");
	ff_job_view(job, &view);
	assert_string_equal(view.detail,
			    "lab1: interrupted; the flash is as it was (the server ended in the middle of its "
			    "repeat, and there is no second one)");
	ff_job_unref(job);
}

/* It is not to blame. */
static void test_ledger__a_repeat_that_a_stopping_server_cancels_is_not_the_last(void **state)
{
	struct fixture *fixture = *state;
	fixture->spec.options.rerun = true;
	fixture->spec.repeats = 6;
	fixture->past.view.by_shutdown = true;
	restore(fixture, FF_JOB_RESET, FF_JOB_CANCELLED, 1);
	struct ff_job *again = find(fixture, "8");
	assert_int_equal(ff_job_repeats(again), 7);
	assert_int_equal(wait_end(fixture, again).state, FF_JOB_DONE);
	ff_job_unref(again);
}

/* What cannot be recorded is tried again, by the ledger and by the next start: the server is of use until then. */
static void test_ledger__a_full_one_is_no_reason_not_to_start(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job_view view;
	fixture->spec.options.rerun = true;
	fixture->accept_status = FF_ERR_NO_SPACE;
	fixture->end_status = FF_ERR_NO_SPACE;
	restore(fixture, FF_JOB_RESET, FF_JOB_RUNNING, 1);
	struct ff_job *job = find(fixture, "7");
	ff_job_view(job, &view);
	assert_int_equal(view.state, FF_JOB_INTERRUPTED);
	assert_null(ff_queue_find(fixture->base.queue, "8"));
	assert_string_equal(fixture->told, "accept 8; forget 8; end interrupted 7; ");
	ff_job_unref(job);
}

static void test_ledger__a_job_of_a_board_that_is_gone_fails(void **state)
{
	struct fixture *fixture = *state;
	strcpy(fixture->spec.board, "lab9");
	restore(fixture, FF_JOB_RESET, FF_JOB_QUEUED, 1);
	struct ff_job *job = find(fixture, "7");
	struct ff_job_view view = wait_end(fixture, job);
	assert_int_equal(view.state, FF_JOB_FAILED);
	assert_string_equal(view.detail, "lab9: the server has no board of this name any more");
	assert_string_equal(ff_job_board(job), "lab9");
	assert_null(ff_job_worker(job));
	assert_string_equal(fixture->told, "end failed 7; ");
	ff_job_unref(job);
}

static void test_ledger__a_job_whose_image_is_gone_fails(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job_region *region = calloc(1, sizeof(*region));
	region->offset = 0x10000;
	strcpy(region->sha256, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	fixture->spec.regions = region;
	fixture->spec.region_count = 1;
	restore(fixture, FF_JOB_FLASH, FF_JOB_QUEUED, 1);
	struct ff_job *job = find(fixture, "7");
	struct ff_job_view view = wait_end(fixture, job);
	assert_int_equal(view.state, FF_JOB_FAILED);
	assert_string_equal(view.detail,
			    "lab1: the image for 0x10000 (SHA-256 0123456789abcdef...) is no longer in the "
			    "server's store");
	ff_job_unref(job);
}

static void test_ledger__a_job_of_a_lease_that_has_ended_does_not_run(void **state)
{
	struct fixture *fixture = *state;
	fixture->spec.lease = 3;
	restore(fixture, FF_JOB_RESET, FF_JOB_QUEUED, 1);
	struct ff_job *job = find(fixture, "7");
	struct ff_job_view view = wait_end(fixture, job);
	assert_int_equal(view.state, FF_JOB_CANCELLED);
	assert_string_equal(view.detail, "lab1: cancelled before it began (its lease has ended)");
	assert_int_equal(fixture->base.port.resets, 0);
	ff_job_unref(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_ledger__is_told_before_anybody_else),
		TEST(test_ledger__a_job_that_it_does_not_take_is_not_accepted),
		TEST(test_ledger__a_batch_is_accepted_as_a_whole),
		TEST(test_ledger__a_job_whose_begin_is_not_recorded_does_not_begin),
		TEST(test_ledger__what_waits_when_the_server_stops_is_kept),
		TEST(test_ledger__what_had_ended_is_history),
		TEST(test_ledger__history_stays_bounded),
		TEST(test_ledger__what_waited_runs_in_its_order),
		TEST(test_ledger__what_ran_was_interrupted),
		TEST(test_ledger__an_interruption_is_told_once),
		TEST(test_ledger__what_ran_runs_again_if_asked_for),
		TEST(test_ledger__nothing_is_repeated_twice),
		TEST(test_ledger__an_interrupted_repeat_is_the_last),
		TEST(test_ledger__a_repeat_that_a_stopping_server_cancels_is_not_the_last),
		TEST(test_ledger__a_full_one_is_no_reason_not_to_start),
		TEST(test_ledger__a_job_of_a_board_that_is_gone_fails),
		TEST(test_ledger__a_job_whose_image_is_gone_fails),
		TEST(test_ledger__a_job_of_a_lease_that_has_ended_does_not_run),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
