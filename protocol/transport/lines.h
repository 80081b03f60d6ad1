// SPDX-License-Identifier: Apache-2.0
/* DTR and RTS of a local tty. Both change in one ioctl, so that no state lies between two steps of a sequence. */
#ifndef FF_TRANSPORT_LINES_H
#define FF_TRANSPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/transport.h>

#include "fd.h"

/* The longest sequence that any transport runs. */
#define FF_LINES_MAX_STEPS 32
#define FF_LINES_MAX_HOLD_MS 10000

/* FF_ERR_ARGUMENT if a step is out of the ranges of struct ff_line_step, or there are too many. */
FF_WARN_UNUSED enum ff_status ff_lines_check(const struct ff_line_step *steps, size_t count, struct ff_error *error);

/* Whether the descriptor has control lines at all: a pty has none. */
bool ff_lines_exist(int fd);

/* As set_lines of a transport. */
FF_WARN_UNUSED enum ff_status ff_lines_run(const struct ff_fd *io, const struct ff_line_step *steps, size_t count,
					   struct ff_error *error);

#endif
