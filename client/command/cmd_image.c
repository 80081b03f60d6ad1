// SPDX-License-Identifier: Apache-2.0
/* image-info: what is in a file, without a board. */
#include <stdio.h>
#include <stdlib.h>

#include "build_dir.h"
#include "commands.h"
#include "elf.h"
#include "espimage.h"
#include "file.h"
#include "image_report.h"
#include "take.h"
#include "utf8.h"

/* One file's content. */
struct info {
	const char *path;
	enum ff_take_format format;
	const struct ff_imagechip *chip; /* NULL: to be found out */
	struct ff_images images;
};

/* An archive shows the files that a build directory in it would have written, anything else itself. */
static enum ff_status take(struct info *info, struct ff_error *error)
{
	static const struct ff_take how = { .purpose = FF_TAKE_TO_COMPARE };
	struct ff_flasher_args args = { .count = 0 };
	enum ff_status status;

	if (info->format != FF_TAKE_ARCHIVE) {
		return ff_take_file(&info->images, info->path, 0, &how, error);
	}
	status = ff_build_dir_add(&info->images, &args, info->path, error);
	ff_flasher_args_release(&args);
	return status;
}

/* Where an image is among the pieces of a merged file. */
static void print_place(const struct info *info, size_t index)
{
	const struct ff_image *piece = &info->images.items[index];

	printf("\nPiece %zu of %zu, offset 0x%x, size %llu bytes\n", index + 1, info->images.count, piece->offset,
	       (unsigned long long)piece->size);
}

static json_t *place_json(const struct ff_image *piece, const struct ff_espimage *image, const struct ff_error *error)
{
	json_t *object = error->status == FF_OK ? ff_image_report_json(image, piece->bytes)
						: json_pack("{s:o}", "error", ff_utf8_text(error->text));

	json_object_set_new(object, "offset", json_integer(piece->offset));
	json_object_set_new(object, "size", json_integer((json_int_t)piece->size));
	return object;
}

/* Reads and shows one piece; answers whether it is an image. */
static enum ff_status show(struct ff_run *run, const struct info *info, size_t index, struct ff_error *error)
{
	const struct ff_image *piece = &info->images.items[index];
	bool whole_file = info->format == FF_TAKE_RAW;
	struct ff_espimage image;
	enum ff_status status = ff_espimage_parse(&image, piece->bytes, (size_t)piece->size, info->chip, error);

	if (run->options->json) {
		json_array_append_new(json_object_get(run->result, "images"), place_json(piece, &image, error));
		return status;
	}
	if (!whole_file) {
		print_place(info, index);
	}
	if (status == FF_OK) {
		if (whole_file) {
			printf("Image size: %llu bytes\n", (unsigned long long)piece->size);
		}
		printf("Detected image type: %s\n", image.chip != NULL ? image.chip->name : "unknown chip");
		ff_image_report_print(&image, piece->bytes, stdout);
	} else if (!whole_file) {
		printf("%s\n", error->text);
	}
	return status;
}

/* A merged file may hold partition tables and data: one image in it is enough. */
static enum ff_status show_all(struct ff_run *run, const struct info *info, struct ff_error *error)
{
	enum ff_status best = FF_ERR_FORMAT;
	struct ff_error first = FF_ERROR_NONE;

	for (size_t i = 0; i < info->images.count; i++) {
		struct ff_error why = FF_ERROR_NONE;
		enum ff_status status = show(run, info, i, &why);

		if (status == FF_OK) {
			best = FF_OK;
		} else if (first.status == FF_OK) {
			first = why;
		}
	}
	return best == FF_OK ? FF_OK : ff_error_set(error, first.status, "%.120s: %s", info->path, first.text);
}

static void print_elf(const struct ff_elf *elf)
{
	printf("ELF executable for %s, from which elf2image makes an image\nEntry point: 0x%08x\n",
	       elf->machine == FF_ELF_XTENSA ? "Xtensa" : "RISC-V", elf->entry);
	printf("Segments to load: %zu\n", elf->count);
	for (size_t i = 0; i < elf->count; i++) {
		printf("  0x%08x  %8zu bytes%s\n", elf->segments[i].address, elf->segments[i].size,
		       elf->segments[i].executable ? ", code" : "");
	}
}

static json_t *elf_json(const struct ff_elf *elf)
{
	json_t *segments = json_array();

	for (size_t i = 0; i < elf->count; i++) {
		json_array_append_new(segments, json_pack("{s:I, s:I}", "address", (json_int_t)elf->segments[i].address,
							  "size", (json_int_t)elf->segments[i].size));
	}
	return json_pack("{s:s, s:I, s:o}", "processor", elf->machine == FF_ELF_XTENSA ? "xtensa" : "riscv", "entry",
			 (json_int_t)elf->entry, "segments", segments);
}

static enum ff_status show_elf(struct ff_run *run, const struct info *info, struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	struct ff_buf file;
	struct ff_elf elf;
	enum ff_status status;

	ff_buf_init(&file, FF_TAKE_MAX_FILE);
	status = ff_file_read(&file, info->path, &why);
	if (status == FF_OK) {
		status = ff_elf_parse(&elf, file.bytes, file.size, &why);
	}
	if (status == FF_OK) {
		run->result = json_pack("{s:s, s:s, s:o}", "file", info->path, "format", "elf", "elf", elf_json(&elf));
		if (!run->options->json) {
			print_elf(&elf);
		}
	}
	ff_buf_release(&file);
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%.150s: %s", info->path, why.text);
}

static enum ff_status run_info(struct ff_run *run, struct info *info, struct ff_error *error)
{
	const struct ff_options *options = run->options;
	enum ff_status status;

	if (options->word_count == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "which image? give a FILE");
	}
	if (options->chip != NULL) {
		info->chip = ff_imagechip_by_name(options->chip);
		if (info->chip == NULL) {
			return ff_error_set(error, FF_ERR_ARGUMENT, "there is no chip '%.40s'", options->chip);
		}
	}
	info->path = options->words[0].text;
	info->format = ff_take_format(info->path);
	if (info->format == FF_TAKE_ELF) {
		return show_elf(run, info, error);
	}
	status = take(info, error);
	if (status == FF_OK) {
		status = ff_images_load(&info->images, error);
	}
	if (status != FF_OK) {
		return status;
	}
	run->result = json_pack("{s:s, s:s, s:[]}", "file", info->path, "format", ff_take_format_name(info->format),
				"images");
	return show_all(run, info, error);
}

bool ff_cmd_image_info(struct ff_run *run)
{
	struct info *info = calloc(1, sizeof(*info));
	struct ff_error error = FF_ERROR_NONE;
	bool good;

	if (info == NULL) {
		return ff_failure_set(&run->failure, "no-memory", "out of memory");
	}
	good = run_info(run, info, &error) == FF_OK;
	if (!good) {
		ff_failure_set_error(&run->failure, NULL, &error);
	}
	ff_images_release(&info->images);
	free(info);
	return good;
}
