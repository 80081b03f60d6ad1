// SPDX-License-Identifier: Apache-2.0
/* The file of the tokens. It is its owner's alone, and is replaced as a whole, so that a reader sees one state or the next.
 * Any thread. */
#ifndef FF_AUTH_TOKEN_FILE_H
#define FF_AUTH_TOKEN_FILE_H

#include <stdbool.h>

#include <farflash/status.h>

#include "tokens.h"

/* Reads it. FF_ERR_NOT_FOUND: there is none; FF_ERR_DENIED: others can read or write it, or it is somebody else's;
 * FF_ERR_FORMAT: it is damaged; FF_ERR_IO, FF_ERR_NO_MEMORY. All with the reason. */
FF_WARN_UNUSED enum ff_status ff_token_file_read(struct ff_tokens *tokens, const char *path, struct ff_error *error);

/* Has `change` change what is in it, or an empty set if there is none, and writes that; one process at a time. If `change`
 * fails, nothing is written. A new file gets the owner of its directory, as far as that is allowed. Errors as above, and
 * those of `change`. */
FF_WARN_UNUSED enum ff_status ff_token_file_change(const char *path,
						   enum ff_status (*change)(void *context, struct ff_tokens *tokens,
									    struct ff_error *error),
						   void *context, struct ff_error *error);

#endif
