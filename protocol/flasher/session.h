// SPDX-License-Identifier: Apache-2.0
/* The inside of a flasher, for the files of this folder: what it is doing, how long it took, who looks on. */
#ifndef FF_FLASHER_SESSION_H
#define FF_FLASHER_SESSION_H

#include <farflash/flasher.h>

#include "loader.h"
#include "sequence.h"

struct ff_flasher {
	struct ff_transport *transport; /* borrowed */
	struct ff_observer observer;
	struct ff_connect_options options;
	struct ff_sequence reset_sequence;      /* the board's own, or empty */
	struct ff_sequence hard_reset_sequence; /* the same */
	struct ff_loader loader;
	struct ff_board_info info;
	bool in_step;    /* loader and board understand each other; false after a failure */
	bool left;       /* ff_flasher_leave() is done */
	bool too_fast;   /* the board did not answer at the rate of the work; a lower one is in options */
	bool recovering; /* whatever happens belongs to the present phase */

	bool in_phase;
	enum ff_phase phase;
	int64_t phase_start;
	int64_t times[FF_PHASE_COUNT];
	struct ff_progress progress; /* as reported last: it never goes back within a phase */
};

/* Ends the present phase and begins another, and reports it with `total` bytes to do (0: unknown), the first of them at
 * flash address `offset`. The same phase again goes on. */
void ff_session_enter(struct ff_flasher *flasher, enum ff_phase phase, uint64_t total, uint32_t offset);

/* Ends the present phase, if there is one. */
void ff_session_rest(struct ff_flasher *flasher);

/* Reports progress in the present phase, unless it would be backward. */
void ff_session_progress(struct ff_flasher *flasher, uint64_t done, unsigned region, uint32_t offset);

/* Tells the user of the board what matters beside the result: through the observer's note(), and into the log. */
void ff_session_note(const struct ff_flasher *flasher, const char *format, ...) FF_PRINTF(2, 3);

/* Tells the observer that something is done once more. */
void ff_session_retry(const struct ff_flasher *flasher, enum ff_retry what);

/* FF_ERR_CANCELLED if the observer says so. */
FF_WARN_UNUSED enum ff_status ff_session_check(const struct ff_flasher *flasher, struct ff_error *error);

/* True for failures after which it makes sense to get back into step and try again. */
bool ff_session_may_retry(enum ff_status status);

#endif
