// SPDX-License-Identifier: Apache-2.0
#include "rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "run-"
#define RANDOM "XXXXXX" /* what mkdtemp() makes something of */
#define SHA256_DIGITS 64
#define MODE 0700
#define CREATE_ATTEMPTS 8

static enum ff_status failure(struct ff_error *error, int reason, const char *path)
{
	enum ff_status status = FF_ERR_IO;
	if (reason == EACCES || reason == EPERM || reason == EROFS) {
		status = FF_ERR_DENIED;
	} else if (reason == ENOSPC || reason == EDQUOT) {
		status = FF_ERR_NO_SPACE;
	}
	return ff_error_set_errno(error, status, reason,
				  "the data directory %s cannot be used (choose another with --data-dir)", path);
}

static enum ff_status make_with_parents(const char *path, struct ff_error *error)
{
	if (!*path) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the data directory's name is empty");
	}
	char *copy = strdup(path);
	if (!copy) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	int failed = 0;
	for (char *slash = strchr(copy + 1, '/'); slash && !failed; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		failed = mkdir(copy, MODE) != 0 && errno != EEXIST ? errno : 0;
		*slash = '/';
	}
	if (!failed && mkdir(copy, MODE) != 0 && errno != EEXIST) {
		failed = errno;
	}
	free(copy);
	return failed ? failure(error, failed, path) : FF_OK;
}

/* The folder's descriptor with the lock, or -1 if another process holds it or the folder is gone. */
static int lock_folder(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		return -1;
	}
	struct stat status;
	/* Whoever clears leftovers may have locked and removed it between our mkdir and our flock. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &status) != 0 || status.st_nlink == 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What a store puts into its folder: "upload-17", or a SHA-256. */
static bool is_ours(const char *name)
{
	if (strncmp(name, FF_RUNDIR_UPLOAD, strlen(FF_RUNDIR_UPLOAD)) == 0) {
		return true;
	}
	return strlen(name) == SHA256_DIGITS && strspn(name, "0123456789abcdef") == SHA256_DIGITS;
}

/* Somebody may keep a data directory among folders of his own that are called run-something. */
static void remove_files(int folder)
{
	int copy = dup(folder);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	if (!list) {
		if (copy >= 0) {
			close(copy);
		}
		return;
	}
	rewinddir(list);
	for (struct dirent *entry = readdir(list); entry; entry = readdir(list)) {
		if (is_ours(entry->d_name)) {
			unlinkat(folder, entry->d_name, 0);
		}
	}
	closedir(list);
}

static void clear_leftovers(const char *data_dir, const struct ff_log *log)
{
	DIR *list = opendir(data_dir);
	if (!list) {
		return;
	}
	for (struct dirent *entry = readdir(list); entry; entry = readdir(list)) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
		    strlen(entry->d_name) != strlen(PREFIX RANDOM)) {
			continue;
		}
		int fd = lock_folder(dirfd(list), entry->d_name);
		if (fd >= 0) {
			remove_files(fd);
			bool removed = unlinkat(dirfd(list), entry->d_name, AT_REMOVEDIR) == 0;
			close(fd);
			ff_log(log, removed ? FF_LOG_INFO : FF_LOG_DEBUG,
			       removed ? "removed %s/%s, left behind by an earlier run" : "%s/%s is not ours to remove",
			       data_dir, entry->d_name);
		}
	}
	closedir(list);
}

static enum ff_status make_folder(struct ff_rundir *dir, const char *data_dir, struct ff_error *error)
{
	for (int attempt = 0; attempt < CREATE_ATTEMPTS; attempt++) {
		char *path = NULL;
		if (asprintf(&path, "%s/" PREFIX RANDOM, data_dir) < 0) {
			return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
		}
		if (!mkdtemp(path)) {
			int reason = errno;
			free(path);
			return failure(error, reason, data_dir);
		}
		int fd = lock_folder(AT_FDCWD, path);
		if (fd >= 0) {
			*dir = (struct ff_rundir){ .path = path, .fd = fd };
			return FF_OK;
		}
		free(path);
	}
	return failure(error, EBUSY, data_dir);
}

enum ff_status ff_rundir_open(struct ff_rundir *dir, const char *data_dir, const struct ff_log *log,
			      struct ff_error *error)
{
	enum ff_status status = make_with_parents(data_dir, error);
	if (status == FF_OK) {
		clear_leftovers(data_dir, log);
		status = make_folder(dir, data_dir, error);
	}
	return status;
}

void ff_rundir_close(struct ff_rundir *dir)
{
	if (!dir->path) {
		return;
	}
	remove_files(dir->fd);
	rmdir(dir->path);
	close(dir->fd);
	free(dir->path);
	*dir = (struct ff_rundir){ .fd = -1 };
}
