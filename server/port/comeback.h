// SPDX-License-Identifier: Apache-2.0
/* A port that went away and may come back under another name: a chip that is itself on USB does so when it resets. It is
 * the device that counts, not the name, or a job could find another board in the place of the one it was for.
 *
 * Zeroed: nothing is kept. Belongs to the owner thread. */
#ifndef FF_PORT_COMEBACK_H
#define FF_PORT_COMEBACK_H

#include <stdint.h>

#include <farflash/status.h>
#include <farflash/transport.h>

struct ff_comeback {
	struct ff_transport kept; /* closed as far as the device goes */
	int64_t alone_until_us;   /* until then nothing else may take its place */
};

/* Takes over a port that is to be closed, whether it is lost or only in doubt; one that cannot be opened again is closed
 * for good. `transport` is empty afterwards. */
void ff_comeback_keep(struct ff_comeback *comeback, struct ff_transport *transport);

/* Looks for the device that was kept, and opens its port again at `baud`; *transport has it then. Waits for it, two seconds
 * at most, while it has not been away for long: a job that follows a reset must not fail for it.
 * FF_ERR_NOT_FOUND, without a text: nothing is kept, or it has been away for so long that whatever is at the board's address
 * may take its place. FF_ERR_LOST: it is not there yet. Other errors: those of ff_transport_open(). */
FF_WARN_UNUSED enum ff_status ff_comeback_try(struct ff_comeback *comeback, struct ff_transport *transport,
					      uint32_t baud, struct ff_error *error);

/* Closes what is kept. */
void ff_comeback_drop(struct ff_comeback *comeback);

#endif
