// SPDX-License-Identifier: Apache-2.0
/* A region that noise on the line kept from being written in one go, written in pieces. */
#ifndef FF_FLASHER_MEND_H
#define FF_FLASHER_MEND_H

#include "pass.h"

/* True if there is something smaller to try than this region, and a way to know how it went. */
bool ff_mend_is_possible(const struct ff_pass *whole);

/* Goes on after writing the region has failed with *why, for which it may be tried again: each piece is a write of its
 * own, compared with its MD5. One that is right already stays; one that fails comes again smaller, and at a lower rate.
 * Errors: those of ff_pass_write() and ff_pass_compare(); FF_ERR_LOST, FF_ERR_CANCELLED. */
FF_WARN_UNUSED enum ff_status ff_mend(const struct ff_pass *whole, const struct ff_error *why, struct ff_error *error);

#endif
