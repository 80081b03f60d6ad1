// SPDX-License-Identifier: Apache-2.0
/* What a conversation does to the port itself: its control lines, its rate, and getting it back after the board was off
 * the bus. As a link, it belongs to one thread. */
#ifndef FF_LOADER_PORT_H
#define FF_LOADER_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>
#include <farflash/transport.h>

#include "link.h"

/* Runs a sequence. It goes to the port whole where its pauses are short, so that the port keeps the time; long pauses are
 * waited for here, where the caller can cancel them. Errors: FF_ERR_CANCELLED, those of the transport. */
FF_WARN_UNUSED enum ff_status ff_port_move_lines(struct ff_link *link, const struct ff_line_step *steps, size_t count,
						 struct ff_error *error);

/* Changes the port's rate, and link->baud with it. Errors: those of the transport. */
FF_WARN_UNUSED enum ff_status ff_port_set_baud(struct ff_link *link, uint32_t baud, struct ff_error *error);

/* Whether a port that was lost can come back. */
bool ff_port_can_reopen(const struct ff_link *link);

/* Waits, a few seconds at most, for the device behind a lost port, and opens it again; what had been received is dropped.
 * Errors: FF_ERR_LOST (it did not come back), FF_ERR_CANCELLED, those of ff_transport_open(). */
FF_WARN_UNUSED enum ff_status ff_port_reopen(struct ff_link *link, struct ff_error *error);

#endif
