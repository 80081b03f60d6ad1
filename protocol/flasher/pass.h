// SPDX-License-Identifier: Apache-2.0
/* One pass over a region, or a piece of one: what it will be on the wire, one write from begin to end, and whether the
 * flash holds it then.
 *
 * make, measure, then the rest as often as needed. Belongs to one thread; borrows everything it is made with. */
#ifndef FF_FLASHER_PASS_H
#define FF_FLASHER_PASS_H

#include <farflash/flasher.h>

#include "blocks.h"
#include "flash.h"
#include "plan.h"
#include "session.h"

struct ff_pass {
	struct ff_flasher *flasher;
	struct ff_blocks *blocks;
	struct ff_region region; /* as it lies in flash; a copy, its source is borrowed */
	size_t index;            /* of the region in its job */
	uint64_t before;         /* bytes of the job that come before this */
	uint32_t unit;           /* bytes in which the chip programs it */
	bool may_deflate;
	char label[FF_PLAN_LABEL_SIZE]; /* how messages call it */

	/* from the measuring on */
	struct ff_flash_write write;
	uint8_t md5[FF_BLOCKS_MD5_SIZE];
};

/* Goes once through the content: its MD5, and whether deflate makes it smaller.
 * Errors: FF_ERR_CANCELLED, FF_ERR_NO_MEMORY, those of the source. */
FF_WARN_UNUSED enum ff_status ff_pass_measure(struct ff_pass *pass, struct ff_error *error);

/* Writes it, once. Errors: FF_ERR_IO (the content is no longer what was measured), those of the source, those of
 * ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_pass_write(struct ff_pass *pass, struct ff_error *error);

/* Whether the flash holds it; asks twice before it says no. `found` gets the chip's MD5. Errors: those of
 * ff_flash_md5(). */
FF_WARN_UNUSED enum ff_status ff_pass_compare(const struct ff_pass *pass, bool *same, uint8_t found[FF_BLOCKS_MD5_SIZE],
					      struct ff_error *error);

#endif
