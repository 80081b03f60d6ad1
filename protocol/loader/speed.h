// SPDX-License-Identifier: Apache-2.0
/* What makes a conversation fast once the chip is known: Espressif's stub flasher in place of the ROM loader, and a
 * higher rate. Functions on a loader, with its thread rule. */
#ifndef FF_LOADER_SPEED_H
#define FF_LOADER_SPEED_H

#include <stdbool.h>
#include <stdint.h>

#include "loader.h"
#include "stub.h"

/* Uploads the stub into RAM and starts it. FF_ERR_PROTOCOL: it did not greet. */
FF_WARN_UNUSED enum ff_status ff_speed_run_stub(struct ff_loader *loader, const struct ff_stub *stub,
						struct ff_error *error);

/* True if the chip can be told to use another rate. */
bool ff_speed_can_set_baud(const struct ff_loader *loader);

/* Changes the rate of chip and port, and checks that they still understand each other.
 * Errors: FF_ERR_UNSUPPORTED (see ff_speed_can_set_baud), FF_ERR_NO_ANSWER (not at this rate), others as
 * ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_speed_set_baud(struct ff_loader *loader, uint32_t baud, struct ff_error *error);

#endif
