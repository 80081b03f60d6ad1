// SPDX-License-Identifier: Apache-2.0
/* elf2image: the firmware image of an ELF executable, without a board. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "elfimage.h"
#include "file.h"
#include "outfile.h"
#include "take.h"

/* app.elf becomes app.bin, and anything without an ending gets one. To be freed; NULL without memory. */
static char *default_output(const char *path)
{
	const char *dot = strrchr(ff_file_name(path), '.');
	size_t length = dot != NULL && dot != ff_file_name(path) ? (size_t)(dot - path) : strlen(path);
	char *output;

	return asprintf(&output, "%.*s.bin", (int)length, path) < 0 ? NULL : output;
}

static enum ff_status fill_options(struct ff_elfimage_options *image, const struct ff_options *options,
				   struct ff_error *error)
{
	const struct ff_file_options *files = &options->files;

	if (options->word_count == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "which ELF file? give a FILE");
	}
	if (options->chip == NULL) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "for which chip? give --chip NAME");
	}
	*image = (struct ff_elfimage_options){
		.chip = ff_imagechip_by_name(options->chip),
		.settings = { options->settings.mode, options->settings.freq, options->settings.size },
		.min_revision_old = files->min_rev,
		.min_revision = files->min_rev_full,
		.max_revision = files->max_rev_given ? files->max_rev_full : FF_IMAGEHEADER_ANY_REVISION,
		.mmu_page = files->mmu_page
	};
	return image->chip != NULL ? FF_OK
				   : ff_error_set(error, FF_ERR_ARGUMENT, "there is no chip '%.40s'", options->chip);
}

static enum ff_status make(struct ff_buf *image, const struct ff_elfimage_options *options, const char *path,
			   struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	struct ff_buf elf;
	enum ff_status status;

	ff_buf_init(&elf, FF_TAKE_MAX_FILE);
	status = ff_file_read(&elf, path, &why);
	if (status == FF_OK) {
		status = ff_elfimage_make(options, elf.bytes, elf.size, image, &why);
	}
	ff_buf_release(&elf);
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%.150s: %s", path, why.text);
}

static enum ff_status put(const struct ff_buf *image, const char *path, struct ff_error *error)
{
	struct ff_outfile file = { .stream = NULL };
	enum ff_status status = ff_outfile_open(&file, path, 0666, error);

	if (status == FF_OK) {
		status = ff_outfile_write(&file, image->bytes, image->size, error);
	}
	if (status == FF_OK) {
		status = ff_outfile_commit(&file, error);
	}
	ff_outfile_abort(&file);
	return status;
}

static void tell(struct ff_run *run, const struct ff_buf *image, const char *path, const char *chip)
{
	run->result = json_pack("{s:s, s:s, s:I}", "output", path, "chip", chip, "size", (json_int_t)image->size);
	if (!run->options->json) {
		printf("Wrote an image for the %s, %zu bytes with %u segments, to %s\n", chip, image->size,
		       image->bytes[1], path);
	}
}

static enum ff_status run_elf2image(struct ff_run *run, struct ff_buf *image, struct ff_error *error)
{
	const struct ff_options *options = run->options;
	struct ff_elfimage_options wanted;
	char *output;
	enum ff_status status = fill_options(&wanted, options, error);

	if (status == FF_OK) {
		status = make(image, &wanted, options->words[0].text, error);
	}
	if (status != FF_OK) {
		return status;
	}
	output = options->files.output != NULL ? strdup(options->files.output) : default_output(options->words[0].text);
	if (output == NULL) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	if (strcmp(output, options->words[0].text) == 0) {
		status = ff_error_set(error, FF_ERR_ARGUMENT, "%.150s would be overwritten: give another -o FILE",
				      output);
	}
	if (status == FF_OK) {
		status = put(image, output, error);
	}
	if (status == FF_OK) {
		tell(run, image, output, wanted.chip->name);
	}
	free(output);
	return status;
}

bool ff_cmd_elf2image(struct ff_run *run)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_buf image;
	bool good;

	ff_buf_init(&image, FF_IMAGES_MAX_CONTENT);
	good = run_elf2image(run, &image, &error) == FF_OK;
	ff_buf_release(&image);
	return good || ff_failure_set_error(&run->failure, NULL, &error);
}
