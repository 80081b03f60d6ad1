// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum ff_status ff_file_read(struct ff_buf *text, const char *path, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	char piece[4096];
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return ff_error_set_errno(error, FF_ERR_ARGUMENT, errno, "cannot open it");
	}
	do {
		got = read(fd, piece, sizeof(piece));
		if (got > 0) {
			status = ff_buf_append(text, piece, (size_t)got);
		} else if (got < 0 && errno != EINTR) {
			status = ff_error_set_errno(error, FF_ERR_ARGUMENT, errno, "cannot read it");
		}
	} while (status == FF_OK && got != 0);
	close(fd);
	if (status == FF_ERR_TOO_LARGE) {
		return ff_error_set(error, status, "larger than %zu bytes", text->cap);
	}
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%s", ff_status_text(status));
}

char *ff_file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
}

const char *ff_file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

char *ff_file_join(const char *folder, const char *name)
{
	char *path;

	if (folder == NULL || name[0] == '/') {
		return strdup(name);
	}
	return asprintf(&path, "%s%s", folder, name) < 0 ? NULL : path;
}
