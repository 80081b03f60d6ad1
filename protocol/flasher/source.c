// SPDX-License-Identifier: Apache-2.0
#include <farflash/source.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
	int fd;
	char path[]; /* for messages */
};

static enum ff_status read_file(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	const struct file *file = context;
	size_t at = 0;
	while (at < size) {
		ssize_t got = pread(file->fd, bytes + at, size - at, (off_t)(offset + at));
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return ff_error_set_errno(error, FF_ERR_IO, errno, "cannot read %s", file->path);
		}
		if (got == 0) {
			return ff_error_set(error, FF_ERR_IO, "%s became shorter while it was read", file->path);
		}
		at += (size_t)got;
	}
	return FF_OK;
}

static enum ff_status measure(int fd, const char *path, uint64_t *size, struct ff_error *error)
{
	struct stat info;
	if (fstat(fd, &info) != 0) {
		return ff_error_set_errno(error, FF_ERR_IO, errno, "cannot read %s", path);
	}
	if (!S_ISREG(info.st_mode)) {
		return ff_error_set(error, FF_ERR_IO, "%s is not a regular file", path);
	}
	*size = (uint64_t)info.st_size;
	return FF_OK;
}

enum ff_status ff_source_open_file(struct ff_source *source, const char *path, struct ff_error *error)
{
	/* Non-blocking, so that a FIFO cannot hold us up before it is refused. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		enum ff_status status = errno == ENOENT || errno == ENOTDIR ? FF_ERR_NOT_FOUND : FF_ERR_IO;
		return ff_error_set_errno(error, status, errno, "cannot open %s", path);
	}
	uint64_t size = 0;
	enum ff_status status = measure(fd, path, &size, error);
	struct file *file = NULL;
	if (status == FF_OK) {
		file = malloc(sizeof(*file) + strlen(path) + 1);
		if (!file) {
			status = ff_error_set(error, FF_ERR_NO_MEMORY, "no memory to open %s", path);
		}
	}
	if (status != FF_OK) {
		close(fd);
		return status;
	}
	file->fd = fd;
	strcpy(file->path, path);
	*source = (struct ff_source){ .size = size, .read = read_file, .context = file };
	return FF_OK;
}

void ff_source_close(struct ff_source *source)
{
	struct file *file = source->context;
	if (file) {
		close(file->fd);
		free(file);
	}
	*source = (struct ff_source){ 0 };
}
