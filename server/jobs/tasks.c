// SPDX-License-Identifier: Apache-2.0
#include "tasks.h"

#include <stdlib.h>
#include <string.h>

static void on_progress(void *context, const struct ff_progress *progress)
{
	ff_job_report(context, progress);
}

static bool is_cancelled(void *context)
{
	return ff_job_cancelled(context);
}

static struct ff_observer observe(struct ff_job *job)
{
	return (struct ff_observer){
		.progress = on_progress,
		.cancelled = is_cancelled,
		.context = job,
		.log = ff_worker_log(ff_job_worker(job)),
	};
}

static enum ff_status connect(struct ff_flasher **flasher, struct ff_job *job, struct ff_transport *transport,
			      struct ff_error *error)
{
	const struct ff_job_options *asked = ff_job_options(job);
	struct ff_observer observer = observe(job);
	struct ff_connect_options options = {
		.baud = asked->baud,
		.initial_baud = FF_CONSOLE_BAUD,
		.no_stub = !asked->stub,
	};
	enum ff_status status = ff_flasher_open(flasher, transport, &options, &observer, error);
	if (status == FF_OK) {
		ff_job_learn(job, ff_flasher_info(*flasher));
	}
	return status;
}

/* A board without control lines stays in its loader, at the rate at which the next job looks for it. */
static enum ff_after after(const struct ff_transport *transport)
{
	return transport->has_lines ? FF_AFTER_HARD_RESET : FF_AFTER_NO_RESET;
}

static void report(struct ff_job *job, const struct ff_flasher *flasher, const struct ff_write_report *written)
{
	const struct ff_board_info *info = ff_flasher_info(flasher);
	struct ff_job_result result = { .known = true, .report = *written, .stub = info->stub, .baud = info->baud };
	memcpy(result.phase_us, ff_flasher_phase_times(flasher), sizeof(result.phase_us));
	ff_job_set_result(job, &result);
}

static enum ff_status open_sources(struct ff_region *regions, const struct ff_job_region *images, size_t count,
				   struct ff_error *error)
{
	for (size_t i = 0; i < count; i++) {
		regions[i] = (struct ff_region){ .offset = images[i].offset, .name = images[i].name };
		enum ff_status status = ff_source_open_file(&regions[i].source, images[i].firmware->path, error);
		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}

static void close_sources(struct ff_region *regions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ff_source_close(&regions[i].source);
	}
	free(regions);
}

static enum ff_status flash(struct ff_job *job, struct ff_transport *transport, const struct ff_region *regions,
			    size_t count, struct ff_error *error)
{
	struct ff_flasher *flasher = NULL;
	enum ff_status status = connect(&flasher, job, transport, error);
	if (status != FF_OK) {
		return status;
	}
	const struct ff_job_options *asked = ff_job_options(job);
	struct ff_write_options options = {
		.force = asked->force,
		.no_compress = !asked->compress,
		.no_verify = !asked->verify,
	};
	struct ff_write_report written = { 0 };
	status = ff_flasher_write(flasher, regions, count, &options, &written, error);

	struct ff_error leaving = FF_ERROR_NONE;
	enum ff_status left = ff_flasher_leave(flasher, after(transport), &leaving);
	if (status == FF_OK) {
		report(job, flasher, &written);
	}
	if (status == FF_OK && left != FF_OK) {
		status = ff_error_set(error, left, "the flash is written%s, but the board could not be restarted: %s",
				      written.verified ? " and verified" : "", leaving.text);
	}
	ff_flasher_close(flasher, after(transport), NULL);
	return status;
}

enum ff_status ff_task_flash(struct ff_job *job, struct ff_transport *transport, struct ff_error *error)
{
	size_t count = 0;
	const struct ff_job_region *images = ff_job_regions(job, &count);
	struct ff_region *regions = calloc(count, sizeof(*regions));
	if (!regions) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	enum ff_status status = open_sources(regions, images, count, error);
	if (status == FF_OK) {
		status = flash(job, transport, regions, count, error);
	}
	close_sources(regions, count);
	return status;
}

enum ff_status ff_task_info(struct ff_job *job, struct ff_transport *transport, struct ff_error *error)
{
	struct ff_flasher *flasher = NULL;
	enum ff_status status = connect(&flasher, job, transport, error);
	if (status != FF_OK) {
		return status;
	}
	return ff_flasher_close(flasher, after(transport), error);
}

enum ff_status ff_task_reset(struct ff_job *job, struct ff_transport *transport, struct ff_error *error)
{
	ff_job_report(job, &(struct ff_progress){ .phase = FF_PHASE_REBOOT });
	return ff_board_reset(transport, error);
}
