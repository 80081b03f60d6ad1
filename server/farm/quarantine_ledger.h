// SPDX-License-Identifier: Apache-2.0
/* What outlives the process of the quarantine: the boards that are in. The quarantine tells it before anybody else hears of a
 * change, one change at a time, and asks it at the next start.
 *
 * This is the whole interface; server/store implements it. set() and drop() answer when what they were told is safe on disk; what
 * cannot be recorded now is tried again. FF_ERR_NO_SPACE, FF_ERR_IO, FF_ERR_TIMEOUT (the disk does not answer): it is not
 * recorded yet; FF_ERR_NO_MEMORY: it will not be. */
#ifndef FF_FARM_QUARANTINE_LEDGER_H
#define FF_FARM_QUARANTINE_LEDGER_H

#include <farflash/status.h>

#include "quarantine.h"

typedef void (*ff_quarantine_found)(void *context, const char *board, const struct ff_quarantine_view *view);

struct ff_quarantine_ledger {
	/* The board is in, like this, whatever was known of it. */
	enum ff_status (*set)(void *context, const char *board, const struct ff_quarantine_view *view,
			      struct ff_error *error);

	/* It is not. */
	enum ff_status (*drop)(void *context, const char *board, struct ff_error *error);

	/* Those that are in. FF_ERR_IO. */
	enum ff_status (*load)(void *context, ff_quarantine_found found, void *found_context, struct ff_error *error);

	void *context;
};

#endif
