// SPDX-License-Identifier: Apache-2.0
/* What a program has set on a pseudo terminal, asked of its master. In a file of its own, because the kernel's termios2, which
 * alone knows every rate, does not get along with libc's termios. */
#include <asm/termbits.h>
#include <sys/ioctl.h>

#include "comport.h"
#include "connect_pty.h"

static uint8_t parity_of(tcflag_t flags)
{
	if (!(flags & PARENB)) {
		return FF_COMPORT_PARITY_NONE;
	}
	if (flags & CMSPAR) {
		return flags & PARODD ? FF_COMPORT_PARITY_MARK : FF_COMPORT_PARITY_SPACE;
	}
	return flags & PARODD ? FF_COMPORT_PARITY_ODD : FF_COMPORT_PARITY_EVEN;
}

static uint8_t data_bits_of(tcflag_t flags)
{
	switch (flags & CSIZE) {
	case CS5:
		return 5;
	case CS6:
		return 6;
	case CS7:
		return 7;
	default:
		return 8;
	}
}

bool ff_connect_pty_line(int master, struct ff_connect_pty_line *line)
{
	struct termios2 settings;

	if (ioctl(master, TCGETS2, &settings) != 0) {
		return false;
	}
	*line = (struct ff_connect_pty_line){
		.baud = settings.c_ospeed,
		.data_bits = data_bits_of(settings.c_cflag),
		.parity = parity_of(settings.c_cflag),
		.stop_bits = settings.c_cflag & CSTOPB ? FF_COMPORT_STOP_2 : FF_COMPORT_STOP_1,
	};
	return true;
}
