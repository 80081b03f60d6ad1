// SPDX-License-Identifier: Apache-2.0
/* Puts a chip's package and features into words. */
#ifndef FF_LOADER_DESCRIBE_H
#define FF_LOADER_DESCRIBE_H

#include "efuse.h"

/* Fills in description and features of the efuses' loader. A chip that cannot be asked, in secure download mode, is
 * called by its family's name, and has no features. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_describe(struct ff_efuses *efuses, struct ff_error *error);

#endif
