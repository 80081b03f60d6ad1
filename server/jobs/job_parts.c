// SPDX-License-Identifier: Apache-2.0
/* What a job is made of: names and plain values. */
#include "job.h"

#include <stdlib.h>

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

void ff_job_past_release(const struct ff_job_past *past)
{
	for (unsigned i = 0; i < past->view.notes; i++) {
		free(past->notes[i]);
	}
}
