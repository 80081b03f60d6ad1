// SPDX-License-Identifier: Apache-2.0
/* The build directory of an ESP-IDF project, on disk or in an archive. Any thread. */
#ifndef FF_CLIENT_BUILD_DIR_H
#define FF_CLIENT_BUILD_DIR_H

#include <stdbool.h>

#include <farflash/status.h>

#include "flasher_args.h"
#include "images.h"

/* Reads flasher_args.json of the build directory at `path`, or of the zip or tar.gz archive of one there, and adds the
 * files that it names: those of a directory as files, those of an archive as bytes. ff_flasher_args_release() afterwards,
 * whatever the end.
 * Errors, with the file's name in the text: FF_ERR_ARGUMENT (not readable), those of ff_flasher_args_parse(),
 * ff_unpack_find(), ff_unpack_read() and ff_images_add_bytes(). */
FF_WARN_UNUSED enum ff_status ff_build_dir_add(struct ff_images *images, struct ff_flasher_args *args, const char *path,
					       struct ff_error *error);

/* True if this is an archive with a build directory in it. */
bool ff_build_dir_is_archive(const char *path);

/* Takes over the settings that the command line leaves open. */
void ff_build_dir_settings(struct ff_flash_settings *to, const struct ff_flash_settings *from);

#endif
