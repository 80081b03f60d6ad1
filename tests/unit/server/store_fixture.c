// SPDX-License-Identifier: Apache-2.0
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

void ff_store_fixture_open(struct ff_store_fixture *fixture)
{
	struct ff_error error = FF_ERROR_NONE;
	if (ff_store_open(&fixture->store, fixture->data_dir, NULL, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}

void ff_store_fixture_reopen(struct ff_store_fixture *fixture)
{
	ff_store_close(fixture->store);
	fixture->store = NULL;
	ff_store_fixture_open(fixture);
}

int ff_store_fixture_set_up(void **state)
{
	struct ff_store_fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	strcpy(fixture->data_dir, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->data_dir));
	snprintf(fixture->path, sizeof(fixture->path), "%s/" FF_STORE_FILE, fixture->data_dir);
	ff_store_fixture_open(fixture);
	return 0;
}

static void drop_jobs(struct ff_store_fixture *fixture)
{
	for (size_t i = 0; i < fixture->job_count; i++) {
		ff_job_unref(fixture->jobs[i]);
	}
	fixture->job_count = 0;
}

int ff_store_fixture_tear_down(void **state)
{
	struct ff_store_fixture *fixture = *state;
	drop_jobs(fixture);
	ff_store_close(fixture->store);
	unlink(fixture->path);
	/* Nothing else may be left in it, or this fails. */
	assert_int_equal(rmdir(fixture->data_dir), 0);
	free(fixture);
	return 0;
}

static struct ff_job_region *make_regions(void)
{
	struct ff_job_region *regions = calloc(2, sizeof(*regions));
	regions[0] = (struct ff_job_region){ .offset = 0x1000, .size = 5000000000, .sha256 = SHA, .encrypt = true };
	regions[1] = (struct ff_job_region){ .offset = 0x10000, .size = 1, .sha256 = SHA };
	regions[1].name = strdup("\xff umlaut \xc3\xa4.bin"); /* not all of it is UTF-8 */
	return regions;
}

static struct ff_job_watch *make_watch(void)
{
	struct ff_job_watch *watch = calloc(1, sizeof(*watch));
	*watch = (struct ff_job_watch){ .expect = strdup("\"quoted\"\\"), .timeout_ms = 60000, .boots = 3 };
	return watch;
}

struct ff_job *ff_store_fixture_make_job(uint64_t number, enum ff_job_state state)
{
	struct ff_job_spec spec = {
		.kind = FF_JOB_TEST,
		.number = number,
		.repeats = 3,
		.board = "lab1",
		.lease = 17,
		.batch = number,
		.left_out = strdup("lab2, lab3"),
		.options = { .before = FF_BEFORE_USB_RESET,
			     .after = FF_AFTER_WATCHDOG_RESET,
			     .attempts = 9,
			     .baud = 921600,
			     .stub = true,
			     .rerun = true,
			     .flash_mode = "dio" },
		.target = { .start = UINT32_MAX, .size = 4, .value = 1, .mask = 0x80000000, .non_volatile = true },
		.regions = make_regions(),
		.region_count = 2,
		.watch = make_watch(),
	};
	struct ff_job_past past = {
		.view = {
			.state = state,
			.created_ms = 1767225600123,
			.started_ms = state == FF_JOB_QUEUED ? 0 : 1767225600124,
			.finished_ms = 1767225600125,
			.has_progress = true,
			.progress = { .phase = FF_PHASE_VERIFY, .done = 7, .total = 9, .region = 1, .offset = 0x10000 },
			.steps = 2,
			.notes = 1,
			.result = { .known = true, .bytes = UINT32_MAX, .wire_bytes = 2, .verified = true, .unverified = 3,
				    .patched_region = 1, .patched_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
				    .before = 4, .value = 5, .stub = true, .baud = 6,
				    .phase_us = { [FF_PHASE_WRITE] = 1234567 } },
			.compared = true,
			.same = { true, false },
			.verdict = { .verdict = FF_VERDICT_CRASHED, .at_us = 42, .reason = "Guru Meditation" },
			.sha256 = SHA,
			.facts = { .known = true, .chip = "ESP32-C3", .revision = 4, .mac = { 1, 2, 3, 4, 5, 0xff },
				   .tells_security = true, .security = { .flags = 1, .key_purposes = { 9, 8 } },
				   .secure_boot = FF_SECURE_BOOT_COUNT - 1 },
			.status = FF_ERR_TEST,
			.detail = "lab1: it crashed",
		},
		.step_phase = { FF_PHASE_SYNC, FF_PHASE_WRITE },
		.step_region = { 0, 1 },
		.notes = { strdup("a note") },
	};
	struct ff_job *job = ff_job_restore(&spec, &past);
	assert_non_null(job);
	return job;
}

static void on_job(void *context, const struct ff_job_spec *spec, const struct ff_job_past *past)
{
	struct ff_store_fixture *fixture = context;
	assert_true(fixture->job_count < FF_STORE_FIXTURE_MOST);
	fixture->jobs[fixture->job_count] = ff_job_restore(spec, past);
	assert_non_null(fixture->jobs[fixture->job_count++]);
}

enum ff_status ff_store_fixture_load_jobs(struct ff_store_fixture *fixture, struct ff_error *error)
{
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	drop_jobs(fixture);
	return ledger->load(ledger->context, on_job, fixture, error);
}

void ff_store_fixture_put(struct ff_store_fixture *fixture, struct ff_job *job)
{
	const struct ff_ledger *ledger = ff_store_ledger(fixture->store);
	struct ff_error error = FF_ERROR_NONE;
	if (ledger->accept(ledger->context, &job, 1, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}
