// SPDX-License-Identifier: Apache-2.0
/* Data bits, parity, stop bits and flow control of a tty, by Linux' termios2, which leaves its rate alone. Any thread. */
#ifndef FF_TRANSPORT_FORMAT_H
#define FF_TRANSPORT_FORMAT_H

#include <farflash/transport.h>

/* Sets them. Answers 0 or errno; EINVAL: there is no such format, or the driver has not done as told and the tty is as it
 * was. */
int ff_format_set(int fd, const struct ff_line_format *format);

#endif
