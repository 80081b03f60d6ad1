// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "prober.h"
#include "queue_fixture.h"

#define FIRST_S 600
#define SECOND_US ((int64_t)1000000)

struct fixture {
	struct ff_queue_fixture queue;
	struct ff_quarantine *quarantine;
	struct ff_boards *boards;
	struct ff_prober prober;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	ff_queue_fixture_init(&fixture->queue, false, NULL);
	fixture->quarantine = ff_quarantine_new(&(struct ff_quarantine_options){ .after = 1 });
	fixture->boards = ff_boards_new();
	assert_int_equal(ff_boards_add(fixture->boards, fixture->queue.worker), FF_OK);
	fixture->prober = (struct ff_prober){
		.boards = fixture->boards,
		.quarantine = fixture->quarantine,
		.queue = fixture->queue.queue,
		.first_s = FIRST_S,
	};
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ff_boards_free(fixture->boards);
	ff_quarantine_free(fixture->quarantine);
	ff_queue_fixture_release(&fixture->queue);
	free(fixture);
	return 0;
}

static void fail_board(struct fixture *fixture)
{
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_quarantine_note(fixture->quarantine, "lab1", FF_ERR_NO_ANSWER, "no answer", false, &error),
			 FF_QUARANTINE_BEGINS);
}

static size_t count_jobs(struct fixture *fixture)
{
	return ff_queue_count(fixture->queue.queue);
}

/* As if the time had come. */
static void look_when_due(struct fixture *fixture)
{
	assert_int_equal(fixture->prober.count, 1);
	fixture->prober.patients[0].due_us = ff_now_us();
	ff_prober_look(&fixture->prober);
}

/* The board of the fixture never answers, and a probe of it takes its time. */
static void end_probe(struct fixture *fixture)
{
	struct ff_job *job;
	assert_int_equal(ff_queue_list(fixture->queue.queue, "lab1", &job, 1), 1);
	assert_int_equal(ff_job_kind(job), FF_JOB_INFO);
	assert_string_equal(ff_job_options(job)->who, "farflashd");
	ff_job_cancel(job, false);
	ff_queue_fixture_wait_state(&fixture->queue, job, FF_JOB_CANCELLED);
	ff_job_unref(job);
	ff_fake_worker_wait(&fixture->queue.port, fixture->queue.worker, FF_BOARD_IDLE);
}

static bool is_free(void *worker)
{
	return ff_worker_is_free(worker);
}

static void test_prober__less_and_less_often_but_once_a_day(void **state)
{
	struct fixture *fixture = *state;
	fail_board(fixture);
	ff_prober_look(&fixture->prober);
	assert_int_equal(count_jobs(fixture), 0);
	assert_int_equal(fixture->prober.patients[0].pause_us, FIRST_S * SECOND_US);
	int64_t expected_us = FIRST_S * SECOND_US;
	for (size_t i = 1; i <= 9; i++) {
		look_when_due(fixture);
		assert_int_equal(count_jobs(fixture), i);
		end_probe(fixture);
		ff_fake_port_wait(&fixture->queue.port, is_free, fixture->queue.worker);
		ff_prober_look(&fixture->prober);
		assert_int_equal(count_jobs(fixture), i);
		expected_us = expected_us * 2 < 86400 * SECOND_US ? expected_us * 2 : 86400 * SECOND_US;
		assert_int_equal(fixture->prober.patients[0].pause_us, expected_us);
		assert_true(fixture->prober.patients[0].due_us > ff_now_us() + expected_us - 600 * SECOND_US);
	}
}

static void test_prober__leaves_alone_whoever_is_put_there_by_hand(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(ff_quarantine_put(fixture->quarantine, "lab1", "ann", "smoke", NULL), FF_OK);
	ff_prober_look(&fixture->prober);
	assert_int_equal(fixture->prober.count, 0);
}

static void test_prober__waits_until_nobody_uses_the_board(void **state)
{
	struct fixture *fixture = *state;
	const struct ff_keep keep = { .lease = 7, .owner = "ann" };
	fail_board(fixture);
	assert_int_equal(ff_worker_keep(fixture->queue.worker, &keep), FF_OK);
	ff_prober_look(&fixture->prober);
	look_when_due(fixture);
	assert_int_equal(count_jobs(fixture), 0);
	ff_worker_unkeep(fixture->queue.worker, 7);
	ff_prober_look(&fixture->prober);
	assert_int_equal(count_jobs(fixture), 1);
	end_probe(fixture);
}

static void test_prober__begins_anew_with_another_quarantine(void **state)
{
	struct fixture *fixture = *state;
	bool was_in = false;
	fail_board(fixture);
	ff_prober_look(&fixture->prober);
	look_when_due(fixture);
	end_probe(fixture);
	assert_int_equal(ff_quarantine_end(fixture->quarantine, "lab1", &was_in, NULL), FF_OK);
	ff_prober_look(&fixture->prober);
	assert_int_equal(fixture->prober.count, 0);
	fail_board(fixture);
	ff_prober_look(&fixture->prober);
	assert_int_equal(fixture->prober.patients[0].pause_us, FIRST_S * SECOND_US);
	assert_int_equal(count_jobs(fixture), 1);
}

static void test_prober__makes_none_if_it_is_not_to(void **state)
{
	struct fixture *fixture = *state;
	fixture->prober.first_s = 0;
	fail_board(fixture);
	ff_prober_look(&fixture->prober);
	assert_int_equal(fixture->prober.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_prober__less_and_less_often_but_once_a_day),
		TEST(test_prober__leaves_alone_whoever_is_put_there_by_hand),
		TEST(test_prober__waits_until_nobody_uses_the_board),
		TEST(test_prober__begins_anew_with_another_quarantine),
		TEST(test_prober__makes_none_if_it_is_not_to),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
