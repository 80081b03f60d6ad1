// SPDX-License-Identifier: Apache-2.0
#include "test_flasher_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture *fixture;

int fixture_set_up(void **state)
{
	(void)state;
	fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	fixture->fails_from = SIZE_MAX;
	uint32_t seed = 7;
	for (size_t i = 0; i < FIXTURE_SIZE; i++) {
		seed = seed * 1664525 + 1013904223;
		fixture->image[i] = i % 16 < 8 ? (uint8_t)(seed >> 24) : (uint8_t)(i / 16);
	}
	strcpy(fixture->stub_dir, "/tmp/ff-flasher-XXXXXX");
	assert_non_null(mkdtemp(fixture->stub_dir));
	return 0;
}

int fixture_tear_down(void **state)
{
	(void)state;
	static const char *const names[] = { "esp8266", "esp32", "esp32c3" };
	for (size_t i = 0; i < 3; i++) {
		char path[64];
		snprintf(path, sizeof(path), "%s/%s.json", fixture->stub_dir, names[i]);
		unlink(path);
	}
	rmdir(fixture->stub_dir);
	chip_release(&fixture->chip);
	free(fixture);
	return 0;
}

void fixture_put_stub(const char *name, const char *json)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/%s.json", fixture->stub_dir, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(json, file);
	fclose(file);
}

static void on_progress(void *context, const struct ff_progress *progress)
{
	(void)context;
	if (fixture->order_count == 0 || progress->phase != fixture->last.phase) {
		bool has_address = progress->phase == FF_PHASE_WRITE || progress->phase == FF_PHASE_VERIFY;
		assert_true(progress->offset != 0 || !has_address);
		assert_true(fixture->order_count < 64);
		fixture->order[fixture->order_count++] = progress->phase;
	} else {
		assert_true(progress->done >= fixture->last.done);
	}
	assert_true(progress->total == 0 || progress->done <= progress->total);
	fixture->last = *progress;
}

static bool on_cancelled(void *context)
{
	(void)context;
	enum ff_phase phase = fixture->last.phase;
	bool works = phase == FF_PHASE_WRITE || phase == FF_PHASE_ERASE || phase == FF_PHASE_READ;
	return fixture->cancel_at != 0 && works && fixture->last.done >= fixture->cancel_at;
}

static void on_log(void *context, enum ff_log_level level, const char *line)
{
	(void)context;
	(void)level;
	size_t used = strlen(fixture->log);
	snprintf(fixture->log + used, sizeof(fixture->log) - used, "%s\n", line);
}

static void on_note(void *context, const char *text)
{
	(void)context;
	size_t used = strlen(fixture->notes);
	snprintf(fixture->notes + used, sizeof(fixture->notes) - used, "%s\n", text);
}

static void on_retry(void *context, enum ff_retry what)
{
	(void)context;
	fixture->retries[what]++;
}

enum ff_status fixture_try_open(enum ff_before before, bool no_stub, uint32_t baud, struct ff_error *error)
{
	static const struct ff_log log = { .write = on_log, .level = FF_LOG_INFO };
	struct ff_observer observer = {
		.progress = on_progress, .cancelled = on_cancelled, .log = &log, .note = on_note, .retry = on_retry
	};
	struct ff_connect_options options = {
		.before = before, .attempts = 1, .baud = baud, .no_stub = no_stub, .stub_dir = fixture->stub_dir
	};
	return ff_flasher_open(&fixture->flasher, &fixture->chip.script.transport, &options, &observer, error);
}

void fixture_open_chip(bool stub)
{
	static const char *const names[] = { "esp8266", "esp32", "esp32c3" };
	fixture->order_count = 0;
	fixture_put_stub(names[fixture->chip.kind],
			 "{\"entry\": 1, \"text\": \"Zm9vYmFy\", \"text_start\": 1074429952}");
	assert_int_equal(fixture_try_open(FF_BEFORE_DEFAULT_RESET, !stub, 0, NULL), FF_OK);
	assert_int_equal(ff_flasher_info(fixture->flasher)->stub, stub);
}

void fixture_open(enum chip_kind kind, bool stub)
{
	chip_init(&fixture->chip, kind);
	fixture_open_chip(stub);
}

void fixture_close(void)
{
	assert_int_equal(ff_flasher_close(fixture->flasher, FF_AFTER_HARD_RESET, NULL), FF_OK);
}

static enum ff_status read_image(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)context;
	assert_true(offset + size <= FIXTURE_SIZE);
	if (offset + size > fixture->fails_from) {
		return ff_error_set(error, FF_ERR_IO, "the disk is gone");
	}
	memcpy(bytes, fixture->image + offset, size);
	if (++fixture->reads == fixture->changes_at_read) {
		bytes[0] ^= 1;
	}
	return FF_OK;
}

struct ff_region fixture_region(uint32_t offset, uint64_t size)
{
	return (struct ff_region){ .offset = offset,
				   .source = { .size = size, .read = read_image },
				   .name = "app.bin" };
}

enum ff_status fixture_write(const struct ff_write_options *options, struct ff_write_report *report,
			     struct ff_error *error)
{
	struct ff_region region = fixture_region(0x10000, FIXTURE_SIZE);
	return ff_flasher_write(fixture->flasher, &region, 1, options, report, error);
}

void fixture_expect_image(uint32_t offset, size_t size)
{
	assert_memory_equal(fixture->chip.flash + offset, fixture->image, size);
	assert_int_equal(fixture->chip.flash[offset - 1], 0x5A);
}
