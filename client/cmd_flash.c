// SPDX-License-Identifier: Apache-2.0
/* write-flash: which files at which offsets, checked here; then the server or the engine writes them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "build_dir.h"
#include "commands.h"
#include "direct.h"
#include "flasher_args.h"
#include "follow.h"
#include "images.h"
#include "job.h"

/* Plain bytes on a board that decrypts what it reads do not start; ESP-IDF itself writes them so the first time. */
static enum ff_status check_encrypted(const struct ff_flasher_args *args, bool force, struct ff_error *error)
{
	for (size_t i = 0; i < args->count; i++) {
		if (args->files[i].encrypted && !force) {
			return ff_error_set(
				error, FF_ERR_UNSUPPORTED,
				"%.120s is for a board with flash encryption, and farflash writes plain bytes: "
				"right only before encryption is on; --force writes them",
				args->files[i].path);
		}
	}
	return FF_OK;
}

/* Adds the images of a build directory and lets its options stand in for what the command line leaves open. */
static enum ff_status add_build(struct ff_images *images, struct ff_options *options, struct ff_error *error)
{
	struct ff_flasher_args args = { .count = 0 };
	char *folder = NULL;
	enum ff_status status = FF_ERR_NO_MEMORY;

	if (asprintf(&folder, "%s/", options->build_dir) < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	status = ff_build_dir_read(&args, folder, error);
	if (status == FF_OK) {
		status = check_encrypted(&args, options->force || args.force, error);
	}
	if (status == FF_OK) {
		status = ff_images_add_build(images, &args, folder, error);
	}
	if (status == FF_OK) {
		ff_build_dir_settings(&options->settings, &args.settings);
		options->force |= args.force;
		options->no_stub |= args.no_stub;
		options->no_compress |= args.no_compress;
		if (args.no_reset_after && options->port != NULL) {
			options->after = FF_AFTER_NO_RESET;
		}
	}
	ff_flasher_args_release(&args);
	free(folder);
	return status;
}

static enum ff_status gather(struct ff_images *images, struct ff_options *options, struct ff_error *error)
{
	enum ff_status status = FF_OK;

	if (options->build_dir == NULL && options->word_count == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "nothing to write: give OFFSET FILE pairs, @flash_args, or -C BUILD_DIR");
	}
	if (options->build_dir != NULL) {
		status = add_build(images, options, error);
	}
	if (status == FF_OK) {
		status = ff_images_add_words(images, options->words, options->word_count, error);
	}
	return status == FF_OK ? ff_images_check(images, error) : status;
}

static void note_settings(struct ff_run *run, const struct ff_images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		uint8_t header[FF_FLASH_SETTINGS_HEADER_SIZE];
		size_t got = ff_images_peek(&images->items[i], header, sizeof(header));
		char text[160];

		if (ff_flash_settings_differ(&run->options->settings, images->items[i].offset, header, got, text,
					     sizeof(text))) {
			ff_display_note(run->display, "%s: %s", ff_images_name(&images->items[i]), text);
		}
	}
}

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
	if (gather(&images, &options, &error) != FF_OK) {
		ff_failure_set_error(&run->failure, NULL, &error);
		ff_images_release(&images);
		return false;
	}
	note_settings(&with_build, &images);
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
