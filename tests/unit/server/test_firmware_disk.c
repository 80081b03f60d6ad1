// SPDX-License-Identifier: Apache-2.0
/* What a crash, a bad disk or somebody's hand has done to the files of the firmware store. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "firmware_fixture.h"

static void test_firmware__what_a_crash_left_is_removed(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	ff_firmware_fixture_write_file(fixture, "upload-7", "half of");
	ff_firmware_fixture_write_file(fixture, "content-8", "nobody's");
	ff_firmware_fixture_write_file(fixture, "notes", "mine");
	ff_firmware_fixture_write_file(fixture, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
				       "mine");
	ff_firmware_fixture_reopen(fixture, FF_FIRMWARE_FIXTURE_LARGE);
	assert_false(ff_firmware_fixture_file_exists(fixture, "upload-7"));
	assert_false(ff_firmware_fixture_file_exists(fixture, "content-8"));
	assert_true(ff_firmware_fixture_file_exists(fixture, "notes"));
	assert_int_equal(ff_firmware_totals(fixture->store).count, 0);
}

/* What may come of a loss of power, or of somebody's editor. */
static void test_firmware__damaged_file_is_never_used(void **state)
{
	static const char *const damages[] = { "abd", "ab", "" };
	struct ff_firmware_fixture *fixture = *state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct ff_error error = FF_ERROR_NONE;
		ff_firmware_unref(ff_firmware_fixture_store(fixture, "abc", 1));
		ff_firmware_fixture_close(fixture);
		ff_firmware_fixture_write_file(fixture, FF_SHA_OF_ABC, damages[i]);
		ff_firmware_fixture_open(fixture, FF_FIRMWARE_FIXTURE_LARGE);
		struct ff_firmware *found = ff_firmware_find(fixture->store, FF_SHA_OF_ABC);
		assert_non_null(found);
		assert_int_equal(ff_firmware_wait(found, &error), FF_ERR_IO);
		assert_true(ff_firmware_is_damaged(found));
		assert_non_null(strstr(error.text, "damaged"));
		assert_null(ff_firmware_find(fixture->store, FF_SHA_OF_ABC));
		assert_false(ff_firmware_fixture_file_exists(fixture, FF_SHA_OF_ABC));
		ff_firmware_unref(found);
	}
}

static void test_firmware__bytes_that_come_again_mend_a_damaged_file(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	ff_firmware_fixture_write_file(fixture, FF_SHA_OF_ABC, "abd");
	ff_firmware_fixture_reopen(fixture, FF_FIRMWARE_FIXTURE_LARGE);
	struct ff_firmware *mended = ff_firmware_fixture_store(fixture, "abc", 1);
	assert_string_equal(mended->sha256, FF_SHA_OF_ABC);
	char content[4] = "";
	FILE *file = fopen(mended->path, "r");
	assert_int_equal(fread(content, 1, 3, file), 3);
	fclose(file);
	assert_string_equal(content, "abc");
	ff_firmware_unref(mended);
}

static void test_firmware__file_that_somebody_removed_is_not_there(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	char path[256];
	struct ff_firmware *user = ff_firmware_fixture_store(fixture, "abc", 1);
	ff_firmware_fixture_path_of(fixture, FF_SHA_OF_ABC, path);
	assert_int_equal(unlink(path), 0);
	assert_null(ff_firmware_find(fixture->store, FF_SHA_OF_ABC));
	struct ff_firmware *again = ff_firmware_fixture_store(fixture, "abc", 1);
	assert_ptr_not_equal(user, again);
	ff_firmware_unref(user);
	assert_int_equal(access(again->path, R_OK), 0);
	ff_firmware_unref(again);
}

static void test_firmware__full_disk_is_told_and_leaves_nothing(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	struct rlimit before;
	struct ff_upload *upload = NULL;
	struct ff_error error = FF_ERROR_NONE;
	uint8_t bytes[6000] = { 0 };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	struct rlimit small = { .rlim_cur = 8192, .rlim_max = before.rlim_max };
	assert_int_equal(ff_upload_begin(&upload, fixture->store, &error), FF_OK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum ff_status first = ff_upload_write(upload, bytes, sizeof(bytes), &error);
	enum ff_status second = ff_upload_write(upload, bytes, sizeof(bytes), &error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(first, FF_OK);
	assert_int_equal(second, FF_ERR_NO_SPACE);
	assert_non_null(strstr(error.text, fixture->data_dir));
	ff_upload_abort(upload);
	assert_int_equal(ff_firmware_fixture_count_files(fixture), 0);
}

/* Then each write deflates it for itself. */
static void test_firmware__an_image_that_cannot_be_kept_deflated_is_measured(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	struct ff_firmware *firmware = ff_firmware_fixture_store(fixture, "abc", 100000);
	const struct ff_firmware_wire *wire = NULL;
	struct ff_source source;
	struct rlimit before;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(ff_source_open_file(&source, firmware->path, NULL), FF_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	struct rlimit small = { .rlim_cur = 100, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum ff_status status = ff_firmware_measure(firmware, &source, &wire, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(status, FF_OK);
	assert_true(wire->measure.wire > 100);
	assert_null(wire->deflated.read);
	ff_source_close(&source);
	ff_firmware_unref(firmware);
}

static void test_firmware__file_that_cannot_be_named_fails_all_who_wait(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_firmware *firmware = NULL;
	char path[256];
	ff_firmware_fixture_path_of(fixture, FF_SHA_OF_ABC, path);
	assert_int_equal(mkdir(path, 0700), 0); /* nothing can be renamed to this */
	assert_int_equal(ff_upload_finish(ff_firmware_fixture_upload(fixture, "abc", 1), NULL, &firmware, &error),
			 FF_OK);
	assert_int_equal(ff_firmware_wait(firmware, &error), FF_ERR_IO);
	assert_false(ff_firmware_is_damaged(firmware));
	assert_int_equal(ff_firmware_totals(fixture->store).count, 0);
	ff_firmware_unref(firmware);
	assert_int_equal(ff_firmware_fixture_count_files(fixture), 0);
	rmdir(path);
	ff_firmware_unref(ff_firmware_fixture_store(fixture, "abc", 1));
}

static void test_firmware__tells_why_a_directory_cannot_be_used(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	struct ff_firmware_store *store = NULL;
	struct ff_error error = FF_ERROR_NONE;
	char path[256];
	ff_firmware_fixture_path_of(fixture, "file", path);
	ff_firmware_fixture_write_file(fixture, "file", "");
	assert_int_equal(ff_firmware_store_new(&store, &(struct ff_firmware_options){ .data_dir = path }, &error),
			 FF_ERR_IO);
	assert_non_null(strstr(error.text, path));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, ff_firmware_fixture_set_up, ff_firmware_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_firmware__what_a_crash_left_is_removed),
		WITH(test_firmware__damaged_file_is_never_used),
		WITH(test_firmware__bytes_that_come_again_mend_a_damaged_file),
		WITH(test_firmware__file_that_somebody_removed_is_not_there),
		WITH(test_firmware__full_disk_is_told_and_leaves_nothing),
		WITH(test_firmware__an_image_that_cannot_be_kept_deflated_is_measured),
		WITH(test_firmware__file_that_cannot_be_named_fails_all_who_wait),
		WITH(test_firmware__tells_why_a_directory_cannot_be_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
