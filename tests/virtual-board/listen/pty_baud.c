// SPDX-License-Identifier: Apache-2.0
#include "pty_baud.h"

#include <asm/termbits.h>
#include <sys/ioctl.h>

uint32_t ff_pty_baud_get(int master)
{
	struct termios2 settings;
	return ioctl(master, TCGETS2, &settings) == 0 ? settings.c_ospeed : 0;
}
