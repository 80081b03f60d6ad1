// SPDX-License-Identifier: Apache-2.0
/* From an open port to a known chip: reset into the loader, first answers, detection. */
#ifndef FF_LOADER_CONNECT_H
#define FF_LOADER_CONNECT_H

#include <stdbool.h>

#include "loader.h"
#include "sequence.h"

/* Told before each reset (true) and before the syncs that follow it (false). */
typedef void (*ff_connect_stage)(void *context, bool resetting);

struct ff_connect_plan {
	unsigned attempts;                  /* how often to reset and sync, at least 1 */
	bool reset;                         /* move the control lines; false only syncs */
	bool usb;                           /* in the way of USB-Serial-JTAG, whatever the port is */
	bool no_sync;                       /* believe that a ROM loader listens, and ask nothing */
	const struct ff_sequence *sequence; /* the board's own; NULL or empty: one that suits the port */
	ff_connect_stage stage;             /* may be NULL */
	void *context;
};

/* Resets the chip into its loader and syncs with it. Sets loader->stub if a stub is already running. A port that goes away
 * meanwhile and can be opened again is waited for.
 * Errors: FF_ERR_NO_ANSWER (the text says what was tried and heard), FF_ERR_CANCELLED, those of the transport. */
FF_WARN_UNUSED enum ff_status ff_connect(struct ff_loader *loader, const struct ff_connect_plan *plan,
					 struct ff_error *error);

/* Syncs with a loader that may be running, up to `tries` times. Sets loader->stub.
 * FF_ERR_TIMEOUT (no answer) leaves `error` alone. Other errors: FF_ERR_CANCELLED, those of the transport. */
FF_WARN_UNUSED enum ff_status ff_connect_sync(struct ff_loader *loader, unsigned tries, struct ff_error *error);

/* Finds out the chip: GET_SECURITY_INFO, and where that tells no chip id the magic register. After a failure the loader
 * knows what it knew before.
 * Errors: FF_ERR_UNKNOWN_CHIP, others as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_connect_detect(struct ff_loader *loader, struct ff_error *error);

#endif
