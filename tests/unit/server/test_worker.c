// SPDX-License-Identifier: Apache-2.0
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
	char story[256]; /* what the tasks did, in order; written by the owner thread */
	atomic_uint finished;
};

/* A task that resets the port and tells its name. */
struct named {
	struct ff_task task;
	struct fixture *fixture;
	const char *name;
	enum ff_status run_status;
	enum ff_status finished_status;
	enum ff_board_state state_at_end;
	char text[FF_ERROR_TEXT_SIZE];
};

static enum ff_status run(struct ff_task *task, struct ff_transport *transport, struct ff_error *error)
{
	struct named *named = (struct named *)task;
	struct ff_line_step step = { .dtr = 0, .rts = 1 };
	enum ff_status status = transport->ops->set_lines(transport->self, &step, 1, error);
	strcat(named->fixture->story, named->name);
	return named->run_status == FF_OK ? status : ff_error_set(error, named->run_status, "as told");
}

static void finished(struct ff_task *task, enum ff_status status, const struct ff_error *error)
{
	struct named *named = (struct named *)task;
	struct ff_board_view view;
	ff_worker_view(named->fixture->worker, &view);
	named->state_at_end = view.state;
	named->finished_status = status;
	snprintf(named->text, sizeof(named->text), "%s", error->text);
	atomic_fetch_add(&named->fixture->finished, 1);
}

static const struct ff_task_ops ops = { .run = run, .finished = finished };

static struct named make_named(struct fixture *fixture, const char *name)
{
	return (struct named){
		.task = { .ops = &ops, .label = name },
		.fixture = fixture,
		.name = name,
		.finished_status = FF_STATUS_COUNT,
	};
}

static bool one_finished(void *context)
{
	return atomic_load(&((struct fixture *)context)->finished) >= 1;
}

static bool three_finished(void *context)
{
	return atomic_load(&((struct fixture *)context)->finished) >= 3;
}

static int set_up_with(void **state, enum ff_status open_status)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	ff_fake_port_init(&fixture->port);
	fixture->port.open_status = open_status;
	fixture->worker = ff_fake_worker_new(&fixture->port);
	return 0;
}

static int set_up(void **state)
{
	int failed = set_up_with(state, FF_OK);
	struct fixture *fixture = *state;
	ff_fake_worker_wait(&fixture->port, fixture->worker, FF_BOARD_IDLE);
	return failed;
}

static int set_up_lost(void **state)
{
	return set_up_with(state, FF_ERR_NOT_FOUND);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_worker_free(fixture->worker);
	assert_int_equal(fixture->port.far, -1);
	ff_fake_port_release(&fixture->port);
	free(fixture);
	return 0;
}

static void test_worker__runs_tasks_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct named tasks[] = { make_named(fixture, "a"), make_named(fixture, "b"), make_named(fixture, "c") };
	ff_fake_port_hold_resets(&fixture->port, true);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ff_worker_post(fixture->worker, &tasks[i].task), FF_OK);
	}
	ff_fake_port_wait_resets(&fixture->port, 1);
	struct ff_board_view view;
	ff_worker_view(fixture->worker, &view);
	assert_int_equal(view.state, FF_BOARD_BUSY);
	assert_string_equal(view.task, "a");
	assert_int_equal(view.waiting, 2);
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_fake_port_wait(&fixture->port, three_finished, fixture);
	assert_string_equal(fixture->story, "abc");
	assert_int_equal(tasks[2].finished_status, FF_OK);
	assert_int_equal(tasks[2].state_at_end, FF_BOARD_IDLE);
}

static void test_worker__withdraws_what_waits_but_not_what_runs(void **state)
{
	struct fixture *fixture = *state;
	struct named tasks[] = { make_named(fixture, "a"), make_named(fixture, "b"), make_named(fixture, "c") };
	ff_fake_port_hold_resets(&fixture->port, true);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ff_worker_post(fixture->worker, &tasks[i].task), FF_OK);
	}
	ff_fake_port_wait_resets(&fixture->port, 1);
	assert_false(ff_worker_withdraw(fixture->worker, &tasks[0].task));
	assert_true(ff_worker_withdraw(fixture->worker, &tasks[2].task));
	assert_false(ff_worker_withdraw(fixture->worker, &tasks[2].task));
	/* The end of the mailbox was taken out: it must still take more. */
	struct named last = make_named(fixture, "d");
	assert_int_equal(ff_worker_post(fixture->worker, &last.task), FF_OK);
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_fake_port_wait(&fixture->port, three_finished, fixture);
	assert_string_equal(fixture->story, "abd");
	assert_int_equal(tasks[2].finished_status, FF_STATUS_COUNT);
}

static void test_worker__mailbox_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	static struct named tasks[FF_WORKER_MAX_TASKS + 2];
	ff_fake_port_hold_resets(&fixture->port, true);
	tasks[0] = make_named(fixture, "r");
	assert_int_equal(ff_worker_post(fixture->worker, &tasks[0].task), FF_OK);
	ff_fake_port_wait_resets(&fixture->port, 1);
	for (int i = 1; i <= FF_WORKER_MAX_TASKS; i++) {
		tasks[i] = make_named(fixture, "w");
		assert_int_equal(ff_worker_post(fixture->worker, &tasks[i].task), FF_OK);
	}
	tasks[FF_WORKER_MAX_TASKS + 1] = make_named(fixture, "x");
	assert_int_equal(ff_worker_post(fixture->worker, &tasks[FF_WORKER_MAX_TASKS + 1].task), FF_ERR_BUSY);
	assert_true(ff_worker_withdraw(fixture->worker, &tasks[7].task));
	assert_int_equal(ff_worker_post(fixture->worker, &tasks[FF_WORKER_MAX_TASKS + 1].task), FF_OK);
}

static void test_worker__stop_finishes_what_waits(void **state)
{
	struct fixture *fixture = *state;
	struct named tasks[] = { make_named(fixture, "a"), make_named(fixture, "b") };
	ff_fake_port_hold_resets(&fixture->port, true);
	assert_int_equal(ff_worker_post(fixture->worker, &tasks[0].task), FF_OK);
	ff_fake_port_wait_resets(&fixture->port, 1);
	assert_int_equal(ff_worker_post(fixture->worker, &tasks[1].task), FF_OK);
	ff_worker_stop(fixture->worker, "the server is stopping");
	struct named late = make_named(fixture, "l");
	assert_int_equal(ff_worker_post(fixture->worker, &late.task), FF_ERR_CANCELLED);
	assert_false(ff_worker_join(fixture->worker, ff_now_us()));
	ff_fake_port_hold_resets(&fixture->port, false);
	assert_true(ff_worker_join(fixture->worker, ff_deadline_ms(10000)));
	assert_int_equal(tasks[0].finished_status, FF_OK);
	assert_int_equal(tasks[1].finished_status, FF_ERR_CANCELLED);
	assert_string_equal(fixture->story, "a");
}

static void test_worker__lost_port_comes_back(void **state)
{
	struct fixture *fixture = *state;
	ff_fake_port_set_open_status(&fixture->port, FF_ERR_NOT_FOUND);
	ff_fake_port_unplug(&fixture->port);
	ff_fake_worker_wait(&fixture->port, fixture->worker, FF_BOARD_LOST);
	struct ff_board_view view;
	ff_worker_view(fixture->worker, &view);
	assert_true(view.detail[0] != 0);
	ff_fake_port_set_open_status(&fixture->port, FF_OK);
	ff_fake_worker_wait(&fixture->port, fixture->worker, FF_BOARD_IDLE);
	ff_worker_view(fixture->worker, &view);
	assert_string_equal(view.detail, "");
}

static void test_worker__task_on_a_lost_port_fails_with_the_reason(void **state)
{
	struct fixture *fixture = *state;
	struct named task = make_named(fixture, "a");
	assert_int_equal(ff_worker_post(fixture->worker, &task.task), FF_OK);
	ff_fake_port_wait(&fixture->port, one_finished, fixture);
	assert_int_equal(task.finished_status, FF_ERR_NOT_FOUND);
	assert_string_equal(task.text, "it does not open");
	assert_string_equal(fixture->story, "");
}

static void test_worker__task_opens_the_port_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct named task = make_named(fixture, "a");
	ff_fake_worker_wait(&fixture->port, fixture->worker, FF_BOARD_LOST);
	ff_fake_port_set_open_status(&fixture->port, FF_OK);
	assert_int_equal(ff_worker_post(fixture->worker, &task.task), FF_OK);
	ff_fake_port_wait(&fixture->port, one_finished, fixture);
	assert_int_equal(task.finished_status, FF_OK);
}

static void test_worker__loss_within_a_task_does_not_poison_the_next(void **state)
{
	struct fixture *fixture = *state;
	struct named lost = make_named(fixture, "a");
	lost.run_status = FF_ERR_LOST;
	struct named next = make_named(fixture, "b");
	struct named third = make_named(fixture, "c");
	assert_int_equal(ff_worker_post(fixture->worker, &lost.task), FF_OK);
	assert_int_equal(ff_worker_post(fixture->worker, &next.task), FF_OK);
	assert_int_equal(ff_worker_post(fixture->worker, &third.task), FF_OK);
	ff_fake_port_wait(&fixture->port, three_finished, fixture);
	assert_int_equal(lost.finished_status, FF_ERR_LOST);
	assert_int_equal(lost.state_at_end, FF_BOARD_LOST);
	assert_int_equal(next.finished_status, FF_OK);
	assert_int_equal(third.finished_status, FF_OK);
	assert_int_equal(fixture->port.opened, 2);
}

static void test_worker__opens_anew_when_the_port_is_in_doubt(void **state)
{
	struct fixture *fixture = *state;
	struct named silent = make_named(fixture, "a");
	silent.run_status = FF_ERR_NO_ANSWER;
	struct named refused = make_named(fixture, "b");
	refused.run_status = FF_ERR_WRONG_CHIP;
	struct named next = make_named(fixture, "c");
	assert_int_equal(ff_worker_post(fixture->worker, &silent.task), FF_OK);
	assert_int_equal(ff_worker_post(fixture->worker, &refused.task), FF_OK);
	assert_int_equal(ff_worker_post(fixture->worker, &next.task), FF_OK);
	ff_fake_port_wait(&fixture->port, three_finished, fixture);
	assert_int_equal(silent.state_at_end, FF_BOARD_IDLE);
	/* Once at the start, once after the silence; a refusal says nothing against the port. */
	assert_int_equal(fixture->port.opened, 2);
}

static bool console_is_complete(void *context)
{
	struct fixture *fixture = context;
	return ff_console_end(ff_worker_console(fixture->worker)) == strlen("boot\r\nready");
}

static void test_worker__pumps_the_console_between_tasks(void **state)
{
	struct fixture *fixture = *state;
	uint64_t position = 0;
	uint8_t bytes[32];
	ff_fake_port_say(&fixture->port, "boot\r\n");
	ff_fake_port_say(&fixture->port, "ready");
	ff_fake_port_wait(&fixture->port, console_is_complete, fixture);
	struct ff_console *console = ff_worker_console(fixture->worker);
	assert_int_equal(ff_console_read(console, &position, bytes, sizeof(bytes)), strlen("boot\r\nready"));
	assert_memory_equal(bytes, "boot\r\nready", strlen("boot\r\nready"));
}

static void test_worker__refuses_names_that_do_not_fit(void **state)
{
	(void)state;
	char name[FF_BOARD_NAME_SIZE + 1];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	struct ff_worker *worker = NULL;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_worker_options options = { .name = name, .address = "x", .open = ff_fake_port_open };
	assert_int_equal(ff_worker_new(&worker, &options, &error), FF_ERR_ARGUMENT);
	assert_null(worker);
}

#define WITH(test, set) cmocka_unit_test_setup_teardown(test, set, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_worker__runs_tasks_in_order, set_up),
		WITH(test_worker__withdraws_what_waits_but_not_what_runs, set_up),
		WITH(test_worker__mailbox_is_bounded, set_up),
		WITH(test_worker__stop_finishes_what_waits, set_up),
		WITH(test_worker__lost_port_comes_back, set_up),
		WITH(test_worker__task_on_a_lost_port_fails_with_the_reason, set_up_lost),
		WITH(test_worker__task_opens_the_port_at_once, set_up_lost),
		WITH(test_worker__loss_within_a_task_does_not_poison_the_next, set_up),
		WITH(test_worker__opens_anew_when_the_port_is_in_doubt, set_up),
		WITH(test_worker__pumps_the_console_between_tasks, set_up),
		cmocka_unit_test(test_worker__refuses_names_that_do_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
