// SPDX-License-Identifier: Apache-2.0
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERMISSIONS 07777

/* The umask cannot be asked for without being set, which is harmless in a program with one thread. */
static mode_t current_umask(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return mask;
}

static enum ff_status choose_path(struct ff_outfile *file, const char *path, mode_t mode, struct ff_error *error)
{
	struct stat about;

	file->mode = mode & ~current_umask();
	if (stat(path, &about) == 0) {
		if (!S_ISREG(about.st_mode)) {
			ff_error_set(error, FF_ERR_ARGUMENT, "cannot write %.200s: not a regular file", path);
			return FF_ERR_ARGUMENT;
		}
		file->mode = about.st_mode & PERMISSIONS;
		file->path = realpath(path, NULL);
	} else {
		file->path = strdup(path);
	}
	if (file->path == NULL || asprintf(&file->temporary, "%s.XXXXXX", file->path) < 0) {
		file->temporary = NULL;
		ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
		return FF_ERR_NO_MEMORY;
	}
	return FF_OK;
}

enum ff_status ff_outfile_open(struct ff_outfile *file, const char *path, mode_t mode, struct ff_error *error)
{
	enum ff_status status;
	int fd;

	*file = (struct ff_outfile){ .stream = NULL };
	status = choose_path(file, path, mode, error);
	if (status != FF_OK) {
		ff_outfile_abort(file);
		return status;
	}
	fd = mkostemp(file->temporary, O_CLOEXEC);
	if (fd < 0) {
		ff_error_set_errno(error, FF_ERR_ARGUMENT, errno, "cannot write %.200s", path);
		free(file->temporary);
		file->temporary = NULL;
		ff_outfile_abort(file);
		return FF_ERR_ARGUMENT;
	}
	file->stream = fdopen(fd, "wb");
	if (file->stream == NULL) {
		close(fd);
		ff_outfile_abort(file);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	return FF_OK;
}

static enum ff_status fail(const struct ff_outfile *file, int number, struct ff_error *error)
{
	return ff_error_set_errno(error, number == ENOSPC || number == EDQUOT ? FF_ERR_NO_SPACE : FF_ERR_IO, number,
				  "cannot write %.200s", file->path);
}

enum ff_status ff_outfile_write(struct ff_outfile *file, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	if (fwrite(bytes, 1, size, file->stream) != size) {
		return fail(file, errno, error);
	}
	file->size += size;
	return FF_OK;
}

static enum ff_status write_sink(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	return ff_outfile_write(context, bytes, size, error);
}

struct ff_sink ff_outfile_sink(struct ff_outfile *file)
{
	return (struct ff_sink){ .write = write_sink, .context = file };
}

enum ff_status ff_outfile_commit(struct ff_outfile *file, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	FILE *stream = file->stream;

	file->stream = NULL;
	if (fflush(stream) != 0 || fchmod(fileno(stream), file->mode) != 0 || fsync(fileno(stream)) != 0) {
		status = fail(file, errno, error);
	}
	if (fclose(stream) != 0 && status == FF_OK) {
		status = fail(file, errno, error);
	}
	if (status == FF_OK && rename(file->temporary, file->path) != 0) {
		status = fail(file, errno, error);
	}
	if (status == FF_OK) {
		free(file->temporary);
		file->temporary = NULL;
	}
	ff_outfile_abort(file);
	return status;
}

void ff_outfile_abort(struct ff_outfile *file)
{
	if (file->stream != NULL) {
		fclose(file->stream);
	}
	if (file->temporary != NULL) {
		unlink(file->temporary);
	}
	free(file->temporary);
	free(file->path);
	*file = (struct ff_outfile){ .stream = NULL };
}
