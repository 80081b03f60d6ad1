// SPDX-License-Identifier: Apache-2.0
/* The options of farflashd that say who gets in and how much anybody may take. Main thread. */
#ifndef FF_COMMAND_ACCESS_OPTIONS_H
#define FF_COMMAND_ACCESS_OPTIONS_H

#include <argp.h>

/* A child of the program's; its input is the struct ff_config_access, NULL to pass over what it says. */
extern const struct argp ff_access_options;

#endif
