// SPDX-License-Identifier: Apache-2.0
#include <farflash/version.h>

const char *ff_version(void)
{
	return FF_VERSION;
}
