// SPDX-License-Identifier: Apache-2.0
/* ff_flasher_write(): check, measure, write, verify. */
#include <farflash/flasher.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "blocks.h"
#include "erase.h"
#include "establish.h"
#include "flash.h"
#include "guard.h"
#include "mend.h"
#include "pass.h"
#include "patched.h"
#include "plan.h"
#include "session.h"

#define MAX_RESTARTS 2
#define MAX_REGION_SIZE (1U << 30) /* where the size of the flash is unknown; rounding up cannot overflow */
#define MD5_TEXT_SIZE (2 * FF_BLOCKS_MD5_SIZE + 1)

struct job {
	struct ff_flasher *flasher;
	const struct ff_region *regions;
	size_t count;
	struct ff_write_options options;
	struct ff_patched_settings settings;
	struct ff_blocks *blocks;
	uint64_t total;            /* bytes of image over all regions */
	struct ff_patched patched; /* the regions, from the moment when their content matters */
	struct ff_pass passes[];   /* one for each region */
};

/* The ESP8266's ROM cannot always erase exactly the sectors of a region. One more behind it is the user's to know; one
 * that this very job has filled before would spoil it. */
static enum ff_status check_erase(const struct job *job, size_t index, struct ff_error *error)
{
	const struct ff_loader *loader = &job->flasher->loader;
	const struct ff_region *region = &job->regions[index];
	uint64_t end = (region->offset + region->source.size + FF_FLASH_SECTOR - 1) / FF_FLASH_SECTOR * FF_FLASH_SECTOR;
	char label[FF_PLAN_LABEL_SIZE];
	ff_plan_label(job->regions, index, label);
	if (ff_flash_erase_end(loader, region->offset, (uint32_t)region->source.size) <= end) {
		return FF_OK;
	}
	/* Behind the end of the flash its addresses begin anew. */
	uint64_t spill = loader->flash_size > 0 && end >= loader->flash_size ? 0 : end;
	for (size_t i = 0; i < index; i++) {
		const struct ff_region *other = &job->regions[i];
		if (spill >= other->offset && spill < other->offset + other->source.size) {
			char other_label[FF_PLAN_LABEL_SIZE];
			return ff_error_set(error, FF_ERR_UNSUPPORTED,
					    "writing %s, the ROM of the %s would also erase the sector at 0x%" PRIx64
					    ", which %s has filled by then: use the stub, or write %s first",
					    label, loader->chip->name, spill,
					    ff_plan_label(job->regions, i, other_label), label);
		}
	}
	ff_log(job->flasher->observer.log, FF_LOG_WARN,
	       "writing %s, the ROM of the %s also erases the sector at 0x%" PRIx64, label, loader->chip->name, spill);
	return FF_OK;
}

/* Where the flash ends, as far as the write is concerned; 0: unknown. */
static uint32_t flash_end(const struct job *job)
{
	uint32_t real = job->flasher->loader.flash_size;
	uint32_t asked = job->settings.size;
	return asked != 0 && (real == 0 || asked < real) ? asked : real;
}

/* What the chip encrypts is known to nobody else, so its MD5 tells nothing. */
static bool can_compare(const struct job *job, size_t index)
{
	return !job->options.no_verify && !job->regions[index].encrypt;
}

static bool compares_any(const struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		if (can_compare(job, i)) {
			return true;
		}
	}
	return false;
}

static enum ff_status check(const struct job *job, struct ff_error *error)
{
	const struct ff_loader *loader = &job->flasher->loader;
	enum ff_status status = ff_check_regions(job->regions, job->count, flash_end(job), error);
	if (status != FF_OK) {
		return status;
	}
	if (compares_any(job) && !ff_flash_can_md5(loader)) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "without the stub flasher nothing can be verified on this %s: use the stub, or do "
				    "without verification (verify=false, --no-verify)",
				    loader->chip->name);
	}
	for (size_t i = 0; i < job->count; i++) {
		if (job->regions[i].source.size > MAX_REGION_SIZE) {
			return ff_error_set(error, FF_ERR_TOO_LARGE, "an image of %" PRIu64 " bytes is too large",
					    job->regions[i].source.size);
		}
		status = check_erase(job, i, error);
		if (status != FF_OK) {
			return status;
		}
	}
	if (job->options.force) {
		return FF_OK;
	}
	return ff_plan_check_images(job->regions, job->count, loader->chip, loader->revision, !loader->secure_download,
				    error);
}

/* Bytes in which a region is programmed. */
static uint32_t unit(const struct job *job, size_t index)
{
	return job->regions[index].encrypt ? job->flasher->loader.chip->encrypted_alignment : FF_BLOCKS_WORD;
}

/* A ROM's encrypted writes go plain: nobody has proved that one encrypts what it inflates, and esptool does the same. */
static bool may_deflate(const struct job *job, size_t index)
{
	const struct ff_loader *loader = &job->flasher->loader;
	return !job->options.no_compress && ff_flash_can_inflate(loader) &&
	       (loader->stub || !job->regions[index].encrypt);
}

static enum ff_status prepare(struct job *job, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	uint64_t before = 0;
	for (size_t i = 0; i < job->count && status == FF_OK; i++) {
		struct ff_pass *pass = &job->passes[i];
		*pass = (struct ff_pass){ .flasher = job->flasher,
					  .blocks = job->blocks,
					  .region = job->regions[i],
					  .index = i,
					  .before = before,
					  .unit = unit(job, i),
					  .may_deflate = may_deflate(job, i) };
		ff_plan_label(job->regions, i, pass->label);
		status = ff_pass_measure(pass, error);
		before += job->regions[i].source.size;
	}
	return status;
}

static enum ff_status write_once(struct job *job, size_t index, struct ff_error *error)
{
	return ff_pass_write(&job->passes[index], error);
}

/* One pass over one region. */
struct step {
	struct job *job;
	size_t index;
	enum ff_status (*work)(struct job *job, size_t index, struct ff_error *error);
};

static enum ff_status do_step(void *context, struct ff_error *error)
{
	const struct step *step = context;
	return step->work(step->job, step->index, error);
}

/* A region starts again from its beginning, because no block may be sent twice. */
static enum ff_status with_restarts(struct job *job, size_t index,
				    enum ff_status (*work)(struct job *, size_t, struct ff_error *),
				    struct ff_error *error)
{
	struct step step = { .job = job, .index = index, .work = work };
	return ff_establish_repeat(job->flasher, MAX_RESTARTS, do_step, &step, error);
}

/* In one go, and if that fails in pieces, of which the good ones stay. Where nobody can say which are good, all of it is
 * written again. */
static enum ff_status write_region(struct job *job, size_t index, struct ff_error *error)
{
	const struct ff_pass *pass = &job->passes[index];
	if (!can_compare(job, index) || !ff_mend_is_possible(pass)) {
		return with_restarts(job, index, write_once, error);
	}
	struct ff_error first = FF_ERROR_NONE;
	enum ff_status status = write_once(job, index, &first);
	if (status == FF_OK) {
		return FF_OK;
	}
	return ff_mend(pass, &first, error);
}

static enum ff_status write_all(struct job *job, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	for (size_t i = 0; i < job->count && status == FF_OK; i++) {
		status = write_region(job, i, error);
	}
	return status;
}

static const char *md5_text(const uint8_t *md5, char text[MD5_TEXT_SIZE])
{
	for (size_t i = 0; i < FF_BLOCKS_MD5_SIZE; i++) {
		snprintf(text + 2 * i, 3, "%02x", md5[i]);
	}
	return text;
}

/* True if this is the MD5 of `size` bytes of erased flash. */
static bool is_erased(const uint8_t *md5, uint32_t size)
{
	uint8_t erased[1024];
	uint8_t expected[EVP_MAX_MD_SIZE];
	memset(erased, 0xFF, sizeof(erased));
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context && EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1;
	for (uint32_t left = size; ok && left > 0;) {
		uint32_t count = left < sizeof(erased) ? left : (uint32_t)sizeof(erased);
		ok = EVP_DigestUpdate(context, erased, count) == 1;
		left -= count;
	}
	ok = ok && EVP_DigestFinal_ex(context, expected, NULL) == 1;
	EVP_MD_CTX_free(context);
	return ok && memcmp(md5, expected, FF_BLOCKS_MD5_SIZE) == 0;
}

static enum ff_status verify(struct job *job, size_t index, struct ff_error *error)
{
	const struct ff_pass *pass = &job->passes[index];
	uint8_t found[FF_BLOCKS_MD5_SIZE];
	bool same = false;
	enum ff_status status = ff_pass_compare(pass, &same, found, error);
	if (status != FF_OK || same) {
		return status;
	}
	char found_text[MD5_TEXT_SIZE];
	char expected_text[MD5_TEXT_SIZE];
	return ff_error_set(error, FF_ERR_VERIFY,
			    "%s at 0x%" PRIx32 ": the flash does not hold what was written (MD5 %s, expected %s)%s",
			    pass->label, pass->write.offset, md5_text(found, found_text),
			    md5_text(pass->md5, expected_text),
			    is_erased(found, pass->write.size) ? "; it is empty: is the flash write protected?"
							       : "; write it again");
}

static enum ff_status verify_all(struct job *job, struct ff_error *error)
{
	for (size_t i = 0; i < job->count; i++) {
		enum ff_status status = can_compare(job, i) ? with_restarts(job, i, verify, error) : FF_OK;
		if (status != FF_OK) {
			return status;
		}
		ff_session_progress(job->flasher, job->passes[i].before + job->regions[i].source.size, (unsigned)i,
				    job->regions[i].offset);
	}
	return FF_OK;
}

static enum ff_status fill_report(const struct job *job, struct ff_write_report *report, struct ff_error *error)
{
	*report = (struct ff_write_report){ .bytes = job->total };
	for (size_t i = 0; i < job->count; i++) {
		report->wire_bytes += job->passes[i].write.wire;
		report->unverified += can_compare(job, i) ? 0 : job->regions[i].source.size;
	}
	report->verified = report->unverified == 0;
	return ff_patched_tell(&job->patched, job->count, report, error);
}

static void begin_phase(struct job *job, enum ff_phase phase)
{
	ff_session_enter(job->flasher, phase, job->total, job->count > 0 ? job->regions[0].offset : 0);
}

static enum ff_status guard(struct job *job, size_t index, struct ff_error *error)
{
	(void)index;
	return ff_guard_write(job->flasher, job->regions, job->count, &job->options, error);
}

/* All that can be refused, and what is known before the board is touched. */
static enum ff_status get_ready(struct job *job, struct ff_error *error)
{
	struct ff_flasher *flasher = job->flasher;
	const struct ff_settings asked = { job->options.flash_mode, job->options.flash_freq, job->options.flash_size };
	enum ff_status status = ff_patched_read_words(&job->settings, flasher, &asked, error);
	if (status == FF_OK) {
		status = check(job, error);
	}
	if (status == FF_OK) {
		flasher->loader.asked_size = job->settings.size;
		status = ff_establish_ready(flasher, error);
	}
	if (status == FF_OK) {
		status = with_restarts(job, 0, guard, error);
	}
	if (status == FF_OK) {
		status = ff_patched_make(&job->patched, flasher, job->regions, job->count, &job->settings.words, error);
		job->regions = job->patched.regions;
	}
	return status == FF_OK ? prepare(job, error) : status;
}

static enum ff_status run(struct job *job, struct ff_error *error)
{
	begin_phase(job, FF_PHASE_PREPARE);
	enum ff_status status = get_ready(job, error);
	if (status == FF_OK && job->options.erase_all) {
		status = ff_erase_chip(job->flasher, error);
	}
	if (status != FF_OK) {
		return status;
	}
	job->flasher->in_step = false;
	begin_phase(job, FF_PHASE_WRITE);
	status = write_all(job, error);
	if (status == FF_OK && compares_any(job)) {
		begin_phase(job, FF_PHASE_VERIFY);
		status = verify_all(job, error);
	}
	job->flasher->in_step = status == FF_OK || status == FF_ERR_VERIFY;
	return status;
}

static void note_unverified(const struct job *job)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < job->count; i++) {
		bytes += job->regions[i].encrypt ? job->regions[i].source.size : 0;
	}
	if (bytes > 0) {
		ff_session_note(job->flasher,
				"the chip encrypted %" PRIu64
				" bytes while it wrote them, so they could not be verified",
				bytes);
	}
}

enum ff_status ff_flasher_write(struct ff_flasher *flasher, const struct ff_region *regions, size_t count,
				const struct ff_write_options *options, struct ff_write_report *report,
				struct ff_error *error)
{
	size_t places = count < FF_MAX_REGIONS ? count : FF_MAX_REGIONS; /* more are refused */
	struct job *job = calloc(1, sizeof(*job) + places * sizeof(job->passes[0]));
	if (!job) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory to write");
	}
	job->flasher = flasher;
	job->regions = regions;
	job->count = count;
	if (options) {
		job->options = *options;
	}
	for (size_t i = 0; i < places; i++) {
		job->total += regions[i].source.size;
	}
	enum ff_status status = ff_blocks_new(&job->blocks, error);
	if (status == FF_OK) {
		status = run(job, error);
	}
	if (status == FF_OK && report) {
		status = fill_report(job, report, error);
	}
	if (status == FF_OK) {
		note_unverified(job);
	}
	flasher->loader.asked_size = 0;
	ff_session_rest(flasher);
	ff_blocks_free(job->blocks);
	free(job);
	return status;
}
