// SPDX-License-Identifier: Apache-2.0
/* The flash chip's status registers, and how it is connected. */
#include <farflash/flasher.h>

#include <inttypes.h>

#include "establish.h"
#include "flash_chip.h"
#include "session.h"
#include "wiring.h"

#define MAX_REPEATS 2

/* Doing any of this twice does no harm, so all can be repeated. */
struct work {
	struct ff_loader *loader;
	struct ff_flash_wiring *wiring;
	unsigned bytes;
	uint32_t value;
	bool non_volatile;
};

static enum ff_status read_once(void *context, struct ff_error *error)
{
	struct work *work = context;
	return ff_flash_chip_read_status(work->loader, work->bytes, &work->value, error);
}

static enum ff_status write_once(void *context, struct ff_error *error)
{
	const struct work *work = context;
	return ff_flash_chip_write_status(work->loader, work->bytes, work->value, work->non_volatile, error);
}

static enum ff_status look_once(void *context, struct ff_error *error)
{
	const struct work *work = context;
	return ff_wiring_read(work->loader, work->wiring, error);
}

static enum ff_status check(const struct ff_flasher *flasher, unsigned bytes, struct ff_error *error)
{
	if (bytes < 1 || bytes > FF_FLASH_CHIP_STATUS_BYTES) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "flash chips have 1 to %d status registers, not %u",
				    FF_FLASH_CHIP_STATUS_BYTES, bytes);
	}
	if (flasher->loader.secure_download) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the %s is in secure download mode, which does not allow to talk to the flash chip",
				    flasher->loader.chip->name);
	}
	return FF_OK;
}

/* A chip that holds something else than it was told has answered: we are in step with the board. */
static enum ff_status run(struct ff_flasher *flasher, ff_establish_step step, struct work *work, struct ff_error *error)
{
	enum ff_status status = ff_establish_ready(flasher, error);
	if (status == FF_OK) {
		status = ff_establish_repeat(flasher, MAX_REPEATS, step, work, error);
		flasher->in_step = status == FF_OK || status == FF_ERR_VERIFY;
	}
	return status;
}

enum ff_status ff_flasher_read_flash_status(struct ff_flasher *flasher, unsigned bytes, uint32_t *value,
					    struct ff_error *error)
{
	struct work work = { .loader = &flasher->loader, .bytes = bytes };
	enum ff_status status = check(flasher, bytes, error);
	if (status == FF_OK) {
		status = run(flasher, read_once, &work, error);
	}
	if (status == FF_OK) {
		*value = work.value;
	}
	return status;
}

enum ff_status ff_flasher_write_flash_status(struct ff_flasher *flasher, unsigned bytes, uint32_t value,
					     bool non_volatile, struct ff_error *error)
{
	struct work work = { .loader = &flasher->loader, .bytes = bytes, .value = value, .non_volatile = non_volatile };
	enum ff_status status = check(flasher, bytes, error);
	if (status == FF_OK && (uint64_t)value >> (8 * bytes) != 0) {
		status = ff_error_set(error, FF_ERR_ARGUMENT, "0x%" PRIx32 " does not fit into %u byte%s of status",
				      value, bytes, bytes == 1 ? "" : "s");
	}
	return status == FF_OK ? run(flasher, write_once, &work, error) : status;
}

enum ff_status ff_flasher_flash_wiring(struct ff_flasher *flasher, struct ff_flash_wiring *wiring,
				       struct ff_error *error)
{
	struct work work = { .loader = &flasher->loader, .wiring = wiring };
	return run(flasher, look_once, &work, error);
}
