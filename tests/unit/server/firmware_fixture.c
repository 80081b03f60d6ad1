// SPDX-License-Identifier: Apache-2.0
#include "firmware_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void notify(void *context)
{
	struct ff_firmware_fixture *fixture = context;
	atomic_fetch_add(&fixture->notified, 1);
}

void ff_firmware_fixture_open(struct ff_firmware_fixture *fixture, uint64_t quota)
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

void ff_firmware_fixture_close(struct ff_firmware_fixture *fixture)
{
	ff_firmware_store_free(fixture->store);
	fixture->store = NULL;
}

void ff_firmware_fixture_reopen(struct ff_firmware_fixture *fixture, uint64_t quota)
{
	ff_firmware_fixture_close(fixture);
	ff_firmware_fixture_open(fixture, quota);
}

int ff_firmware_fixture_set_up(void **state)
{
	struct ff_firmware_fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	strcpy(fixture->data_dir, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->data_dir));
	ff_firmware_fixture_open(fixture, FF_FIRMWARE_FIXTURE_LARGE);
	ff_firmware_store_trim(fixture->store);
	return 0;
}

int ff_firmware_fixture_tear_down(void **state)
{
	struct ff_firmware_fixture *fixture = *state;
	char command[128];
	ff_firmware_store_free(fixture->store);
	snprintf(command, sizeof(command), "rm -r %s", fixture->data_dir);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

unsigned ff_firmware_fixture_count_files(const struct ff_firmware_fixture *fixture)
{
	char command[256];
	snprintf(command, sizeof(command), "find %s -type f | wc -l", fixture->data_dir);
	FILE *output = popen(command, "r");
	unsigned count = 0;
	assert_int_equal(fscanf(output, "%u", &count), 1);
	pclose(output);
	return count;
}

struct ff_upload *ff_firmware_fixture_upload(struct ff_firmware_fixture *fixture, const char *text, unsigned repeat)
{
	struct ff_upload *upload = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_begin(&upload, fixture->store, &error), FF_OK);
	for (unsigned i = 0; i < repeat; i++) {
		assert_int_equal(ff_upload_write(upload, (const uint8_t *)text, strlen(text), &error), FF_OK);
	}
	return upload;
}

struct ff_firmware *ff_firmware_fixture_store(struct ff_firmware_fixture *fixture, const char *text, unsigned repeat)
{
	struct ff_firmware *firmware = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_upload_finish(ff_firmware_fixture_upload(fixture, text, repeat), NULL, &firmware, &error),
			 FF_OK);
	assert_int_equal(ff_firmware_wait(firmware, &error), FF_OK);
	assert_false(ff_firmware_is_pending(firmware));
	return firmware;
}

void ff_firmware_fixture_leave(struct ff_firmware_fixture *fixture, const char *text, char sha256[FF_SHA256_HEX_SIZE])
{
	struct ff_firmware *firmware = ff_firmware_fixture_store(fixture, text, 1);
	memcpy(sha256, firmware->sha256, FF_SHA256_HEX_SIZE);
	ff_firmware_unref(firmware);
}

bool ff_firmware_fixture_has(struct ff_firmware_fixture *fixture, const char *sha256)
{
	struct ff_firmware_view views[32];
	size_t count = ff_firmware_list(fixture->store, views, 32);
	bool found = false;
	for (size_t i = 0; i < count; i++) {
		found = found || strcmp(views[i].sha256, sha256) == 0;
	}
	return found;
}

void ff_firmware_fixture_path_of(const struct ff_firmware_fixture *fixture, const char *name, char path[256])
{
	snprintf(path, 256, "%s/firmware/%s", fixture->data_dir, name);
}

bool ff_firmware_fixture_file_exists(const struct ff_firmware_fixture *fixture, const char *name)
{
	char path[256];
	ff_firmware_fixture_path_of(fixture, name, path);
	return access(path, F_OK) == 0;
}

void ff_firmware_fixture_write_file(const struct ff_firmware_fixture *fixture, const char *name, const char *text)
{
	char path[256];
	ff_firmware_fixture_path_of(fixture, name, path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

void ff_firmware_fixture_set_use(const struct ff_firmware_fixture *fixture, const char *sha256, int64_t seconds)
{
	char path[256];
	ff_firmware_fixture_path_of(fixture, sha256, path);
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}
