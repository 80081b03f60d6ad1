// SPDX-License-Identifier: Apache-2.0
#include <farflash/security.h>

const char *ff_secure_boot_name(enum ff_secure_boot state)
{
	static const char *const names[FF_SECURE_BOOT_COUNT] = {
#define STATE_NAME(name, text) [name] = text,
		FF_SECURE_BOOT_MAP(STATE_NAME)
	};
	return (unsigned)state < FF_SECURE_BOOT_COUNT ? names[state] : "unknown";
}

const char *ff_flash_encryption_name(enum ff_flash_encryption state)
{
	static const char *const names[FF_FLASH_ENCRYPTION_COUNT] = { FF_FLASH_ENCRYPTION_MAP(STATE_NAME)
#undef STATE_NAME
	};
	return (unsigned)state < FF_FLASH_ENCRYPTION_COUNT ? names[state] : "unknown";
}
