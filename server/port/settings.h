// SPDX-License-Identifier: Apache-2.0
/* What a board's owner says of it, and may say anew while the board is used. Whoever reads gets a pointer, so a record never
 * changes: a new one takes its place, and what it replaces is kept behind it until the board goes. An owner changes his mind
 * a few times a day, not a thousand. */
#ifndef FF_PORT_SETTINGS_H
#define FF_PORT_SETTINGS_H

#include "sequence.h"
#include "worker.h"

struct ff_settings {
	struct ff_settings *before; /* that it has replaced */
	uint32_t work_baud;
	struct ff_board_resets resets;
	struct ff_sequence enter; /* the same, as steps */
	struct ff_sequence hard;
	struct ff_labels labels;
	struct ff_power power;
};

/* A record of what the options say. FF_ERR_ARGUMENT: a reset sequence; FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_settings_new(struct ff_settings **settings, const struct ff_worker_options *options,
					      struct ff_error *error);

/* With all that it has replaced. NULL is harmless. */
void ff_settings_free(struct ff_settings *settings);

#endif
