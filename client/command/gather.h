// SPDX-License-Identifier: Apache-2.0
/* The images that a command line names, as write-flash, verify-flash and merge-bin take them. */
#ifndef FF_CLIENT_GATHER_H
#define FF_CLIENT_GATHER_H

#include "images.h"
#include "options.h"
#include "take.h"

/* Collects the OFFSET FILE pairs, the files that bring their own offsets, and the build directory's files, and, unless
 * they are to be merged, checks them as ff_images_check() does. The build directory's options stand in for what
 * `options` leaves open. The images are to be released, whatever the end.
 * Errors: FF_ERR_ARGUMENT (no files, wrong words), FF_ERR_UNSUPPORTED (to be compared, but encrypted by the chip),
 * FF_ERR_WRONG_CHIP, and those of ff_build_dir_add(), ff_take_file() and ff_images_check(). */
FF_WARN_UNUSED enum ff_status ff_gather(struct ff_images *images, struct ff_options *options,
					enum ff_take_purpose purpose, struct ff_error *error);

#endif
