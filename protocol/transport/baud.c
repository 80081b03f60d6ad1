// SPDX-License-Identifier: Apache-2.0
#include "baud.h"

#include <asm/termbits.h> /* not <termios.h>: both define struct termios */
#include <errno.h>
#include <sys/ioctl.h>

#define TOLERANCE_PERCENT 3

int ff_baud_set(int fd, uint32_t baud)
{
	struct termios2 settings;
	if (ioctl(fd, TCGETS2, &settings) < 0) {
		return errno;
	}
	settings.c_cflag &= ~(tcflag_t)(CBAUD | (CBAUD << IBSHIFT));
	settings.c_cflag |= BOTHER | (BOTHER << IBSHIFT);
	settings.c_ispeed = baud;
	settings.c_ospeed = baud;
	return ioctl(fd, TCSETS2, &settings) < 0 ? errno : 0;
}

uint32_t ff_baud_get(int fd)
{
	struct termios2 settings;
	return ioctl(fd, TCGETS2, &settings) < 0 ? 0 : settings.c_ospeed;
}

bool ff_baud_is_near(uint32_t actual, uint32_t wanted)
{
	uint64_t difference = actual > wanted ? actual - wanted : wanted - actual;
	return difference * 100 <= (uint64_t)wanted * TOLERANCE_PERCENT;
}
