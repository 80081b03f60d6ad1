// SPDX-License-Identifier: Apache-2.0
#include "build_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "unpack.h"

static const char args_name[] = "flasher_args.json";

static enum ff_status read_args(struct ff_flasher_args *args, const char *folder, struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	struct ff_buf text;
	char *path = ff_file_join(folder, args_name);
	enum ff_status status = FF_ERR_NO_MEMORY;

	ff_buf_init(&text, FF_FLASHER_ARGS_MAX_SIZE);
	if (path != NULL) {
		status = ff_file_read(&text, path, &why);
	}
	if (status == FF_OK) {
		status = ff_flasher_args_parse(args, (const char *)text.bytes, text.size, &why);
	}
	if (status != FF_OK) {
		ff_error_set(error, status, "%.150s: %s", path ? path : args_name, why.text);
	}
	ff_buf_release(&text);
	free(path);
	return status;
}

static enum ff_status add_folder(struct ff_images *images, struct ff_flasher_args *args, const char *path,
				 struct ff_error *error)
{
	char *folder = NULL;
	enum ff_status status;

	if (asprintf(&folder, "%s/", path) < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	status = read_args(args, folder, error);
	for (size_t i = 0; i < args->count && status == FF_OK; i++) {
		status = ff_images_add_file(images, args->files[i].offset, folder, args->files[i].path, error);
	}
	free(folder);
	return status;
}

/* Moves the files' contents into the list. */
static enum ff_status add_unpacked(struct ff_images *images, const struct ff_flasher_args *args, const char *path,
				   struct ff_unpack_file *files, struct ff_error *error)
{
	enum ff_status status = FF_OK;

	for (size_t i = 0; i < args->count && status == FF_OK; i++) {
		struct ff_buf *content = &files[i].content;
		uint8_t *bytes = content->bytes;
		char *name = NULL;

		if (asprintf(&name, "%s: %s", ff_file_name(path), ff_file_name(files[i].name)) < 0) {
			return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
		}
		content->bytes = NULL;
		status = ff_images_add_bytes(images, args->files[i].offset, name, bytes, content->size, bytes, error);
		free(name);
	}
	return status;
}

static enum ff_status read_files(struct ff_images *images, const struct ff_flasher_args *args, const char *path, int fd,
				 const char *folder, struct ff_error *error)
{
	struct ff_unpack_file files[FF_MAX_REGIONS];
	enum ff_status status;

	for (size_t i = 0; i < args->count; i++) {
		files[i] = (struct ff_unpack_file){ .name = args->files[i].path };
		ff_buf_init(&files[i].content, FF_IMAGES_MAX_CONTENT);
	}
	status = ff_unpack_read(fd, &ff_unpack_limits, folder, files, args->count, error);
	if (status == FF_OK) {
		status = add_unpacked(images, args, path, files, error);
	}
	for (size_t i = 0; i < args->count; i++) {
		ff_buf_release(&files[i].content);
	}
	return status;
}

static enum ff_status read_archive(struct ff_images *images, struct ff_flasher_args *args, const char *path, int fd,
				   struct ff_error *error)
{
	struct ff_buf text;
	char *folder = NULL;
	enum ff_status status;

	ff_buf_init(&text, FF_FLASHER_ARGS_MAX_SIZE);
	status = ff_unpack_find(fd, &ff_unpack_limits, args_name, &folder, &text, error);
	if (status == FF_OK) {
		status = ff_flasher_args_parse(args, (const char *)text.bytes, text.size, error);
	}
	if (status == FF_OK) {
		status = read_files(images, args, path, fd, folder, error);
	}
	ff_buf_release(&text);
	free(folder);
	return status;
}

static enum ff_status add_archive(struct ff_images *images, struct ff_flasher_args *args, const char *path,
				  struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	enum ff_status status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return ff_error_set_errno(error, FF_ERR_ARGUMENT, errno, "cannot open %.150s", path);
	}
	status = read_archive(images, args, path, fd, &why);
	close(fd);
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%.150s: %s", path, why.text);
}

enum ff_status ff_build_dir_add(struct ff_images *images, struct ff_flasher_args *args, const char *path,
				struct ff_error *error)
{
	struct stat about;
	enum ff_status status;

	if (stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
		status = add_archive(images, args, path, error);
	} else {
		status = add_folder(images, args, path, error);
	}
	if (status == FF_OK) {
		memcpy(images->chip, args->chip, sizeof(images->chip));
	}
	return status;
}

bool ff_build_dir_is_archive(const char *path)
{
	struct ff_buf text;
	char *folder = NULL;
	bool found;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return false;
	}
	ff_buf_init(&text, FF_FLASHER_ARGS_MAX_SIZE);
	found = ff_unpack_find(fd, &ff_unpack_limits, args_name, &folder, &text, NULL) == FF_OK;
	ff_buf_release(&text);
	free(folder);
	close(fd);
	return found;
}

void ff_build_dir_settings(struct ff_flash_settings *to, const struct ff_flash_settings *from)
{
	if (to->mode[0] == '\0') {
		memcpy(to->mode, from->mode, sizeof(to->mode));
	}
	if (to->freq[0] == '\0') {
		memcpy(to->freq, from->freq, sizeof(to->freq));
	}
	if (to->size[0] == '\0') {
		memcpy(to->size, from->size, sizeof(to->size));
	}
}
