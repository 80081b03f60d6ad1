// SPDX-License-Identifier: Apache-2.0
/* What is different in a configuration file that is read again. Pure. */
#ifndef FF_SERVER_CONFIG_CHANGE_H
#define FF_SERVER_CONFIG_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/* Names the keys, but for the boards', whose values are not the same, as in "listen, max-upload". False: there are none.
 * `names` has room for `size` bytes, and what does not fit is left out. */
bool ff_config_changed_options(const struct ff_config *before, const struct ff_config *after, char *names, size_t size);

/* Whether a board's TCP ports are to be others. */
bool ff_config_board_has_other_ports(const struct ff_config_board *before, const struct ff_config_board *after);

/* Whether anything of what a board does with its work is other: rate, sequences, labels, power. */
bool ff_config_board_has_other_settings(const struct ff_config_board *before, const struct ff_config_board *after);

#endif
