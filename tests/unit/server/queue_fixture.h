// SPDX-License-Identifier: Apache-2.0
/* A queue with one board, "lab1" at a fake port, that never answers the bootloader protocol; and the jobs that the tests of the
 * queue ask for. Failures end the test. */
#ifndef FF_TEST_QUEUE_FIXTURE_H
#define FF_TEST_QUEUE_FIXTURE_H

#include "fake_worker.h"
#include "queue.h"

#define FF_QUEUE_FIXTURE_MAX_CONTENT 65536

struct ff_queue_fixture {
	struct ff_fake_port port;
	struct ff_worker *worker;
	struct ff_queue *queue;
	struct ff_firmware_store *store;
	char data_dir[64];
};

/* Of a zeroed one. `ledger` may be NULL, and must outlive it. */
void ff_queue_fixture_init(struct ff_queue_fixture *fixture, bool on_usb, const struct ff_ledger *ledger);

/* Stops the queue; nothing may be left in its store. */
void ff_queue_fixture_release(struct ff_queue_fixture *fixture);

/* For cmocka: the state is a fixture without a ledger. */
int ff_queue_fixture_set_up(void **state);
int ff_queue_fixture_tear_down(void **state);

/* Waits until the job is in this state. */
void ff_queue_fixture_wait_state(struct ff_queue_fixture *fixture, struct ff_job *job, enum ff_job_state state);

/* What is to be stored. */
struct ff_upload *ff_queue_fixture_upload(struct ff_queue_fixture *fixture, const void *bytes, size_t size);

/* Jobs with a reference. */
struct ff_job *ff_queue_fixture_submit_reset(struct ff_queue_fixture *fixture);
struct ff_job *ff_queue_fixture_submit_flash(struct ff_queue_fixture *fixture);

#endif
