// SPDX-License-Identifier: Apache-2.0
#include "format.h"

#include <asm/termbits.h> /* not <termios.h>: both define struct termios */
#include <errno.h>
#include <sys/ioctl.h>

#define FORMAT_BITS (CSIZE | PARENB | PARODD | CMSPAR | CSTOPB | CRTSCTS)
#define LEAST_DATA_BITS 5
#define MOST_DATA_BITS 8

/* One and a half stop bits exist with five data bits only, where two are none (16550: LCR bit 2). */
static bool exists(const struct ff_line_format *format)
{
	bool five = format->data_bits == LEAST_DATA_BITS;
	return format->data_bits >= LEAST_DATA_BITS && format->data_bits <= MOST_DATA_BITS &&
	       format->parity <= FF_PARITY_SPACE && format->flow <= FF_FLOW_HARDWARE &&
	       (format->stop_bits == FF_STOP_BITS_1 || format->stop_bits == (five ? FF_STOP_BITS_1_5 : FF_STOP_BITS_2));
}

static tcflag_t format_bits(const struct ff_line_format *format)
{
	static const tcflag_t sizes[] = { CS5, CS6, CS7, CS8 };
	static const tcflag_t parities[] = {
		[FF_PARITY_NONE] = 0,
		[FF_PARITY_ODD] = PARENB | PARODD,
		[FF_PARITY_EVEN] = PARENB,
		[FF_PARITY_MARK] = PARENB | PARODD | CMSPAR,
		[FF_PARITY_SPACE] = PARENB | CMSPAR,
	};
	return sizes[format->data_bits - LEAST_DATA_BITS] | parities[format->parity] |
	       (format->stop_bits == FF_STOP_BITS_1 ? 0 : CSTOPB) | (format->flow == FF_FLOW_HARDWARE ? CRTSCTS : 0);
}

int ff_format_set(int fd, const struct ff_line_format *format)
{
	struct termios2 before;
	struct termios2 after;
	if (!exists(format)) {
		return EINVAL;
	}
	if (ioctl(fd, TCGETS2, &before) < 0) {
		return errno;
	}
	struct termios2 wanted = before;
	wanted.c_cflag = (before.c_cflag & ~(tcflag_t)FORMAT_BITS) | format_bits(format);
	wanted.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
	wanted.c_iflag |= format->flow == FF_FLOW_XONXOFF ? IXON | IXOFF : 0;
	if (ioctl(fd, TCSETS2, &wanted) < 0 || ioctl(fd, TCGETS2, &after) < 0) {
		return errno;
	}
	if ((after.c_cflag & FORMAT_BITS) != (wanted.c_cflag & FORMAT_BITS)) {
		return ioctl(fd, TCSETS2, &before) < 0 ? errno : EINVAL;
	}
	return 0;
}
