// SPDX-License-Identifier: Apache-2.0
#include "patched.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "imagechip.h"
#include "plan.h"

#define PIECE 1024         /* on the stack */
#define DEFAULT_SIZE "4MB" /* where the flash does not tell, as esptool has it */

static const struct ff_imagechip *image_chip(const struct ff_flasher *flasher)
{
	return ff_imagechip_by_id(flasher->loader.chip->id);
}

/* The chip's word for the size that was detected. */
static enum ff_status detect_size(struct ff_patched_settings *settings, const struct ff_flasher *flasher,
				  struct ff_error *error)
{
	uint32_t size = flasher->loader.flash_size;
	if (flasher->loader.secure_download) {
		settings->words.size = NULL;
		ff_session_note(flasher, "in secure download mode the size of the flash cannot be detected: name it");
		return FF_OK;
	}
	if (size == 0) {
		settings->words.size = DEFAULT_SIZE;
		ff_session_note(flasher, "the size of the flash could not be detected: taken for " DEFAULT_SIZE);
		return FF_OK;
	}
	for (const struct ff_imagechip_word *row = image_chip(flasher)->sizes; row->word; row++) {
		if (ff_imagechip_size(row->word) == size) {
			snprintf(settings->detected, sizeof(settings->detected), "%s", row->word);
			settings->words.size = settings->detected;
			return FF_OK;
		}
	}
	return ff_error_set(error, FF_ERR_UNSUPPORTED,
			    "the flash has %u KB, and an image for the %s cannot say that: give a size, or keep",
			    size / 1024, flasher->loader.chip->name);
}

enum ff_status ff_patched_read_words(struct ff_patched_settings *settings, const struct ff_flasher *flasher,
				     const struct ff_settings *asked, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	*settings = (struct ff_patched_settings){ .words = *asked };
	bool detect = asked->size && strcmp(asked->size, "detect") == 0;
	if (detect) {
		status = detect_size(settings, flasher, error);
	}
	if (status == FF_OK) {
		status = ff_settings_check(&settings->words, image_chip(flasher), error);
	}
	if (status == FF_OK && !detect && settings->words.size) {
		settings->size = ff_imagechip_size(settings->words.size);
	}
	return status;
}

static enum ff_status read_patched(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	const struct ff_patched_image *image = context;
	enum ff_status status = image->source.read(image->source.context, offset, bytes, size, error);
	if (status == FF_OK) {
		ff_settings_lay(&image->patch, offset, bytes, size);
	}
	return status;
}

static const char *word_of(const struct ff_imagechip_word *list, unsigned value)
{
	const char *word = ff_imagechip_word(list, (uint8_t)value);
	return word ? word : "unknown";
}

static void note_patch(const struct ff_flasher *flasher, const char *label, const struct ff_settings_patch *patch)
{
	const struct ff_imagechip *chip = image_chip(flasher);
	ff_session_note(flasher, "%s: its header gets the flash settings %s, %s, %s%s", label,
			word_of(ff_imagechip_modes, patch->flash[0]), word_of(chip->freqs, patch->flash[1] & 0x0F),
			word_of(chip->sizes, patch->flash[1] >> 4), patch->has_digest ? ", and a new SHA-256" : "");
}

/* Why this chip's bootloader must stay as it was built, or NULL. */
static const char *bar(const struct ff_loader *loader)
{
	if (loader->secure_download) {
		return "the chip is in secure download mode";
	}
	if (loader->boot_protection == FF_SECURE_BOOT_V1 || loader->boot_protection == FF_SECURE_BOOT_V2) {
		return "secure boot is on, and a changed image has no signature";
	}
	return NULL;
}

static enum ff_status patch_bootloader(struct ff_patched_image *image, struct ff_region *region,
				       const struct ff_flasher *flasher, const char *label,
				       const struct ff_settings *settings, struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	const char *barred = bar(&flasher->loader);
	if (barred) {
		ff_session_note(flasher, "%s: its flash settings stay as they are: %s", label, barred);
		return FF_OK;
	}
	enum ff_status status =
		ff_settings_find_patch(&image->patch, settings, image_chip(flasher), &region->source, &why);
	if (status == FF_ERR_FORMAT || status == FF_ERR_WRONG_CHIP || status == FF_ERR_EMPTY) {
		ff_session_note(flasher, "%s: its flash settings stay as they are: %s", label, why.text);
		return FF_OK;
	}
	if (status != FF_OK) {
		return ff_error_set(error, status, "cannot read %s: %s", label,
				    why.text[0] ? why.text : ff_status_text(status));
	}
	if (image->patch.changed) {
		image->source = region->source;
		region->source.read = read_patched;
		region->source.context = image;
		region->source.measure = NULL;
		region->source.deflated = NULL;
		note_patch(flasher, label, &image->patch);
	}
	return FF_OK;
}

enum ff_status ff_patched_make(struct ff_patched *patched, const struct ff_flasher *flasher,
			       const struct ff_region *regions, size_t count, const struct ff_settings *settings,
			       struct ff_error *error)
{
	bool keep = ff_settings_keep(settings);
	enum ff_status status = FF_OK;
	for (size_t i = 0; i < count && i < FF_MAX_REGIONS && status == FF_OK; i++) {
		char label[FF_PLAN_LABEL_SIZE];
		patched->regions[i] = regions[i];
		if (!keep && regions[i].offset == flasher->loader.chip->bootloader_at) {
			status = patch_bootloader(&patched->images[i], &patched->regions[i], flasher,
						  ff_plan_label(regions, i, label), settings, error);
		}
	}
	return status;
}

static enum ff_status hash(const struct ff_source *source, uint8_t sha256[32], struct ff_error *error)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	enum ff_status status = FF_OK;
	bool hashed = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
	for (uint64_t at = 0; at < source->size && hashed && status == FF_OK;) {
		uint8_t bytes[PIECE];
		size_t size = source->size - at < sizeof(bytes) ? (size_t)(source->size - at) : sizeof(bytes);
		status = source->read(source->context, at, bytes, size, error);
		hashed = status != FF_OK || EVP_DigestUpdate(digest, bytes, size) == 1;
		at += size;
	}
	hashed = hashed && EVP_DigestFinal_ex(digest, sha256, NULL) == 1;
	EVP_MD_CTX_free(digest);
	return hashed || status != FF_OK ? status : ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
}

enum ff_status ff_patched_tell(const struct ff_patched *patched, size_t count, struct ff_write_report *report,
			       struct ff_error *error)
{
	enum ff_status status = FF_OK;
	for (size_t i = 0; i < count && i < FF_MAX_REGIONS && status == FF_OK; i++) {
		if (patched->images[i].patch.changed) {
			report->patched = true;
			report->patched_region = (unsigned)i;
			status = hash(&patched->regions[i].source, report->patched_sha256, error);
		}
	}
	return status;
}
