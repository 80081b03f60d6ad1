// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <pthread.h>
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

#define LARGE ((uint64_t)1 << 40)

struct fixture {
	char data_dir[64];
	struct ff_firmware_store *store;
	atomic_uint notified;
};

static void notify(void *context)
{
	struct fixture *fixture = context;
	atomic_fetch_add(&fixture->notified, 1);
}

static void open_store(struct fixture *fixture, uint64_t quota)
{
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_firmware_options options = {
		.data_dir = fixture->data_dir,
		.quota = quota,
		.notify = notify,
		.notify_context = fixture,
	};
	if (ff_firmware_store_new(&fixture->store, &options, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}

static void close_store(struct fixture *fixture)
{
	ff_firmware_store_free(fixture->store);
	fixture->store = NULL;
}

static void reopen_store(struct fixture *fixture, uint64_t quota)
{
	close_store(fixture);
	open_store(fixture, quota);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	strcpy(fixture->data_dir, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->data_dir));
	open_store(fixture, LARGE);
	ff_firmware_store_trim(fixture->store);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char command[128];
	ff_firmware_store_free(fixture->store);
	snprintf(command, sizeof(command), "rm -r %s", fixture->data_dir);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

static unsigned count_files(const struct fixture *fixture)
{
	char command[256];
	snprintf(command, sizeof(command), "find %s -type f | wc -l", fixture->data_dir);
	FILE *output = popen(command, "r");
	unsigned count = 0;
	assert_int_equal(fscanf(output, "%u", &count), 1);
	pclose(output);
	return count;
}

static struct ff_upload *upload_text(struct fixture *fixture, const char *text, unsigned repeat)
{
	struct ff_upload *upload = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_begin(&upload, fixture->store, &error), FF_OK);
	for (unsigned i = 0; i < repeat; i++) {
		assert_int_equal(ff_upload_write(upload, (const uint8_t *)text, strlen(text), &error), FF_OK);
	}
	return upload;
}

/* A reference to an image that is ready. */
static struct ff_firmware *store_text(struct fixture *fixture, const char *text, unsigned repeat)
{
	struct ff_firmware *firmware = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_finish(upload_text(fixture, text, repeat), NULL, &firmware, &error), FF_OK);
	assert_int_equal(ff_firmware_wait(firmware, &error), FF_OK);
	assert_false(ff_firmware_is_pending(firmware));
	return firmware;
}

/* Stores an image that nobody uses, and tells its hash. */
static void leave_text(struct fixture *fixture, const char *text, char sha256[FF_SHA256_HEX_SIZE])
{
	struct ff_firmware *firmware = store_text(fixture, text, 1);
	memcpy(sha256, firmware->sha256, FF_SHA256_HEX_SIZE);
	ff_firmware_unref(firmware);
}

static bool has(struct fixture *fixture, const char *sha256)
{
	struct ff_firmware_view views[32];
	size_t count = ff_firmware_list(fixture->store, views, 32);
	bool found = false;
	for (size_t i = 0; i < count; i++) {
		found = found || strcmp(views[i].sha256, sha256) == 0;
	}
	return found;
}

static void path_of(const struct fixture *fixture, const char *name, char path[256])
{
	snprintf(path, 256, "%s/firmware/%s", fixture->data_dir, name);
}

static bool file_exists(const struct fixture *fixture, const char *name)
{
	char path[256];
	path_of(fixture, name, path);
	return access(path, F_OK) == 0;
}

static void write_file(const struct fixture *fixture, const char *name, const char *text)
{
	char path[256];
	path_of(fixture, name, path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* The last use as the file tells it, which is all that outlives the process. */
static void set_use(const struct fixture *fixture, const char *sha256, int64_t seconds)
{
	char path[256];
	path_of(fixture, sha256, path);
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_firmware__hashes_and_keeps_what_comes(void **state)
{
	struct fixture *fixture = *state;
	struct ff_firmware *firmware = store_text(fixture, "abc", 1);
	assert_string_equal(firmware->sha256, SHA_OF_ABC);
	assert_int_equal(firmware->size, 3);
	FILE *file = fopen(firmware->path, "r");
	char content[8] = "";
	assert_non_null(file);
	assert_int_equal(fread(content, 1, sizeof(content), file), 3);
	fclose(file);
	assert_string_equal(content, "abc");
	ff_firmware_unref(firmware);
	assert_true(file_exists(fixture, SHA_OF_ABC));

	firmware = store_text(fixture, "aaaaaaaaaa", 100000);
	assert_string_equal(firmware->sha256, SHA_OF_MILLION_A);
	assert_int_equal(firmware->size, 1000000);
	ff_firmware_unref(firmware);
	close_store(fixture);
	assert_int_equal(atomic_load(&fixture->notified), 2);
}

static void test_firmware__same_bytes_are_one_image(void **state)
{
	struct fixture *fixture = *state;
	struct ff_firmware *first = store_text(fixture, "abc", 1);
	struct ff_firmware *second = store_text(fixture, "abc", 1);
	struct ff_firmware *other = store_text(fixture, "abd", 1);
	assert_ptr_equal(first, second);
	assert_ptr_not_equal(first, other);
	assert_int_equal(count_files(fixture), 2);
	ff_firmware_unref(first);
	ff_firmware_unref(second);
	ff_firmware_unref(other);
}

static void test_firmware__is_found_by_its_hash(void **state)
{
	struct fixture *fixture = *state;
	ff_firmware_unref(store_text(fixture, "abc", 1));
	assert_null(ff_firmware_find(fixture->store, SHA_OF_MILLION_A));
	struct ff_firmware *found = ff_firmware_find(fixture->store, SHA_OF_ABC);
	assert_non_null(found);
	assert_int_equal(found->size, 3);
	ff_firmware_unref(found);
}

static void test_firmware__stays_when_the_server_starts_again(void **state)
{
	struct fixture *fixture = *state;
	ff_firmware_unref(store_text(fixture, "abc", 1));
	reopen_store(fixture, LARGE);
	struct ff_firmware *found = ff_firmware_find(fixture->store, SHA_OF_ABC);
	struct ff_error error = FF_ERROR_NONE;
	assert_non_null(found);
	assert_int_equal(ff_firmware_wait(found, &error), FF_OK);
	assert_int_equal(found->size, 3);
	ff_firmware_unref(found);
}

static void test_firmware__nothing_goes_before_a_start_is_complete(void **state)
{
	struct fixture *fixture = *state;
	char needed[FF_SHA256_HEX_SIZE];
	char other[FF_SHA256_HEX_SIZE];
	struct ff_error error = FF_ERROR_NONE;
	leave_text(fixture, "needed", needed);
	leave_text(fixture, "other", other);
	set_use(fixture, needed, 1000);
	set_use(fixture, other, 2000);
	reopen_store(fixture, 0);
	assert_true(has(fixture, needed) && has(fixture, other));
	struct ff_firmware *found = ff_firmware_find(fixture->store, needed);
	assert_non_null(found);
	ff_firmware_store_trim(fixture->store);
	assert_false(has(fixture, other));
	assert_int_equal(ff_firmware_wait(found, &error), FF_OK);
	assert_int_equal(access(found->path, R_OK), 0);
	ff_firmware_unref(found);
	assert_false(has(fixture, needed));
	close_store(fixture);
	assert_int_equal(count_files(fixture), 0);
}

static void test_firmware__least_recently_used_goes_first(void **state)
{
	struct fixture *fixture = *state;
	char hashes[4][FF_SHA256_HEX_SIZE];
	reopen_store(fixture, 3 * FF_FIRMWARE_BLOCK);
	ff_firmware_store_trim(fixture->store);
	leave_text(fixture, "one", hashes[0]);
	leave_text(fixture, "two", hashes[1]);
	leave_text(fixture, "three", hashes[2]);
	ff_firmware_unref(ff_firmware_find(fixture->store, hashes[0]));
	leave_text(fixture, "four", hashes[3]);
	assert_true(has(fixture, hashes[0]));
	assert_false(has(fixture, hashes[1]));
	assert_true(has(fixture, hashes[2]));
	assert_true(has(fixture, hashes[3]));
	struct ff_firmware_totals totals = ff_firmware_totals(fixture->store);
	assert_int_equal(totals.count, 3);
	assert_int_equal(totals.used, 3 * FF_FIRMWARE_BLOCK);
	assert_int_equal(totals.quota, 3 * FF_FIRMWARE_BLOCK);
	close_store(fixture);
	assert_int_equal(count_files(fixture), 3);
}

static void test_firmware__use_is_remembered(void **state)
{
	struct fixture *fixture = *state;
	char old[FF_SHA256_HEX_SIZE];
	char recent[FF_SHA256_HEX_SIZE];
	leave_text(fixture, "old", old);
	leave_text(fixture, "recent", recent);
	set_use(fixture, old, 1000);
	set_use(fixture, recent, 2000);
	reopen_store(fixture, LARGE);
	struct ff_firmware_view views[2];
	assert_int_equal(ff_firmware_list(fixture->store, views, 2), 2);
	assert_string_equal(views[0].sha256, recent);
	assert_int_equal(views[1].used_ms, 1000000);
	ff_firmware_unref(ff_firmware_find(fixture->store, old));

	reopen_store(fixture, FF_FIRMWARE_BLOCK);
	ff_firmware_store_trim(fixture->store);
	assert_true(has(fixture, old));
	assert_false(has(fixture, recent));
}

static void test_firmware__what_is_in_use_stays(void **state)
{
	struct fixture *fixture = *state;
	char idle[FF_SHA256_HEX_SIZE];
	reopen_store(fixture, FF_FIRMWARE_BLOCK);
	ff_firmware_store_trim(fixture->store);
	struct ff_firmware *used = store_text(fixture, "used", 1);
	struct ff_firmware *more = store_text(fixture, "more", 1);
	leave_text(fixture, "idle", idle);
	assert_false(has(fixture, idle));
	assert_true(has(fixture, used->sha256) && has(fixture, more->sha256));
	assert_int_equal(ff_firmware_remove(fixture->store, used->sha256), FF_ERR_BUSY);
	struct ff_firmware_view views[2];
	assert_int_equal(ff_firmware_list(fixture->store, views, 2), 2);
	assert_true(views[0].in_use && views[1].in_use);
	ff_firmware_unref(used);
	assert_true(has(fixture, more->sha256));
	ff_firmware_unref(more);
	assert_int_equal(ff_firmware_totals(fixture->store).count, 1);
}

static void test_firmware__is_removed_by_hand(void **state)
{
	struct fixture *fixture = *state;
	ff_firmware_unref(store_text(fixture, "abc", 1));
	assert_int_equal(ff_firmware_remove(fixture->store, SHA_OF_ABC), FF_OK);
	assert_int_equal(ff_firmware_remove(fixture->store, SHA_OF_ABC), FF_ERR_NOT_FOUND);
	assert_null(ff_firmware_find(fixture->store, SHA_OF_ABC));
	ff_firmware_unref(store_text(fixture, "abc", 1));
	close_store(fixture);
	assert_true(file_exists(fixture, SHA_OF_ABC));
}

static void test_firmware__abort_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct ff_upload *upload = upload_text(fixture, "abc", 1);
	assert_int_equal(count_files(fixture), 1);
	ff_upload_abort(upload);
	assert_int_equal(count_files(fixture), 0);
}

static void test_firmware__content_is_nobodys_firmware(void **state)
{
	struct fixture *fixture = *state;
	struct ff_firmware *content = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_finish_content(upload_text(fixture, "abc", 1), &content, &error), FF_OK);
	assert_string_equal(content->sha256, SHA_OF_ABC);
	assert_false(ff_firmware_is_pending(content));
	assert_null(ff_firmware_find(fixture->store, SHA_OF_ABC));
	assert_int_equal(ff_firmware_totals(fixture->store).used, 0);
	assert_int_equal(access(content->path, R_OK), 0);
	ff_firmware_unref(content);
	assert_int_equal(count_files(fixture), 0);
}

static void test_firmware__what_a_crash_left_is_removed(void **state)
{
	struct fixture *fixture = *state;
	write_file(fixture, "upload-7", "half of");
	write_file(fixture, "content-8", "nobody's");
	write_file(fixture, "notes", "mine");
	write_file(fixture, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", "mine");
	reopen_store(fixture, LARGE);
	assert_false(file_exists(fixture, "upload-7"));
	assert_false(file_exists(fixture, "content-8"));
	assert_true(file_exists(fixture, "notes"));
	assert_int_equal(ff_firmware_totals(fixture->store).count, 0);
}

/* What may come of a loss of power, or of somebody's editor. */
static void test_firmware__damaged_file_is_never_used(void **state)
{
	static const char *const damages[] = { "abd", "ab", "" };
	struct fixture *fixture = *state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct ff_error error = FF_ERROR_NONE;
		ff_firmware_unref(store_text(fixture, "abc", 1));
		close_store(fixture);
		write_file(fixture, SHA_OF_ABC, damages[i]);
		open_store(fixture, LARGE);
		struct ff_firmware *found = ff_firmware_find(fixture->store, SHA_OF_ABC);
		assert_non_null(found);
		assert_int_equal(ff_firmware_wait(found, &error), FF_ERR_IO);
		assert_true(ff_firmware_is_damaged(found));
		assert_non_null(strstr(error.text, "damaged"));
		assert_null(ff_firmware_find(fixture->store, SHA_OF_ABC));
		assert_false(file_exists(fixture, SHA_OF_ABC));
		ff_firmware_unref(found);
	}
}

static void test_firmware__bytes_that_come_again_mend_a_damaged_file(void **state)
{
	struct fixture *fixture = *state;
	write_file(fixture, SHA_OF_ABC, "abd");
	reopen_store(fixture, LARGE);
	struct ff_firmware *mended = store_text(fixture, "abc", 1);
	assert_string_equal(mended->sha256, SHA_OF_ABC);
	char content[4] = "";
	FILE *file = fopen(mended->path, "r");
	assert_int_equal(fread(content, 1, 3, file), 3);
	fclose(file);
	assert_string_equal(content, "abc");
	ff_firmware_unref(mended);
}

static void test_firmware__file_that_somebody_removed_is_not_there(void **state)
{
	struct fixture *fixture = *state;
	char path[256];
	struct ff_firmware *user = store_text(fixture, "abc", 1);
	path_of(fixture, SHA_OF_ABC, path);
	assert_int_equal(unlink(path), 0);
	assert_null(ff_firmware_find(fixture->store, SHA_OF_ABC));
	struct ff_firmware *again = store_text(fixture, "abc", 1);
	assert_ptr_not_equal(user, again);
	ff_firmware_unref(user);
	assert_int_equal(access(again->path, R_OK), 0);
	ff_firmware_unref(again);
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
	assert_int_equal(count_files(fixture), 0);
}

static void test_firmware__file_that_cannot_be_named_fails_all_who_wait(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_firmware *firmware = NULL;
	char path[256];
	path_of(fixture, SHA_OF_ABC, path);
	assert_int_equal(mkdir(path, 0700), 0); /* nothing can be renamed to this */
	assert_int_equal(ff_upload_finish(upload_text(fixture, "abc", 1), NULL, &firmware, &error), FF_OK);
	assert_int_equal(ff_firmware_wait(firmware, &error), FF_ERR_IO);
	assert_false(ff_firmware_is_damaged(firmware));
	assert_int_equal(ff_firmware_totals(fixture->store).count, 0);
	ff_firmware_unref(firmware);
	assert_int_equal(count_files(fixture), 0);
	rmdir(path);
	ff_firmware_unref(store_text(fixture, "abc", 1));
}

static void test_firmware__tells_why_a_directory_cannot_be_used(void **state)
{
	struct fixture *fixture = *state;
	struct ff_firmware_store *store = NULL;
	struct ff_error error = FF_ERROR_NONE;
	char path[256];
	path_of(fixture, "file", path);
	write_file(fixture, "file", "");
	assert_int_equal(ff_firmware_store_new(&store, &(struct ff_firmware_options){ .data_dir = path }, &error),
			 FF_ERR_IO);
	assert_non_null(strstr(error.text, path));
}

/* ---- many threads ---- */

#define THREADS 10
#define ROUNDS 60

static void *upload_the_same(void *argument)
{
	struct fixture *fixture = argument;
	struct ff_firmware *firmware = store_text(fixture, "aaaaaaaaaa", 1000);
	bool there = access(firmware->path, R_OK) == 0;
	ff_firmware_unref(firmware);
	return there ? fixture : NULL;
}

static void run_threads(struct fixture *fixture, void *(*function)(void *argument))
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
	struct fixture *fixture = *state;
	run_threads(fixture, upload_the_same);
	close_store(fixture);
	assert_int_equal(count_files(fixture), 1);
}

/* Each image that a thread holds has its file and the right bytes in it, however the others push it out. */
static void *use_and_push_out(void *argument)
{
	struct fixture *fixture = argument;
	char text[16];
	bool good = true;
	for (unsigned i = 0; i < ROUNDS && good; i++) {
		char content[16] = "";
		struct ff_error error = FF_ERROR_NONE;
		snprintf(text, sizeof(text), "image %u", i % 5);
		struct ff_firmware *firmware = store_text(fixture, text, 1);
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
			(void)!ff_firmware_remove(fixture->store, SHA_OF_ABC);
		}
	}
	return good ? fixture : NULL;
}

static void test_firmware__eviction_raced_with_use(void **state)
{
	struct fixture *fixture = *state;
	reopen_store(fixture, FF_FIRMWARE_BLOCK);
	ff_firmware_store_trim(fixture->store);
	run_threads(fixture, use_and_push_out);
	assert_int_equal(ff_firmware_totals(fixture->store).count, 1);
	close_store(fixture);
	assert_int_equal(count_files(fixture), 1);
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
	struct fixture *fixture = argument;
	const struct ff_source source = { .size = 1000000, .read = read_zeros };
	struct ff_measure found = { .wire = 0 };
	struct ff_firmware *firmware = ff_firmware_find(fixture->store, SHA_OF_ABC);
	enum ff_status status = ff_firmware_measure(firmware, &source, &found, NULL);
	while (status == FF_ERR_IO) {
		status = ff_firmware_measure(firmware, &source, &found, NULL);
	}
	ff_firmware_unref(firmware);
	bool good = status == FF_OK && found.wire > 0 && found.wire < 2000 &&
		    memcmp(found.md5, md5_of_zeros, sizeof(md5_of_zeros)) == 0;
	return good ? fixture : NULL;
}

static void test_firmware__is_measured_once_for_ten_threads(void **state)
{
	struct fixture *fixture = *state;
	struct ff_firmware *firmware = store_text(fixture, "abc", 1);
	atomic_store(&begun, 0);
	run_threads(fixture, measure);
	assert_int_equal(atomic_load(&begun), 2);
	ff_firmware_unref(firmware);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		WITH(test_firmware__what_a_crash_left_is_removed),
		WITH(test_firmware__damaged_file_is_never_used),
		WITH(test_firmware__bytes_that_come_again_mend_a_damaged_file),
		WITH(test_firmware__file_that_somebody_removed_is_not_there),
		WITH(test_firmware__full_disk_is_told_and_leaves_nothing),
		WITH(test_firmware__file_that_cannot_be_named_fails_all_who_wait),
		WITH(test_firmware__tells_why_a_directory_cannot_be_used),
		WITH(test_firmware__same_bytes_from_ten_threads),
		WITH(test_firmware__eviction_raced_with_use),
		WITH(test_firmware__is_measured_once_for_ten_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
