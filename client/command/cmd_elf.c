// SPDX-License-Identifier: Apache-2.0
/* elf2image: the firmware image of an ELF executable, without a board. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "elfimage.h"
#include "elfimage8266.h"
#include "file.h"
#include "outfile.h"
#include "take.h"
#include "utf8.h"

#define SECTOR 4096u

/* One file for most chips, two for the ESP8266's version 1. */
struct output {
	char *path; /* to be freed */
	const struct ff_buf *content;
};

struct work {
	struct ff_run *run;
	struct ff_elfimage_options options;
	unsigned version; /* of the ESP8266's image; 0 for other chips */
	struct ff_elfimage8266 made;
	struct output outputs[2];
	size_t count;
};

static enum ff_status fill_options(struct work *work, struct ff_error *error)
{
	const struct ff_options *options = work->run->options;
	const struct ff_file_options *files = &options->files;
	struct ff_elfimage_options *image = &work->options;

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
	if (image->chip == NULL) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "there is no chip '%.40s'", options->chip);
	}
	if (image->chip->id == FF_IMAGECHIP_NO_ID) {
		work->version = files->version != 0 ? files->version : 1;
	} else if (files->version != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "--version is a matter of the ESP8266: the %s's images have one form",
				    image->chip->name);
	}
	return FF_OK;
}

/* What the ESP8266's images have no place for is not passed over in silence. */
static enum ff_status check_esp8266(const struct work *work, struct ff_error *error)
{
	const struct ff_file_options *files = &work->run->options->files;

	if (work->version != 0 &&
	    (files->min_rev != 0 || files->min_rev_full != 0 || files->max_rev_given || files->mmu_page != 0)) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "images for the ESP8266 say neither revisions nor an MMU page size: leave these "
				    "options out");
	}
	return FF_OK;
}

static enum ff_status make(struct work *work, struct ff_error *error)
{
	const char *path = work->run->options->words[0].text;
	struct ff_error why = FF_ERROR_NONE;
	struct ff_buf elf;
	enum ff_status status;

	ff_buf_init(&elf, FF_TAKE_MAX_FILE);
	status = ff_file_read(&elf, path, &why);
	if (status == FF_OK && work->version != 0) {
		status = ff_elfimage8266_make(&work->made, &work->options, work->version, elf.bytes, elf.size, &why);
	} else if (status == FF_OK) {
		status = ff_elfimage_make(&work->options, elf.bytes, elf.size, &work->made.image, &why);
	}
	ff_buf_release(&elf);
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%.150s: %s", path, why.text);
}

static uint32_t sector_of(uint32_t offset)
{
	return offset - offset % SECTOR;
}

/* app.elf becomes app.bin, and anything without an ending gets one; version 2 is called by where it belongs. */
static int name_one(const struct work *work, char **name)
{
	const char *path = work->run->options->words[0].text, *given = work->run->options->files.output;
	const char *dot = strrchr(ff_file_name(path), '.');
	int length = (int)(dot != NULL && dot != ff_file_name(path) ? (size_t)(dot - path) : strlen(path));

	if (given != NULL) {
		return asprintf(name, "%s", given);
	}
	return work->version == 2 ? asprintf(name, "%.*s-0x%05x.bin", length, path, sector_of(work->made.irom_at))
				  : asprintf(name, "%.*s.bin", length, path);
}

/* Version 1: app.elf-0x00000.bin and app.elf-0x10000.bin, or with another beginning. */
static int name_part(const struct work *work, char **name, uint32_t offset)
{
	const char *given = work->run->options->files.output;

	return given != NULL ? asprintf(name, "%s0x%05x.bin", given, offset)
			     : asprintf(name, "%s-0x%05x.bin", work->run->options->words[0].text, offset);
}

static enum ff_status add_output(struct work *work, int named, char *name, const struct ff_buf *content,
				 struct ff_error *error)
{
	if (named < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	work->outputs[work->count++] = (struct output){ .path = name, .content = content };
	if (strcmp(name, work->run->options->words[0].text) == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%.150s would be overwritten: give another -o FILE", name);
	}
	return FF_OK;
}

static enum ff_status name_outputs(struct work *work, struct ff_error *error)
{
	const struct ff_elfimage8266 *made = &work->made;
	char *name = NULL;
	int named = work->version == 1 ? name_part(work, &name, 0) : name_one(work, &name);
	enum ff_status status = add_output(work, named, name, &made->image, error);

	if (status == FF_OK && made->irom.size > 0) {
		named = name_part(work, &name, made->irom_at);
		status = add_output(work, named, name, &made->irom, error);
	}
	return status;
}

/* All are complete before the first gets its name. */
static enum ff_status put(const struct work *work, struct ff_error *error)
{
	struct ff_outfile files[2] = { { .stream = NULL }, { .stream = NULL } };
	enum ff_status status = FF_OK;

	for (size_t i = 0; i < work->count && status == FF_OK; i++) {
		status = ff_outfile_open(&files[i], work->outputs[i].path, 0666, error);
		if (status == FF_OK) {
			status = ff_outfile_write(&files[i], work->outputs[i].content->bytes,
						  work->outputs[i].content->size, error);
		}
	}
	for (size_t i = 0; i < work->count && status == FF_OK; i++) {
		status = ff_outfile_commit(&files[i], error);
	}
	for (size_t i = 0; i < 2; i++) {
		ff_outfile_abort(&files[i]);
	}
	return status;
}

static void print(const struct work *work)
{
	const struct ff_elfimage8266 *made = &work->made;
	const char *chip = work->options.chip->name, *path = work->outputs[0].path;

	if (work->version == 2) {
		printf("Wrote an image of version 2 for the %s, %zu bytes for 0x%x, to %s\n", chip, made->image.size,
		       sector_of(made->irom_at), path);
		return;
	}
	printf("Wrote an image for the %s, %zu bytes with %u segments, to %s\n", chip, made->image.size,
	       made->image.bytes[1], path);
	if (work->count > 1) {
		printf("Wrote its code in flash, %zu bytes for 0x%x, to %s\n", made->irom.size, made->irom_at,
		       work->outputs[1].path);
	}
}

static void tell(const struct work *work)
{
	const struct ff_elfimage8266 *made = &work->made;
	json_t *result = json_pack("{s:o, s:s, s:I}", "output", ff_utf8_text(work->outputs[0].path), "chip",
				   work->options.chip->name, "size", (json_int_t)made->image.size);

	if (work->version != 0) {
		json_object_set_new(result, "version", json_integer(work->version));
	}
	if (work->count > 1) {
		json_object_set_new(result, "irom",
				    json_pack("{s:o, s:I, s:I}", "output", ff_utf8_text(work->outputs[1].path),
					      "offset", (json_int_t)made->irom_at, "size",
					      (json_int_t)made->irom.size));
	}
	work->run->result = result;
	if (!work->run->options->json) {
		print(work);
	}
}

static enum ff_status run_elf2image(struct work *work, struct ff_error *error)
{
	enum ff_status status = fill_options(work, error);

	if (status == FF_OK) {
		status = check_esp8266(work, error);
	}
	if (status == FF_OK) {
		status = make(work, error);
	}
	if (status == FF_OK) {
		status = name_outputs(work, error);
	}
	if (status == FF_OK) {
		status = put(work, error);
	}
	if (status == FF_OK) {
		tell(work);
	}
	return status;
}

bool ff_cmd_elf2image(struct ff_run *run)
{
	struct ff_error error = FF_ERROR_NONE;
	struct work work = { .run = run };
	bool good;

	ff_elfimage8266_init(&work.made, FF_IMAGES_MAX_CONTENT);
	good = run_elf2image(&work, &error) == FF_OK;
	ff_elfimage8266_release(&work.made);
	for (size_t i = 0; i < work.count; i++) {
		free(work.outputs[i].path);
	}
	return good || ff_failure_set_error(&run->failure, NULL, &error);
}
