// SPDX-License-Identifier: Apache-2.0
#include "take.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf.h"
#include "elfimage.h"
#include "elfimage8266.h"
#include "file.h"
#include "hex.h"
#include "segments.h"
#include "uf2.h"
#include "unpack.h"

#define HEAD_SIZE 512
#define SECTOR 4096

static enum ff_take_format format_of(const uint8_t *head, size_t size)
{
	if (ff_hex_is(head, size)) {
		return FF_TAKE_HEX;
	}
	if (ff_uf2_is(head, size)) {
		return FF_TAKE_UF2;
	}
	if (ff_elf_is(head, size)) {
		return FF_TAKE_ELF;
	}
	return ff_unpack_is_archive(head, size) ? FF_TAKE_ARCHIVE : FF_TAKE_RAW;
}

enum ff_take_format ff_take_format(const char *path)
{
	uint8_t head[HEAD_SIZE];
	struct stat about;
	ssize_t got = 0;
	/* Non-blocking, so that a FIFO cannot hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		return FF_TAKE_RAW;
	}
	if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
		got = read(fd, head, sizeof(head));
	}
	close(fd);
	return got > 0 ? format_of(head, (size_t)got) : FF_TAKE_RAW;
}

const char *ff_take_format_name(enum ff_take_format format)
{
	static const char *const names[] = {
		[FF_TAKE_RAW] = "raw", [FF_TAKE_HEX] = "hex",         [FF_TAKE_UF2] = "uf2",
		[FF_TAKE_ELF] = "elf", [FF_TAKE_ARCHIVE] = "archive",
	};

	return names[format];
}

/* Moves the content into the list, one image for each piece. */
static enum ff_status add_pieces(struct ff_images *images, struct ff_segments *content, const char *path,
				 uint32_t family, struct ff_error *error)
{
	uint8_t *bytes = content->data.bytes, *memory = bytes;
	enum ff_status status = FF_OK;

	content->data.bytes = NULL;
	for (size_t i = 0; i < content->count && status == FF_OK; i++) {
		const struct ff_segment *piece = &content->items[i];
		char *name = NULL;

		if (asprintf(&name, "%s @ 0x%x", ff_file_name(path), piece->address) < 0) {
			free(memory);
			return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
		}
		status = ff_images_add_bytes(images, piece->address, name, bytes + piece->at, piece->size, memory,
					     error);
		if (status == FF_OK) {
			images->items[images->count - 1].uf2_family = family;
		}
		memory = NULL;
		free(name);
	}
	return status;
}

/* Reads a file whose format brings its own offsets. */
static enum ff_status read_pieces(struct ff_segments *content, uint32_t *family, const char *path,
				  enum ff_take_format format, struct ff_error *error)
{
	struct ff_buf file;
	enum ff_status status;

	ff_buf_init(&file, FF_TAKE_MAX_FILE);
	status = ff_file_read(&file, path, error);
	if (status == FF_OK) {
		status = format == FF_TAKE_HEX ? ff_hex_read(content, file.bytes, file.size, error)
					       : ff_uf2_read(content, family, file.bytes, file.size, error);
	}
	ff_buf_release(&file);
	return status;
}

static enum ff_status take_pieces(struct ff_images *images, const char *path, enum ff_take_format format,
				  enum ff_take_purpose purpose, struct ff_error *error)
{
	struct ff_segments content;
	uint32_t family = 0;
	enum ff_status status;

	ff_segments_init(&content, FF_IMAGES_MAX_CONTENT);
	status = read_pieces(&content, &family, path, format, error);
	if (status == FF_OK && purpose != FF_TAKE_TO_COMPARE) {
		status = ff_segments_fill_sectors(&content, SECTOR, purpose == FF_TAKE_TO_WRITE, error);
	}
	if (status == FF_OK) {
		status = add_pieces(images, &content, path, family, error);
	}
	ff_segments_release(&content);
	return status;
}

static enum ff_status choose_options(struct ff_elfimage_options *image, const struct ff_take *how,
				     struct ff_error *error)
{
	*image = (struct ff_elfimage_options){ .max_revision = FF_IMAGEHEADER_ANY_REVISION };
	if (how->chip == NULL) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "it is an ELF file: say with --chip which chip its image is to be for");
	}
	image->chip = ff_imagechip_by_name(how->chip);
	if (image->chip == NULL) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "there is no chip '%.40s'", how->chip);
	}
	if (how->settings != NULL) {
		image->settings = (struct ff_settings){ how->settings->mode, how->settings->freq, how->settings->size };
	}
	if (how->settings != NULL && strcmp(how->settings->size, "detect") == 0) {
		image->settings.size = NULL;
	}
	return FF_OK;
}

static enum ff_status make_image(struct ff_elfimage8266 *made, const struct ff_elfimage_options *options,
				 const char *path, struct ff_error *error)
{
	struct ff_buf elf;
	enum ff_status status;

	ff_buf_init(&elf, FF_TAKE_MAX_FILE);
	status = ff_file_read(&elf, path, error);
	if (status == FF_OK && options->chip->id == FF_IMAGECHIP_NO_ID) {
		status = ff_elfimage8266_make(made, options, 1, elf.bytes, elf.size, error);
	} else if (status == FF_OK) {
		status = ff_elfimage_make(options, elf.bytes, elf.size, &made->image, error);
	}
	ff_buf_release(&elf);
	return status;
}

/* Moves a buffer into the list. */
static enum ff_status add_buf(struct ff_images *images, uint32_t offset, const char *name, struct ff_buf *buf,
			      struct ff_error *error)
{
	uint8_t *memory = buf->bytes;

	buf->bytes = NULL;
	return ff_images_add_bytes(images, offset, name, memory, buf->size, memory, error);
}

/* What an ESP8266 runs from flash lies at its own address, beside what its ROM loads. */
static enum ff_status add_irom(struct ff_images *images, const char *path, struct ff_elfimage8266 *made,
			       struct ff_error *error)
{
	char *name = NULL;
	enum ff_status status;

	if (made->irom.size == 0) {
		return FF_OK;
	}
	if (asprintf(&name, "%s @ 0x%x", ff_file_name(path), made->irom_at) < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	status = add_buf(images, made->irom_at, name, &made->irom, error);
	free(name);
	return status;
}

static enum ff_status take_elf(struct ff_images *images, const char *path, uint32_t offset, const struct ff_take *how,
			       struct ff_error *error)
{
	struct ff_elfimage_options options;
	struct ff_elfimage8266 made;
	enum ff_status status = choose_options(&options, how, error);

	if (status != FF_OK || options.chip == NULL) {
		return status;
	}
	if (options.chip->id == FF_IMAGECHIP_NO_ID && offset != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "the ESP8266 starts an ELF file's image from 0x0, and knows no other place for it: "
				    "give 0x0 (or elf2image --version 2 for one that a bootloader starts)");
	}
	ff_elfimage8266_init(&made, FF_IMAGES_MAX_CONTENT);
	status = make_image(&made, &options, path, error);
	if (status == FF_OK) {
		status = add_buf(images, offset, ff_file_name(path), &made.image, error);
	}
	if (status == FF_OK) {
		status = add_irom(images, path, &made, error);
	}
	ff_elfimage8266_release(&made);
	return status;
}

enum ff_status ff_take_file(struct ff_images *images, const char *path, uint32_t offset, const struct ff_take *how,
			    struct ff_error *error)
{
	enum ff_take_format format = ff_take_format(path);
	struct ff_error why = FF_ERROR_NONE;
	enum ff_status status;

	switch (format) {
	case FF_TAKE_HEX:
	case FF_TAKE_UF2:
		status = take_pieces(images, path, format, how->purpose, &why);
		break;
	case FF_TAKE_ELF:
		status = take_elf(images, path, offset, how, &why);
		break;
	default:
		return ff_images_add_file(images, offset, NULL, path, error);
	}
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%.150s: %s", path, why.text);
}
