// SPDX-License-Identifier: Apache-2.0
#include "work.h"

#include <stdlib.h>

#include "program.h"

/* All of the job's file: a program's segments lie anywhere in it. */
static enum ff_status read_file(uint8_t **bytes, const struct ff_job_region *file, struct ff_error *error)
{
	struct ff_source source;
	enum ff_status status = ff_firmware_wait(file->firmware, error);
	if (status == FF_OK) {
		status = ff_source_open_file(&source, file->firmware->path, error);
	}
	if (status != FF_OK) {
		return status;
	}
	uint8_t *read = malloc(source.size);
	status = read ? source.read(source.context, 0, read, source.size, error)
		      : ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for a program of %zu bytes",
				     (size_t)source.size);
	ff_source_close(&source);
	if (status != FF_OK) {
		free(read);
		return status;
	}
	*bytes = read;
	return FF_OK;
}

static const char *name_of(const struct ff_job_region *file)
{
	return file->name ? file->name : "the program";
}

static enum ff_status load(struct ff_work *work, const struct ff_job_region *file, const uint8_t *bytes,
			   struct ff_error *error)
{
	struct ff_program program;
	struct ff_error why = FF_ERROR_NONE;
	enum ff_status status = ff_program_parse(&program, bytes, file->size, &why);
	if (status == FF_OK && !ff_job_options(work->job)->force) {
		status = ff_program_check(&program, ff_flasher_info(work->flasher)->chip, &why);
	}
	if (status != FF_OK) {
		return ff_error_set(error, status, "%.120s: %s", name_of(file), why.text);
	}
	work->result.bytes = program.bytes;
	return ff_flasher_load_ram(work->flasher, program.segments, program.count, program.entry, error);
}

enum ff_status ff_work_load_ram(struct ff_work *work, struct ff_error *error)
{
	size_t count = 0;
	const struct ff_job_region *file = ff_job_regions(work->job, &count);
	uint8_t *bytes = NULL;
	work->done = "the program runs";
	enum ff_status status = read_file(&bytes, file, error);
	if (status == FF_OK) {
		status = load(work, file, bytes, error);
	}
	free(bytes);
	return status;
}
