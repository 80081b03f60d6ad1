// SPDX-License-Identifier: Apache-2.0
/* A worker between tasks, holders and their input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_worker.h"
#include "worker.h"

struct fixture {
	struct ff_fake_port port;
	struct ff_worker *worker;
	atomic_uint finished;
	unsigned wanted; /* for has_finished() */
	struct ff_input_done done;
};

struct job {
	struct ff_task task;
	struct fixture *fixture;
};

static const struct ff_holder ann = { .kind = FF_HOLDER_SESSION, .id = 1, .name = "Ann" };
static const struct ff_holder bob = { .kind = FF_HOLDER_SESSION, .id = 2, .name = "Bob" };

static enum ff_status run(struct ff_task *task, struct ff_transport *transport, struct ff_error *error)
{
	(void)task;
	return transport->ops->write(transport->self, (const uint8_t *)"J", 1, INT64_MAX, error);
}

static void finished(struct ff_task *task, enum ff_status status, const struct ff_error *error)
{
	(void)status;
	(void)error;
	atomic_fetch_add(&((struct job *)task)->fixture->finished, 1);
}

static const struct ff_task_ops ops = { .run = run, .finished = finished };

static bool has_finished(void *context)
{
	struct fixture *fixture = context;
	return atomic_load(&fixture->finished) >= fixture->wanted;
}

static bool is_done(void *context)
{
	struct fixture *fixture = context;
	return ff_input_collect(ff_worker_input(fixture->worker), &fixture->done);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	ff_fake_port_init(&fixture->port);
	fixture->worker = ff_fake_worker_new(&fixture->port);
	ff_fake_worker_wait(&fixture->port, fixture->worker, FF_BOARD_IDLE);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ff_worker_free(fixture->worker);
	ff_fake_port_release(&fixture->port);
	free(fixture);
	return 0;
}

static struct job make_job(struct fixture *fixture)
{
	return (struct job){ .task = { .ops = &ops, .label = "job" }, .fixture = fixture };
}

static void put_text(struct fixture *fixture, uint64_t source, const char *text)
{
	struct ff_input *input = ff_worker_input(fixture->worker);
	assert_int_equal(ff_input_put_bytes(input, source, (const uint8_t *)text, strlen(text)), strlen(text));
	ff_worker_wake(fixture->worker);
}

static enum ff_status command(struct fixture *fixture, enum ff_input_kind kind, uint32_t value)
{
	struct ff_input_command wanted = { .kind = kind, .value = value };
	assert_true(ff_input_put(ff_worker_input(fixture->worker), ann.id, 5, &wanted));
	ff_worker_wake(fixture->worker);
	ff_fake_port_wait(&fixture->port, is_done, fixture);
	assert_int_equal(fixture->done.tag, 5);
	assert_int_equal(fixture->done.kind, kind);
	return fixture->done.status;
}

static void assert_hears(struct fixture *fixture, const char *wanted)
{
	char heard[64] = "";
	while (strlen(heard) < strlen(wanted)) {
		ff_fake_port_hear(&fixture->port, heard + strlen(heard), sizeof(heard) - strlen(heard));
	}
	assert_string_equal(heard, wanted);
}

static void test_sharing__one_holder_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	struct ff_board_view view;
	assert_true(ff_worker_claim(fixture->worker, &ann));
	assert_true(ff_worker_claim(fixture->worker, &ann));
	assert_false(ff_worker_claim(fixture->worker, &bob));
	ff_worker_view(fixture->worker, &view);
	assert_string_equal(view.holder.name, "Ann");
	ff_worker_release(fixture->worker, bob.id);
	assert_false(ff_worker_claim(fixture->worker, &bob));
	ff_worker_release(fixture->worker, ann.id);
	ff_worker_view(fixture->worker, &view);
	assert_int_equal(view.holder.kind, FF_HOLDER_NONE);
	assert_true(ff_worker_claim(fixture->worker, &bob));
}

static void test_sharing__bytes_of_the_input_reach_the_board(void **state)
{
	struct fixture *fixture = *state;
	put_text(fixture, ann.id, "hello ");
	put_text(fixture, ann.id, "board");
	assert_hears(fixture, "hello board");
}

static void test_sharing__commands_change_the_line(void **state)
{
	struct fixture *fixture = *state;
	struct ff_line line;
	assert_int_equal(command(fixture, FF_INPUT_BAUD, 3000000), FF_OK);
	ff_input_line(ff_worker_input(fixture->worker), &line);
	assert_int_equal(line.baud, 3000000);
	assert_int_equal(fixture->port.baud, 3000000);
	fixture->port.refused_baud = 12345;
	assert_int_equal(command(fixture, FF_INPUT_BAUD, 12345), FF_ERR_UNSUPPORTED);
	assert_int_equal(command(fixture, FF_INPUT_DATA_BITS, 7), FF_ERR_UNSUPPORTED);
	assert_int_equal(command(fixture, FF_INPUT_DATA_BITS, 8), FF_OK);
	assert_int_equal(command(fixture, FF_INPUT_PURGE_RX, 0), FF_OK);
	assert_int_equal(fixture->port.discards, 1);
	ff_input_line(ff_worker_input(fixture->worker), &line);
	assert_int_equal(line.baud, 3000000);
	assert_int_equal(fixture->port.baud, 3000000);
	assert_int_equal(command(fixture, FF_INPUT_RESTORE, 0), FF_OK);
	assert_int_equal(fixture->port.baud, FF_CONSOLE_BAUD);
}

static void test_sharing__an_unchanged_rate_does_not_touch_the_port(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(command(fixture, FF_INPUT_BAUD, FF_CONSOLE_BAUD), FF_OK);
	assert_int_equal(fixture->port.baud, 0);
}

static void test_sharing__a_job_waits_for_the_holder_and_its_input(void **state)
{
	struct fixture *fixture = *state;
	struct job job = make_job(fixture);
	struct ff_board_view view;
	assert_true(ff_worker_claim(fixture->worker, &ann));
	assert_int_equal(ff_worker_post(fixture->worker, &job.task), FF_OK);
	put_text(fixture, ann.id, "mine");
	assert_hears(fixture, "mine");
	ff_worker_view(fixture->worker, &view);
	assert_int_equal(view.waiting, 1);
	assert_int_equal(atomic_load(&fixture->finished), 0);
	put_text(fixture, ann.id, "last");
	ff_worker_release(fixture->worker, ann.id);
	assert_hears(fixture, "lastJ");
	fixture->wanted = 1;
	ff_fake_port_wait(&fixture->port, has_finished, fixture);
}

static void test_sharing__a_job_that_was_there_first_goes_first(void **state)
{
	struct fixture *fixture = *state;
	struct ff_line_step step = { .dtr = 0, .rts = 0 };
	struct ff_input_command hold = { .kind = FF_INPUT_LINES, .steps = &step, .step_count = 1 };
	struct job job = make_job(fixture);
	/* The owner thread is kept busy while job and holder come. */
	ff_fake_port_hold_resets(&fixture->port, true);
	assert_true(ff_input_put(ff_worker_input(fixture->worker), bob.id, 1, &hold));
	ff_worker_wake(fixture->worker);
	assert_int_equal(ff_worker_post(fixture->worker, &job.task), FF_OK);
	assert_true(ff_worker_claim(fixture->worker, &ann));
	put_text(fixture, ann.id, "A");
	ff_fake_port_hold_resets(&fixture->port, false);
	assert_hears(fixture, "JA");
	fixture->wanted = 1;
	ff_fake_port_wait(&fixture->port, has_finished, fixture);
}

static void test_sharing__input_waits_for_a_lost_port(void **state)
{
	struct fixture *fixture = *state;
	ff_fake_port_set_open_status(&fixture->port, FF_ERR_NOT_FOUND);
	ff_fake_port_unplug(&fixture->port);
	ff_fake_worker_wait(&fixture->port, fixture->worker, FF_BOARD_LOST);
	put_text(fixture, ann.id, "later");
	ff_fake_port_set_open_status(&fixture->port, FF_OK);
	ff_fake_worker_wait(&fixture->port, fixture->worker, FF_BOARD_IDLE);
	assert_hears(fixture, "later");
}

static void keep(struct fixture *fixture, uint64_t lease, enum ff_status wanted)
{
	const struct ff_keep kept = { .lease = lease, .owner = "Ann", .peer = "192.0.2.7" };
	assert_int_equal(ff_worker_keep(fixture->worker, &kept), wanted);
}

static void test_sharing__a_lease_keeps_others_out(void **state)
{
	struct fixture *fixture = *state;
	struct ff_holder cid = { .kind = FF_HOLDER_SESSION, .id = 3, .lease = 7, .name = "Cid" };
	struct job job = make_job(fixture);
	assert_true(ff_worker_claim(fixture->worker, &ann));
	keep(fixture, 7, FF_ERR_BUSY);
	ff_worker_release(fixture->worker, ann.id);
	assert_true(ff_worker_is_free(fixture->worker));
	keep(fixture, 7, FF_OK);
	keep(fixture, 8, FF_ERR_BUSY);
	assert_false(ff_worker_is_free(fixture->worker));
	assert_false(ff_worker_claim(fixture->worker, &ann));
	assert_int_equal(ff_worker_post(fixture->worker, &job.task), FF_ERR_DENIED);
	assert_true(ff_worker_claim(fixture->worker, &cid));
	ff_worker_unkeep(fixture->worker, 8); /* not of this board */
	assert_true(ff_worker_claim(fixture->worker, &cid));
	ff_worker_unkeep(fixture->worker, 7);
	assert_false(ff_worker_claim(fixture->worker, &cid));
	put_text(fixture, cid.id, "not any more");
	assert_true(ff_worker_claim(fixture->worker, &ann));
	put_text(fixture, ann.id, "mine");
	assert_hears(fixture, "mine");
}

static void test_sharing__the_end_of_a_lease_drops_what_waits(void **state)
{
	struct fixture *fixture = *state;
	struct ff_holder cid = { .kind = FF_HOLDER_SESSION, .id = 3, .lease = 7, .name = "Cid" };
	struct ff_line_step step = { .dtr = 0, .rts = 0 };
	struct ff_input_command hold = { .kind = FF_INPUT_LINES, .steps = &step, .step_count = 1 };
	struct job job = make_job(fixture);
	job.task.lease = 7;
	keep(fixture, 7, FF_OK);
	ff_fake_port_hold_resets(&fixture->port, true);
	assert_true(ff_input_put(ff_worker_input(fixture->worker), cid.id, 1, &hold));
	ff_worker_wake(fixture->worker);
	ff_fake_port_wait_resets(&fixture->port, 1); /* or the job might begin before it */
	assert_int_equal(ff_worker_post(fixture->worker, &job.task), FF_OK);
	assert_true(ff_worker_claim(fixture->worker, &cid));
	put_text(fixture, cid.id, "too late");
	ff_worker_unkeep(fixture->worker, 7);
	ff_fake_port_hold_resets(&fixture->port, false);
	fixture->wanted = 1; /* the job is turned away, without its "J" */
	ff_fake_port_wait(&fixture->port, has_finished, fixture);
	assert_true(ff_worker_claim(fixture->worker, &ann));
	put_text(fixture, ann.id, "mine");
	assert_hears(fixture, "mine");
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_sharing__one_holder_at_a_time),
		WITH(test_sharing__bytes_of_the_input_reach_the_board),
		WITH(test_sharing__commands_change_the_line),
		WITH(test_sharing__an_unchanged_rate_does_not_touch_the_port),
		WITH(test_sharing__a_job_waits_for_the_holder_and_its_input),
		WITH(test_sharing__a_job_that_was_there_first_goes_first),
		WITH(test_sharing__input_waits_for_a_lost_port),
		WITH(test_sharing__a_lease_keeps_others_out),
		WITH(test_sharing__the_end_of_a_lease_drops_what_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
