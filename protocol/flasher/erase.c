// SPDX-License-Identifier: Apache-2.0
/* ff_flasher_erase_chip() and ff_flasher_erase_region(). */
#include <inttypes.h>

#include "erase.h"
#include "establish.h"
#include "flash.h"
#include "guard.h"
#include "session.h"

#define STEP_SIZE (256 * 1024) /* whole erase blocks, and a few seconds between two looks at the cancel hook */
#define MAX_REPEATS 2
#define MAX_END ((uint64_t)1 << 32)

/* One erase command's worth. Erasing twice does no harm, so it can be repeated. */
struct step {
	struct ff_loader *loader;
	uint32_t offset;
	uint32_t size;
};

static struct step step_at(struct ff_flasher *flasher, uint64_t at, uint64_t end)
{
	uint64_t next = (at / STEP_SIZE + 1) * STEP_SIZE;
	return (struct step){ .loader = &flasher->loader,
			      .offset = (uint32_t)at,
			      .size = (uint32_t)((next < end ? next : end) - at) };
}

static enum ff_status erase_step(void *context, struct ff_error *error)
{
	const struct step *step = context;
	return ff_flash_erase(step->loader, step->offset, step->size, error);
}

static enum ff_status erase_everything(void *context, struct ff_error *error)
{
	return ff_flash_erase_chip(context, error);
}

static enum ff_status erase_range(struct ff_flasher *flasher, uint64_t from, uint64_t end, struct ff_error *error)
{
	for (uint64_t at = from; at < end;) {
		struct step step = step_at(flasher, at, end);
		enum ff_status status = ff_session_check(flasher, error);
		if (status == FF_OK) {
			status = ff_establish_repeat(flasher, MAX_REPEATS, erase_step, &step, error);
		}
		if (status != FF_OK) {
			return status;
		}
		at += step.size;
		ff_session_progress(flasher, at - from, 0, step.offset);
	}
	return FF_OK;
}

/* What an erase leaves of the session. */
static enum ff_status end(struct ff_flasher *flasher, enum ff_status status)
{
	flasher->in_step = status == FF_OK;
	ff_session_rest(flasher);
	return status;
}

enum ff_status ff_erase_chip(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	if (!loader->stub && loader->flash_size == 0) {
		return ff_error_set(
			error, FF_ERR_UNSUPPORTED,
			"the size of the flash is unknown, so the ROM loader cannot erase it: use the stub");
	}
	ff_session_enter(flasher, FF_PHASE_ERASE, loader->flash_size, 0);
	enum ff_status status = ff_establish_ready(flasher, error);
	if (status == FF_OK && loader->stub) {
		status = ff_establish_repeat(flasher, MAX_REPEATS, erase_everything, loader, error);
	} else if (status == FF_OK) {
		status = erase_range(flasher, 0, loader->flash_size, error);
	}
	if (status == FF_OK) {
		ff_session_progress(flasher, loader->flash_size, 0, 0);
	}
	return end(flasher, status);
}

enum ff_status ff_flasher_erase_chip(struct ff_flasher *flasher, const struct ff_erase_options *options,
				     struct ff_error *error)
{
	enum ff_status status = ff_guard_erase(flasher, options && options->force, error);
	return status == FF_OK ? ff_erase_chip(flasher, error) : status;
}

/* The ESP8266's ROM cannot always erase exactly what it should. Only the last step matters: what the others spill over
 * is to be erased as well. */
static enum ff_status check_spill(struct ff_flasher *flasher, uint64_t from, uint64_t until, struct ff_error *error)
{
	const struct ff_loader *loader = &flasher->loader;
	uint64_t last = (until - 1) / STEP_SIZE * STEP_SIZE;
	struct step step = step_at(flasher, last > from ? last : from, until);
	if (loader->stub || ff_flash_erase_end(loader, step.offset, step.size) <= until) {
		return FF_OK;
	}
	return ff_error_set(error, FF_ERR_UNSUPPORTED,
			    "the ROM of the %s cannot erase just this, it would also erase the sector at 0x%" PRIx64
			    ": use the stub, or another size",
			    loader->chip->name, until);
}

static enum ff_status check(struct ff_flasher *flasher, uint32_t offset, uint32_t size, struct ff_error *error)
{
	uint64_t known = flasher->loader.flash_size;
	uint64_t flash_size = known > 0 ? known : MAX_END;
	uint64_t until = (uint64_t)offset + size;
	if (size == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "nothing to erase: the size is 0");
	}
	if (offset % FF_FLASH_SECTOR != 0 || size % FF_FLASH_SECTOR != 0) {
		return ff_error_set(error, FF_ERR_ALIGNMENT,
				    "flash is erased in sectors: offset 0x%" PRIx32 " and size 0x%" PRIx32
				    " must be multiples of %d",
				    offset, size, FF_FLASH_SECTOR);
	}
	if (until > flash_size) {
		return ff_error_set(error, FF_ERR_TOO_LARGE,
				    "0x%" PRIx32 " bytes from 0x%" PRIx32
				    " reach beyond the flash, which has 0x%" PRIx64,
				    size, offset, flash_size);
	}
	return check_spill(flasher, offset, until, error);
}

enum ff_status ff_flasher_erase_region(struct ff_flasher *flasher, uint32_t offset, uint32_t size,
				       const struct ff_erase_options *options, struct ff_error *error)
{
	enum ff_status status = check(flasher, offset, size, error);
	if (status == FF_OK) {
		status = ff_guard_erase(flasher, options && options->force, error);
	}
	if (status != FF_OK) {
		return status;
	}
	ff_session_enter(flasher, FF_PHASE_ERASE, size, offset);
	status = ff_establish_ready(flasher, error);
	if (status == FF_OK) {
		status = erase_range(flasher, offset, (uint64_t)offset + size, error);
	}
	return end(flasher, status);
}
