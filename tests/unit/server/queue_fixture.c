// SPDX-License-Identifier: Apache-2.0
#include "queue_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct wish {
	struct ff_job *job;
	enum ff_job_state state;
};

void ff_queue_fixture_init(struct ff_queue_fixture *fixture, bool on_usb, const struct ff_ledger *ledger)
{
	struct ff_error error = FF_ERROR_NONE;
	ff_fake_port_init(&fixture->port);
	fixture->port.on_usb = on_usb;
	strcpy(fixture->data_dir, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->data_dir));
	assert_int_equal(ff_firmware_store_new(&fixture->store,
					       &(struct ff_firmware_options){ .data_dir = fixture->data_dir }, &error),
			 FF_OK);
	fixture->worker = ff_fake_worker_new(&fixture->port);
	const struct ff_queue_options options = {
		.notify = ff_fake_port_notify,
		.notify_context = &fixture->port,
		.store = fixture->store,
		.ledger = ledger,
		.max_content = FF_QUEUE_FIXTURE_MAX_CONTENT,
	};
	fixture->queue = ff_queue_new(&options);
	assert_non_null(fixture->queue);
	ff_fake_worker_wait(&fixture->port, fixture->worker, FF_BOARD_IDLE);
}

void ff_queue_fixture_release(struct ff_queue_fixture *fixture)
{
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_queue_stop(fixture->queue);
	ff_worker_free(fixture->worker);
	ff_queue_free(fixture->queue);
	ff_firmware_store_trim(fixture->store); /* without a quota nothing stays */
	ff_firmware_store_free(fixture->store);
	ff_fake_port_release(&fixture->port);
	/* Nothing may be left in it, or this fails. */
	assert_int_equal(remove(fixture->data_dir), 0);
}

int ff_queue_fixture_set_up(void **state)
{
	struct ff_queue_fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	ff_queue_fixture_init(fixture, false, NULL);
	return 0;
}

int ff_queue_fixture_tear_down(void **state)
{
	ff_queue_fixture_release(*state);
	free(*state);
	return 0;
}

static bool is_met(void *context)
{
	const struct wish *wish = context;
	struct ff_job_view view;
	ff_job_view(wish->job, &view);
	return view.state == wish->state;
}

void ff_queue_fixture_wait_state(struct ff_queue_fixture *fixture, struct ff_job *job, enum ff_job_state state)
{
	ff_fake_port_wait(&fixture->port, is_met, &(struct wish){ job, state });
}

struct ff_job *ff_queue_fixture_submit_reset(struct ff_queue_fixture *fixture)
{
	struct ff_job *job = NULL;
	struct ff_queue_request request = { .kind = FF_JOB_RESET, .worker = fixture->worker };
	assert_int_equal(ff_queue_submit(fixture->queue, &request, &job, NULL), FF_OK);
	return job;
}

struct ff_upload *ff_queue_fixture_upload(struct ff_queue_fixture *fixture, const void *bytes, size_t size)
{
	struct ff_upload *upload = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_begin(&upload, fixture->store, &error), FF_OK);
	assert_int_equal(ff_upload_write(upload, bytes, size, &error), FF_OK);
	return upload;
}

/* With one reference. */
static struct ff_firmware *store_image(struct ff_queue_fixture *fixture, const void *bytes, size_t size)
{
	struct ff_firmware *image = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_finish(ff_queue_fixture_upload(fixture, bytes, size), NULL, &image, &error), FF_OK);
	assert_int_equal(ff_firmware_wait(image, &error), FF_OK);
	return image;
}

struct ff_job *ff_queue_fixture_submit_flash(struct ff_queue_fixture *fixture)
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
