// SPDX-License-Identifier: Apache-2.0
/* The command line of farflashd: what it may say, and what becomes of it together with the file of --config. Main thread, before
 * there is another. */
#ifndef FF_COMMAND_OPTIONS_H
#define FF_COMMAND_OPTIONS_H

#include "config.h"
#include "error.h"

#define FF_OPTIONS_EXIT_USAGE 2 /* the program's exit status after what it cannot make sense of */

/* Fills in `config`, which belongs to the caller afterwards, whatever comes of it: what is usual, then what the file says, and
 * over that the command line. Does not return after --help, --version, or an option that makes no sense: argp prints what there is to
 * say and ends the program. Errors of ff_config_load(). */
FF_WARN_UNUSED enum ff_status ff_options_read(struct ff_config *config, int argc, char **argv, struct ff_error *error);

#endif
