// SPDX-License-Identifier: Apache-2.0
/* The build directory of an ESP-IDF project. Any thread. */
#ifndef FF_CLIENT_BUILD_DIR_H
#define FF_CLIENT_BUILD_DIR_H

#include <farflash/status.h>

#include "flasher_args.h"

/* Reads flasher_args.json in `folder`, which ends with a slash; ff_flasher_args_release() afterwards.
 * Errors, with the file's name in the text: those of ff_file_read() and ff_flasher_args_parse(). */
FF_WARN_UNUSED enum ff_status ff_build_dir_read(struct ff_flasher_args *args, const char *folder,
						struct ff_error *error);

/* Takes over the settings that the command line leaves open. */
void ff_build_dir_settings(struct ff_flash_settings *to, const struct ff_flash_settings *from);

#endif
