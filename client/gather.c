// SPDX-License-Identifier: Apache-2.0
#include "gather.h"

#include <stdio.h>
#include <stdlib.h>

#include "build_dir.h"
#include "file.h"
#include "flasher_args.h"
#include "words.h"

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
static enum ff_status add_build(struct ff_images *images, struct ff_options *options, enum ff_take_purpose purpose,
				struct ff_error *error)
{
	struct ff_flasher_args args = { .count = 0 };
	char *folder = NULL;
	enum ff_status status = FF_ERR_NO_MEMORY;

	if (asprintf(&folder, "%s/", options->build_dir) < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	status = ff_build_dir_read(&args, folder, error);
	if (status == FF_OK) {
		status = check_encrypted(&args, options->force || args.force || purpose == FF_TAKE_TO_MERGE, error);
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

/* A file that stands without an offset, because it brings its own. */
static enum ff_status add_lone(struct ff_images *images, const char *path, enum ff_take_purpose purpose,
			       struct ff_error *error)
{
	if (ff_take_format(path) == FF_TAKE_RAW) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "'%.120s' is not a flash offset, nor a file that brings its own as Intel HEX and "
				    "UF2 do: give OFFSET FILE",
				    path);
	}
	return ff_take_file(images, path, 0, purpose, error);
}

/* Adds the file at words[*at], or the OFFSET FILE pair that begins there, and moves on. */
static enum ff_status add_word(struct ff_images *images, const struct ff_option_word *words, size_t count, size_t *at,
			       enum ff_take_purpose purpose, struct ff_error *error)
{
	uint32_t offset = 0;
	bool lone = ff_words_offset(&offset, words[*at].text, NULL) != FF_OK;
	const struct ff_option_word *file = &words[lone ? *at : *at + 1];
	enum ff_status status;
	char *path;

	*at += lone ? 1 : 2;
	if (*at > count) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "'%.80s' has no file behind it: give OFFSET FILE pairs",
				    words[count - 1].text);
	}
	path = ff_file_join(file->folder, file->text);
	if (path == NULL) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	status = lone ? add_lone(images, path, purpose, error) : ff_take_file(images, path, offset, purpose, error);
	free(path);
	return status;
}

/* What the images are, as far as no board is needed. */
static enum ff_status check(struct ff_images *images, const struct ff_options *options, enum ff_take_purpose purpose,
			    struct ff_error *error)
{
	enum ff_status status = FF_OK;

	if (purpose != FF_TAKE_TO_MERGE) {
		status = ff_images_check(images, purpose == FF_TAKE_TO_WRITE, error);
	}
	if (status == FF_OK && purpose == FF_TAKE_TO_WRITE && options->chip != NULL && !options->force) {
		status = ff_images_check_chip(images, options->chip, error);
	}
	return status;
}

enum ff_status ff_gather(struct ff_images *images, struct ff_options *options, enum ff_take_purpose purpose,
			 struct ff_error *error)
{
	enum ff_status status = FF_OK;

	if (options->build_dir == NULL && options->word_count == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "no files: give OFFSET FILE pairs, @flash_args, or -C BUILD_DIR");
	}
	if (options->build_dir != NULL) {
		status = add_build(images, options, purpose, error);
	}
	for (size_t at = 0; at < options->word_count && status == FF_OK;) {
		status = add_word(images, options->words, options->word_count, &at, purpose, error);
	}
	return status == FF_OK ? check(images, options, purpose, error) : status;
}
