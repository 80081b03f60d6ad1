// SPDX-License-Identifier: Apache-2.0
/* Small files as a whole, and the folder that a path names. Any thread. */
#ifndef FF_CLIENT_FILE_H
#define FF_CLIENT_FILE_H

#include <farflash/status.h>

#include "buf.h"

/* Appends what `path` holds; the buffer's cap is the bound.
 * Errors, all of them the user's: FF_ERR_ARGUMENT (it cannot be read), FF_ERR_TOO_LARGE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_file_read(struct ff_buf *text, const char *path, struct ff_error *error);

/* "build/" for "build/flash_args", "" for "flash_args". To be freed; NULL without memory. */
char *ff_file_folder(const char *path);

/* The last part of a path; points into it. */
const char *ff_file_name(const char *path);

/* `name` as seen from `folder` (with its slash, or NULL): absolute names stay. To be freed; NULL without memory. */
char *ff_file_join(const char *folder, const char *name);

#endif
