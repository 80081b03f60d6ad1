// SPDX-License-Identifier: Apache-2.0
/* The options that all commands share, and those of single commands that fill in the same struct. Belongs to one
 * thread. */
#ifndef FF_CLIENT_COMMON_OPTIONS_H
#define FF_CLIENT_COMMON_OPTIONS_H

#include <argp.h>

#include "options.h"

extern const struct argp_option ff_common_options[];

/* Takes one option, as argp's parsers do; a wrong value ends the process. ARGP_ERR_UNKNOWN: not one of these. */
error_t ff_common_options_parse(int key, char *argument, struct argp_state *state, struct ff_options *options);

#endif
