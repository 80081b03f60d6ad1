// SPDX-License-Identifier: Apache-2.0
/* write-flash: which files at which offsets, checked here; then the server or the engine writes them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "commands.h"
#include "direct.h"
#include "follow.h"
#include "gather.h"
#include "images.h"
#include "job.h"

static bool write_remote(struct ff_run *run, const struct ff_images *images)
{
	struct ff_api api;
	char *board;
	bool good;

	if (!ff_api_init(&api, run)) {
		return false;
	}
	board = ff_api_choose_board(&api, run->options->board, &run->failure);
	good = board != NULL && ff_api_check_chip(&api, board, run->options, &run->failure) &&
	       ff_api_check_images(&api, board, images, run->options, &run->failure) &&
	       ff_api_flash(&api, board, images, run->options, run->display, &run->result, &run->failure) &&
	       ff_follow_job(&api, &run->result, run->display, &run->failure) &&
	       ff_job_check(run->result, &run->failure);
	free(board);
	ff_api_release(&api);
	return good;
}

bool ff_cmd_write_flash(struct ff_run *run)
{
	struct ff_options options = *run->options; /* with what the build directory adds; strings stay the original's */
	struct ff_run with_build = *run;
	struct ff_images images = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;
	bool good;

	with_build.options = &options;
	if (ff_gather(&images, &options, FF_TAKE_TO_WRITE, &error) != FF_OK) {
		ff_failure_set_error(&run->failure, NULL, &error);
		ff_images_release(&images);
		return false;
	}
	good = options.port != NULL ? ff_direct_flash(&with_build, &images) : write_remote(&with_build, &images);
	run->result = with_build.result;
	run->failure = with_build.failure;
	ff_display_clear(run->display);
	if (good && !options.json) {
		ff_job_print_flash(run->result, stdout);
	}
	ff_images_release(&images);
	return good;
}
