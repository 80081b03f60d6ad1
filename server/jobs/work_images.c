// SPDX-License-Identifier: Apache-2.0
#include "work.h"

#include <stdlib.h>

/* The job's images, open for reading. */
struct images {
	struct ff_region *regions;
	size_t count;
};

static enum ff_status open_images(struct images *images, const struct ff_job *job, struct ff_error *error)
{
	const struct ff_job_region *files = ff_job_regions(job, &images->count);
	images->regions = calloc(images->count, sizeof(*images->regions));
	if (!images->regions) {
		images->count = 0;
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	for (size_t i = 0; i < images->count; i++) {
		struct ff_region *region = &images->regions[i];
		*region = (struct ff_region){ .offset = files[i].offset,
					      .name = files[i].name,
					      .encrypt = files[i].encrypt };
		enum ff_status status = ff_firmware_wait(files[i].firmware, error);
		if (status == FF_OK) {
			status = ff_source_open_file(&region->source, files[i].firmware->path, error);
		}
		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}

/* So that an image that goes to many boards at once is not measured and deflated for each of them. */
static enum ff_status measure_images(struct images *images, const struct ff_job *job, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	const struct ff_job_region *files = ff_job_regions(job, &images->count);
	for (size_t i = 0; i < images->count && status == FF_OK; i++) {
		struct ff_source *source = &images->regions[i].source;
		const struct ff_firmware_wire *wire = NULL;
		status = ff_firmware_measure(files[i].firmware, source, &wire, error);
		if (status == FF_OK) {
			source->measure = &wire->measure;
			source->deflated = wire->deflated.read ? &wire->deflated : NULL;
		}
	}
	return status;
}

static void close_images(struct images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		ff_source_close(&images->regions[i].source);
	}
	free(images->regions);
}

enum ff_status ff_work_flash(struct ff_work *work, struct ff_error *error)
{
	const struct ff_job_options *asked = ff_job_options(work->job);
	struct ff_write_options options = {
		.force = asked->force,
		.no_compress = !asked->compress,
		.no_verify = !asked->verify,
		.erase_all = asked->erase_all,
		.ignore_encryption_efuses = asked->ignore_encryption_efuses,
		.flash_mode = asked->flash_mode,
		.flash_freq = asked->flash_freq,
		.flash_size = asked->flash_size,
	};
	struct ff_write_report report = { 0 };
	struct images images = { 0 };
	enum ff_status status = open_images(&images, work->job, error);
	if (status == FF_OK && asked->compress) {
		status = measure_images(&images, work->job, error);
	}
	if (status == FF_OK) {
		status = ff_flasher_write(work->flasher, images.regions, images.count, &options, &report, error);
	}
	close_images(&images);
	work->result.bytes = report.bytes;
	work->result.wire_bytes = report.wire_bytes;
	work->result.verified = report.verified;
	work->result.unverified = report.unverified;
	if (report.patched) {
		work->result.patched_region = report.patched_region;
		ff_firmware_hex(work->result.patched_sha256, report.patched_sha256);
	}
	work->done = report.verified ? "the flash is written and verified" : "the flash is written";
	return status;
}

enum ff_status ff_work_verify(struct ff_work *work, struct ff_error *error)
{
	const struct ff_job_options *asked = ff_job_options(work->job);
	const struct ff_verify_options options = { .flash_mode = asked->flash_mode,
						   .flash_freq = asked->flash_freq,
						   .flash_size = asked->flash_size };
	bool same[FF_MAX_REGIONS] = { false };
	struct images images = { 0 };
	enum ff_status status = open_images(&images, work->job, error);
	if (status == FF_OK) {
		status = ff_flasher_verify(work->flasher, images.regions, images.count, &options, same, error);
	}
	if (status == FF_OK || status == FF_ERR_VERIFY) {
		ff_job_set_same(work->job, same, images.count);
	}
	for (size_t i = 0; i < images.count; i++) {
		work->result.bytes += images.regions[i].source.size;
	}
	close_images(&images);
	work->result.verified = status == FF_OK;
	work->done = "the flash is verified";
	return status;
}
