// SPDX-License-Identifier: Apache-2.0
/* verify-flash. */
#include <stdio.h>

#include "commands.h"
#include "direct.h"
#include "gather.h"

struct verify {
	const struct ff_images *images;
	json_t *job_regions; /* of the job; each gets "matches" */
	bool compared;
	bool same[FF_MAX_REGIONS];
};

static enum ff_status verify_flash(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct verify *verify = context;
	struct ff_region regions[FF_MAX_REGIONS] = { { .offset = 0 } };
	enum ff_status status = ff_images_open(verify->images, regions, error);

	if (status == FF_OK) {
		status = ff_flasher_verify(flasher, regions, verify->images->count, verify->same, error);
	}
	verify->compared = status == FF_OK || status == FF_ERR_VERIFY;
	ff_images_close(verify->images, regions);
	json_object_set_new(result, "bytes", json_integer((json_int_t)ff_images_size(verify->images)));
	json_object_set_new(result, "verified", json_true());
	return status;
}

/* Each file's fate, in the job and for people. */
static void tell(struct ff_run *run, const struct verify *verify)
{
	json_t *regions = json_object_get(run->result, "regions");

	ff_display_clear(run->display);
	for (size_t i = 0; verify->compared && i < verify->images->count; i++) {
		const struct ff_image *image = &verify->images->items[i];
		char offset[16];

		snprintf(offset, sizeof(offset), "0x%x", image->offset);
		json_array_append_new(regions, json_pack("{s:s, s:I, s:s, s:b}", "offset", offset, "size",
							 (json_int_t)image->size, "name", image->name, "matches",
							 verify->same[i]));
		if (!run->options->json) {
			printf("%s: %s at %s %s\n", run->options->port, image->name, offset,
			       verify->same[i] ? "verified" : "differs");
		}
	}
}

bool ff_cmd_verify_flash(struct ff_run *run)
{
	struct ff_options options = *run->options; /* with what the build directory adds; strings stay the original's */
	struct ff_run with_build = *run;
	struct ff_images images = { .count = 0 };
	struct verify verify = { .images = &images };
	const struct ff_direct_task task = { .kind = "verify", .work = verify_flash, .context = &verify };
	struct ff_error error = FF_ERROR_NONE;
	bool good = false;

	with_build.options = &options;
	if (ff_gather(&images, &options, &error) == FF_OK) {
		good = ff_direct_work(&with_build, &task);
		tell(&with_build, &verify);
	} else {
		ff_failure_set_error(&with_build.failure, NULL, &error);
	}
	run->result = with_build.result;
	run->failure = with_build.failure;
	ff_images_release(&images);
	return good;
}
