// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "firmware.h"

/* FIPS 180-2, appendix B.1 and B.3: the digests of "abc" and of a million "a". */
#define SHA_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA_OF_MILLION_A "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

struct fixture {
	char base[64];
	char data_dir[128];
	struct ff_firmware_store *store;
};

static struct ff_firmware_store *open_store(const char *data_dir)
{
	struct ff_firmware_store *store = NULL;
	struct ff_error error = FF_ERROR_NONE;
	if (ff_firmware_store_new(&store, data_dir, NULL, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
	return store;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	strcpy(fixture->base, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->base));
	snprintf(fixture->data_dir, sizeof(fixture->data_dir), "%s/some/where", fixture->base);
	fixture->store = open_store(fixture->data_dir);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char command[128];
	ff_firmware_store_free(fixture->store);
	snprintf(command, sizeof(command), "rm -r %s", fixture->base);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

/* Entries below the data directory, folders of stores included if `folders`. */
static unsigned count_entries(const char *data_dir, bool folders)
{
	char command[256];
	snprintf(command, sizeof(command), "find %s -mindepth 1 %s | wc -l", data_dir, folders ? "" : "-type f");
	FILE *output = popen(command, "r");
	unsigned count = 0;
	assert_int_equal(fscanf(output, "%u", &count), 1);
	pclose(output);
	return count;
}

static struct ff_firmware *store_text(struct ff_firmware_store *store, const char *text, unsigned repeat)
{
	struct ff_upload *upload = NULL;
	struct ff_firmware *firmware = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_begin(&upload, store, &error), FF_OK);
	for (unsigned i = 0; i < repeat; i++) {
		assert_int_equal(ff_upload_write(upload, (const uint8_t *)text, strlen(text), &error), FF_OK);
	}
	assert_int_equal(ff_upload_finish(upload, &firmware, &error), FF_OK);
	return firmware;
}

static void test_firmware__hashes_and_keeps_what_comes(void **state)
{
	struct fixture *fixture = *state;
	struct ff_firmware *firmware = store_text(fixture->store, "abc", 1);
	assert_string_equal(firmware->sha256, SHA_OF_ABC);
	assert_int_equal(firmware->size, 3);
	FILE *file = fopen(firmware->path, "r");
	char content[8] = "";
	assert_non_null(file);
	assert_int_equal(fread(content, 1, sizeof(content), file), 3);
	fclose(file);
	assert_string_equal(content, "abc");
	ff_firmware_unref(firmware);

	firmware = store_text(fixture->store, "aaaaaaaaaa", 100000);
	assert_string_equal(firmware->sha256, SHA_OF_MILLION_A);
	assert_int_equal(firmware->size, 1000000);
	ff_firmware_unref(firmware);
}

static void test_firmware__file_lives_as_long_as_its_references(void **state)
{
	struct fixture *fixture = *state;
	struct ff_firmware *first = store_text(fixture->store, "abc", 1);
	struct ff_firmware *second = store_text(fixture->store, "abc", 1);
	struct ff_firmware *other = store_text(fixture->store, "abd", 1);
	assert_ptr_equal(first, second);
	assert_ptr_not_equal(first, other);
	assert_int_equal(count_entries(fixture->data_dir, false), 2);
	ff_firmware_unref(first);
	assert_int_equal(access(second->path, R_OK), 0);
	ff_firmware_unref(second);
	assert_int_equal(count_entries(fixture->data_dir, false), 1);
	ff_firmware_unref(other);
	assert_int_equal(count_entries(fixture->data_dir, false), 0);
}

static void test_firmware__abort_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct ff_upload *upload = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_begin(&upload, fixture->store, &error), FF_OK);
	assert_int_equal(ff_upload_write(upload, (const uint8_t *)"abc", 3, &error), FF_OK);
	assert_int_equal(count_entries(fixture->data_dir, false), 1);
	ff_upload_abort(upload);
	assert_int_equal(count_entries(fixture->data_dir, false), 0);
}

static void test_firmware__full_disk_is_told_and_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
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
	assert_int_equal(count_entries(fixture->data_dir, false), 0);
}

static void test_firmware__new_store_removes_what_a_crash_left(void **state)
{
	struct fixture *fixture = *state;
	char left[256];
	snprintf(left, sizeof(left), "%s/run-abcdef", fixture->data_dir);
	assert_int_equal(mkdir(left, 0700), 0);
	strcat(left, "/upload-7");
	fclose(fopen(left, "w"));
	snprintf(left, sizeof(left), "%s/settings", fixture->data_dir);
	fclose(fopen(left, "w"));

	struct ff_firmware *mine = store_text(fixture->store, "abc", 1);
	struct ff_firmware_store *second = open_store(fixture->data_dir);
	/* Gone: the crashed one's. Still there: what a living store has, and what is not a store's. */
	assert_int_equal(access(mine->path, R_OK), 0);
	assert_int_equal(access(left, R_OK), 0);
	assert_int_equal(count_entries(fixture->data_dir, false), 2);
	ff_firmware_store_free(second);
	ff_firmware_unref(mine);
	ff_firmware_store_free(fixture->store);
	fixture->store = NULL;
	assert_int_equal(count_entries(fixture->data_dir, true), 1);
}

static void test_firmware__new_store_leaves_other_folders_alone(void **state)
{
	static const char *const files[] = { "run-backup/notes.txt", "run-1/upload-7" };
	struct fixture *fixture = *state;
	char path[256];
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%.*s", fixture->data_dir, (int)strcspn(files[i], "/"), files[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		snprintf(path, sizeof(path), "%s/%s", fixture->data_dir, files[i]);
		fclose(fopen(path, "w"));
	}
	ff_firmware_store_free(open_store(fixture->data_dir));
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", fixture->data_dir, files[i]);
		assert_int_equal(access(path, R_OK), 0);
	}
}

static void test_firmware__tells_why_a_directory_cannot_be_used(void **state)
{
	struct fixture *fixture = *state;
	struct ff_firmware_store *store = NULL;
	struct ff_error error = FF_ERROR_NONE;
	char path[256];
	snprintf(path, sizeof(path), "%s/file", fixture->base);
	fclose(fopen(path, "w"));
	strcat(path, "/below");
	assert_int_equal(ff_firmware_store_new(&store, path, NULL, &error), FF_ERR_IO);
	assert_non_null(strstr(error.text, path));
	ff_error_clear(&error);
	assert_int_equal(ff_firmware_store_new(&store, "", NULL, &error), FF_ERR_ARGUMENT);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_firmware__hashes_and_keeps_what_comes),
		WITH(test_firmware__file_lives_as_long_as_its_references),
		WITH(test_firmware__abort_leaves_nothing),
		WITH(test_firmware__full_disk_is_told_and_leaves_nothing),
		WITH(test_firmware__new_store_removes_what_a_crash_left),
		WITH(test_firmware__new_store_leaves_other_folders_alone),
		WITH(test_firmware__tells_why_a_directory_cannot_be_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
