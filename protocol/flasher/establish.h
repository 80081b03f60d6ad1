// SPDX-License-Identifier: Apache-2.0
/* From an open port to a board that is ready for work, and back to it after trouble. */
#ifndef FF_FLASHER_ESTABLISH_H
#define FF_FLASHER_ESTABLISH_H

#include "session.h"

/* Reset, sync, detection, stub, baud, flash; fills flasher->info. Tries again, twice at most, when a board that had
 * answered fails half way, which noise on the line can cause. Errors as ff_flasher_open(). */
FF_WARN_UNUSED enum ff_status ff_establish(struct ff_flasher *flasher, struct ff_error *error);

/* The same board, ready again, after a command failed: by a sync if the loader is still there, from scratch if not. Any
 * write in progress is lost. Stays in the present phase. Errors as ff_flasher_open(), and FF_ERR_PROTOCOL (another board
 * answers). */
FF_WARN_UNUSED enum ff_status ff_establish_again(struct ff_flasher *flasher, struct ff_error *error);

/* The same, at the next lower of the usual rates if there is one that is not below the initial rate; flasher->info knows
 * it then. */
FF_WARN_UNUSED enum ff_status ff_establish_slower(struct ff_flasher *flasher, struct ff_error *error);

/* Makes sure that the board is ready: nothing to do, or after work that failed ff_establish_again(), and the size of the
 * flash if it is not the one that the loader believes in. */
FF_WARN_UNUSED enum ff_status ff_establish_ready(struct ff_flasher *flasher, struct ff_error *error);

/* Whether it makes sense to go on after the failure *why; if so, the board is in step again, at the next lower rate if that
 * is asked for and the failure can come from the rate. *why becomes the reason if the board is lost meanwhile or the
 * work cancelled. */
bool ff_establish_recover(struct ff_flasher *flasher, bool slower, struct ff_error *why);

/* Whether a failure may come from noise on the line: not if the chip says that its flash failed, nor if the port is gone. */
bool ff_establish_is_noise(const struct ff_error *error);

/* Work that may be done again from its beginning. */
typedef enum ff_status (*ff_establish_step)(void *context, struct ff_error *error);

/* Does a step, and does it again when it fails for what may be noise on the line and the same board gets back into step:
 * once at this rate, then at the next lower one, until there is none, and `repeats` times at that. Errors: those of the step, FF_ERR_LOST, FF_ERR_CANCELLED. */
FF_WARN_UNUSED enum ff_status ff_establish_repeat(struct ff_flasher *flasher, unsigned repeats, ff_establish_step step,
						  void *context, struct ff_error *error);

/* Puts the port back to the rate that its owner knows it at. Errors: those of the transport. */
FF_WARN_UNUSED enum ff_status ff_establish_port_rate(struct ff_flasher *flasher, struct ff_error *error);

#endif
