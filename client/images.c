// SPDX-License-Identifier: Apache-2.0
#include "images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "words.h"

void ff_images_release(struct ff_images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		free(images->items[i].path);
	}
	*images = (struct ff_images){ .count = 0 };
}

static enum ff_status add(struct ff_images *images, uint32_t offset, const char *folder, const char *name,
			  struct ff_error *error)
{
	struct ff_image *image = &images->items[images->count];

	if (images->count == FF_MAX_REGIONS) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "more than %d images at once", FF_MAX_REGIONS);
	}
	image->offset = offset;
	image->path = ff_file_join(folder, name);
	if (image->path == NULL) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	images->count++;
	return FF_OK;
}

enum ff_status ff_images_add_words(struct ff_images *images, const struct ff_option_word *words, size_t count,
				   struct ff_error *error)
{
	if (count % 2 != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "'%.80s' has no file behind it: give OFFSET FILE pairs",
				    words[count - 1].text);
	}
	for (size_t i = 0; i < count; i += 2) {
		uint32_t offset;
		enum ff_status status = ff_words_offset(&offset, words[i].text, error);

		if (status == FF_OK) {
			status = add(images, offset, words[i + 1].folder, words[i + 1].text, error);
		}
		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}

enum ff_status ff_images_add_build(struct ff_images *images, const struct ff_flasher_args *args, const char *folder,
				   struct ff_error *error)
{
	for (size_t i = 0; i < args->count; i++) {
		enum ff_status status = add(images, args->files[i].offset, folder, args->files[i].path, error);

		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}

static enum ff_status measure(struct ff_image *image, struct ff_error *error)
{
	struct stat about;
	int fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

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

enum ff_status ff_images_check(struct ff_images *images, struct ff_error *error)
{
	struct ff_region regions[FF_MAX_REGIONS];

	for (size_t i = 0; i < images->count; i++) {
		struct ff_image *image = &images->items[i];
		enum ff_status status = measure(image, error);

		if (status != FF_OK) {
			return status;
		}
		regions[i] = (struct ff_region){ .offset = image->offset,
						 .source.size = image->size,
						 .name = ff_images_name(image) };
	}
	return ff_check_regions(regions, images->count, 0, error);
}

size_t ff_images_peek(const struct ff_image *image, uint8_t *bytes, size_t capacity)
{
	int fd = open(image->path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0) {
		return 0;
	}
	got = read(fd, bytes, capacity);
	close(fd);
	return got > 0 ? (size_t)got : 0;
}

uint64_t ff_images_size(const struct ff_images *images)
{
	uint64_t size = 0;

	for (size_t i = 0; i < images->count; i++) {
		size += images->items[i].size;
	}
	return size;
}

const char *ff_images_name(const struct ff_image *image)
{
	const char *slash = strrchr(image->path, '/');

	return slash != NULL ? slash + 1 : image->path;
}
