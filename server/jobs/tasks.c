// SPDX-License-Identifier: Apache-2.0
#include "tasks.h"

#include <stdlib.h>

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
	} else if (status != FF_ERR_LOST && transport->has_lines) {
		/* It may sit in its bootloader. `error` holds the root cause and keeps it. */
		(void)!ff_board_reset(transport, error);
	}
	return status;
}

static void report(struct ff_job *job, const struct ff_flasher *flasher, const struct ff_write_report *written,
		   struct ff_job_result *result)
{
	const struct ff_board_info *info = ff_flasher_info(flasher);
	const int64_t *times = ff_flasher_phase_times(flasher);
	*result = (struct ff_job_result){ .known = true, .report = *written, .stub = info->stub, .baud = info->baud };
	for (int phase = 0; phase < FF_PHASE_COUNT; phase++) {
		result->phase_us[phase] = times[phase];
	}
	ff_job_set_result(job, result);
}

/* Ends the session. A board without control lines stays where it is; one that has them must come up again. */
static enum ff_status disconnect(struct ff_flasher *flasher, struct ff_job *job, const struct ff_transport *transport,
				 struct ff_job_result *result, struct ff_error *error)
{
	ff_job_report(job, &(struct ff_progress){ .phase = FF_PHASE_REBOOT });
	int64_t begin = ff_now_us();
	enum ff_status status =
		ff_flasher_close(flasher, transport->has_lines ? FF_AFTER_HARD_RESET : FF_AFTER_NO_RESET, error);
	if (result->known) {
		result->phase_us[FF_PHASE_REBOOT] = ff_now_us() - begin;
		ff_job_set_result(job, result);
	}
	return status;
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
	struct ff_write_options options = { .force = asked->force, .no_compress = !asked->compress };
	struct ff_write_report written = { 0 };
	struct ff_job_result result = { 0 };
	status = ff_flasher_write(flasher, regions, count, &options, &written, error);
	if (status == FF_OK) {
		report(job, flasher, &written, &result);
	}
	struct ff_error closing = FF_ERROR_NONE;
	enum ff_status closed = disconnect(flasher, job, transport, &result, &closing);
	if (status == FF_OK && closed != FF_OK) {
		return ff_error_set(error, closed, "written and verified, but the board could not be restarted: %s",
				    closing.text);
	}
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
	struct ff_job_result none = { 0 };
	return disconnect(flasher, job, transport, &none, error);
}

enum ff_status ff_task_reset(struct ff_job *job, struct ff_transport *transport, struct ff_error *error)
{
	ff_job_report(job, &(struct ff_progress){ .phase = FF_PHASE_REBOOT });
	return ff_board_reset(transport, error);
}
