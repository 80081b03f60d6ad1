// SPDX-License-Identifier: Apache-2.0
/* The firmware store between many threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "firmware_fixture.h"

#define THREADS 10
#define ROUNDS 60

static void *upload_the_same(void *argument)
{
	struct ff_firmware_fixture *fixture = argument;
	struct ff_firmware *firmware = ff_firmware_fixture_store(fixture, "aaaaaaaaaa", 1000);
	bool there = access(firmware->path, R_OK) == 0;
	ff_firmware_unref(firmware);
	return there ? fixture : NULL;
}

static void run_threads(struct ff_firmware_fixture *fixture, void *(*function)(void *argument))
{
	pthread_t threads[THREADS];
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, function, fixture), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		void *result = NULL;
		pthread_join(threads[i], &result);
		assert_ptr_equal(result, fixture);
	}
}

static void test_firmware__same_bytes_from_ten_threads(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	run_threads(fixture, upload_the_same);
	ff_firmware_fixture_close(fixture);
	assert_int_equal(ff_firmware_fixture_count_files(fixture), 1);
}

/* Each image that a thread holds has its file and the right bytes in it, however the others push it out. */
static void *use_and_push_out(void *argument)
{
	struct ff_firmware_fixture *fixture = argument;
	char text[16];
	bool good = true;
	for (unsigned i = 0; i < ROUNDS && good; i++) {
		char content[16] = "";
		struct ff_error error = FF_ERROR_NONE;
		snprintf(text, sizeof(text), "image %u", i % 5);
		struct ff_firmware *firmware = ff_firmware_fixture_store(fixture, text, 1);
		struct ff_firmware *found = ff_firmware_find(fixture->store, firmware->sha256);
		FILE *file = fopen(firmware->path, "r");
		good = file && fread(content, 1, sizeof(content) - 1, file) == strlen(text) &&
		       strcmp(content, text) == 0;
		good = good && found == firmware && ff_firmware_wait(found, &error) == FF_OK;
		good = good && ff_firmware_remove(fixture->store, firmware->sha256) == FF_ERR_BUSY;
		if (file) {
			fclose(file);
		}
		ff_firmware_unref(found);
		ff_firmware_unref(firmware);
		if (i % 3 == 0) {
			(void)!ff_firmware_remove(fixture->store, FF_SHA_OF_ABC);
		}
	}
	return good ? fixture : NULL;
}

static void test_firmware__eviction_raced_with_use(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	ff_firmware_fixture_reopen(fixture, FF_FIRMWARE_BLOCK);
	ff_firmware_store_trim(fixture->store);
	run_threads(fixture, use_and_push_out);
	assert_int_equal(ff_firmware_totals(fixture->store).count, 1);
	ff_firmware_fixture_close(fixture);
	assert_int_equal(ff_firmware_fixture_count_files(fixture), 1);
}

/* A source that counts how often it is read from its beginning, of which the first time fails. */
static atomic_uint begun;

static enum ff_status read_zeros(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)context;
	if (offset == 0 && atomic_fetch_add(&begun, 1) == 0) {
		return ff_error_set(error, FF_ERR_IO, "not this time");
	}
	memset(bytes, 0, size);
	return FF_OK;
}

/* The MD5 of a million zeros, as md5sum(1) has it. */
static const uint8_t md5_of_zeros[FF_MEASURE_MD5_SIZE] = { 0x87, 0x9f, 0x4b, 0xba, 0x57, 0xed, 0x37, 0xc9,
							   0xec, 0x5e, 0x5a, 0xed, 0xf9, 0x86, 0x46, 0x98 };

static void *measure(void *argument)
{
	struct ff_firmware_fixture *fixture = argument;
	const struct ff_source source = { .size = 1000000, .read = read_zeros };
	const struct ff_firmware_wire *found = NULL;
	uint8_t head[2] = { 0 };
	struct ff_firmware *firmware = ff_firmware_find(fixture->store, FF_SHA_OF_ABC);
	enum ff_status status = ff_firmware_measure(firmware, &source, &found, NULL);
	while (status == FF_ERR_IO) {
		status = ff_firmware_measure(firmware, &source, &found, NULL);
	}
	bool good = status == FF_OK && found->measure.wire > 0 && found->measure.wire < 2000 &&
		    memcmp(found->measure.md5, md5_of_zeros, sizeof(md5_of_zeros)) == 0 &&
		    found->deflated.size == found->measure.wire &&
		    found->deflated.read(found->deflated.context, 0, head, sizeof(head), NULL) == FF_OK &&
		    head[0] == 0x78; /* zlib's header: a window of 32 KB */
	ff_firmware_unref(firmware);
	return good ? fixture : NULL;
}

static void test_firmware__is_measured_once_for_ten_threads(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	struct ff_firmware *firmware = ff_firmware_fixture_store(fixture, "abc", 1);
	atomic_store(&begun, 0);
	run_threads(fixture, measure);
	assert_int_equal(atomic_load(&begun), 2);
	ff_firmware_unref(firmware);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, ff_firmware_fixture_set_up, ff_firmware_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_firmware__same_bytes_from_ten_threads),
		WITH(test_firmware__eviction_raced_with_use),
		WITH(test_firmware__is_measured_once_for_ten_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
