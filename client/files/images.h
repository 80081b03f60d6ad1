// SPDX-License-Identifier: Apache-2.0
/* What is to be written: files, or bytes in memory, and their flash offsets, checked before a server or a board hears
 * of them. init/release; belongs to one thread. */
#ifndef FF_CLIENT_IMAGES_H
#define FF_CLIENT_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/flasher.h>
#include <farflash/status.h>

/* More than one write takes, for what is merged or just looked at. */
#define FF_IMAGES_MAX 1024
/* Of one image that is read into memory: the largest flash. */
#define FF_IMAGES_MAX_CONTENT ((size_t)128 << 20)

struct ff_image {
	uint32_t offset;
	char *name;          /* owned; for messages and jobs */
	char *path;          /* owned; NULL: the content is in memory */
	uint8_t *bytes;      /* NULL: the content is the file's */
	uint64_t size;       /* of a file known after ff_images_check() only */
	bool encrypt;        /* the chip is to encrypt it while it writes */
	uint8_t *memory;     /* owned, what `bytes` points into; NULL where another image of the list owns that */
	uint32_t uf2_family; /* the chip that a UF2 file is for; 0: not said, or another format */
};

struct ff_images {
	struct ff_image items[FF_IMAGES_MAX];
	size_t count;
	char chip[24]; /* that a build directory is for, "esp32c3"; "" where none says */
};

/* Harmless on a zeroed one. */
void ff_images_release(struct ff_images *images);

/* Adds a file; `folder`, with a slash at its end or NULL, is where its path begins.
 * Errors: FF_ERR_ARGUMENT (too many), FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_images_add_file(struct ff_images *images, uint32_t offset, const char *folder,
						 const char *path, struct ff_error *error);

/* Adds bytes under a copy of `name`. `memory`, from malloc(), is what they lie in: the list frees it, even if this fails.
 * NULL: an image added before has it. Errors: FF_ERR_ARGUMENT (too many), FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_images_add_bytes(struct ff_images *images, uint32_t offset, const char *name,
						  uint8_t *bytes, size_t size, uint8_t *memory, struct ff_error *error);

/* Measures the files and checks all: regular, readable, not empty, and for a write what ff_check_regions() demands.
 * Errors: FF_ERR_ARGUMENT (more than FF_MAX_REGIONS too), FF_ERR_EMPTY, and those of ff_check_regions(). */
FF_WARN_UNUSED enum ff_status ff_images_check(struct ff_images *images, bool to_write, struct ff_error *error);

/* Reads the files, so that all is in memory. Errors, with the path in the text: FF_ERR_ARGUMENT (not readable),
 * FF_ERR_EMPTY, FF_ERR_TOO_LARGE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_images_load(struct ff_images *images, struct ff_error *error);

/* Refuses UF2 content for another chip than this one ("ESP32-C3"). Firmware images are checked by the engine, which
 * knows the revision too. Errors: FF_ERR_WRONG_CHIP. */
FF_WARN_UNUSED enum ff_status ff_images_check_chip(const struct ff_images *images, const char *chip,
						   struct ff_error *error);

/* True if ff_images_check_chip() has something to check. */
bool ff_images_name_chip(const struct ff_images *images);

/* Fills one region for each image, for the engine; those of files are open until ff_images_close(), which is due
 * whatever the end. The images must outlive them. Errors: those of ff_source_open_file(). */
FF_WARN_UNUSED enum ff_status ff_images_open(const struct ff_images *images, struct ff_region regions[FF_MAX_REGIONS],
					     struct ff_error *error);

/* Harmless on zeroed regions. */
void ff_images_close(const struct ff_images *images, struct ff_region regions[FF_MAX_REGIONS]);

/* Sum of all sizes. */
uint64_t ff_images_size(const struct ff_images *images);

#endif
