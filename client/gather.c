// SPDX-License-Identifier: Apache-2.0
#include "gather.h"

#include <stdio.h>
#include <stdlib.h>

#include "build_dir.h"
#include "flasher_args.h"

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

enum ff_status ff_gather(struct ff_images *images, struct ff_options *options, struct ff_error *error)
{
	enum ff_status status = FF_OK;

	if (options->build_dir == NULL && options->word_count == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "no files: give OFFSET FILE pairs, @flash_args, or -C BUILD_DIR");
	}
	if (options->build_dir != NULL) {
		status = add_build(images, options, error);
	}
	if (status == FF_OK) {
		status = ff_images_add_words(images, options->words, options->word_count, error);
	}
	return status == FF_OK ? ff_images_check(images, error) : status;
}
