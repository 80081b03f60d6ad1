// SPDX-License-Identifier: Apache-2.0
#include "gather.h"

#include <stdlib.h>

#include "build_dir.h"
#include "file.h"
#include "flasher_args.h"
#include "lone.h"
#include "words.h"

static bool is_marked(const struct ff_flasher_args *args, uint32_t offset)
{
	for (size_t i = 0; i < args->count; i++) {
		if (args->files[i].offset == offset) {
			return args->files[i].encrypted;
		}
	}
	return false;
}

/* Which of a build directory's images, from the one at `first`, the chip is to encrypt: those that the build marks, as
 * `idf.py encrypted-flash' does; all where it marks none. */
static void mark_build(struct ff_images *images, size_t first, const struct ff_flasher_args *args)
{
	bool any = false;

	for (size_t i = 0; i < args->count; i++) {
		any |= args->files[i].encrypted;
	}
	for (size_t i = first; i < images->count; i++) {
		images->items[i].encrypt = !any || is_marked(args, images->items[i].offset);
	}
}

static void mark_all(struct ff_images *images, size_t first)
{
	for (size_t i = first; i < images->count; i++) {
		images->items[i].encrypt = true;
	}
}

/* Adds the images of a build directory and lets its options stand in for what the command line leaves open. */
static enum ff_status add_build(struct ff_images *images, struct ff_options *options, const char *path,
				struct ff_error *error)
{
	struct ff_flasher_args args = { .count = 0 };
	size_t first = images->count;
	enum ff_status status = ff_build_dir_add(images, &args, path, error);

	if (status == FF_OK) {
		ff_build_dir_settings(&options->settings, &args.settings);
		options->force |= args.force;
		options->encrypt |= args.encrypt;
		options->no_stub |= args.no_stub;
		options->no_compress |= args.no_compress;
		if (args.no_reset_after && options->port != NULL) {
			options->after = FF_AFTER_NO_RESET;
		}
		if (options->encrypt) {
			mark_build(images, first, &args);
		}
	}
	ff_flasher_args_release(&args);
	return status;
}

static enum ff_status take(struct ff_images *images, const struct ff_options *options, uint32_t offset,
			   const char *path, enum ff_take_purpose purpose, struct ff_error *error)
{
	const struct ff_take how = { .purpose = purpose, .chip = options->chip, .settings = &options->settings };

	return ff_take_file(images, path, offset, &how, error);
}

/* A file that stands without an offset, because it brings its own. */
static enum ff_status add_lone(struct ff_images *images, struct ff_options *options, const char *path,
			       enum ff_take_purpose purpose, struct ff_error *error)
{
	switch (ff_take_format(path)) {
	case FF_TAKE_RAW:
		if (options->lone_images) {
			return take(images, options, ff_lone_offset(path), path, purpose, error);
		}
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "'%.120s' is not a flash offset, nor a file that brings its own (Intel HEX, UF2, a "
				    "build directory in a zip or tar.gz): give OFFSET FILE",
				    path);
	case FF_TAKE_ARCHIVE:
		return add_build(images, options, path, error);
	case FF_TAKE_ELF:
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "%.150s is an ELF file: say where its image belongs, as in 0x10000 FILE", path);
	default:
		return take(images, options, 0, path, purpose, error);
	}
}

/* An archive can be meant as it is, but hardly that of a build directory. */
static enum ff_status add_pair(struct ff_images *images, const struct ff_options *options, uint32_t offset,
			       const char *path, enum ff_take_purpose purpose, struct ff_error *error)
{
	if (!options->force && ff_take_format(path) == FF_TAKE_ARCHIVE && ff_build_dir_is_archive(path)) {
		return ff_error_set(
			error, FF_ERR_ARGUMENT,
			"%.150s holds a build directory, which brings its own offsets: leave 0x%x out; --force "
			"takes the archive itself as plain bytes",
			path, offset);
	}
	return take(images, options, offset, path, purpose, error);
}

/* Adds the file at word `*at`, or the OFFSET FILE pair that begins there, and moves on. */
static enum ff_status add_word(struct ff_images *images, struct ff_options *options, size_t *at,
			       enum ff_take_purpose purpose, struct ff_error *error)
{
	const struct ff_option_word *word = &options->words[*at];
	uint32_t offset = 0;
	bool lone = ff_words_offset(&offset, word->text, NULL) != FF_OK;
	bool is_build;
	size_t first = images->count;
	enum ff_status status;
	char *path;

	*at += lone ? 1 : 2;
	if (*at > options->word_count) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "'%.80s' has no file behind it: give OFFSET FILE pairs",
				    word->text);
	}
	word += lone ? 0 : 1;
	path = ff_file_join(word->folder, word->text);
	if (path == NULL) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	status = lone ? add_lone(images, options, path, purpose, error)
		      : add_pair(images, options, offset, path, purpose, error);
	is_build = lone && ff_take_format(path) == FF_TAKE_ARCHIVE; /* which marks its files itself */
	if (word->encrypt || (options->encrypt && !is_build)) {
		mark_all(images, first);
	}
	free(path);
	return status;
}

/* What the chip encrypts looks different in its flash, and only the chip knows how. */
static enum ff_status check_comparable(const struct ff_images *images, struct ff_error *error)
{
	for (size_t i = 0; i < images->count; i++) {
		if (images->items[i].encrypt) {
			return ff_error_set(error, FF_ERR_UNSUPPORTED,
					    "%.120s is encrypted by the chip when it is written, so nobody but the "
					    "chip can compare it: leave it out",
					    images->items[i].name);
		}
	}
	return FF_OK;
}

/* What the images are, as far as no board is needed. */
static enum ff_status check(struct ff_images *images, const struct ff_options *options, enum ff_take_purpose purpose,
			    struct ff_error *error)
{
	enum ff_status status = FF_OK;

	if (purpose != FF_TAKE_TO_MERGE) {
		status = ff_images_check(images, purpose == FF_TAKE_TO_WRITE, error);
	}
	if (status == FF_OK && purpose == FF_TAKE_TO_COMPARE) {
		status = check_comparable(images, error);
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
				    "no files: give OFFSET FILE pairs, @flash_args, an archive of a build directory, "
				    "or -C BUILD_DIR");
	}
	if (options->build_dir != NULL) {
		status = add_build(images, options, options->build_dir, error);
	}
	for (size_t at = 0; at < options->word_count && status == FF_OK;) {
		status = add_word(images, options, &at, purpose, error);
	}
	return status == FF_OK ? check(images, options, purpose, error) : status;
}
