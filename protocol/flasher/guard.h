// SPDX-License-Identifier: Apache-2.0
/* Whether what is asked for would brick a protected chip, or be useless on it. Nothing is erased or written here.
 * Source: esptool 5.3 cmds.py, write_flash(), erase_flash() and erase_region(); secure boot v2 is our own addition. */
#ifndef FF_FLASHER_GUARD_H
#define FF_FLASHER_GUARD_H

#include "session.h"

/* Refuses a write as ff_flasher_write() says, and notes what looks wrong without being dangerous. The board is ready: the
 * state of its key may be read. Errors: FF_ERR_PROTECTED, FF_ERR_UNSUPPORTED (a loader that cannot encrypt), those of the
 * sources, those of ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_guard_write(struct ff_flasher *flasher, const struct ff_region *regions, size_t count,
					     const struct ff_write_options *options, struct ff_error *error);

/* Errors: FF_ERR_PROTECTED. */
FF_WARN_UNUSED enum ff_status ff_guard_erase(const struct ff_flasher *flasher, bool force, struct ff_error *error);

#endif
