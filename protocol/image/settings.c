// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <stdio.h>
#include <string.h>

static bool keeps(const char *word)
{
	return word == NULL || word[0] == '\0' || strcmp(word, "keep") == 0;
}

bool ff_settings_keep(const struct ff_settings *settings)
{
	return keeps(settings->mode) && keeps(settings->freq) && keeps(settings->size);
}

static enum ff_status check_word(const struct ff_imagechip_word *list, const char *word, const char *option,
				 const struct ff_imagechip *chip, struct ff_error *error)
{
	char known[128];
	size_t used = 0;

	if (keeps(word) || ff_imagechip_find_word(list, word) != NULL) {
		return FF_OK;
	}
	known[0] = '\0';
	for (; list->word != NULL && used < sizeof(known); list++) {
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s, ", list->word);
	}
	return ff_error_set(error, FF_ERR_ARGUMENT, "%s '%.20s' is nothing that the %s has: %skeep", option, word,
			    chip->name, known);
}

enum ff_status ff_settings_check(const struct ff_settings *settings, const struct ff_imagechip *chip,
				 struct ff_error *error)
{
	enum ff_status status = check_word(ff_imagechip_modes, settings->mode, "--flash-mode", chip, error);

	if (status == FF_OK) {
		status = check_word(chip->freqs, settings->freq, "--flash-freq", chip, error);
	}
	if (status == FF_OK) {
		status = check_word(chip->sizes, settings->size, "--flash-size", chip, error);
	}
	return status;
}

static uint8_t value_of(const struct ff_imagechip_word *list, const char *word, uint8_t otherwise)
{
	return keeps(word) ? otherwise : ff_imagechip_find_word(list, word)->value;
}

/* An image that the settings may change, or why not. */
static enum ff_status check_image(const struct ff_espimage *image, const struct ff_imagechip *chip,
				  struct ff_error *error)
{
	if (image->chip != chip) {
		return ff_error_set(error, FF_ERR_WRONG_CHIP, "the image is for %s, not for the %s",
				    image->chip ? image->chip->name : "an unknown chip", chip->name);
	}
	if (image->version != 1) {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "the image has the form of an application, not of a bootloader");
	}
	if (!ff_espimage_is_whole(image)) {
		return ff_error_set(error, FF_ERR_FORMAT, "the image is damaged: its checksum or SHA-256 is wrong");
	}
	return FF_OK;
}

static void lay_piece(uint64_t offset, uint8_t *bytes, size_t size, uint64_t at, const uint8_t *piece,
		      size_t piece_size)
{
	uint64_t from = at > offset ? at : offset;
	uint64_t end = at + piece_size < offset + size ? at + piece_size : offset + size;

	if (from < end) {
		memcpy(bytes + (from - offset), piece + (from - at), (size_t)(end - from));
	}
}

void ff_settings_lay(const struct ff_settings_patch *patch, uint64_t offset, uint8_t *bytes, size_t size)
{
	if (!patch->changed) {
		return;
	}
	lay_piece(offset, bytes, size, FF_IMAGEHEADER_FLASH_AT, patch->flash, sizeof(patch->flash));
	if (patch->has_digest) {
		lay_piece(offset, bytes, size, patch->digest_at, patch->digest, sizeof(patch->digest));
	}
}

/* A source with a patch over it. */
struct patched {
	const struct ff_source *source;
	const struct ff_settings_patch *patch;
};

static enum ff_status read_patched(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	const struct patched *patched = context;
	enum ff_status status = patched->source->read(patched->source->context, offset, bytes, size, error);

	if (status == FF_OK) {
		ff_settings_lay(patched->patch, offset, bytes, size);
	}
	return status;
}

enum ff_status ff_settings_find_patch(struct ff_settings_patch *patch, const struct ff_settings *settings,
				      const struct ff_imagechip *chip, const struct ff_source *source,
				      struct ff_error *error)
{
	struct ff_espimage image;
	enum ff_status status = ff_settings_check(settings, chip, error);

	if (status == FF_OK) {
		status = ff_espimage_scan(&image, source, chip, error);
	}
	if (status == FF_OK) {
		status = check_image(&image, chip, error);
	}
	if (status != FF_OK) {
		return status;
	}
	uint8_t mode = value_of(ff_imagechip_modes, settings->mode, image.flash_mode);
	uint8_t freq = value_of(chip->freqs, settings->freq, image.flash_freq);
	uint8_t size = value_of(chip->sizes, settings->size, image.flash_size);
	struct ff_settings_patch found = {
		.changed = mode != image.flash_mode || freq != image.flash_freq || size != image.flash_size,
		.digest_at = image.body_size,
	};
	ff_imageheader_put_flash(found.flash, mode, size, freq);
	if (found.changed && image.has_digest) {
		struct patched patched = { .source = source, .patch = &found };
		const struct ff_source changed = { .size = source->size, .read = read_patched, .context = &patched };

		status = ff_espimage_digest(found.digest, &changed, image.body_size, error);
		found.has_digest = true;
	}
	if (status == FF_OK) {
		*patch = found;
	}
	return status;
}

enum ff_status ff_settings_apply(const struct ff_settings *settings, const struct ff_imagechip *chip, uint8_t *bytes,
				 size_t size, bool *changed, struct ff_error *error)
{
	struct ff_settings_patch patch;
	const uint8_t *from = bytes;
	const struct ff_source source = ff_espimage_bytes(&from, size);
	enum ff_status status = ff_settings_find_patch(&patch, settings, chip, &source, error);

	if (status == FF_OK) {
		ff_settings_lay(&patch, 0, bytes, size);
		*changed = patch.changed;
	}
	return status;
}
