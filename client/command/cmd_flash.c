// SPDX-License-Identifier: Apache-2.0
/* write-flash: which files at which offsets, checked here; then the server or the engine writes them. */
#include <stdio.h>

#include "batch.h"
#include "commands.h"
#include "direct.h"
#include "gather.h"
#include "images.h"
#include "job.h"
#include "remote.h"

bool ff_cmd_write_flash(struct ff_run *run)
{
	struct ff_options options = *run->options; /* with what the build directory adds; strings stay the original's */
	struct ff_run with_build = *run;
	struct ff_images images = { .count = 0 };
	const struct ff_remote_task there = { .images = &images, .writes = true };
	struct ff_error error = FF_ERROR_NONE;
	bool good;

	with_build.options = &options;
	if (ff_gather(&images, &options, FF_TAKE_TO_WRITE, &error) != FF_OK) {
		ff_failure_set_error(&run->failure, NULL, &error);
		ff_images_release(&images);
		return false;
	}
	good = options.port != NULL ? ff_direct_flash(&with_build, &images) : ff_remote_work(&with_build, &there);
	run->result = with_build.result;
	run->failure = with_build.failure;
	ff_display_clear(run->display);
	if (good && !options.json && !ff_batch_is_one(run->result)) {
		ff_job_print_flash(run->result, stdout);
	}
	ff_images_release(&images);
	return good;
}
