// SPDX-License-Identifier: Apache-2.0
#include "standard.h"

#include <fcntl.h>
#include <unistd.h>

void ff_standard_occupy(void)
{
	int fd;
	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0) {
		close(fd);
	}
}
