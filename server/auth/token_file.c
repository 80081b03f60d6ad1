// SPDX-License-Identifier: Apache-2.0
#include "token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNER_ONLY 0600
#define OTHERS (S_IRWXG | S_IRWXO)

/* ---- reading ---- */

static enum ff_status check_owner(int fd, const char *path, struct ff_error *error)
{
	struct stat stat;
	if (fstat(fd, &stat) != 0) {
		return ff_error_set_errno(error, FF_ERR_IO, errno, "cannot look at %s", path);
	}
	if (!S_ISREG(stat.st_mode)) {
		return ff_error_set(error, FF_ERR_DENIED, "%s is no file", path);
	}
	if (stat.st_mode & OTHERS) {
		return ff_error_set(error, FF_ERR_DENIED, "others than its owner can open %s: chmod 600 mends that",
				    path);
	}
	if (stat.st_uid != geteuid() && stat.st_uid != 0 && geteuid() != 0) {
		return ff_error_set(error, FF_ERR_DENIED, "%s belongs to somebody else", path);
	}
	return FF_OK;
}

static enum ff_status read_all(int fd, const char *path, char **text, size_t *size, struct ff_error *error)
{
	char *bytes = malloc(FF_TOKENS_FILE_MAX + 1);
	ssize_t got = 1;
	*size = 0;
	if (!bytes) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	while (got > 0 && *size <= FF_TOKENS_FILE_MAX) {
		got = read(fd, bytes + *size, FF_TOKENS_FILE_MAX + 1 - *size);
		*size += got > 0 ? (size_t)got : 0;
	}
	if (got < 0) {
		free(bytes);
		return ff_error_set_errno(error, FF_ERR_IO, errno, "cannot read %s", path);
	}
	*text = bytes;
	return FF_OK;
}

enum ff_status ff_token_file_read(struct ff_tokens *tokens, const char *path, struct ff_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		enum ff_status why = errno == ENOENT ? FF_ERR_NOT_FOUND : errno == EACCES ? FF_ERR_DENIED : FF_ERR_IO;
		return ff_error_set_errno(error, why, errno, "cannot open %s", path);
	}
	char *text = NULL;
	size_t size = 0;
	struct ff_error reason = FF_ERROR_NONE;
	enum ff_status status = check_owner(fd, path, error);
	if (status == FF_OK) {
		status = read_all(fd, path, &text, &size, error);
	}
	close(fd);
	if (status == FF_OK) {
		status = ff_tokens_parse(tokens, text, size, &reason);
		free(text);
		if (status != FF_OK) {
			ff_error_set(error, status, "%s: %s", path, reason.text);
		}
	}
	return status;
}

/* ---- changing ---- */

/* root makes it for whoever the directory belongs to, who runs the server. */
static void give_to_owner(int fd, const char *path)
{
	char *copy = strdup(path);
	char *slash = copy ? strrchr(copy, '/') : NULL;
	struct stat stat_of;
	if (slash) {
		slash[slash == copy] = '\0';
	}
	if (copy && stat(slash ? copy : ".", &stat_of) == 0 && geteuid() == 0) {
		(void)!fchown(fd, stat_of.st_uid, stat_of.st_gid);
	}
	free(copy);
}

static bool write_all(int fd, const char *text)
{
	size_t size = strlen(text);
	for (size_t at = 0; at < size;) {
		ssize_t put = write(fd, text + at, size - at);
		if (put < 0 && errno != EINTR) {
			return false;
		}
		at += put > 0 ? (size_t)put : 0;
	}
	return fsync(fd) == 0;
}

static enum ff_status replace(const char *path, const char *text, struct ff_error *error)
{
	char *temporary = NULL;
	if (asprintf(&temporary, "%s.new", path) < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	(void)!unlink(temporary); /* what a crash has left */
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, OWNER_ONLY);
	bool good = fd >= 0 && write_all(fd, text);
	if (good) {
		give_to_owner(fd, path);
		good = rename(temporary, path) == 0;
	}
	enum ff_status status = good ? FF_OK
				     : ff_error_set_errno(error, errno == ENOSPC ? FF_ERR_NO_SPACE : FF_ERR_IO, errno,
							  "cannot write %s", path);
	if (fd >= 0) {
		close(fd);
	}
	if (!good && fd >= 0) {
		(void)!unlink(temporary);
	}
	free(temporary);
	return status;
}

/* The lock lies beside the file, because that one is replaced. -1: it cannot be had. */
static int lock(const char *path, struct ff_error *error)
{
	char *name = NULL;
	if (asprintf(&name, "%s.lock", path) < 0) {
		ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
		return -1;
	}
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, OWNER_ONLY);
	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		ff_error_set_errno(error, FF_ERR_IO, errno, "cannot lock %s", name);
		if (fd >= 0) {
			close(fd);
		}
		fd = -1;
	} else {
		give_to_owner(fd, path);
	}
	free(name);
	return fd;
}

enum ff_status ff_token_file_change(const char *path,
				    enum ff_status (*change)(void *context, struct ff_tokens *tokens,
							     struct ff_error *error),
				    void *context, struct ff_error *error)
{
	struct ff_tokens tokens = { .list = NULL };
	struct ff_error reason = FF_ERROR_NONE;
	char *text = NULL;
	int fd = lock(path, error);
	if (fd < 0) {
		return error->status;
	}
	enum ff_status status = ff_token_file_read(&tokens, path, &reason);
	if (status != FF_OK && status != FF_ERR_NOT_FOUND) {
		ff_error_set(error, status, "%s", reason.text);
	} else {
		status = change(context, &tokens, error);
	}
	if (status == FF_OK) {
		text = ff_tokens_print(&tokens);
		status = text ? replace(path, text, error) : ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	free(text);
	ff_tokens_release(&tokens);
	close(fd);
	return status;
}
