// SPDX-License-Identifier: Apache-2.0
/* The images that jobs write, and what they have read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue_fixture.h"

/* With one reference. */
static struct ff_firmware *store_content(struct ff_queue_fixture *fixture, const void *bytes, size_t size)
{
	struct ff_firmware *content = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_finish_content(ff_queue_fixture_upload(fixture, bytes, size), &content, &error),
			 FF_OK);
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
	return !has_content(context);
}

static void test_queue__images_are_in_use_until_their_job_has_ended(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	ff_fake_port_hold_resets(&fixture->port, true);
	struct ff_job *running = ff_queue_fixture_submit_reset(fixture);
	ff_fake_port_wait_resets(&fixture->port, 1);
	struct ff_job *waiting = ff_queue_fixture_submit_flash(fixture);
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
static struct ff_job *finish_with_content(struct ff_queue_fixture *fixture, const void *bytes, size_t size)
{
	unsigned resets = fixture->port.resets; /* nothing runs: nobody counts */
	ff_fake_port_hold_resets(&fixture->port, true);
	struct ff_job *job = ff_queue_fixture_submit_reset(fixture);
	ff_fake_port_wait_resets(&fixture->port, resets + 1);
	ff_job_set_content(job, store_content(fixture, bytes, size));
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_queue_fixture_wait_state(fixture, job, FF_JOB_DONE);
	return job;
}

static void wait_content_gone(struct ff_queue_fixture *fixture, struct ff_job *job)
{
	ff_fake_port_wait(&fixture->port, has_lost_its_content, job);
}

static void test_queue__newest_contents_are_kept(void **state)
{
	struct ff_queue_fixture *fixture = *state;
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
	static uint8_t bytes[FF_QUEUE_FIXTURE_MAX_CONTENT];
	struct ff_queue_fixture *fixture = *state;
	struct ff_job *small = finish_with_content(fixture, "small", 5);
	struct ff_job *half = finish_with_content(fixture, bytes, FF_QUEUE_FIXTURE_MAX_CONTENT / 2);
	struct ff_job *most = finish_with_content(fixture, bytes, FF_QUEUE_FIXTURE_MAX_CONTENT - 5);
	wait_content_gone(fixture, half);
	assert_false(has_content(small));
	assert_true(has_content(most));
	ff_job_unref(small);
	ff_job_unref(half);
	ff_job_unref(most);
}

static void test_queue__content_of_a_cancelled_job_is_gone(void **state)
{
	struct ff_queue_fixture *fixture = *state;
	struct ff_job *job = ff_queue_fixture_submit_flash(fixture);
	ff_fake_port_wait_resets(&fixture->port, 1);
	struct ff_firmware *content = store_content(fixture, "content", 7);
	char path[256];
	snprintf(path, sizeof(path), "%s", content->path);
	ff_job_set_content(job, content);
	assert_true(ff_job_cancel(job, false));
	ff_queue_fixture_wait_state(fixture, job, FF_JOB_CANCELLED);
	assert_false(has_content(job));
	assert_null(fopen(path, "r"));
	ff_job_unref(job);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, ff_queue_fixture_set_up, ff_queue_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_queue__images_are_in_use_until_their_job_has_ended),
		WITH(test_queue__newest_contents_are_kept),
		WITH(test_queue__large_contents_push_others_out),
		WITH(test_queue__content_of_a_cancelled_job_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
