// SPDX-License-Identifier: Apache-2.0
/* The token that the server is shown. Not an option of its own, because others can read command lines. */
#ifndef FF_CLIENT_TOKEN_H
#define FF_CLIENT_TOKEN_H

#include <stdbool.h>

#include "failure.h"

/* Of `file` (--token-file), else of the environment's FARFLASH_TOKEN, else of farflash/token in the user's configuration
 * directory, if that is there. A new string, to be freed, or NULL for none. False: the failure; a file that others can read
 * is one. */
bool ff_token_find(char **token, const char *file, struct ff_failure *failure);

#endif
