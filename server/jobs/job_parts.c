// SPDX-License-Identifier: Apache-2.0
/* What a job is made of: names and plain values. */
#include "job.h"

#include <stdlib.h>
#include <string.h>

const char *ff_job_kind_name(enum ff_job_kind kind)
{
	static const char *const names[FF_JOB_KIND_COUNT] = {
#define KIND_NAME(name, text) [name] = text,
		FF_JOB_KIND_MAP(KIND_NAME)
#undef KIND_NAME
	};
	return (unsigned)kind < FF_JOB_KIND_COUNT ? names[kind] : "unknown";
}

const char *ff_job_state_name(enum ff_job_state state)
{
	static const char *const names[FF_JOB_STATE_COUNT] = {
#define STATE_NAME(name, text) [name] = text,
		FF_JOB_STATE_MAP(STATE_NAME)
#undef STATE_NAME
	};
	return (unsigned)state < FF_JOB_STATE_COUNT ? names[state] : "unknown";
}

bool ff_job_state_ended(enum ff_job_state state)
{
	return state != FF_JOB_QUEUED && state != FF_JOB_RUNNING;
}

const char *ff_job_written(const struct ff_job *job, const struct ff_job_view *view, size_t region)
{
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	const struct ff_job_result *result = &view->result;
	bool writes = ff_job_kind(job) == FF_JOB_FLASH || ff_job_kind(job) == FF_JOB_TEST;
	if (!writes || !result->known || result->bytes == 0 || region >= count) {
		return NULL;
	}
	bool patched = result->patched_sha256[0] && result->patched_region == region;
	return patched ? result->patched_sha256 : regions[region].sha256;
}

void ff_job_regions_free(struct ff_job_region *regions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(regions[i].name);
		ff_firmware_unref(regions[i].firmware);
	}
	free(regions);
}

void ff_job_watch_free(struct ff_job_watch *watch)
{
	if (watch) {
		free(watch->expect);
		free(watch->fail);
		free(watch);
	}
}

void ff_job_spec_release(struct ff_job_spec *spec)
{
	ff_job_regions_free(spec->regions, spec->region_count);
	ff_job_watch_free(spec->watch);
	free(spec->select);
	free(spec->left_out);
	spec->regions = NULL;
	spec->region_count = 0;
	spec->watch = NULL;
	spec->select = NULL;
	spec->left_out = NULL;
}

void ff_job_past_release(const struct ff_job_past *past)
{
	for (unsigned i = 0; i < past->view.notes; i++) {
		free(past->notes[i]);
	}
}

struct ff_job_region *ff_job_regions_copy(const struct ff_job_region *regions, size_t count)
{
	struct ff_job_region *copies = calloc(count + 1, sizeof(*copies));
	bool complete = copies != NULL;
	for (size_t i = 0; i < count && complete; i++) {
		copies[i] = regions[i];
		copies[i].firmware = regions[i].firmware ? ff_firmware_ref(regions[i].firmware) : NULL;
		copies[i].name = regions[i].name ? strdup(regions[i].name) : NULL;
		complete = !regions[i].name || copies[i].name;
	}
	if (!complete) {
		ff_job_regions_free(copies, copies ? count : 0);
		return NULL;
	}
	return copies;
}

struct ff_job_watch *ff_job_watch_copy(const struct ff_job_watch *watch)
{
	struct ff_job_watch *copy = calloc(1, sizeof(*copy));
	if (!copy) {
		return NULL;
	}
	*copy = *watch;
	copy->expect = watch->expect ? strdup(watch->expect) : NULL;
	copy->fail = watch->fail ? strdup(watch->fail) : NULL;
	if ((watch->expect && !copy->expect) || (watch->fail && !copy->fail)) {
		ff_job_watch_free(copy);
		return NULL;
	}
	return copy;
}
