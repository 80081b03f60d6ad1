// SPDX-License-Identifier: Apache-2.0
/* Boards that come and go while others use them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boards.h"
#include "clock.h"
#include "fake_port.h"

#define ROUNDS 40
#define READERS 3
#define PATIENCE_MS 10000

struct fixture {
	struct ff_boards *boards;
	struct ff_fake_port port;
	atomic_uint changes;
	atomic_bool done;
	atomic_uint posted;
	atomic_uint finished;
};

static void changed(void *context)
{
	atomic_fetch_add(&((struct fixture *)context)->changes, 1);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	ff_fake_port_init(&fixture->port);
	fixture->boards = ff_boards_new();
	return fixture->boards && ff_boards_watch(fixture->boards, changed, fixture) == FF_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ff_boards_free(fixture->boards);
	ff_fake_port_release(&fixture->port);
	free(fixture);
	return 0;
}

static struct ff_worker *make(struct fixture *fixture, const char *name)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_worker *worker = NULL;
	const struct ff_worker_options options = {
		.name = name,
		.address = fixture->port.address,
		.open = ff_fake_port_open,
	};
	assert_int_equal(ff_worker_new(&worker, &options, &error), FF_OK);
	return worker;
}

static void test_boards__are_found_until_they_are_removed(void **state)
{
	struct fixture *fixture = *state;
	struct ff_worker *worker = make(fixture, "lab1");
	assert_null(ff_boards_find(fixture->boards, "lab1"));
	assert_int_equal(ff_boards_add(fixture->boards, worker), FF_OK);
	struct ff_worker *found = ff_boards_find(fixture->boards, "lab1");
	assert_ptr_equal(found, worker);
	const struct ff_board_list *before = ff_boards_list(fixture->boards);
	assert_int_equal(ff_boards_remove(fixture->boards, worker), FF_OK);
	assert_int_equal(ff_boards_remove(fixture->boards, worker), FF_ERR_NOT_FOUND);
	assert_null(ff_boards_find(fixture->boards, "lab1"));
	assert_int_equal(atomic_load(&fixture->changes), 2);

	/* Whoever had it still has it. */
	ff_worker_free(worker);
	assert_int_equal(before->count, 1);
	assert_string_equal(ff_worker_name(before->workers[0]), "lab1");
	ff_board_list_unref(before);
	assert_string_equal(ff_worker_name(found), "lab1");
	assert_true(ff_worker_is_stopping(found));
	ff_worker_unref(found);
}

static void test_boards__a_name_is_there_once(void **state)
{
	struct fixture *fixture = *state;
	struct ff_worker *one = make(fixture, "lab1");
	struct ff_worker *other = make(fixture, "lab1");
	assert_int_equal(ff_boards_add(fixture->boards, one), FF_OK);
	assert_int_equal(ff_boards_add(fixture->boards, other), FF_ERR_BUSY);
	assert_int_equal(atomic_load(&fixture->changes), 1);
	assert_int_equal(ff_boards_remove(fixture->boards, other), FF_ERR_NOT_FOUND);
	assert_int_equal(ff_boards_remove(fixture->boards, one), FF_OK);
	assert_int_equal(ff_boards_add(fixture->boards, other), FF_OK);
	ff_worker_free(one);
	ff_worker_free(other);
}

static void test_boards__keep_their_order(void **state)
{
	static const char *const names[] = { "lab3", "lab1", "lab2" };
	struct fixture *fixture = *state;
	struct ff_worker *workers[3];
	for (int i = 0; i < 3; i++) {
		workers[i] = make(fixture, names[i]);
		assert_int_equal(ff_boards_add(fixture->boards, workers[i]), FF_OK);
	}
	assert_int_equal(ff_boards_remove(fixture->boards, workers[1]), FF_OK);
	const struct ff_board_list *list = ff_boards_list(fixture->boards);
	assert_int_equal(list->count, 2);
	assert_ptr_equal(list->workers[0], workers[0]);
	assert_ptr_equal(list->workers[1], workers[2]);
	ff_board_list_unref(list);
	for (int i = 0; i < 3; i++) {
		ff_worker_free(workers[i]);
	}
}

/* ---- what a removed board still does ---- */

struct work {
	struct ff_task task;
	struct fixture *fixture;
	char reason[FF_ERROR_TEXT_SIZE];
};

static enum ff_status run_work(struct ff_task *task, struct ff_transport *transport, struct ff_error *error)
{
	(void)task;
	(void)transport;
	(void)error;
	return FF_OK;
}

static void finish_work(struct ff_task *task, enum ff_status status, const struct ff_error *error)
{
	struct work *work = (struct work *)task;
	(void)status;
	(void)error;
	atomic_fetch_add(&work->fixture->finished, 1);
	free(work);
}

static const struct ff_task_ops work_ops = { .run = run_work, .finished = finish_work };

/* Somebody who asks for boards and gives them work, whether they are about to go or not. */
static void *use(void *context)
{
	struct fixture *fixture = context;
	struct ff_board_view view;
	while (!atomic_load(&fixture->done)) {
		struct ff_worker *worker = ff_boards_find(fixture->boards, "lab1");
		if (!worker) {
			continue;
		}
		struct work *work = calloc(1, sizeof(*work));
		work->task.ops = &work_ops;
		work->fixture = fixture;
		if (ff_worker_post(worker, &work->task) == FF_OK) {
			atomic_fetch_add(&fixture->posted, 1);
		} else {
			free(work);
		}
		ff_worker_view(worker, &view);
		assert_string_equal(ff_worker_name(worker), "lab1");
		const struct ff_board_list *list = ff_boards_list(fixture->boards);
		for (size_t i = 0; i < list->count; i++) {
			ff_worker_view(list->workers[i], &view);
		}
		ff_worker_unref(worker);
		ff_board_list_unref(list);
	}
	return NULL;
}

static void test_boards__come_and_go_while_they_are_used(void **state)
{
	struct fixture *fixture = *state;
	pthread_t readers[READERS];
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&readers[i], NULL, use, fixture), 0);
	}
	for (int i = 0; i < ROUNDS; i++) {
		struct ff_worker *worker = make(fixture, "lab1");
		unsigned before = atomic_load(&fixture->posted);
		assert_int_equal(ff_boards_add(fixture->boards, worker), FF_OK);
		int64_t deadline = ff_deadline_ms(PATIENCE_MS);
		while (atomic_load(&fixture->posted) == before) {
			assert_true(ff_now_us() < deadline);
		}
		assert_int_equal(ff_boards_remove(fixture->boards, worker), FF_OK);
		ff_worker_stop(worker, "the board was removed");
		ff_worker_free(worker);
	}
	atomic_store(&fixture->done, true);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i], NULL);
	}
	/* No task was lost, whatever it ran into. */
	assert_int_equal(atomic_load(&fixture->finished), atomic_load(&fixture->posted));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_boards__are_found_until_they_are_removed),
		WITH(test_boards__a_name_is_there_once),
		WITH(test_boards__keep_their_order),
		WITH(test_boards__come_and_go_while_they_are_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
