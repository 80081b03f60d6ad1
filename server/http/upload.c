// SPDX-License-Identifier: Apache-2.0
#include "upload.h"

#include <stdlib.h>
#include <string.h>

#include "image_name.h"
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

/* Of the images themselves. */
static void set_error(struct ff_problem *problem, const struct ff_error *error)
{
	ff_problem_set_status(problem, error->status, error->text);
}

void ff_uploads_disk_problem(struct ff_problem *problem, const struct ff_error *error)
{
	if (error->status == FF_ERR_IO || error->status == FF_ERR_DENIED) {
		ff_problem_set(problem, FF_PROBLEM_NOT_RECORDED, "%s", error->text);
	} else {
		ff_problem_set_status(problem, error->status, error->text);
	}
}

/* Adds a region without bytes. `name` may be NULL. False: out of memory, and the problem says so. */
static bool add_region(struct ff_uploads *uploads, uint32_t offset, const char *name, struct ff_problem *problem)
{
	struct ff_job_region *regions = realloc(uploads->regions, (uploads->count + 1) * sizeof(*regions));
	if (!regions) {
		set_no_memory(problem);
		return false;
	}
	uploads->regions = regions;
	struct ff_job_region *region = &regions[uploads->count++];
	*region = (struct ff_job_region){ .offset = offset };
	if (name && *name) {
		region->name = strdup(name);
		if (!region->name) {
			set_no_memory(problem);
			return false;
		}
		ff_text_clean(region->name);
	}
	return true;
}

static void open_upload(struct ff_uploads *uploads, struct ff_problem *problem)
{
	struct ff_error error = FF_ERROR_NONE;
	if (ff_upload_begin(&uploads->current, uploads->store, &error) != FF_OK) {
		ff_uploads_disk_problem(problem, &error);
	}
}

static void write_bytes(struct ff_uploads *uploads, const uint8_t *bytes, size_t size, struct ff_problem *problem)
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
		ff_uploads_disk_problem(problem, &error);
	}
}

/* What has come so far is no name after all. */
static void take_for_bytes(struct ff_uploads *uploads, struct ff_problem *problem)
{
	uploads->may_be_name = false;
	open_upload(uploads, problem);
	if (!problem->http_status) {
		write_bytes(uploads, (const uint8_t *)uploads->name, uploads->name_size, problem);
	}
}

static void refuse_name(const struct ff_uploads *uploads, struct ff_problem *problem)
{
	ff_problem_set(
		problem, FF_PROBLEM_BAD_REQUEST,
		"the part for 0x%x names an image and has to be sha256:, 64 hexadecimal digits, and at most a space and "
		"a file's name; bytes that begin like that are sent with a file's name (filename= in the part's header)",
		uploads->regions[uploads->count - 1].offset);
}

static void write_region(struct ff_uploads *uploads, const uint8_t *bytes, size_t size, struct ff_problem *problem)
{
	if (uploads->may_be_name) {
		size_t room = sizeof(uploads->name) - uploads->name_size;
		size_t part = size < room ? size : room;
		memcpy(uploads->name + uploads->name_size, bytes, part);
		uploads->name_size += part;
		bytes += part;
		size -= part;
		if (!ff_image_name_may_begin(uploads->name, uploads->name_size)) {
			take_for_bytes(uploads, problem);
		} else if (size > 0) {
			refuse_name(uploads, problem);
		}
	}
	if (size > 0 && !problem->http_status) {
		write_bytes(uploads, bytes, size, problem);
	}
}

static void set_image(struct ff_job_region *region, struct ff_firmware *image)
{
	region->firmware = image;
	region->size = image->size;
	memcpy(region->sha256, image->sha256, sizeof(region->sha256));
}

/* An image that is not there leaves its region without one; it takes all of the form to know which ones are missing. */
static void find_image(struct ff_uploads *uploads, const struct ff_image_name *name, struct ff_problem *problem)
{
	struct ff_job_region *region = &uploads->regions[uploads->count - 1];
	struct ff_firmware *image = ff_firmware_find(uploads->store, name->sha256);
	if (image) {
		set_image(region, image);
	} else {
		memcpy(region->sha256, name->sha256, sizeof(region->sha256));
	}
	if (name->file[0]) {
		region->name = strdup(ff_text_base_name(name->file));
		if (!region->name) {
			set_no_memory(problem);
			return;
		}
		ff_text_clean(region->name);
	}
}

static void end_name(struct ff_uploads *uploads, struct ff_problem *problem)
{
	struct ff_image_name name;
	if (ff_image_name_parse(uploads->name, uploads->name_size, &name)) {
		find_image(uploads, &name, problem);
	} else {
		refuse_name(uploads, problem);
	}
}

static void end_upload(struct ff_uploads *uploads, struct ff_problem *problem)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_upload *upload = uploads->current;
	struct ff_firmware *image = NULL;
	uploads->current = NULL;
	if (ff_upload_finish(upload, NULL, &image, &error) == FF_OK) {
		set_image(&uploads->regions[uploads->count - 1], image);
	} else {
		ff_uploads_disk_problem(problem, &error);
	}
}

static void end_region(struct ff_uploads *uploads, struct ff_problem *problem)
{
	if (uploads->may_be_name && uploads->name_size < FF_IMAGE_NAME_LEAST) {
		take_for_bytes(uploads, problem);
	}
	if (problem->http_status) {
		return;
	}
	if (uploads->may_be_name) {
		end_name(uploads, problem);
	} else {
		end_upload(uploads, problem);
	}
	uploads->may_be_name = false;
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
	if (!add_region(uploads, offset, form->has_filename ? ff_text_base_name(form->filename) : NULL, problem)) {
		return;
	}
	uploads->may_be_name = !form->has_filename;
	uploads->name_size = 0;
	if (!uploads->may_be_name) {
		open_upload(uploads, problem);
	}
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
	if (add_region(uploads, offset, NULL, problem)) {
		open_upload(uploads, problem);
	}
}

void ff_uploads_init_named(struct ff_uploads *uploads, struct ff_firmware_store *store, uint32_t offset,
			   const struct ff_image_name *name, struct ff_problem *problem)
{
	init(uploads, store, 0);
	if (add_region(uploads, offset, NULL, problem)) {
		find_image(uploads, name, problem);
	}
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

void ff_uploads_end(struct ff_uploads *uploads, struct ff_problem *problem)
{
	struct ff_error error = FF_ERROR_NONE;
	if (uploads->is_form && ff_multipart_finish(&uploads->form, &error) != FF_OK) {
		ff_problem_set(problem, FF_PROBLEM_BAD_MULTIPART, "%s", error.text);
	} else if (uploads->current) {
		end_region(uploads, problem);
	}
}

bool ff_uploads_are_pending(const struct ff_uploads *uploads)
{
	bool pending = false;
	for (size_t i = 0; i < uploads->count && !pending; i++) {
		pending = uploads->regions[i].firmware && ff_firmware_is_pending(uploads->regions[i].firmware);
	}
	return pending;
}

/* One that was damaged on the disk is as good as missing; one that could not be stored is the disk's problem. */
static void check_image(struct ff_job_region *region, struct ff_problem *problem)
{
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = region->firmware ? ff_firmware_wait(region->firmware, &error) : FF_OK;
	if (status != FF_OK && ff_firmware_is_damaged(region->firmware)) {
		ff_firmware_unref(region->firmware);
		region->firmware = NULL;
	} else if (status != FF_OK) {
		ff_uploads_disk_problem(problem, &error);
	}
}

static void check_images(struct ff_uploads *uploads, struct ff_problem *problem)
{
	const struct ff_job_region *first = NULL;
	size_t missing = 0;
	for (size_t i = uploads->count; i-- > 0;) {
		struct ff_job_region *region = &uploads->regions[i];
		check_image(region, problem);
		if (!region->firmware) {
			first = region;
			missing++;
		}
	}
	if (missing > 0) {
		ff_problem_set(
			problem, FF_PROBLEM_NO_SUCH_FIRMWARE,
			"the server has no image sha256:%s%s; send the bytes, or PUT them to /api/v1/firmware first",
			first->sha256, missing > 1 ? ", nor others that are named" : "");
	}
}

void ff_uploads_take(struct ff_uploads *uploads, struct ff_job_region **regions, size_t *count,
		     struct ff_problem *problem)
{
	check_images(uploads, problem);
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
