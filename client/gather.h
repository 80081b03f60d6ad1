// SPDX-License-Identifier: Apache-2.0
/* The images that a command line names, as write-flash and verify-flash take them. */
#ifndef FF_CLIENT_GATHER_H
#define FF_CLIENT_GATHER_H

#include "images.h"
#include "options.h"

/* Collects the OFFSET FILE pairs and the build directory's files, and checks them as ff_images_check() does. The build
 * directory's options stand in for what `options` leaves open. The images are to be released, whatever the end.
 * Errors: FF_ERR_ARGUMENT (no files, wrong words), FF_ERR_UNSUPPORTED (an image for encrypted flash), and those of
 * ff_build_dir_read() and ff_images_check(). */
FF_WARN_UNUSED enum ff_status ff_gather(struct ff_images *images, struct ff_options *options, struct ff_error *error);

#endif
