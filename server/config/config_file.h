// SPDX-License-Identifier: Apache-2.0
/* The configuration file: YAML whose keys are the command line's options, and a list of boards. docs/farflashd.yaml shows
 * all of them. */
#ifndef FF_SERVER_CONFIG_FILE_H
#define FF_SERVER_CONFIG_FILE_H

#include <farflash/status.h>

#include "config.h"

#define FF_CONFIG_FILE_MAX (1024 * 1024) /* bytes */

/* Adds what the file says to `config`. FF_ERR_ARGUMENT with the file's name, and about where in it: it cannot
 * be read, is no YAML, has a key that does not exist, or a value that is not valid. FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_config_load(struct ff_config *config, const char *path, struct ff_error *error);

#endif
