// SPDX-License-Identifier: Apache-2.0
#include "mend.h"

#include <inttypes.h>
#include <stdio.h>

#include "error.h"
#include "establish.h"
#include "view.h"

#define LARGEST_PIECE (64u * 1024)
#define SMALLEST_PIECE ((uint32_t)FF_FLASH_SECTOR) /* less cannot be erased */
#define SHRINK 4
#define GOOD_ONES_TO_GROW 4
#define MAX_FAILURES 10      /* of one piece in a row */
#define MAX_OTHER_FAILURES 3 /* of them such as are no noise, in a row; but noise can look like one */
#define FAILURES_TO_SLOW_DOWN 2

struct mending {
	const struct ff_pass *whole;
	uint32_t size;
	uint32_t done;     /* known to be in flash */
	uint32_t piece;    /* how much to try at once */
	unsigned good;     /* pieces since that was changed */
	unsigned failures; /* in a row */
	unsigned all;      /* of them from the start */
	unsigned others;   /* of them those that are no noise, in a row */
};

/* Writes a piece unless the flash holds it, and answers FF_OK only if the flash holds it then. */
static enum ff_status write_piece(const struct mending *mending, uint32_t size, struct ff_error *error)
{
	struct ff_view view;
	struct ff_pass pass = *mending->whole;
	uint8_t found[FF_BLOCKS_MD5_SIZE];
	bool same = false;
	pass.region.offset += mending->done;
	pass.region.source = ff_view_make(&view, &mending->whole->region.source, mending->done, size);
	pass.before += mending->done;
	enum ff_status status = ff_pass_measure(&pass, error);
	if (status == FF_OK) {
		status = ff_pass_compare(&pass, &same, found, error);
	}
	if (status != FF_OK || same) {
		return status;
	}
	status = ff_pass_write(&pass, error);
	if (status == FF_OK) {
		status = ff_pass_compare(&pass, &same, found, error);
	}
	if (status == FF_OK && !same) {
		status = ff_error_set(error, FF_ERR_PROTOCOL,
				      "%s: what was written at 0x%" PRIx32
				      " was damaged on the way (its MD5 is another)",
				      pass.label, pass.region.offset);
	}
	return status;
}

static void take_piece(struct mending *mending, uint32_t size)
{
	mending->done += size;
	mending->failures = 0;
	mending->others = 0;
	if (++mending->good >= GOOD_ONES_TO_GROW) {
		mending->piece = mending->piece < LARGEST_PIECE / 2 ? 2 * mending->piece : LARGEST_PIECE;
		mending->good = 0;
	}
}

static uint32_t smaller(uint32_t size)
{
	uint32_t piece = size / SHRINK / SMALLEST_PIECE * SMALLEST_PIECE;
	if (piece > LARGEST_PIECE) {
		return LARGEST_PIECE;
	}
	return piece > SMALLEST_PIECE ? piece : SMALLEST_PIECE;
}

/* Whether to go on after this failure; if so, the board is ready for it. */
static bool recovers(struct mending *mending, struct ff_error *why)
{
	struct ff_flasher *flasher = mending->whole->flasher;
	mending->all++;
	mending->others = ff_establish_is_noise(why) ? 0 : mending->others + 1;
	if (++mending->failures >= MAX_FAILURES || mending->others >= MAX_OTHER_FAILURES) {
		return false;
	}
	mending->good = 0;
	if (!ff_establish_recover(flasher, mending->failures % FAILURES_TO_SLOW_DOWN == 0, why)) {
		return false;
	}
	ff_session_retry(flasher, FF_RETRY_WRITE);
	ff_log(flasher->observer.log, FF_LOG_WARN, "%s; going on at 0x%" PRIx32 " with pieces of %" PRIu32 " KiB",
	       why->text, mending->whole->region.offset + mending->done, mending->piece / 1024);
	return true;
}

static void note(const struct mending *mending)
{
	ff_session_note(mending->whole->flasher,
			"writing %s failed %u time%s on the way, and went on in pieces: a better cable or a lower rate "
			"would be faster",
			mending->whole->label, mending->all, mending->all > 1 ? "s" : "");
}

bool ff_mend_is_possible(const struct ff_pass *whole)
{
	return whole->region.source.size > SMALLEST_PIECE && !whole->region.encrypt &&
	       ff_flash_can_md5(&whole->flasher->loader);
}

enum ff_status ff_mend(const struct ff_pass *whole, const struct ff_error *why, struct ff_error *error)
{
	struct mending mending = { .whole = whole,
				   .size = (uint32_t)whole->region.source.size,
				   .piece = smaller((uint32_t)whole->region.source.size) };
	struct ff_error last = *why;
	while (recovers(&mending, &last)) {
		enum ff_status status = FF_OK;
		ff_error_clear(&last);
		while (status == FF_OK && mending.done < mending.size) {
			uint32_t left = mending.size - mending.done;
			uint32_t size = left < mending.piece ? left : mending.piece;
			status = write_piece(&mending, size, &last);
			if (status == FF_OK) {
				take_piece(&mending, size);
			}
		}
		if (status == FF_OK) {
			note(&mending);
			return FF_OK;
		}
		mending.piece = smaller(mending.piece);
	}
	ff_error_keep(error, &last);
	return last.status;
}
