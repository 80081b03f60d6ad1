// SPDX-License-Identifier: Apache-2.0
/* Out of the loader: by the control lines, by the chip's watchdog, or by telling the ROM to go. Source: esptool 5.3,
 * cmds.py, reset_chip(), loader.py, and hard_reset() and watchdog_reset() of the targets. */
#ifndef FF_LOADER_LEAVE_H
#define FF_LOADER_LEAVE_H

#include <stdbool.h>

#include "loader.h"
#include "sequence.h"

/* Why the chip cannot be reset by its watchdog, or NULL if it can. */
const char *ff_leave_watchdog_bar(const struct ff_loader *loader);

/* Why the loader cannot be told to start the application, or NULL if it can. */
const char *ff_leave_soft_bar(const struct ff_loader *loader);

/* Asks a chip that is to be reset, while it still answers, and readies it: true if its control lines would only lead back
 * into the loader, so that it needs ff_leave_by_watchdog(). What cannot be read changes nothing. */
bool ff_leave_needs_watchdog(struct ff_loader *loader);

/* Resets into the application by the control lines. `sequence`: the board's own; NULL or empty: one that suits port and
 * chip. Nothing need be known of the chip. One that goes off the bus meanwhile is no error.
 * Errors: FF_ERR_UNSUPPORTED (no control lines), those of the transport. */
FF_WARN_UNUSED enum ff_status ff_leave_by_lines(struct ff_loader *loader, const struct ff_sequence *sequence,
						struct ff_error *error);

/* Resets by the watchdog. Errors: FF_ERR_UNSUPPORTED, others as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_leave_by_watchdog(struct ff_loader *loader, struct ff_error *error);

/* Has the loader start the application in flash, without a reset of the chip. Errors: FF_ERR_UNSUPPORTED, FF_ERR_REFUSED,
 * FF_ERR_TIMEOUT (the loader did not go), others as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_leave_softly(struct ff_loader *loader, struct ff_error *error);

#endif
