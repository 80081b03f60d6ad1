// SPDX-License-Identifier: Apache-2.0
/* Erasing for those who have looked at the chip's protections themselves. */
#ifndef FF_FLASHER_ERASE_H
#define FF_FLASHER_ERASE_H

#include "session.h"

/* ff_flasher_erase_chip() without its guard. */
FF_WARN_UNUSED enum ff_status ff_erase_chip(struct ff_flasher *flasher, struct ff_error *error);

#endif
