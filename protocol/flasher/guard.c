// SPDX-License-Identifier: Apache-2.0
#include "guard.h"

#include <inttypes.h>
#include <string.h>

#include "bytes.h"
#include "flash.h"
#include "imageheader.h"
#include "plan.h"
#include "protections.h"
#include "signature.h"
#include "view.h"

#define BOOTLOADER_END 0x8000 /* where the partition table is, and the last bootloader ends */
#define KEY_RECOVERY_END 0x2000

/* What a region holds at one place. */
enum content { CONTENT_NOTHING, CONTENT_IMAGE, CONTENT_TABLE, CONTENT_OTHER };

/* A write that is being looked at. */
struct guard {
	struct ff_flasher *flasher;
	const struct ff_region *region;
	const char *label;
	bool force;
	enum content at_start;
	enum content at_bootloader; /* CONTENT_NOTHING if it does not reach there; never CONTENT_TABLE */
};

static bool encryption_is_on(const struct ff_loader *loader)
{
	return loader->encryption != FF_FLASH_ENCRYPTION_UNKNOWN && loader->encryption != FF_FLASH_ENCRYPTION_OFF;
}

static bool secure_boot_is_on(const struct ff_loader *loader)
{
	return loader->boot_protection == FF_SECURE_BOOT_V1 || loader->boot_protection == FF_SECURE_BOOT_V2;
}

static bool is_blank(const uint8_t *bytes, size_t size)
{
	for (size_t i = 1; i < size; i++) {
		if (bytes[i] != bytes[0]) {
			return false;
		}
	}
	return bytes[0] == 0xFF || bytes[0] == 0;
}

/* An entry of a partition table begins with 0xAA 0x50, two bytes of type, and then where in flash and how large it is
 * (ESP-IDF guide, "Partition Tables"). */
static bool is_table(const uint8_t *bytes)
{
	return bytes[0] == 0xAA && bytes[1] == 0x50 && ff_get_le32(bytes + 4) % FF_FLASH_SECTOR == 0 &&
	       ff_get_le32(bytes + 8) > 0;
}

/* What is there at byte `at` of the region. */
static enum ff_status look(const struct guard *guard, uint64_t at, enum content *content, struct ff_error *error)
{
	const struct ff_source *source = &guard->region->source;
	uint8_t bytes[FF_IMAGEHEADER_FULL_SIZE];
	struct ff_imageheader header;
	if (source->size < sizeof(bytes) || at > source->size - sizeof(bytes)) {
		*content = CONTENT_NOTHING;
		return FF_OK;
	}
	enum ff_status status = source->read(source->context, at, bytes, sizeof(bytes), error);
	if (status != FF_OK) {
		return ff_error_set(error, status, "cannot read %s: %s", guard->label, ff_status_text(status));
	}
	if (ff_imageheader_recognise(&header, bytes, sizeof(bytes))) {
		*content = CONTENT_IMAGE;
	} else if (is_table(bytes)) {
		*content = CONTENT_TABLE;
	} else {
		*content = is_blank(bytes, sizeof(bytes)) ? CONTENT_NOTHING : CONTENT_OTHER;
	}
	return FF_OK;
}

static enum ff_status look_at_content(struct guard *guard, struct ff_error *error)
{
	uint32_t bootloader_at = guard->flasher->loader.chip->bootloader_at;
	enum ff_status status = look(guard, 0, &guard->at_start, error);
	guard->at_bootloader = CONTENT_NOTHING;
	if (status == FF_OK && guard->region->offset <= bootloader_at) {
		status = look(guard, bootloader_at - guard->region->offset, &guard->at_bootloader, error);
	}
	if (guard->at_bootloader == CONTENT_TABLE) {
		guard->at_bootloader = CONTENT_OTHER; /* there it is as wrong as anything else */
	}
	return status;
}

/* What lies low in flash is needed to start, or to have a key, and cannot be made again. */
static enum ff_status check_low_flash(const struct guard *guard, struct ff_error *error)
{
	const struct ff_loader *loader = &guard->flasher->loader;
	uint32_t offset = guard->region->offset;
	if (loader->boot_protection == FF_SECURE_BOOT_V1 && offset < BOOTLOADER_END) {
		return ff_error_set(
			error, FF_ERR_PROTECTED,
			"%s is for 0x%" PRIx32 ", but secure boot v1 is on, and a bootloader (below 0x%x) "
			"that is damaged can never be replaced: nothing was erased; leave it out, or set force "
			"to risk the board",
			guard->label, offset, BOOTLOADER_END);
	}
	if (loader->key_manager && offset < KEY_RECOVERY_END) {
		return ff_error_set(error, FF_ERR_PROTECTED,
				    "%s is for 0x%" PRIx32
				    ", but below 0x%x lies what this %s makes its encryption key "
				    "from: nothing was erased; leave it out, or set force to risk the board",
				    guard->label, offset, KEY_RECOVERY_END, loader->chip->name);
	}
	return FF_OK;
}

/* Whether the image at byte `at` of the region is signed for secure boot v2. */
static enum ff_status look_for_signature(const struct guard *guard, uint64_t at, bool *is_signed,
					 struct ff_error *error)
{
	const struct ff_source *source = &guard->region->source;
	struct ff_view view;
	const struct ff_source part = ff_view_make(&view, source, at, source->size - at);
	enum ff_status status =
		ff_signature_find(is_signed, &part, ff_imagechip_by_id(guard->flasher->loader.chip->id), error);
	return status == FF_OK
		       ? FF_OK
		       : ff_error_set(error, status, "cannot read %s: %s", guard->label, ff_status_text(status));
}

/* esptool 5.3 lets everything pass here, because a signed bootloader may replace another. One that is not signed, or half
 * of one, ends all starting, so we look. */
static enum ff_status check_secure_boot_v2(const struct guard *guard, struct ff_error *error)
{
	const struct ff_loader *loader = &guard->flasher->loader;
	uint32_t offset = guard->region->offset, bootloader_at = loader->chip->bootloader_at;
	bool covers = offset <= bootloader_at && guard->region->source.size > bootloader_at - offset;
	bool is_signed = false;
	if (loader->boot_protection != FF_SECURE_BOOT_V2 || offset >= BOOTLOADER_END) {
		return FF_OK;
	}
	if (!covers) {
		return ff_error_set(error, FF_ERR_PROTECTED,
				    "%s is for 0x%" PRIx32 ", below 0x%x, where this %s has its bootloader, and secure "
				    "boot v2 is on: nothing was erased; write a whole signed bootloader to 0x%" PRIx32
				    ", or set force to risk the board",
				    guard->label, offset, BOOTLOADER_END, loader->chip->name, bootloader_at);
	}
	enum ff_status status = look_for_signature(guard, bootloader_at - offset, &is_signed, error);
	if (status != FF_OK || is_signed) {
		return status;
	}
	return ff_error_set(error, FF_ERR_PROTECTED,
			    "secure boot v2 is on, and %s has no signed bootloader for 0x%" PRIx32
			    "%s, so this %s might "
			    "never start again: nothing was erased; sign it (espsecure sign-data), or set force",
			    guard->label, bootloader_at,
			    guard->at_bootloader == CONTENT_OTHER ? " that can be read" : "", loader->chip->name);
}

static enum ff_status check_plain(const struct guard *guard, struct ff_error *error)
{
	const struct ff_loader *loader = &guard->flasher->loader;
	const char *chip = loader->chip->name;
	if (loader->encryption == FF_FLASH_ENCRYPTION_ON && loader->secure_download) {
		return ff_error_set(
			error, FF_ERR_PROTECTED,
			"the flash of this %s is encrypted and it is in secure download mode, so plain data "
			"may brick it: nothing was erased; if %s is encrypted already, set force",
			chip, guard->label);
	}
	if (loader->encryption == FF_FLASH_ENCRYPTION_RELEASE) {
		return ff_error_set(
			error, FF_ERR_PROTECTED,
			"the flash of this %s is encrypted and its loader encrypts nothing any more (release "
			"mode), so plain data may brick it: nothing was erased; if %s is encrypted already, set "
			"force",
			chip, guard->label);
	}
	if (encryption_is_on(loader) && guard->at_bootloader == CONTENT_IMAGE) {
		return ff_error_set(error, FF_ERR_PROTECTED,
				    "%s has a plain bootloader, which this %s would not start, because its flash is "
				    "encrypted: nothing was erased; have the chip encrypt it (encrypt), or set force",
				    guard->label, chip);
	}
	return FF_OK;
}

static enum ff_status check_encrypted(struct ff_flasher *flasher, const struct ff_write_options *options,
				      struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	const char *chip = loader->chip->name;
	struct ff_protections_key key;
	if (!loader->chip->protections) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the %s has no flash encryption", chip);
	}
	if (!ff_flash_can_encrypt(loader)) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the ROM loader of the %s cannot encrypt what it writes: use the stub flasher",
				    chip);
	}
	enum ff_status status = ff_protections_read_key(loader, &key, error);
	if (status != FF_OK || !key.known || options->force) {
		return status;
	}
	if (!key.may_encrypt) {
		return ff_error_set(
			error, FF_ERR_PROTECTED,
			"an eFuse of this %s forbids its loader to encrypt (release mode): nothing was erased; "
			"encrypt with the key at hand (encrypt-flash-data), or set force",
			chip);
	}
	if (!options->ignore_encryption_efuses && !key.present) {
		return ff_error_set(
			error, FF_ERR_PROTECTED,
			"this %s has no key for flash encryption in its eFuses: nothing was erased; burn one, or "
			"write without encrypt",
			chip);
	}
	if (!options->ignore_encryption_efuses && key.crypt_config != FF_PROTECTIONS_CONFIG_ALL) {
		return ff_error_set(error, FF_ERR_PROTECTED,
				    "the eFuse FLASH_CRYPT_CONFIG of this %s is 0x%x and not 0xf, so parts of the key "
				    "would not be used: nothing was erased; burn it, or write without encrypt",
				    chip, key.crypt_config);
	}
	return FF_OK;
}

/* What is not dangerous but will not work either. */
static void note_content(const struct guard *guard)
{
	const struct ff_flasher *flasher = guard->flasher;
	const struct ff_loader *loader = &flasher->loader;
	if (guard->region->encrypt && guard->at_bootloader == CONTENT_OTHER) {
		ff_session_note(flasher,
				"%s does not look like a bootloader: if it is encrypted already, it will be "
				"encrypted twice, and not start",
				guard->label);
	} else if (guard->region->encrypt && loader->encryption == FF_FLASH_ENCRYPTION_OFF) {
		ff_session_note(flasher, "flash encryption is not on: %s cannot be read until it is", guard->label);
	} else if (loader->encryption == FF_FLASH_ENCRYPTION_OFF && guard->at_bootloader == CONTENT_OTHER) {
		ff_session_note(flasher,
				"%s does not look like a bootloader: if it is encrypted, it will not start, "
				"because flash encryption is not on",
				guard->label);
	} else if (!guard->region->encrypt && encryption_is_on(loader) &&
		   (guard->at_start == CONTENT_IMAGE || guard->at_start == CONTENT_TABLE)) {
		ff_session_note(flasher, "%s is a plain %s, because the flash is encrypted%s", guard->label,
				guard->at_start == CONTENT_IMAGE ? "image, which will not start"
								 : "partition table, which will not be understood",
				loader->encryption == FF_FLASH_ENCRYPTION_DEVELOPMENT
					? ": have the chip encrypt it (encrypt)"
					: "");
	}
}

/* An application that secure boot will not start bricks nothing. */
static enum ff_status note_signature(const struct guard *guard, struct ff_error *error)
{
	const struct ff_flasher *flasher = guard->flasher;
	bool is_signed = false;
	if (flasher->loader.boot_protection != FF_SECURE_BOOT_V2 || guard->at_start != CONTENT_IMAGE) {
		return FF_OK;
	}
	enum ff_status status = look_for_signature(guard, 0, &is_signed, error);
	if (status == FF_OK && !is_signed) {
		ff_session_note(flasher, "%s is not signed, and will not start, because secure boot v2 is on",
				guard->label);
	}
	return status;
}

static enum ff_status check_region(const struct guard *guard, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	if (!guard->force) {
		status = check_low_flash(guard, error);
	}
	if (status == FF_OK && !guard->force) {
		status = check_secure_boot_v2(guard, error);
	}
	if (status == FF_OK && !guard->force && !guard->region->encrypt) {
		status = check_plain(guard, error);
	}
	return status;
}

enum ff_status ff_guard_write(struct ff_flasher *flasher, const struct ff_region *regions, size_t count,
			      const struct ff_write_options *options, struct ff_error *error)
{
	enum ff_status status = options->erase_all ? ff_guard_erase(flasher, options->force, error) : FF_OK;
	bool encrypts = false;
	/* First all that may be refused, then what is worth a note. */
	for (size_t i = 0; i < 2 * count && status == FF_OK; i++) {
		char label[FF_PLAN_LABEL_SIZE];
		struct guard guard = { .flasher = flasher,
				       .region = &regions[i % count],
				       .label = ff_plan_label(regions, i % count, label),
				       .force = options->force };
		status = look_at_content(&guard, error);
		if (status == FF_OK && i < count) {
			encrypts = encrypts || guard.region->encrypt;
			status = check_region(&guard, error);
		}
		if (status == FF_OK && i + 1 == count && encrypts) {
			status = check_encrypted(flasher, options, error);
		}
		if (status == FF_OK && i >= count) {
			note_content(&guard);
			status = note_signature(&guard, error);
		}
	}
	return status;
}

enum ff_status ff_guard_erase(const struct ff_flasher *flasher, bool force, struct ff_error *error)
{
	const struct ff_loader *loader = &flasher->loader;
	if (force || (!encryption_is_on(loader) && !secure_boot_is_on(loader))) {
		return FF_OK;
	}
	return ff_error_set(
		error, FF_ERR_PROTECTED,
		"this %s has %s on, and an erased one may never start again: nothing was erased; write over "
		"what is to go, or set force to risk the board",
		loader->chip->name, secure_boot_is_on(loader) ? "secure boot" : "flash encryption");
}
