// SPDX-License-Identifier: Apache-2.0
/* What the layers do with error records among themselves. Any thread. */
#ifndef FF_BASE_ERROR_H
#define FF_BASE_ERROR_H

#include <farflash/status.h>

/* Hands on a failure with all that belongs to it, unless `error` holds one already or `local` holds none. `error` may be
 * NULL. */
static inline void ff_error_keep(struct ff_error *error, const struct ff_error *local)
{
	if (error && error->status == FF_OK && local->status != FF_OK) {
		*error = *local;
	}
}

#endif
