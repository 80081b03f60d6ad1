// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_port.h"
#include "queue.h"

#define MAX_CONTENT 65536

struct fixture {
	struct ff_fake_port port;
	struct ff_worker *worker;
	struct ff_queue *queue;
	struct ff_firmware_store *store;
	char data_dir[64];
	struct ff_job *watched; /* for the predicates below */
	enum ff_job_state wanted;
	unsigned wanted_resets;
};

static bool is_idle(void *context)
{
	struct ff_board_view view;
	ff_worker_view(((struct fixture *)context)->worker, &view);
	return view.state == FF_BOARD_IDLE;
}

static bool is_in_wanted_state(void *context)
{
	struct fixture *fixture = context;
	struct ff_job_view view;
	ff_job_view(fixture->watched, &view);
	return view.state == fixture->wanted;
}

static bool has_wanted_resets(void *context)
{
	struct fixture *fixture = context;
	pthread_mutex_lock(&fixture->port.mutex);
	bool enough = fixture->port.resets >= fixture->wanted_resets;
	pthread_mutex_unlock(&fixture->port.mutex);
	return enough;
}

static void wait_state(struct fixture *fixture, struct ff_job *job, enum ff_job_state state)
{
	fixture->watched = job;
	fixture->wanted = state;
	ff_fake_port_wait(&fixture->port, is_in_wanted_state, fixture);
}

static void wait_resets(struct fixture *fixture, unsigned count)
{
	fixture->wanted_resets = count;
	ff_fake_port_wait(&fixture->port, has_wanted_resets, fixture);
}

static int set_up_port(void **state, bool on_usb)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	ff_fake_port_init(&fixture->port);
	fixture->port.on_usb = on_usb;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_worker_options options = {
		.name = "lab1",
		.address = fixture->port.address,
		.notify = ff_fake_port_notify,
		.notify_context = &fixture->port,
		.open = ff_fake_port_open,
	};
	strcpy(fixture->data_dir, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->data_dir));
	assert_int_equal(ff_firmware_store_new(&fixture->store,
					       &(struct ff_firmware_options){ .data_dir = fixture->data_dir }, &error),
			 FF_OK);
	assert_int_equal(ff_worker_new(&fixture->worker, &options, &error), FF_OK);
	struct ff_queue_options queue = {
		.notify = ff_fake_port_notify,
		.notify_context = &fixture->port,
		.store = fixture->store,
		.max_content = MAX_CONTENT,
	};
	fixture->queue = ff_queue_new(&queue);
	ff_fake_port_wait(&fixture->port, is_idle, fixture);
	return fixture->queue ? 0 : -1;
}

static int set_up(void **state)
{
	return set_up_port(state, false);
}

static int set_up_usb(void **state)
{
	return set_up_port(state, true);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_queue_stop(fixture->queue);
	ff_worker_free(fixture->worker);
	ff_queue_free(fixture->queue);
	ff_firmware_store_trim(fixture->store); /* without a quota nothing stays */
	ff_firmware_store_free(fixture->store);
	ff_fake_port_release(&fixture->port);
	/* Nothing may be left in it, or this fails. */
	assert_int_equal(remove(fixture->data_dir), 0);
	free(fixture);
	return 0;
}

static struct ff_job *submit_reset(struct fixture *fixture)
{
	struct ff_job *job = NULL;
	struct ff_queue_request request = { .kind = FF_JOB_RESET, .worker = fixture->worker };
	assert_int_equal(ff_queue_submit(fixture->queue, &request, &job, NULL), FF_OK);
	return job;
}

static struct ff_upload *upload(struct fixture *fixture, const void *bytes, size_t size)
{
	struct ff_upload *upload = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_begin(&upload, fixture->store, &error), FF_OK);
	assert_int_equal(ff_upload_write(upload, bytes, size, &error), FF_OK);
	return upload;
}

/* Both with one reference. */
static struct ff_firmware *store_image(struct fixture *fixture, const void *bytes, size_t size)
{
	struct ff_firmware *image = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_finish(upload(fixture, bytes, size), NULL, &image, &error), FF_OK);
	assert_int_equal(ff_firmware_wait(image, &error), FF_OK);
	return image;
}

static struct ff_firmware *store_content(struct fixture *fixture, const void *bytes, size_t size)
{
	struct ff_firmware *content = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_finish_content(upload(fixture, bytes, size), &content, &error), FF_OK);
	return content;
}

static bool has_content(struct ff_job *job)
{
	struct ff_firmware *content = ff_job_content(job);
	ff_firmware_unref(content);
	return content != NULL;
}

static bool has_lost_its_content(void *context)
{
	return !has_content(((struct fixture *)context)->watched);
}

/* A job for a board that never answers the bootloader protocol. */
static struct ff_job *submit_flash(struct fixture *fixture)
{
	struct ff_job *job = NULL;
	struct ff_job_region *region = calloc(1, sizeof(*region));
	assert_non_null(region);
	region->firmware = store_image(fixture, "image", 5);
	region->offset = 0x10000;
	region->size = 5;
	region->name = strdup("app.bin");
	struct ff_queue_request request = {
		.kind = FF_JOB_FLASH,
		.worker = fixture->worker,
		.regions = region,
		.region_count = 1,
	};
	assert_int_equal(ff_queue_submit(fixture->queue, &request, &job, NULL), FF_OK);
	return job;
}

static struct ff_job_view view_of(struct ff_job *job)
{
	struct ff_job_view view;
	ff_job_view(job, &view);
	return view;
}

static void test_queue__job_runs_to_its_end(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job *job = submit_reset(fixture);
	wait_state(fixture, job, FF_JOB_DONE);
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
	struct fixture *fixture = *state;
	struct ff_job *first = submit_reset(fixture);
	struct ff_job *second = submit_reset(fixture);
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
	struct fixture *fixture = *state;
	struct ff_job *jobs[FF_WORKER_MAX_TASKS + 1];
	ff_fake_port_hold_resets(&fixture->port, true);
	jobs[0] = submit_reset(fixture);
	wait_resets(fixture, 1);
	for (int i = 1; i <= FF_WORKER_MAX_TASKS; i++) {
		jobs[i] = submit_reset(fixture);
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
	struct fixture *fixture = *state;
	ff_fake_port_hold_resets(&fixture->port, true);
	struct ff_job *running = submit_reset(fixture);
	wait_resets(fixture, 1);
	struct ff_job *waiting = submit_flash(fixture);
	assert_true(ff_job_cancel(waiting, false));
	struct ff_job_view view = view_of(waiting);
	assert_int_equal(view.state, FF_JOB_CANCELLED);
	assert_int_equal(view.status, FF_ERR_CANCELLED);
	assert_int_equal(view.started_ms, 0);
	assert_false(view.by_shutdown);
	assert_string_equal(view.detail, "lab1: cancelled before it began");
	assert_false(ff_job_cancel(waiting, false));
	ff_fake_port_hold_resets(&fixture->port, false);
	wait_state(fixture, running, FF_JOB_DONE);
	ff_job_unref(running);
	ff_job_unref(waiting);
}

static void test_queue__cancels_a_job_that_runs(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job *job = submit_flash(fixture);
	wait_resets(fixture, 1);
	assert_int_equal(view_of(job).state, FF_JOB_RUNNING);
	assert_true(ff_job_cancel(job, false));
	wait_state(fixture, job, FF_JOB_CANCELLED);
	struct ff_job *next = submit_reset(fixture);
	wait_state(fixture, next, FF_JOB_DONE);
	ff_job_unref(job);
	ff_job_unref(next);
}

static void test_queue__lost_board_fails_its_job_alone(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job *job = submit_flash(fixture);
	wait_resets(fixture, 1);
	ff_fake_port_unplug(&fixture->port);
	wait_state(fixture, job, FF_JOB_FAILED);
	assert_int_equal(view_of(job).status, FF_ERR_LOST);
	assert_memory_equal(view_of(job).detail, "lab1: ", strlen("lab1: "));
	struct ff_job *next = submit_reset(fixture);
	wait_state(fixture, next, FF_JOB_DONE);
	ff_job_unref(job);
	ff_job_unref(next);
}

/* Silence passes, but not that of a port that is not there. */
static void test_queue__a_test_of_a_board_that_stays_away_fails(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job *job = NULL;
	struct ff_queue_request request = { .kind = FF_JOB_TEST, .worker = fixture->worker };
	request.watch = calloc(1, sizeof(*request.watch));
	assert_non_null(request.watch);
	request.watch->timeout_ms = 300;
	ff_fake_port_hold_resets(&fixture->port, true);
	assert_int_equal(ff_queue_submit(fixture->queue, &request, &job, NULL), FF_OK);
	wait_resets(fixture, 1);
	ff_fake_port_unplug(&fixture->port);
	ff_fake_port_hold_resets(&fixture->port, false);
	wait_state(fixture, job, FF_JOB_FAILED);
	struct ff_job_view view = view_of(job);
	assert_int_equal(view.status, FF_ERR_LOST);
	assert_int_equal(view.verdict.verdict, FF_VERDICT_OPEN);
	assert_non_null(strstr(view.detail, "has not come back"));
	assert_true(has_content(job)); /* what was heard until then */
	ff_job_unref(job);
}

static void test_queue__images_are_in_use_until_their_job_has_ended(void **state)
{
	struct fixture *fixture = *state;
	ff_fake_port_hold_resets(&fixture->port, true);
	struct ff_job *running = submit_reset(fixture);
	wait_resets(fixture, 1);
	struct ff_job *waiting = submit_flash(fixture);
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(waiting, &count);
	char sha256[FF_SHA256_HEX_SIZE];
	assert_int_equal(count, 1);
	memcpy(sha256, regions[0].firmware->sha256, sizeof(sha256));
	assert_int_equal(ff_firmware_remove(fixture->store, sha256), FF_ERR_BUSY);
	assert_true(ff_job_cancel(waiting, false));
	assert_int_equal(ff_firmware_remove(fixture->store, sha256), FF_OK);
	assert_string_equal(regions[0].name, "app.bin");
	ff_job_unref(running);
	ff_job_unref(waiting);
}

/* A reset that has read something, as far as the queue knows. */
static struct ff_job *finish_with_content(struct fixture *fixture, const void *bytes, size_t size)
{
	unsigned resets = fixture->port.resets; /* nothing runs: nobody counts */
	ff_fake_port_hold_resets(&fixture->port, true);
	struct ff_job *job = submit_reset(fixture);
	wait_resets(fixture, resets + 1);
	ff_job_set_content(job, store_content(fixture, bytes, size));
	ff_fake_port_hold_resets(&fixture->port, false);
	wait_state(fixture, job, FF_JOB_DONE);
	return job;
}

static void wait_content_gone(struct fixture *fixture, struct ff_job *job)
{
	fixture->watched = job;
	ff_fake_port_wait(&fixture->port, has_lost_its_content, fixture);
}

static void test_queue__newest_contents_are_kept(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job *jobs[FF_QUEUE_CONTENTS + 1];
	for (unsigned i = 0; i <= FF_QUEUE_CONTENTS; i++) {
		jobs[i] = finish_with_content(fixture, &i, sizeof(i));
		assert_true(has_content(jobs[i]));
	}
	wait_content_gone(fixture, jobs[0]);
	for (int i = 0; i <= FF_QUEUE_CONTENTS; i++) {
		assert_int_equal(has_content(jobs[i]), i > 0);
		ff_job_unref(jobs[i]);
	}
}

static void test_queue__large_contents_push_others_out(void **state)
{
	static uint8_t bytes[MAX_CONTENT];
	struct fixture *fixture = *state;
	struct ff_job *small = finish_with_content(fixture, "small", 5);
	struct ff_job *half = finish_with_content(fixture, bytes, MAX_CONTENT / 2);
	struct ff_job *most = finish_with_content(fixture, bytes, MAX_CONTENT - 5);
	wait_content_gone(fixture, half);
	assert_false(has_content(small));
	assert_true(has_content(most));
	ff_job_unref(small);
	ff_job_unref(half);
	ff_job_unref(most);
}

static void test_queue__content_of_a_cancelled_job_is_gone(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job *job = submit_flash(fixture);
	wait_resets(fixture, 1);
	struct ff_firmware *content = store_content(fixture, "content", 7);
	char path[256];
	snprintf(path, sizeof(path), "%s", content->path);
	ff_job_set_content(job, content);
	assert_true(ff_job_cancel(job, false));
	wait_state(fixture, job, FF_JOB_CANCELLED);
	assert_false(has_content(job));
	assert_null(fopen(path, "r"));
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
	struct fixture *fixture = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned resets = fixture->port.resets;
		struct ff_queue_request request = { .kind = rows[i].kind, .worker = fixture->worker };
		struct ff_job *job = NULL;
		ff_fake_port_hold_resets(&fixture->port, true);
		assert_int_equal(ff_queue_submit(fixture->queue, &request, &job, NULL), FF_OK);
		wait_resets(fixture, resets + 1);
		ff_job_report(job, &(struct ff_progress){ .phase = rows[i].phase });
		assert_true(ff_job_cancel(job, false));
		ff_fake_port_hold_resets(&fixture->port, false);
		wait_state(fixture, job, FF_JOB_CANCELLED);
		if (!strstr(view_of(job).detail, rows[i].words)) {
			fail_msg("\"%s\" does not say \"%s\"", view_of(job).detail, rows[i].words);
		}
		ff_job_unref(job);
	}
}

static void test_queue__stop_cancels_everything_and_takes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct ff_job *running = submit_flash(fixture);
	wait_resets(fixture, 1);
	struct ff_job *waiting = submit_reset(fixture);
	ff_queue_stop(fixture->queue);
	wait_state(fixture, waiting, FF_JOB_CANCELLED);
	wait_state(fixture, running, FF_JOB_CANCELLED);
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
	struct fixture *fixture = *state;
	struct ff_job *oldest = submit_reset(fixture);
	wait_state(fixture, oldest, FF_JOB_DONE);
	ff_fake_port_hold_resets(&fixture->port, true);
	struct ff_job *running = submit_reset(fixture);
	wait_resets(fixture, 2);
	for (int i = 0; i < FF_QUEUE_HISTORY; i++) {
		struct ff_job *job = submit_reset(fixture);
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

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
						tear_down),
		WITH(test_queue__images_are_in_use_until_their_job_has_ended),
		WITH(test_queue__newest_contents_are_kept),
		WITH(test_queue__large_contents_push_others_out),
		WITH(test_queue__content_of_a_cancelled_job_is_gone),
		WITH(test_queue__cancel_says_what_it_left),
		WITH(test_queue__stop_cancels_everything_and_takes_nothing),
		WITH(test_queue__history_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
