// SPDX-License-Identifier: Apache-2.0
/* merge-bin: several files and their flash offsets become one file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "gather.h"
#include "merge.h"
#include "outfile.h"
#include "settings.h"
#include "utf8.h"

/* What the command line and a build directory ask for together. */
struct merge {
	const struct ff_options *options;
	struct ff_display *display;
	struct ff_flash_settings settings;
	const struct ff_imagechip *chip; /* NULL: not said */
	struct ff_images images;
	struct ff_part parts[FF_IMAGES_MAX]; /* the images, for the writers */
};

static enum ff_status set_chip(struct merge *merge, const char *name, struct ff_error *error)
{
	merge->chip = ff_imagechip_by_name(name);
	return merge->chip != NULL ? FF_OK : ff_error_set(error, FF_ERR_ARGUMENT, "there is no chip '%.40s'", name);
}

/* Collects what is to be merged, all of it in memory. */
static enum ff_status gather(struct merge *merge, struct ff_error *error)
{
	struct ff_options options = *merge->options; /* with what a build directory adds; strings stay the original's */
	struct ff_images *images = &merge->images;
	const char *chip;
	enum ff_status status;

	if (options.files.output == NULL) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "where to? give -o FILE");
	}
	status = ff_gather(images, &options, FF_TAKE_TO_MERGE, error);
	merge->settings = options.settings;
	chip = options.chip != NULL ? options.chip : images->chip;
	if (status == FF_OK && chip[0] != '\0') {
		status = set_chip(merge, chip, error);
	}
	return status == FF_OK ? ff_images_load(images, error) : status;
}

/* Puts the settings into whatever lies where the chip looks for its bootloader, if it is one. */
static enum ff_status apply_settings(struct merge *merge, struct ff_error *error)
{
	const struct ff_settings settings = { merge->settings.mode, merge->settings.freq, merge->settings.size };
	enum ff_status status;

	if (ff_settings_keep(&settings)) {
		return FF_OK;
	}
	if (merge->chip == NULL) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "--flash-mode, --flash-freq and --flash-size mean something else for each chip: "
				    "add --chip");
	}
	status = ff_settings_check(&settings, merge->chip, error);
	for (size_t i = 0; i < merge->images.count && status == FF_OK; i++) {
		const struct ff_image *image = &merge->images.items[i];
		struct ff_error why = FF_ERROR_NONE;
		bool changed;

		if (image->offset == merge->chip->bootloader_at &&
		    ff_settings_apply(&settings, merge->chip, image->bytes, (size_t)image->size, &changed, &why) !=
			    FF_OK) {
			ff_display_note(merge->display, "%s: its flash settings stay as they are: %s", image->name,
					why.text);
		}
	}
	return status;
}

static enum ff_status sort_parts(struct merge *merge, struct ff_error *error)
{
	for (size_t i = 0; i < merge->images.count; i++) {
		const struct ff_image *image = &merge->images.items[i];

		merge->parts[i] = (struct ff_part){ .address = image->offset,
						    .bytes = image->bytes,
						    .size = (size_t)image->size,
						    .name = image->name };
	}
	return ff_merge_sort(merge->parts, merge->images.count, error);
}

static enum ff_status write_uf2(const struct merge *merge, const struct ff_sink *sink, struct ff_error *error)
{
	const struct ff_file_options *files = &merge->options->files;
	struct ff_uf2_options options = { .chunk = files->chunk, .no_md5 = files->no_md5 };

	if (merge->chip == NULL) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "a UF2 file names its chip: add --chip");
	}
	if (merge->chip->uf2_family == 0) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the %s has no UF2 family", merge->chip->name);
	}
	options.family = merge->chip->uf2_family;
	return ff_merge_uf2(merge->parts, merge->images.count, &options, sink, error);
}

static enum ff_status write_file(const struct merge *merge, struct ff_outfile *file, struct ff_error *error)
{
	const struct ff_file_options *files = &merge->options->files;
	const struct ff_part *parts = merge->parts;
	const struct ff_sink sink = ff_outfile_sink(file);

	switch (files->format) {
	case FF_FILE_HEX:
		return ff_merge_hex(parts, merge->images.count, &sink, error);
	case FF_FILE_UF2:
		return write_uf2(merge, &sink, error);
	default:
		return ff_merge_raw(parts, merge->images.count, files->target, files->pad_to, &sink, error);
	}
}

static enum ff_status check_format(const struct ff_file_options *files, struct ff_error *error)
{
	if (files->format != FF_FILE_RAW && (files->target > 0 || files->pad_to > 0)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "--target-offset and --pad-to-size are for --format raw");
	}
	if (files->format != FF_FILE_UF2 && (files->chunk > 0 || files->no_md5)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "--chunk-size and --md5-disable are for --format uf2");
	}
	return FF_OK;
}

static enum ff_status run_merge(struct merge *merge, uint64_t *size, struct ff_error *error)
{
	struct ff_outfile file = { .stream = NULL };
	enum ff_status status = check_format(&merge->options->files, error);

	if (status == FF_OK) {
		status = gather(merge, error);
	}
	if (status == FF_OK) {
		status = apply_settings(merge, error);
	}
	if (status == FF_OK) {
		status = sort_parts(merge, error);
	}
	if (status == FF_OK) {
		status = ff_outfile_open(&file, merge->options->files.output, 0666, error);
	}
	if (status == FF_OK) {
		status = write_file(merge, &file, error);
	}
	if (status == FF_OK) {
		*size = file.size;
		status = ff_outfile_commit(&file, error);
	}
	ff_outfile_abort(&file);
	return status;
}

static void tell(struct ff_run *run, uint64_t size)
{
	const struct ff_file_options *files = &run->options->files;

	run->result = json_pack("{s:o, s:I}", "output", ff_utf8_text(files->output), "size", (json_int_t)size);
	if (run->options->json) {
		return;
	}
	printf("Wrote %llu bytes to %s", (unsigned long long)size, files->output);
	if (files->format == FF_FILE_RAW) {
		printf(", to be flashed at 0x%x", files->target);
	}
	putchar('\n');
}

bool ff_cmd_merge_bin(struct ff_run *run)
{
	struct merge *merge = calloc(1, sizeof(*merge));
	struct ff_error error = FF_ERROR_NONE;
	uint64_t size = 0;
	bool good;

	if (merge == NULL) {
		return ff_failure_set(&run->failure, "no-memory", "out of memory");
	}
	merge->options = run->options;
	merge->display = run->display;
	good = run_merge(merge, &size, &error) == FF_OK;
	if (good) {
		tell(run, size);
	} else {
		ff_failure_set_error(&run->failure, NULL, &error);
	}
	ff_images_release(&merge->images);
	free(merge);
	return good;
}
