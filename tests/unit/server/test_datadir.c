// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include <cmocka.h>

#include "datadir.h"

struct fixture {
	char base[64];
	char path[128];
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	strcpy(fixture->base, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->base));
	snprintf(fixture->path, sizeof(fixture->path), "%s/some/where", fixture->base);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char command[128];
	snprintf(command, sizeof(command), "rm -r %s", fixture->base);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

static struct ff_datadir open_directory(const char *path)
{
	struct ff_datadir dir = { .path = NULL };
	struct ff_error error = FF_ERROR_NONE;
	if (ff_datadir_open(&dir, path, NULL, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
	return dir;
}

static void write_file(const char *directory, const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
}

static bool exists(const char *directory, const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return access(path, F_OK) == 0;
}

static void make_folder(const char *directory, const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void test_datadir__belongs_to_one(void **state)
{
	struct fixture *fixture = *state;
	struct ff_datadir first = open_directory(fixture->path);
	struct ff_datadir second = { .path = NULL };
	struct ff_error error = FF_ERROR_NONE;
	char number[24];
	snprintf(number, sizeof(number), "process %ld:", (long)getpid());
	assert_int_equal(ff_datadir_open(&second, fixture->path, NULL, &error), FF_ERR_BUSY);
	assert_null(second.path);
	assert_non_null(strstr(error.text, fixture->path));
	assert_non_null(strstr(error.text, number));
	assert_non_null(strstr(error.text, "--data-dir"));
	ff_datadir_close(&first);
	second = open_directory(fixture->path);
	ff_datadir_close(&second);
	ff_datadir_close(&second);
}

static void test_datadir__old_number_is_no_lock(void **state)
{
	struct fixture *fixture = *state;
	struct ff_datadir dir = open_directory(fixture->path);
	ff_datadir_close(&dir);
	char path[256];
	snprintf(path, sizeof(path), "%s/" FF_DATADIR_LOCK, fixture->path);
	FILE *file = fopen(path, "w");
	fputs("1234567890123456789", file);
	fclose(file);
	dir = open_directory(fixture->path);
	file = fopen(path, "r");
	long number = 0;
	assert_int_equal(fscanf(file, "%ld", &number), 1);
	fclose(file);
	assert_int_equal(number, getpid());
	ff_datadir_close(&dir);
}

static void test_datadir__removes_what_earlier_versions_left(void **state)
{
	struct fixture *fixture = *state;
	struct ff_datadir dir = open_directory(fixture->path);
	ff_datadir_close(&dir);
	make_folder(fixture->path, "run-abcdef");
	write_file(fixture->path, "run-abcdef/upload-7");
	write_file(fixture->path, "run-abcdef/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	write_file(fixture->path, "settings");
	make_folder(fixture->path, "run-backup");
	write_file(fixture->path, "run-backup/notes.txt");
	make_folder(fixture->path, "run-1");
	write_file(fixture->path, "run-1/upload-7");
	make_folder(fixture->path, "run-living");
	write_file(fixture->path, "run-living/upload-7");
	char path[256];
	snprintf(path, sizeof(path), "%s/run-living", fixture->path);
	int living = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(living, LOCK_EX | LOCK_NB), 0);

	dir = open_directory(fixture->path);
	assert_false(exists(fixture->path, "run-abcdef"));
	assert_true(exists(fixture->path, "settings"));
	assert_true(exists(fixture->path, "run-backup/notes.txt"));
	assert_true(exists(fixture->path, "run-1/upload-7"));
	assert_true(exists(fixture->path, "run-living/upload-7"));
	ff_datadir_close(&dir);
	close(living);
}

static void test_datadir__tells_why_a_directory_cannot_be_used(void **state)
{
	struct fixture *fixture = *state;
	struct ff_datadir dir = { .path = NULL };
	struct ff_error error = FF_ERROR_NONE;
	char path[256];
	write_file(fixture->base, "file");
	snprintf(path, sizeof(path), "%s/file/below", fixture->base);
	assert_int_equal(ff_datadir_open(&dir, path, NULL, &error), FF_ERR_IO);
	assert_non_null(strstr(error.text, path));
	ff_error_clear(&error);
	assert_int_equal(ff_datadir_open(&dir, "", NULL, &error), FF_ERR_ARGUMENT);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_datadir__belongs_to_one),
		WITH(test_datadir__old_number_is_no_lock),
		WITH(test_datadir__removes_what_earlier_versions_left),
		WITH(test_datadir__tells_why_a_directory_cannot_be_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
