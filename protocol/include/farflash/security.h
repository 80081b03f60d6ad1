// SPDX-License-Identifier: Apache-2.0
/* What is known of a chip's protections: as its ROM tells it (GET_SECURITY_INFO; esptool 5.3 loader.py,
 * get_security_info()), and in short. */
#ifndef FARFLASH_SECURITY_H
#define FARFLASH_SECURITY_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Whether the chip starts signed bootloaders only. X(constant, name) */
#define FF_SECURE_BOOT_MAP(X) \
	X(FF_SECURE_BOOT_UNKNOWN, "unknown") \
	X(FF_SECURE_BOOT_OFF, "off") \
	X(FF_SECURE_BOOT_V1, "v1") /* ESP32: the bootloader can never be replaced */ \
	X(FF_SECURE_BOOT_V2, "v2")

/* Whether the chip decrypts what it reads from flash, and whether its loader may encrypt what it writes. */
#define FF_FLASH_ENCRYPTION_MAP(X) \
	X(FF_FLASH_ENCRYPTION_UNKNOWN, "unknown") \
	X(FF_FLASH_ENCRYPTION_OFF, "off") \
	X(FF_FLASH_ENCRYPTION_ON, "on")                   /* which of the next two is not known */ \
	X(FF_FLASH_ENCRYPTION_DEVELOPMENT, "development") /* the loader may */ \
	X(FF_FLASH_ENCRYPTION_RELEASE, "release")         /* it may not any more */

#define FF_SECURITY_ENUM(name, text) name,
enum ff_secure_boot { FF_SECURE_BOOT_MAP(FF_SECURITY_ENUM) FF_SECURE_BOOT_COUNT };
enum ff_flash_encryption { FF_FLASH_ENCRYPTION_MAP(FF_SECURITY_ENUM) FF_FLASH_ENCRYPTION_COUNT };
#undef FF_SECURITY_ENUM

/* "off", "v1", "development", ... Never NULL. */
const char *ff_secure_boot_name(enum ff_secure_boot state);
const char *ff_flash_encryption_name(enum ff_flash_encryption state);

/* Bits of `flags`, and their names in JSON. X(constant, name), in FF_SECURITY_FLAG_MAP below. */
#define FF_SECURITY_BOOT (1U << 0)              /* secure boot is on */
#define FF_SECURITY_AGGRESSIVE_REVOKE (1U << 1) /* a wrong signature revokes its key */
#define FF_SECURITY_DOWNLOAD (1U << 2)          /* secure download mode: no memory, no registers, no stub */
#define FF_SECURITY_REVOKED_KEY_0 (1U << 3)
#define FF_SECURITY_REVOKED_KEY_1 (1U << 4)
#define FF_SECURITY_REVOKED_KEY_2 (1U << 5)
#define FF_SECURITY_JTAG_SOFT_OFF (1U << 6)
#define FF_SECURITY_JTAG_HARD_OFF (1U << 7)
#define FF_SECURITY_USB_OFF (1U << 8)
#define FF_SECURITY_DCACHE_OFF (1U << 9)  /* in download mode */
#define FF_SECURITY_ICACHE_OFF (1U << 10) /* in download mode */

#define FF_SECURITY_FLAG_MAP(X) \
	X(FF_SECURITY_BOOT, "secure_boot") \
	X(FF_SECURITY_AGGRESSIVE_REVOKE, "secure_boot_aggressive_revoke") \
	X(FF_SECURITY_DOWNLOAD, "secure_download") \
	X(FF_SECURITY_REVOKED_KEY_0, "secure_boot_key_revoke0") \
	X(FF_SECURITY_REVOKED_KEY_1, "secure_boot_key_revoke1") \
	X(FF_SECURITY_REVOKED_KEY_2, "secure_boot_key_revoke2") \
	X(FF_SECURITY_JTAG_SOFT_OFF, "soft_dis_jtag") \
	X(FF_SECURITY_JTAG_HARD_OFF, "hard_dis_jtag") \
	X(FF_SECURITY_USB_OFF, "dis_usb") \
	X(FF_SECURITY_DCACHE_OFF, "dis_download_dcache") \
	X(FF_SECURITY_ICACHE_OFF, "dis_download_icache")

#define FF_SECURITY_KEY_PURPOSES 7
#define FF_SECURITY_KEY_BLOCKS 6 /* no chip has more */

struct ff_security_info {
	uint32_t flags;
	uint8_t crypt_count; /* eFuse SPI_BOOT_CRYPT_CNT: flash encryption is on if the number of its set bits is odd */
	uint8_t key_purposes[FF_SECURITY_KEY_PURPOSES]; /* of the eFuse key blocks; the last one belongs to no block */
	bool has_id;                                    /* false on the ESP32-S2, which does not tell the next two */
	uint32_t chip_id;
	uint32_t api_version;
};

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
