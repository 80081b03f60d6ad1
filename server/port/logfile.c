// SPDX-License-Identifier: Apache-2.0
#include "logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0640
#define FOLDER_MODE 0750

/* Parents too. What cannot be made shows when the file is opened. */
static void make_folder(const char *dir)
{
	char path[PATH_MAX];
	size_t size = strlen(dir);
	if (size >= sizeof(path)) {
		return;
	}
	memcpy(path, dir, size + 1);
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(path, FOLDER_MODE);
		*at = '/';
	}
	mkdir(path, FOLDER_MODE);
}

/* 0: the file itself. */
static void path_of(char path[PATH_MAX], const char *dir, const char *name, unsigned age)
{
	if (age == 0) {
		snprintf(path, PATH_MAX, "%s/%s", dir, name);
	} else {
		snprintf(path, PATH_MAX, "%s/%s.%u", dir, name, age);
	}
}

static int open_file(const char *path, int *fd)
{
	*fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
	return *fd < 0 ? errno : 0;
}

/* Each becomes one older, the oldest goes. */
static void rotate(const char *dir, const char *name, unsigned keep)
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	for (unsigned age = keep; age > 0; age--) {
		path_of(from, dir, name, age - 1);
		path_of(to, dir, name, age);
		rename(from, to);
	}
	if (keep == 0) {
		path_of(from, dir, name, 0);
		unlink(from);
	}
}

static int open_with_room(const char *dir, const char *name, const struct ff_logfile_limits *limits, size_t size,
			  int *fd)
{
	char path[PATH_MAX];
	struct stat state;
	path_of(path, dir, name, 0);
	int failed = open_file(path, fd);
	if (failed == ENOENT) {
		make_folder(dir);
		failed = open_file(path, fd);
	}
	if (failed) {
		return failed;
	}
	if (fstat(*fd, &state) != 0 || !S_ISREG(state.st_mode)) {
		close(*fd);
		return EINVAL;
	}
	if (state.st_size == 0 || (uint64_t)state.st_size + size <= limits->size) {
		return 0;
	}
	close(*fd);
	rotate(dir, name, limits->keep);
	return open_file(path, fd);
}

int ff_logfile_append(const char *dir, const char *name, const struct ff_logfile_limits *limits, const void *bytes,
		      size_t size, size_t *written)
{
	int fd = -1;
	*written = 0;
	int failed = open_with_room(dir, name, limits, size, &fd);
	if (failed) {
		return failed;
	}
	while (*written < size && !failed) {
		ssize_t count = write(fd, (const char *)bytes + *written, size - *written);
		if (count > 0) {
			*written += (size_t)count;
		} else {
			failed = count == 0 ? ENOSPC : errno;
			failed = failed == EINTR ? 0 : failed;
		}
	}
	/* Some file systems tell only here that there was no room. */
	return close(fd) != 0 && !failed ? errno : failed;
}

void ff_logfile_trim(const char *dir, const char *name, unsigned keep)
{
	char path[PATH_MAX];
	for (unsigned age = keep + 1; age <= FF_LOGFILE_MOST_KEPT; age++) {
		path_of(path, dir, name, age);
		unlink(path);
	}
}
