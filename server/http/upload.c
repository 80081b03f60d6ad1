// SPDX-License-Identifier: Apache-2.0
#include "upload.h"

#include <stdlib.h>
#include <string.h>

#include "params.h"
#include "text.h"

static void init(struct ff_uploads *uploads, struct ff_firmware_store *store, uint64_t max_bytes)
{
	uploads->store = store;
	uploads->max_bytes = max_bytes;
}

static void set_no_memory(struct ff_problem *problem)
{
	ff_problem_set_status(problem, FF_ERR_NO_MEMORY, "the server is out of memory");
}

static void set_error(struct ff_problem *problem, const struct ff_error *error)
{
	ff_problem_set_status(problem, error->status, error->text);
}

/* Adds a region and opens its upload. `name` may be NULL. */
static void begin_region(struct ff_uploads *uploads, uint32_t offset, const char *name, struct ff_problem *problem)
{
	struct ff_job_region *regions = realloc(uploads->regions, (uploads->count + 1) * sizeof(*regions));
	if (!regions) {
		set_no_memory(problem);
		return;
	}
	uploads->regions = regions;
	struct ff_job_region *region = &regions[uploads->count++];
	*region = (struct ff_job_region){ .offset = offset };
	if (name && *name) {
		region->name = strdup(name);
		if (!region->name) {
			set_no_memory(problem);
			return;
		}
		ff_text_clean(region->name);
	}
	struct ff_error error = FF_ERROR_NONE;
	if (ff_upload_begin(&uploads->current, uploads->store, &error) != FF_OK) {
		set_error(problem, &error);
	}
}

static void write_region(struct ff_uploads *uploads, const uint8_t *bytes, size_t size, struct ff_problem *problem)
{
	if (size > uploads->max_bytes - uploads->bytes) {
		ff_problem_set(
			problem, FF_PROBLEM_UPLOAD_TOO_LARGE,
			"the images are larger than the %llu bytes that this server accepts (farflashd --max-upload)",
			(unsigned long long)uploads->max_bytes);
		return;
	}
	uploads->bytes += size;
	struct ff_error error = FF_ERROR_NONE;
	if (ff_upload_write(uploads->current, bytes, size, &error) != FF_OK) {
		set_error(problem, &error);
	}
}

static void end_region(struct ff_uploads *uploads, struct ff_problem *problem)
{
	struct ff_job_region *region = &uploads->regions[uploads->count - 1];
	struct ff_error error = FF_ERROR_NONE;
	struct ff_upload *upload = uploads->current;
	uploads->current = NULL;
	if (ff_upload_finish(upload, &region->firmware, &error) != FF_OK ||
	    ff_firmware_wait(region->firmware, &error) != FF_OK) {
		set_error(problem, &error);
		return;
	}
	region->size = region->firmware->size;
	memcpy(region->sha256, region->firmware->sha256, sizeof(region->sha256));
}

static void begin_part(struct ff_uploads *uploads, struct ff_problem *problem)
{
	struct ff_multipart *form = &uploads->form;
	uint32_t offset = 0;
	if (!ff_params_number(form->name, &offset)) {
		ff_text_clean(form->name);
		ff_problem_set(
			problem, FF_PROBLEM_BAD_OFFSET,
			"part %u of the form is named \"%s\", which is not a flash offset such as 0x10000 or 65536; "
			"options such as baud go into the query",
			form->parts, form->name);
		return;
	}
	begin_region(uploads, offset, form->has_filename ? ff_text_base_name(form->filename) : NULL, problem);
}

void ff_uploads_init_form(struct ff_uploads *uploads, struct ff_firmware_store *store, uint64_t max_bytes,
			  const char *content_type, struct ff_problem *problem)
{
	init(uploads, store, max_bytes);
	uploads->is_form = true;
	struct ff_error error = FF_ERROR_NONE;
	if (ff_multipart_init(&uploads->form, content_type, FF_MAX_REGIONS, &error) != FF_OK) {
		ff_problem_set(problem, FF_PROBLEM_BAD_MULTIPART, "%s", error.text);
	}
}

void ff_uploads_init_single(struct ff_uploads *uploads, struct ff_firmware_store *store, uint64_t max_bytes,
			    uint32_t offset, struct ff_problem *problem)
{
	init(uploads, store, max_bytes);
	begin_region(uploads, offset, NULL, problem);
}

static void write_form(struct ff_uploads *uploads, const uint8_t *bytes, size_t size, struct ff_problem *problem)
{
	struct ff_error error = FF_ERROR_NONE;
	while (!problem->http_status) {
		struct ff_multipart_event event;
		if (ff_multipart_next(&uploads->form, &bytes, &size, &event, &error) != FF_OK) {
			ff_problem_set(problem, FF_PROBLEM_BAD_MULTIPART, "%s", error.text);
			return;
		}
		switch (event.kind) {
		case FF_MULTIPART_MORE:
			return;
		case FF_MULTIPART_PART:
			begin_part(uploads, problem);
			break;
		case FF_MULTIPART_DATA:
			write_region(uploads, event.bytes, event.size, problem);
			break;
		case FF_MULTIPART_PART_END:
			end_region(uploads, problem);
			break;
		}
	}
}

void ff_uploads_write(struct ff_uploads *uploads, const uint8_t *bytes, size_t size, struct ff_problem *problem)
{
	if (uploads->is_form) {
		write_form(uploads, bytes, size, problem);
	} else {
		write_region(uploads, bytes, size, problem);
	}
}

/* What is only compared may lie anywhere. */
static enum ff_status check_for_compare(const struct ff_region *regions, size_t count, struct ff_error *error)
{
	for (size_t i = 0; i < count; i++) {
		if (regions[i].source.size == 0) {
			return ff_error_set(error, FF_ERR_EMPTY, "%s is empty: there is nothing to compare",
					    regions[i].name ? regions[i].name : "the image");
		}
	}
	return count == 0 ? ff_error_set(error, FF_ERR_ARGUMENT, "there is no image") : FF_OK;
}

static void check_regions(const struct ff_uploads *uploads, struct ff_problem *problem)
{
	struct ff_region regions[FF_MAX_REGIONS];
	for (size_t i = 0; i < uploads->count; i++) {
		regions[i] = (struct ff_region){
			.offset = uploads->regions[i].offset,
			.source = { .size = uploads->regions[i].size },
			.name = uploads->regions[i].name,
		};
	}
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = uploads->any_offset ? check_for_compare(regions, uploads->count, &error)
						    : ff_check_regions(regions, uploads->count, 0, &error);
	if (status != FF_OK) {
		set_error(problem, &error);
	}
}

void ff_uploads_finish(struct ff_uploads *uploads, struct ff_job_region **regions, size_t *count,
		       struct ff_problem *problem)
{
	struct ff_error error = FF_ERROR_NONE;
	if (uploads->is_form && ff_multipart_finish(&uploads->form, &error) != FF_OK) {
		ff_problem_set(problem, FF_PROBLEM_BAD_MULTIPART, "%s", error.text);
		return;
	}
	if (!uploads->is_form) {
		end_region(uploads, problem);
	}
	if (!problem->http_status) {
		check_regions(uploads, problem);
	}
	if (!problem->http_status) {
		*regions = uploads->regions;
		*count = uploads->count;
		uploads->regions = NULL;
		uploads->count = 0;
	}
}

void ff_uploads_release(struct ff_uploads *uploads)
{
	ff_upload_abort(uploads->current);
	uploads->current = NULL;
	ff_job_regions_free(uploads->regions, uploads->count);
	uploads->regions = NULL;
	uploads->count = 0;
}
