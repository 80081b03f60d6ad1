// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "espimage.h"

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

enum ff_status ff_settings_apply(const struct ff_settings *settings, const struct ff_imagechip *chip, uint8_t *bytes,
				 size_t size, bool *changed, struct ff_error *error)
{
	struct ff_espimage image;
	enum ff_status status = ff_settings_check(settings, chip, error);

	if (status == FF_OK) {
		status = ff_espimage_parse(&image, bytes, size, chip, error);
	}
	if (status != FF_OK) {
		return status;
	}
	if (image.chip != chip) {
		return ff_error_set(error, FF_ERR_WRONG_CHIP, "the image is for %s, not for the %s",
				    image.chip ? image.chip->name : "an unknown chip", chip->name);
	}
	if (image.version != 1) {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "the image has the form of an application, not of a bootloader");
	}
	if (!ff_espimage_is_whole(&image)) {
		return ff_error_set(error, FF_ERR_FORMAT, "the image is damaged: its checksum or SHA-256 is wrong");
	}
	uint8_t mode = value_of(ff_imagechip_modes, settings->mode, image.flash_mode);
	uint8_t freq = value_of(chip->freqs, settings->freq, image.flash_freq);
	uint8_t flash_size = value_of(chip->sizes, settings->size, image.flash_size);
	*changed = mode != image.flash_mode || freq != image.flash_freq || flash_size != image.flash_size;
	if (*changed) {
		bytes[2] = mode;
		bytes[3] = (uint8_t)(flash_size << 4 | freq);
		if (image.has_digest) {
			SHA256(bytes, image.body_size, bytes + image.body_size);
		}
	}
	return FF_OK;
}
