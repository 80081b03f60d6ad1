// SPDX-License-Identifier: Apache-2.0
/* verify-flash. */
#include <stdio.h>

#include "batch.h"
#include "commands.h"
#include "gather.h"
#include "job.h"
#include "work.h"

/* For the engine in this process. */
struct verify {
	struct ff_run *run;
	const struct ff_images *images;
	struct ff_verify_options options;
};

static enum ff_status verify_flash(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	const struct verify *verify = context;
	struct ff_region regions[FF_MAX_REGIONS] = { { .offset = 0 } };
	bool same[FF_MAX_REGIONS] = { false };
	json_t *noted = json_object_get(verify->run->result, "regions");
	enum ff_status status = ff_direct_open_images(verify->run, verify->images, regions, error);

	if (status == FF_OK) {
		status = ff_flasher_verify(flasher, regions, verify->images->count, &verify->options, same, error);
	}
	ff_images_close(verify->images, regions);
	for (size_t i = 0; (status == FF_OK || status == FF_ERR_VERIFY) && i < verify->images->count; i++) {
		json_object_set_new(json_array_get(noted, i), "same", json_boolean(same[i]));
	}
	json_object_set_new(result, "bytes", json_integer((json_int_t)ff_images_size(verify->images)));
	json_object_set_new(result, "verified", json_true());
	return status;
}

/* The job of a failed request stands in its problem. */
static const json_t *job_of(const struct ff_run *run)
{
	const json_t *job = json_object_get(run->result, "job");

	return json_is_object(job) ? job : run->result;
}

/* Each file's fate. */
static void tell(const struct ff_run *run)
{
	const json_t *job = job_of(run);
	size_t index;
	json_t *region;

	json_array_foreach(json_object_get(job, "regions"), index, region)
	{
		const json_t *same = json_object_get(region, "same");
		const char *name = json_string_value(json_object_get(region, "name"));
		const char *offset = json_string_value(json_object_get(region, "offset"));

		if (json_is_boolean(same) && offset != NULL) {
			printf("%s: %s at %s %s\n", ff_job_board(job), name != NULL ? name : "the image", offset,
			       json_is_true(same) ? "verified" : "differs");
		}
	}
}

bool ff_cmd_verify_flash(struct ff_run *run)
{
	struct ff_options options = *run->options; /* with what the build directory adds; strings stay the original's */
	struct ff_run with_build = *run;
	struct ff_images images = { .count = 0 };
	struct verify verify = { .run = &with_build, .images = &images };
	const struct ff_direct_task here = {
		.kind = "verify", .work = verify_flash, .context = &verify, .takes_settings = true
	};
	const struct ff_remote_task there = { .resource = "verify", .images = &images };
	struct ff_error error = FF_ERROR_NONE;
	bool good = false;

	with_build.options = &options;
	if (ff_gather(&images, &options, FF_TAKE_TO_COMPARE, &error) == FF_OK) {
		verify.options = (struct ff_verify_options){ options.settings.mode, options.settings.freq,
							     options.settings.size };
		good = ff_work(&with_build, &here, &there);
		if (!options.json && !ff_batch_is_one(with_build.result)) {
			tell(&with_build);
		}
	} else {
		ff_failure_set_error(&with_build.failure, NULL, &error);
	}
	run->result = with_build.result;
	run->failure = with_build.failure;
	ff_images_release(&images);
	return good;
}
