// SPDX-License-Identifier: Apache-2.0
#include "images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "imagechip.h"

void ff_images_release(struct ff_images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		free(images->items[i].name);
		free(images->items[i].path);
		free(images->items[i].memory);
	}
	*images = (struct ff_images){ .count = 0 };
}

static enum ff_status add(struct ff_images *images, struct ff_image image, const char *name, struct ff_error *error)
{
	if (images->count == FF_IMAGES_MAX) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "more than %d images at once", FF_IMAGES_MAX);
	}
	image.name = strdup(name);
	if (image.name == NULL) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	images->items[images->count++] = image;
	return FF_OK;
}

enum ff_status ff_images_add_file(struct ff_images *images, uint32_t offset, const char *folder, const char *path,
				  struct ff_error *error)
{
	struct ff_image image = { .offset = offset, .path = ff_file_join(folder, path) };
	enum ff_status status;

	if (image.path == NULL) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	status = add(images, image, ff_file_name(path), error);
	if (status != FF_OK) {
		free(image.path);
	}
	return status;
}

enum ff_status ff_images_add_bytes(struct ff_images *images, uint32_t offset, const char *name, uint8_t *bytes,
				   size_t size, uint8_t *memory, struct ff_error *error)
{
	const struct ff_image image = { .offset = offset, .bytes = bytes, .size = size, .memory = memory };
	enum ff_status status = add(images, image, name, error);

	if (status != FF_OK) {
		free(memory);
	}
	return status;
}

static enum ff_status measure(struct ff_image *image, struct ff_error *error)
{
	struct stat about;
	int fd;

	if (image->path == NULL) {
		return FF_OK;
	}
	fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return ff_error_set_errno(error, FF_ERR_ARGUMENT, errno, "cannot open %.200s", image->path);
	}
	if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
		close(fd);
		return ff_error_set(error, FF_ERR_ARGUMENT, "%.200s is not a regular file", image->path);
	}
	close(fd);
	image->size = (uint64_t)about.st_size;
	return FF_OK;
}

static enum ff_status measure_all(struct ff_images *images, struct ff_error *error)
{
	for (size_t i = 0; i < images->count; i++) {
		enum ff_status status = measure(&images->items[i], error);

		if (status != FF_OK) {
			return status;
		}
		if (images->items[i].size == 0) {
			return ff_error_set(error, FF_ERR_EMPTY, "%.200s is empty", images->items[i].name);
		}
	}
	return FF_OK;
}

enum ff_status ff_images_check(struct ff_images *images, bool to_write, struct ff_error *error)
{
	struct ff_region regions[FF_MAX_REGIONS];
	enum ff_status status;

	if (images->count > FF_MAX_REGIONS) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%zu separate pieces: one command takes %d of them",
				    images->count, FF_MAX_REGIONS);
	}
	status = measure_all(images, error);
	for (size_t i = 0; i < images->count; i++) {
		regions[i] = (struct ff_region){ .offset = images->items[i].offset,
						 .source.size = images->items[i].size,
						 .name = images->items[i].name };
	}
	return status == FF_OK && to_write ? ff_check_regions(regions, images->count, 0, error) : status;
}

static enum ff_status load(struct ff_image *image, struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	struct ff_buf content;
	enum ff_status status;

	ff_buf_init(&content, FF_IMAGES_MAX_CONTENT);
	status = ff_file_read(&content, image->path, &why);
	if (status == FF_OK && content.size == 0) {
		status = ff_error_set(&why, FF_ERR_EMPTY, "it is empty");
	}
	if (status != FF_OK) {
		ff_buf_release(&content);
		return ff_error_set(error, status, "%.150s: %s", image->path, why.text);
	}
	image->bytes = image->memory = content.bytes;
	image->size = content.size;
	free(image->path);
	image->path = NULL;
	return FF_OK;
}

enum ff_status ff_images_load(struct ff_images *images, struct ff_error *error)
{
	enum ff_status status = FF_OK;

	for (size_t i = 0; i < images->count && status == FF_OK; i++) {
		if (images->items[i].path != NULL) {
			status = load(&images->items[i], error);
		}
	}
	return status;
}

enum ff_status ff_images_check_chip(const struct ff_images *images, const char *chip, struct ff_error *error)
{
	for (size_t i = 0; i < images->count; i++) {
		const struct ff_image *image = &images->items[i];
		const struct ff_imagechip *meant = ff_imagechip_by_family(image->uf2_family);
		char unknown[40];

		if (image->uf2_family == 0 || (meant != NULL && meant == ff_imagechip_by_name(chip))) {
			continue;
		}
		snprintf(unknown, sizeof(unknown), "the unknown UF2 family 0x%08x", image->uf2_family);
		return ff_error_set(error, FF_ERR_WRONG_CHIP, "%.120s is for %s, not for the %s; --force goes on",
				    image->name, meant != NULL ? meant->name : unknown, chip);
	}
	return FF_OK;
}

bool ff_images_name_chip(const struct ff_images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		if (images->items[i].uf2_family != 0) {
			return true;
		}
	}
	return false;
}

static enum ff_status read_bytes(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	const struct ff_image *image = context;

	if (offset > image->size || size > image->size - offset) {
		return ff_error_set(error, FF_ERR_IO, "%.120s ends before byte %llu", image->name,
				    (unsigned long long)offset + size);
	}
	memcpy(bytes, image->bytes + offset, size);
	return FF_OK;
}

enum ff_status ff_images_open(const struct ff_images *images, struct ff_region regions[FF_MAX_REGIONS],
			      struct ff_error *error)
{
	enum ff_status status = FF_OK;

	for (size_t i = 0; i < images->count && status == FF_OK; i++) {
		const struct ff_image *image = &images->items[i];

		regions[i] =
			(struct ff_region){ .offset = image->offset, .name = image->name, .encrypt = image->encrypt };
		if (image->path != NULL) {
			status = ff_source_open_file(&regions[i].source, image->path, error);
		} else {
			regions[i].source =
				(struct ff_source){ .size = image->size, .read = read_bytes, .context = (void *)image };
		}
	}
	return status;
}

void ff_images_close(const struct ff_images *images, struct ff_region regions[FF_MAX_REGIONS])
{
	for (size_t i = 0; i < images->count; i++) {
		if (images->items[i].path != NULL) {
			ff_source_close(&regions[i].source);
		}
	}
}

uint64_t ff_images_size(const struct ff_images *images)
{
	uint64_t size = 0;

	for (size_t i = 0; i < images->count; i++) {
		size += images->items[i].size;
	}
	return size;
}
