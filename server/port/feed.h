// SPDX-License-Identifier: Apache-2.0
/* What the owner thread does with the input: writes its bytes, and runs its commands, in their order. */
#ifndef FF_PORT_FEED_H
#define FF_PORT_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/log.h>
#include <farflash/status.h>
#include <farflash/transport.h>

#include "input.h"

struct ff_feed {
	bool moved;    /* something was written or run, and there may be more */
	bool writable; /* it goes on when the port polls writable */
	bool told;     /* the putting side has to be woken */
	bool reset;    /* DTR and RTS have moved as in a reset, several steps at once */
};

/* Runs what can be run without waiting for the board, up to a limit that leaves time for its output. Errors: the port is
 * lost. */
FF_WARN_UNUSED enum ff_status ff_feed_run(const struct ff_transport *transport, struct ff_input *input,
					  const struct ff_log *log, struct ff_feed *feed, struct ff_error *error);

/* Makes a port that was opened at the line's rate otherwise like the line was. */
void ff_feed_reopen(const struct ff_transport *transport, struct ff_input *input, const struct ff_log *log);

/* Gives up everything that waits: commands end as `status`. Answers the number of bytes that nobody gets. */
size_t ff_feed_give_up(struct ff_input *input, enum ff_status status);

#endif
