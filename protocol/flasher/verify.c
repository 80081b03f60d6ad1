// SPDX-License-Identifier: Apache-2.0
/* ff_flasher_verify(): whether flash holds what the caller has, by MD5. */
#include <farflash/flasher.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "establish.h"
#include "flash.h"
#include "patched.h"
#include "plan.h"
#include "session.h"

#define MAX_REPEATS 2
#define MAX_END UINT32_MAX /* where the size of the flash is unknown; sizes fit into 32 bits */
#define PIECE 16384

struct comparison {
	struct ff_flasher *flasher;
	const struct ff_region *regions;
	size_t count;
	size_t index; /* the region at work */
	uint64_t total;
	uint64_t done; /* bytes of the regions before it */
	uint8_t piece[PIECE];
	uint8_t expected[FF_MAX_REGIONS][FF_FLASH_MD5_SIZE];
	bool same[FF_MAX_REGIONS];
	struct ff_patched_settings settings;
	struct ff_patched patched; /* the regions as they should be */
};

static enum ff_status check(const struct comparison *comparison, struct ff_error *error)
{
	const struct ff_loader *loader = &comparison->flasher->loader;
	uint64_t flash_size = loader->flash_size > 0 ? loader->flash_size : MAX_END;
	if (comparison->count == 0 || comparison->count > FF_MAX_REGIONS) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%zu regions: 1 to %d are possible", comparison->count,
				    FF_MAX_REGIONS);
	}
	for (size_t i = 0; i < comparison->count; i++) {
		const struct ff_region *region = &comparison->regions[i];
		char label[FF_PLAN_LABEL_SIZE];
		ff_plan_label(comparison->regions, i, label);
		if (region->source.size == 0) {
			return ff_error_set(error, FF_ERR_EMPTY, "%s is empty", label);
		}
		if (region->encrypt) {
			return ff_error_set(
				error, FF_ERR_UNSUPPORTED,
				"%s: only the chip knows what it made of it when it encrypted it, so it cannot be "
				"compared",
				label);
		}
		if (region->offset >= flash_size || region->source.size > flash_size - region->offset) {
			return ff_error_set(error, FF_ERR_TOO_LARGE,
					    "%s at 0x%" PRIx32 " reaches beyond the flash, which has 0x%" PRIx64
					    " bytes",
					    label, region->offset, flash_size);
		}
	}
	if (!ff_flash_can_md5(loader)) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    loader->secure_download
					    ? "the %s is in secure download mode, in which nothing can be verified"
					    : "the ROM of the %s cannot verify flash: use the stub",
				    loader->chip->name);
	}
	return FF_OK;
}

static void progress(struct comparison *comparison, uint64_t done)
{
	const struct ff_region *region = &comparison->regions[comparison->index];
	ff_session_progress(comparison->flasher, comparison->done + done, (unsigned)comparison->index,
			    region->offset + (uint32_t)done);
}

static enum ff_status hash_pieces(struct comparison *comparison, EVP_MD_CTX *context, struct ff_error *error)
{
	const struct ff_source *source = &comparison->regions[comparison->index].source;
	for (uint64_t at = 0; at < source->size;) {
		size_t size = source->size - at < PIECE ? (size_t)(source->size - at) : PIECE;
		enum ff_status status = ff_session_check(comparison->flasher, error);
		if (status == FF_OK) {
			status = source->read(source->context, at, comparison->piece, size, error);
		}
		if (status != FF_OK) {
			return ff_error_set(error, status, "cannot read an image: %s", ff_status_text(status));
		}
		if (EVP_DigestUpdate(context, comparison->piece, size) != 1) {
			return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for an MD5");
		}
		at += size;
		progress(comparison, at);
	}
	return FF_OK;
}

static enum ff_status hash(struct comparison *comparison, struct ff_error *error)
{
	uint8_t md5[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	enum ff_status status = FF_ERR_NO_MEMORY;
	if (context && EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1) {
		status = hash_pieces(comparison, context, error);
	}
	if (status == FF_OK && EVP_DigestFinal_ex(context, md5, NULL) != 1) {
		status = FF_ERR_NO_MEMORY;
	}
	EVP_MD_CTX_free(context);
	if (status != FF_OK) {
		return ff_error_set(error, status, "no memory for an MD5");
	}
	memcpy(comparison->expected[comparison->index], md5, FF_FLASH_MD5_SIZE);
	return FF_OK;
}

static enum ff_status compare(void *context, struct ff_error *error)
{
	struct comparison *comparison = context;
	const struct ff_region *region = &comparison->regions[comparison->index];
	bool *same = &comparison->same[comparison->index];
	/* Replies carry no checksum, so one wrong answer may be noise: ask twice. */
	for (int i = 0; i < 2 && !*same; i++) {
		uint8_t found[FF_FLASH_MD5_SIZE];
		enum ff_status status = ff_flash_md5(&comparison->flasher->loader, region->offset,
						     (uint32_t)region->source.size, found, error);
		if (status != FF_OK) {
			return status;
		}
		*same = memcmp(found, comparison->expected[comparison->index], sizeof(found)) == 0;
	}
	return FF_OK;
}

/* Does one thing with each region in turn. */
static enum ff_status each(struct comparison *comparison, enum ff_phase phase, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	ff_session_enter(comparison->flasher, phase, comparison->total, comparison->regions[0].offset);
	comparison->done = 0;
	for (size_t i = 0; i < comparison->count && status == FF_OK; i++) {
		comparison->index = i;
		if (phase == FF_PHASE_PREPARE) {
			status = hash(comparison, error);
		} else {
			status = ff_establish_repeat(comparison->flasher, MAX_REPEATS, compare, comparison, error);
		}
		if (status == FF_OK) {
			progress(comparison, comparison->regions[i].source.size);
		}
		comparison->done += comparison->regions[i].source.size;
	}
	return status;
}

static enum ff_status judge(const struct comparison *comparison, struct ff_error *error)
{
	char list[FF_ERROR_TEXT_SIZE] = "";
	size_t used = 0;
	size_t different = 0;
	for (size_t i = 0; i < comparison->count; i++) {
		char label[FF_PLAN_LABEL_SIZE];
		if (comparison->same[i]) {
			continue;
		}
		different++;
		if (used < sizeof(list)) {
			used += (size_t)snprintf(
				list + used, sizeof(list) - used, "%s%s at 0x%" PRIx32, different > 1 ? ", " : "",
				ff_plan_label(comparison->regions, i, label), comparison->regions[i].offset);
		}
	}
	if (different == 0) {
		return FF_OK;
	}
	return ff_error_set(error, FF_ERR_VERIFY, "the flash differs in %zu of %zu regions: %s", different,
			    comparison->count, list);
}

static enum ff_status run(struct comparison *comparison, struct ff_error *error)
{
	struct ff_flasher *flasher = comparison->flasher;
	enum ff_status status = ff_patched_make(&comparison->patched, flasher, comparison->regions, comparison->count,
						&comparison->settings.words, error);
	comparison->regions = comparison->patched.regions;
	if (status == FF_OK) {
		status = each(comparison, FF_PHASE_PREPARE, error);
	}
	if (status == FF_OK) {
		flasher->loader.asked_size = comparison->settings.size;
		status = ff_establish_ready(flasher, error);
	}
	if (status == FF_OK) {
		flasher->in_step = false;
		status = each(comparison, FF_PHASE_VERIFY, error);
		flasher->in_step = status == FF_OK;
	}
	flasher->loader.asked_size = 0;
	ff_session_rest(flasher);
	return status;
}

enum ff_status ff_flasher_verify(struct ff_flasher *flasher, const struct ff_region *regions, size_t count,
				 const struct ff_verify_options *options, bool *same, struct ff_error *error)
{
	struct ff_settings asked = { 0 };
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	if (!comparison) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory to verify");
	}
	comparison->flasher = flasher;
	comparison->regions = regions;
	comparison->count = count;
	if (options) {
		asked = (struct ff_settings){ options->flash_mode, options->flash_freq, options->flash_size };
	}
	enum ff_status status = ff_patched_read_words(&comparison->settings, flasher, &asked, error);
	if (status == FF_OK) {
		status = check(comparison, error);
	}
	for (size_t i = 0; status == FF_OK && i < count; i++) {
		comparison->total += regions[i].source.size;
	}
	if (status == FF_OK) {
		status = run(comparison, error);
	}
	if (status == FF_OK && same) {
		memcpy(same, comparison->same, count * sizeof(*same));
	}
	if (status == FF_OK) {
		status = judge(comparison, error);
	}
	free(comparison);
	return status;
}
