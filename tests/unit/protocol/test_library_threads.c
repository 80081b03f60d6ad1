// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <farflash/flasher.h>

#include "test_loader_chip.h"

#define BOARDS 32
#define IMAGE_SIZE 100000
#define OFFSET 0x10000

/* One board, its chip, and the thread that flashes it. cmocka's assertions belong to the main thread: what a thread finds
 * waits here until it has ended. */
struct bench {
	struct chip chip;
	const char *stub_dir;
	pthread_barrier_t *start;
	pthread_t thread;
	pthread_t self; /* the same, as the thread knows it */
	unsigned number;
	unsigned lines; /* of the log */
	uint64_t done;  /* last progress of the writing */
	bool looked_on; /* the observer's callbacks came from this thread alone */
	bool stub;
	bool verified;
	enum ff_status status;
	struct ff_error error;
};

/* Every board gets another image. */
static uint8_t image_byte(const struct bench *bench, uint64_t at)
{
	return (uint8_t)(at * (2 * bench->number + 1) >> 3);
}

static enum ff_status read_image(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)error;
	for (size_t i = 0; i < size; i++) {
		bytes[i] = image_byte(context, offset + i);
	}
	return FF_OK;
}

static void on_progress(void *context, const struct ff_progress *progress)
{
	struct bench *bench = context;
	bench->looked_on = bench->looked_on && pthread_equal(pthread_self(), bench->self);
	bench->done = progress->phase == FF_PHASE_WRITE ? progress->done : bench->done;
}

static void on_log(void *context, enum ff_log_level level, const char *line)
{
	struct bench *bench = context;
	(void)level;
	(void)line;
	bench->lines++;
}

static void *flash_board(void *context)
{
	struct bench *bench = context;
	const struct ff_log log = { .write = on_log, .context = bench, .level = FF_LOG_TRACE };
	const struct ff_observer observer = { .progress = on_progress, .context = bench, .log = &log };
	const struct ff_connect_options options = { .no_stub = !bench->stub, .stub_dir = bench->stub_dir };
	const struct ff_region region = { .offset = OFFSET, .source = { IMAGE_SIZE, read_image, bench } };
	struct ff_flasher *flasher = NULL;
	struct ff_write_report report = { 0 };

	bench->self = pthread_self();
	pthread_barrier_wait(bench->start);
	enum ff_status status =
		ff_flasher_open(&flasher, &bench->chip.script.transport, &options, &observer, &bench->error);
	if (status == FF_OK) {
		status = ff_flasher_write(flasher, &region, 1, NULL, &report, &bench->error);
	}
	enum ff_status closed = ff_flasher_close(flasher, FF_AFTER_HARD_RESET, &bench->error);
	bench->verified = report.verified;
	bench->status = status != FF_OK ? status : closed;
	return NULL;
}

static void expect_flashed(const struct bench *bench)
{
	assert_string_equal(bench->error.text, "");
	assert_int_equal(bench->status, FF_OK);
	assert_true(bench->verified);
	assert_int_equal(bench->chip.stub, bench->stub);
	assert_true(bench->looked_on && bench->lines > 0);
	assert_int_equal(bench->done, IMAGE_SIZE);
	for (size_t i = 0; i < IMAGE_SIZE; i++) {
		assert_int_equal(bench->chip.flash[OFFSET + i], image_byte(bench, i));
	}
}

static void put_stub(const char *dir, const char *name)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/%s.json", dir, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs("{\"entry\": 1, \"text\": \"Zm9vYmFy\", \"text_start\": 1074429952}", file);
	fclose(file);
}

static void remove_stub(const char *dir, const char *name)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/%s.json", dir, name);
	unlink(path);
}

static void test_library__flashes_32_boards_from_32_threads(void **state)
{
	(void)state;
	char stub_dir[] = "/tmp/ff-library-XXXXXX";
	assert_non_null(mkdtemp(stub_dir));
	put_stub(stub_dir, "esp32");
	put_stub(stub_dir, "esp32c3");
	pthread_barrier_t start;
	assert_int_equal(pthread_barrier_init(&start, NULL, BOARDS), 0);
	struct bench *benches = calloc(BOARDS, sizeof(*benches));
	assert_non_null(benches);

	for (unsigned i = 0; i < BOARDS; i++) {
		struct bench *bench = &benches[i];
		*bench = (struct bench){ .stub_dir = stub_dir, .start = &start, .number = i, .looked_on = true };
		bench->error = (struct ff_error)FF_ERROR_NONE;
		bench->stub = i & 1;
		chip_init(&bench->chip, i & 2 ? CHIP_ESP32C3 : CHIP_ESP32);
	}
	for (unsigned i = 0; i < BOARDS; i++) {
		assert_int_equal(pthread_create(&benches[i].thread, NULL, flash_board, &benches[i]), 0);
	}
	for (unsigned i = 0; i < BOARDS; i++) {
		assert_int_equal(pthread_join(benches[i].thread, NULL), 0);
	}
	for (unsigned i = 0; i < BOARDS; i++) {
		expect_flashed(&benches[i]);
		chip_release(&benches[i].chip);
	}
	pthread_barrier_destroy(&start);
	free(benches);
	remove_stub(stub_dir, "esp32");
	remove_stub(stub_dir, "esp32c3");
	rmdir(stub_dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_library__flashes_32_boards_from_32_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
