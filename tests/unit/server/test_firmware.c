// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
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

/* FIPS 180-2, appendix B.3: the digest of a million "a". */
#define SHA_OF_MILLION_A "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void test_firmware__hashes_and_keeps_what_comes(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	struct ff_firmware *firmware = ff_firmware_fixture_store(fixture, "abc", 1);
	assert_string_equal(firmware->sha256, FF_SHA_OF_ABC);
	assert_int_equal(firmware->size, 3);
	FILE *file = fopen(firmware->path, "r");
	char content[8] = "";
	assert_non_null(file);
	assert_int_equal(fread(content, 1, sizeof(content), file), 3);
	fclose(file);
	assert_string_equal(content, "abc");
	ff_firmware_unref(firmware);
	assert_true(ff_firmware_fixture_file_exists(fixture, FF_SHA_OF_ABC));

	firmware = ff_firmware_fixture_store(fixture, "aaaaaaaaaa", 100000);
	assert_string_equal(firmware->sha256, SHA_OF_MILLION_A);
	assert_int_equal(firmware->size, 1000000);
	ff_firmware_unref(firmware);
	ff_firmware_fixture_close(fixture);
	assert_int_equal(atomic_load(&fixture->notified), 2);
}

static void test_firmware__same_bytes_are_one_image(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	struct ff_firmware *first = ff_firmware_fixture_store(fixture, "abc", 1);
	struct ff_firmware *second = ff_firmware_fixture_store(fixture, "abc", 1);
	struct ff_firmware *other = ff_firmware_fixture_store(fixture, "abd", 1);
	assert_ptr_equal(first, second);
	assert_ptr_not_equal(first, other);
	assert_int_equal(ff_firmware_fixture_count_files(fixture), 2);
	ff_firmware_unref(first);
	ff_firmware_unref(second);
	ff_firmware_unref(other);
}

static void test_firmware__is_found_by_its_hash(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	ff_firmware_unref(ff_firmware_fixture_store(fixture, "abc", 1));
	assert_null(ff_firmware_find(fixture->store, SHA_OF_MILLION_A));
	struct ff_firmware *found = ff_firmware_find(fixture->store, FF_SHA_OF_ABC);
	assert_non_null(found);
	assert_int_equal(found->size, 3);
	ff_firmware_unref(found);
}

static void test_firmware__stays_when_the_server_starts_again(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	ff_firmware_unref(ff_firmware_fixture_store(fixture, "abc", 1));
	ff_firmware_fixture_reopen(fixture, FF_FIRMWARE_FIXTURE_LARGE);
	struct ff_firmware *found = ff_firmware_find(fixture->store, FF_SHA_OF_ABC);
	struct ff_error error = FF_ERROR_NONE;
	assert_non_null(found);
	assert_int_equal(ff_firmware_wait(found, &error), FF_OK);
	assert_int_equal(found->size, 3);
	ff_firmware_unref(found);
}

static void test_firmware__nothing_goes_before_a_start_is_complete(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	char needed[FF_SHA256_HEX_SIZE];
	char other[FF_SHA256_HEX_SIZE];
	struct ff_error error = FF_ERROR_NONE;
	ff_firmware_fixture_leave(fixture, "needed", needed);
	ff_firmware_fixture_leave(fixture, "other", other);
	ff_firmware_fixture_set_use(fixture, needed, 1000);
	ff_firmware_fixture_set_use(fixture, other, 2000);
	ff_firmware_fixture_reopen(fixture, 0);
	assert_true(ff_firmware_fixture_has(fixture, needed) && ff_firmware_fixture_has(fixture, other));
	struct ff_firmware *found = ff_firmware_find(fixture->store, needed);
	assert_non_null(found);
	ff_firmware_store_trim(fixture->store);
	assert_false(ff_firmware_fixture_has(fixture, other));
	assert_int_equal(ff_firmware_wait(found, &error), FF_OK);
	assert_int_equal(access(found->path, R_OK), 0);
	ff_firmware_unref(found);
	assert_false(ff_firmware_fixture_has(fixture, needed));
	ff_firmware_fixture_close(fixture);
	assert_int_equal(ff_firmware_fixture_count_files(fixture), 0);
}

static void test_firmware__least_recently_used_goes_first(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	char hashes[4][FF_SHA256_HEX_SIZE];
	ff_firmware_fixture_reopen(fixture, 3 * FF_FIRMWARE_BLOCK);
	ff_firmware_store_trim(fixture->store);
	ff_firmware_fixture_leave(fixture, "one", hashes[0]);
	ff_firmware_fixture_leave(fixture, "two", hashes[1]);
	ff_firmware_fixture_leave(fixture, "three", hashes[2]);
	ff_firmware_unref(ff_firmware_find(fixture->store, hashes[0]));
	ff_firmware_fixture_leave(fixture, "four", hashes[3]);
	assert_true(ff_firmware_fixture_has(fixture, hashes[0]));
	assert_false(ff_firmware_fixture_has(fixture, hashes[1]));
	assert_true(ff_firmware_fixture_has(fixture, hashes[2]));
	assert_true(ff_firmware_fixture_has(fixture, hashes[3]));
	struct ff_firmware_totals totals = ff_firmware_totals(fixture->store);
	assert_int_equal(totals.count, 3);
	assert_int_equal(totals.used, 3 * FF_FIRMWARE_BLOCK);
	assert_int_equal(totals.quota, 3 * FF_FIRMWARE_BLOCK);
	ff_firmware_fixture_close(fixture);
	assert_int_equal(ff_firmware_fixture_count_files(fixture), 3);
}

static void test_firmware__use_is_remembered(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	char old[FF_SHA256_HEX_SIZE];
	char recent[FF_SHA256_HEX_SIZE];
	ff_firmware_fixture_leave(fixture, "old", old);
	ff_firmware_fixture_leave(fixture, "recent", recent);
	ff_firmware_fixture_set_use(fixture, old, 1000);
	ff_firmware_fixture_set_use(fixture, recent, 2000);
	ff_firmware_fixture_reopen(fixture, FF_FIRMWARE_FIXTURE_LARGE);
	struct ff_firmware_view views[2];
	assert_int_equal(ff_firmware_list(fixture->store, views, 2), 2);
	assert_string_equal(views[0].sha256, recent);
	assert_int_equal(views[1].used_ms, 1000000);
	ff_firmware_unref(ff_firmware_find(fixture->store, old));

	ff_firmware_fixture_reopen(fixture, FF_FIRMWARE_BLOCK);
	ff_firmware_store_trim(fixture->store);
	assert_true(ff_firmware_fixture_has(fixture, old));
	assert_false(ff_firmware_fixture_has(fixture, recent));
}

static void test_firmware__what_is_in_use_stays(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	char idle[FF_SHA256_HEX_SIZE];
	ff_firmware_fixture_reopen(fixture, FF_FIRMWARE_BLOCK);
	ff_firmware_store_trim(fixture->store);
	struct ff_firmware *used = ff_firmware_fixture_store(fixture, "used", 1);
	struct ff_firmware *more = ff_firmware_fixture_store(fixture, "more", 1);
	ff_firmware_fixture_leave(fixture, "idle", idle);
	assert_false(ff_firmware_fixture_has(fixture, idle));
	assert_true(ff_firmware_fixture_has(fixture, used->sha256) && ff_firmware_fixture_has(fixture, more->sha256));
	assert_int_equal(ff_firmware_remove(fixture->store, used->sha256), FF_ERR_BUSY);
	struct ff_firmware_view views[2];
	assert_int_equal(ff_firmware_list(fixture->store, views, 2), 2);
	assert_true(views[0].in_use && views[1].in_use);
	ff_firmware_unref(used);
	assert_true(ff_firmware_fixture_has(fixture, more->sha256));
	ff_firmware_unref(more);
	assert_int_equal(ff_firmware_totals(fixture->store).count, 1);
}

static void test_firmware__is_removed_by_hand(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	ff_firmware_unref(ff_firmware_fixture_store(fixture, "abc", 1));
	assert_int_equal(ff_firmware_remove(fixture->store, FF_SHA_OF_ABC), FF_OK);
	assert_int_equal(ff_firmware_remove(fixture->store, FF_SHA_OF_ABC), FF_ERR_NOT_FOUND);
	assert_null(ff_firmware_find(fixture->store, FF_SHA_OF_ABC));
	ff_firmware_unref(ff_firmware_fixture_store(fixture, "abc", 1));
	ff_firmware_fixture_close(fixture);
	assert_true(ff_firmware_fixture_file_exists(fixture, FF_SHA_OF_ABC));
}

static void test_firmware__abort_leaves_nothing(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	struct ff_upload *upload = ff_firmware_fixture_upload(fixture, "abc", 1);
	assert_int_equal(ff_firmware_fixture_count_files(fixture), 1);
	ff_upload_abort(upload);
	assert_int_equal(ff_firmware_fixture_count_files(fixture), 0);
}

static void test_firmware__content_is_nobodys_firmware(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	struct ff_firmware *content = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_finish_content(ff_firmware_fixture_upload(fixture, "abc", 1), &content, &error),
			 FF_OK);
	assert_string_equal(content->sha256, FF_SHA_OF_ABC);
	assert_false(ff_firmware_is_pending(content));
	assert_null(ff_firmware_find(fixture->store, FF_SHA_OF_ABC));
	assert_int_equal(ff_firmware_totals(fixture->store).used, 0);
	assert_int_equal(access(content->path, R_OK), 0);
	ff_firmware_unref(content);
	assert_int_equal(ff_firmware_fixture_count_files(fixture), 0);
}

static size_t count_descriptors(void)
{
	size_t count = 0;
	DIR *folder = opendir("/proc/self/fd");
	assert_non_null(folder);
	while (readdir(folder)) {
		count++;
	}
	closedir(folder);
	return count;
}

static const struct ff_firmware_wire *measure(struct ff_firmware *firmware)
{
	struct ff_source source;
	const struct ff_firmware_wire *wire = NULL;
	assert_int_equal(ff_source_open_file(&source, firmware->path, NULL), FF_OK);
	assert_int_equal(ff_firmware_measure(firmware, &source, &wire, NULL), FF_OK);
	ff_source_close(&source);
	return wire;
}

/* Of images in use, and of the last that were; not of one that gains nothing. */
static void test_firmware__keeps_what_goes_over_the_wire(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	struct ff_firmware *used[2 * FF_FIRMWARE_KEPT];
	struct ff_firmware *small = ff_firmware_fixture_store(fixture, "abc", 1);
	assert_null(measure(small)->deflated.read);
	ff_firmware_unref(small);
	size_t before = count_descriptors();
	for (size_t i = 0; i < 2 * FF_FIRMWARE_KEPT; i++) {
		char text[] = "image a, ";
		text[6] = (char)('a' + i);
		used[i] = ff_firmware_fixture_store(fixture, text, 10000);
		const struct ff_firmware_wire *wire = measure(used[i]);
		assert_non_null(wire->deflated.read);
		assert_int_equal(wire->deflated.size, wire->measure.wire);
	}
	assert_int_equal(count_descriptors(), before + 2 * FF_FIRMWARE_KEPT);
	for (size_t i = 0; i < 2 * FF_FIRMWARE_KEPT; i++) {
		ff_firmware_unref(used[i]);
	}
	for (unsigned i = 0; i < 10000 && count_descriptors() > before + FF_FIRMWARE_KEPT; i++) {
		usleep(1000); /* the keeper closes them */
	}
	assert_int_equal(count_descriptors(), before + FF_FIRMWARE_KEPT);
	struct ff_firmware *again = ff_firmware_fixture_store(fixture, "image a, ", 10000);
	assert_non_null(measure(again)->deflated.read);
	ff_firmware_unref(again);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, ff_firmware_fixture_set_up, ff_firmware_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_firmware__keeps_what_goes_over_the_wire),
		WITH(test_firmware__hashes_and_keeps_what_comes),
		WITH(test_firmware__same_bytes_are_one_image),
		WITH(test_firmware__is_found_by_its_hash),
		WITH(test_firmware__stays_when_the_server_starts_again),
		WITH(test_firmware__nothing_goes_before_a_start_is_complete),
		WITH(test_firmware__least_recently_used_goes_first),
		WITH(test_firmware__use_is_remembered),
		WITH(test_firmware__what_is_in_use_stays),
		WITH(test_firmware__is_removed_by_hand),
		WITH(test_firmware__abort_leaves_nothing),
		WITH(test_firmware__content_is_nobodys_firmware),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
