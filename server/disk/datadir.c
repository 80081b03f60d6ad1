// SPDX-License-Identifier: Apache-2.0
#include "datadir.h"

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

/* Earlier versions had a folder "run-XXXXXX" for each process, locked while it lived, with "upload-17" and SHA-256s in it. */
#define RUN_PREFIX "run-"
#define RUN_RANDOM "XXXXXX"
#define RUN_UPLOAD "upload-"
#define SHA256_DIGITS 64
#define MODE 0700
#define LOCK_MODE 0600

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

/* The descriptor of an earlier version's folder with its lock, or -1 if a process holds it. */
static int lock_folder(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool is_ours(const char *name)
{
	if (strncmp(name, RUN_UPLOAD, strlen(RUN_UPLOAD)) == 0) {
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
		if (strncmp(entry->d_name, RUN_PREFIX, strlen(RUN_PREFIX)) != 0 ||
		    strlen(entry->d_name) != strlen(RUN_PREFIX RUN_RANDOM)) {
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

/* For the message to whoever comes second: the number that the first one wrote, 0 if it has not yet. */
static long read_owner(int lock)
{
	char text[24] = "";
	ssize_t got = pread(lock, text, sizeof(text) - 1, 0);
	return got > 0 ? strtol(text, NULL, 10) : 0;
}

static enum ff_status refuse_second(int lock, const char *path, struct ff_error *error)
{
	long owner = read_owner(lock);
	char who[64] = "another farflashd";
	if (owner > 0) {
		snprintf(who, sizeof(who), "the farflashd of process %ld", owner);
	}
	return ff_error_set(
		error, FF_ERR_BUSY,
		"the data directory %s is in use by %s: stop that one, or give this one a directory of its own "
		"with --data-dir",
		path, who);
}

static void write_owner(int lock)
{
	char text[24];
	int size = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	/* On a full disk the message above is less exact, and nothing else. */
	if (ftruncate(lock, 0) != 0 || pwrite(lock, text, (size_t)size, 0) != size) {
		return;
	}
}

static enum ff_status take_lock(struct ff_datadir *dir, struct ff_error *error)
{
	char *file = NULL;
	if (asprintf(&file, "%s/" FF_DATADIR_LOCK, dir->path) < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	dir->lock = open(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, LOCK_MODE);
	int failed = dir->lock < 0 ? errno : 0;
	free(file);
	if (!failed && flock(dir->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK) {
			return refuse_second(dir->lock, dir->path, error);
		}
		failed = errno;
	}
	if (failed) {
		return failure(error, failed, dir->path);
	}
	write_owner(dir->lock);
	return FF_OK;
}

enum ff_status ff_datadir_open(struct ff_datadir *result, const char *path, const struct ff_log *log,
			       struct ff_error *error)
{
	struct ff_datadir dir = { .lock = -1 };
	enum ff_status status = make_with_parents(path, error);
	if (status == FF_OK) {
		dir.path = strdup(path);
		status = dir.path ? take_lock(&dir, error) : ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	if (status != FF_OK) {
		ff_datadir_close(&dir);
		return status;
	}
	clear_leftovers(path, log);
	*result = dir;
	return FF_OK;
}

void ff_datadir_close(struct ff_datadir *dir)
{
	if (dir->path && dir->lock >= 0) {
		close(dir->lock);
	}
	free(dir->path);
	*dir = (struct ff_datadir){ .lock = -1 };
}
