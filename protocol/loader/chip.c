// SPDX-License-Identifier: Apache-2.0
#include "chip.h"

#include <string.h>

#define RTC_FEED_BIT (1U << 31)
#define LP_FEED_BIT (1U << 18)
#define SWD_KEY 0x8F1D312A
#define WDT_KEY 0x50D83AA1

static const struct ff_chip_spi spi_esp8266 = {
	.usr = 0x1C, .usr1 = 0x20, .usr2 = 0x24, .w0 = 0x40, .address_high = true
};
static const struct ff_chip_spi spi_esp32 = {
	.usr = 0x1C, .usr1 = 0x20, .usr2 = 0x24, .mosi_dlen = 0x28, .miso_dlen = 0x2C, .w0 = 0x80, .address_high = true
};
static const struct ff_chip_spi spi_later = {
	.usr = 0x18, .usr1 = 0x1C, .usr2 = 0x20, .mosi_dlen = 0x24, .miso_dlen = 0x28, .w0 = 0x58
};

static const struct ff_chip_watchdogs watchdogs_c3 = {
	.rtc_protect = 0x600080A8,
	.rtc_config = 0x60008090,
	.rtc_timeout = 0x60008094,
	.super_protect = 0x600080B0,
	.super_config = 0x600080AC,
	.super_key = SWD_KEY,
	.super_feed = RTC_FEED_BIT,
};
static const struct ff_chip_watchdogs watchdogs_s3 = {
	.rtc_protect = 0x600080B0,
	.rtc_config = 0x60008098,
	.rtc_timeout = 0x6000809C,
	.super_protect = 0x600080B8,
	.super_config = 0x600080B4,
	.super_key = SWD_KEY,
	.super_feed = RTC_FEED_BIT,
};
static const struct ff_chip_watchdogs watchdogs_c5 = {
	.rtc_protect = 0x600B1C18,
	.rtc_config = 0x600B1C00,
	.rtc_timeout = 0x600B1C04,
	.super_protect = 0x600B1C20,
	.super_config = 0x600B1C1C,
	.super_key = WDT_KEY,
	.super_feed = LP_FEED_BIT,
};
/* After a reset by its watchdog the ESP32-C6 may stay off the bus; the later ones do not have that bug. */
static const struct ff_chip_watchdogs watchdogs_c6 = {
	.rtc_protect = 0x600B1C18,
	.rtc_config = 0x600B1C00,
	.super_protect = 0x600B1C20,
	.super_config = 0x600B1C1C,
	.super_key = WDT_KEY,
	.super_feed = LP_FEED_BIT,
};
/* Of the ESP32-H21 too. */
static const struct ff_chip_watchdogs watchdogs_h2 = {
	.rtc_protect = 0x600B1C1C,
	.rtc_config = 0x600B1C00,
	.super_protect = 0x600B1C24,
	.super_config = 0x600B1C20,
	.super_key = WDT_KEY,
	.super_feed = LP_FEED_BIT,
};
static const struct ff_chip_watchdogs watchdogs_p4 = {
	.rtc_protect = 0x50116018,
	.rtc_config = 0x50116000,
	.rtc_timeout = 0x50116004,
	.super_protect = 0x50116020,
	.super_config = 0x5011601C,
	.super_key = WDT_KEY,
	.super_feed = LP_FEED_BIT,
};

static const struct ff_chip_watchdogs watchdogs_h4 = {
	.rtc_protect = 0x60090064,
	.rtc_config = 0x60090048,
	.super_protect = 0x600B5420,
	.super_config = 0x600B541C,
	.super_key = WDT_KEY,
	.super_feed = LP_FEED_BIT,
};
static const struct ff_chip_watchdogs watchdogs_s2 = { .rtc_protect = 0x3F4080AC,
						       .rtc_config = 0x3F408094,
						       .rtc_timeout = 0x3F408098 };
static const struct ff_chip_watchdogs watchdogs_c2 = { .rtc_protect = 0x6000809C,
						       .rtc_config = 0x60008084,
						       .rtc_timeout = 0x60008088 };
static const struct ff_chip_watchdogs watchdogs_s31 = { .rtc_protect = 0x20801018,
							.rtc_config = 0x20801000,
							.rtc_timeout = 0x20801004 };

static const struct ff_chip_usb_boot usb_boot_s2 = { .strap = 0x3F404038,
						     .force_download = 0x3F408128,
						     .force_bit = 1 };
static const struct ff_chip_usb_boot usb_boot_s3 = { .strap = 0x60004038,
						     .force_download = 0x6000812C,
						     .force_bit = 1 };
static const struct ff_chip_usb_boot usb_boot_watchdog = { .strap = 0 };

/* esptool 5.3 targets folder: EFUSE_DIS_DOWNLOAD_MANUAL_ENCRYPT, EFUSE_FORCE_USE_KEY_MANAGER_KEY (of its field the bit
 * that means XTS-AES), is_flash_encryption_key_valid(); esp32.py and esp32c2.py for the rest. */
static const struct ff_chip_protections protections_esp32 = {
	.no_manual_encrypt = { 0x3FF5A018, 7, 1 },
	.key_block = 0x3FF5A038,
	.key_hidden = { 0x3FF5A000, 16, 1 },
	.secure_boot_v1 = { 0x3FF5A018, 4, 1 },
	.secure_boot_v2 = { 0x3FF5A018, 5, 1 },
	.crypt_count = { 0x3FF5A000, 20, 7 },
	.crypt_config = { 0x3FF5A014, 28, 4 },
	.crypt_config_hidden = { 0x3FF5A000, 19, 1 },
};
static const struct ff_chip_protections protections_s2 = { .no_manual_encrypt = { 0x3F41A030, 19, 1 },
							   .aes_256 = true };
static const struct ff_chip_protections protections_s3 = { .no_manual_encrypt = { 0x60007030, 20, 1 },
							   .aes_256 = true };
static const struct ff_chip_protections protections_c2 = {
	.no_manual_encrypt = { 0x60008830, 6, 1 },
	.key_block = 0x60008860,
	.key_hidden = { 0x60008830, 0, 2 },
	.key_whole = { 0x60008830, 10, 1 },
};
static const struct ff_chip_protections protections_c3 = { .no_manual_encrypt = { 0x60008830, 20, 1 } };
static const struct ff_chip_protections protections_c5 = {
	.no_manual_encrypt = { 0x600B4830, 20, 1 },
	.key_manager = { 0x600B4834, 11, 1 },
};
static const struct ff_chip_protections protections_c6 = { .no_manual_encrypt = { 0x600B0830, 20, 1 } };
static const struct ff_chip_protections protections_c61 = { .no_manual_encrypt = { 0x600B4830, 14, 1 } };
static const struct ff_chip_protections protections_h21 = { .no_manual_encrypt = { 0x600B4030, 20, 1 } };
static const struct ff_chip_protections protections_h4 = {
	.no_manual_encrypt = { 0x600B1830, 14, 1 },
	.key_manager = { 0x600B1838, 20, 1 },
	.aes_256 = true,
};
static const struct ff_chip_protections protections_p4 = {
	.no_manual_encrypt = { 0x5012D030, 20, 1 },
	.key_manager = { 0x5012D034, 10, 1 },
	.aes_256 = true,
};
static const struct ff_chip_protections protections_s31 = {
	.no_manual_encrypt = { 0x20715030, 20, 1 },
	.key_manager = { 0x20715034, 13, 1 },
	.aes_256 = true,
};

static const struct ff_chip chips[] = {
	{
		.name = "ESP8266",
		.id = FF_CHIP_NO_ID,
		.magic = 0xFFF0C101,
		.flags = FF_CHIP_MINIMAL_ROM,
		.spi_base = 0x60000200,
		.spi = &spi_esp8266,
		.mac = 0x3FF00050,
		.uart_divider = 0x60000014,
		.clock_multiplier = 2,
		.rom_clock = FF_CHIP_CLOCK_FIXED_RATE,
		.stub = "esp8266",
	},
	{
		.name = "ESP32",
		.id = 0,
		.magic = 0x00F01D83,
		.flags = FF_CHIP_MAJOR_IS_COUNT,
		.bootloader_at = 0x1000,
		.spi_base = 0x3FF42000,
		.spi = &spi_esp32,
		.mac = 0x3FF5A004,
		.minor = { { 0x3FF5A014, 24, 2 } },
		.major = { { 0x3FF5A00C, 15, 1 }, { 0x3FF5A014, 20, 1 }, { 0x3FF6607C, 31, 1 } },
		.uart_divider = 0x3FF40014,
		.clock_multiplier = 1,
		.rom_clock = FF_CHIP_CLOCK_CALIBRATED,
		.stub = "esp32",
		.protections = &protections_esp32,
		.encrypted_alignment = 32,
	},
	{
		.name = "ESP32-S2",
		.id = 2,
		.magic = 0x000007C6,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD,
		.bootloader_at = 0x1000,
		.spi_base = 0x3F402000,
		.spi = &spi_later,
		.mac = 0x3F41A044,
		.minor = { { 0x3F41A054, 4, 3 }, { 0x3F41A050, 20, 1 } },
		.major = { { 0x3F41A050, 18, 2 } },
		.crystal_mhz = 40,
		.stub = "esp32s2",
		.console = { { .address = 0x3FFFFD14, .usb_otg = 2 } },
		.watchdogs = &watchdogs_s2,
		.usb_boot = &usb_boot_s2,
		.protections = &protections_s2,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-S3",
		.id = 9,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD | FF_CHIP_SECURE_BOOT_BARS_STUB | FF_CHIP_UNFORCE_DOWNLOAD,
		.spi_base = 0x60002000,
		.spi = &spi_later,
		.mac = 0x60007044,
		.minor = { { 0x60007050, 18, 3 }, { 0x60007058, 23, 1 } },
		.major = { { 0x60007058, 24, 2 } },
		.block_version = { { 0x6000706C, 0, 2 }, { 0x60007050, 24, 3 } },
		.crystal_mhz = 40,
		.stub = "esp32s3",
		.console = { { .address = 0x3FCEF14C, .usb_jtag = 4, .usb_otg = 3 } },
		.watchdogs = &watchdogs_s3,
		.usb_boot = &usb_boot_s3,
		.protections = &protections_s3,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-C2",
		.id = 12,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD,
		.spi_base = 0x60002000,
		.spi = &spi_later,
		.mac = 0x60008840,
		.minor = { { 0x60008844, 16, 4 } },
		.major = { { 0x60008844, 20, 2 } },
		.uart_divider = 0x60000014,
		.clock_multiplier = 1,
		.rom_clock = FF_CHIP_CLOCK_40MHZ,
		.stub = "esp32c2",
		.stub_since = 1,
		.watchdogs = &watchdogs_c2,
		.protections = &protections_c2,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-C3",
		.id = 5,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD | FF_CHIP_MIN_REVISION_IS_MINOR | FF_CHIP_SECURE_BOOT_BARS_STUB,
		.spi_base = 0x60002000,
		.spi = &spi_later,
		.mac = 0x60008844,
		.minor = { { 0x60008850, 18, 3 }, { 0x60008858, 23, 1 } },
		.major = { { 0x60008858, 24, 2 } },
		.crystal_mhz = 40,
		.stub = "esp32c3",
		.console = { { .below = 101, .address = 0x3FCDF07C, .usb_jtag = 3 },
			     { .address = 0x3FCDF078, .usb_jtag = 3 } },
		.watchdogs = &watchdogs_c3,
		.protections = &protections_c3,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-C5",
		.id = 23,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD | FF_CHIP_MAC_EXTENSION | FF_CHIP_SLOW_USB_JTAG_RESET,
		.bootloader_at = 0x2000,
		.spi_base = 0x60003000,
		.spi = &spi_later,
		.mac = 0x600B4844,
		.minor = { { 0x600B484C, 0, 4 } },
		.major = { { 0x600B484C, 4, 2 } },
		.uart_divider = 0x60000014,
		.clock_multiplier = 1,
		.rom_clock = FF_CHIP_CLOCK_REGISTER,
		.rom_crystal = { 0x60096110, 24, 7 },
		.stub = "esp32c5",
		.console = { { .address = 0x4085F514, .usb_jtag = 3 } },
		.watchdogs = &watchdogs_c5,
		.protections = &protections_c5,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-C6",
		.id = 13,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD | FF_CHIP_MAC_EXTENSION,
		.spi_base = 0x60003000,
		.spi = &spi_later,
		.mac = 0x600B0844,
		.minor = { { 0x600B0850, 18, 4 } },
		.major = { { 0x600B0850, 22, 2 } },
		.crystal_mhz = 40,
		.stub = "esp32c6",
		.console = { { .address = 0x4087F580, .usb_jtag = 3 } },
		.watchdogs = &watchdogs_c6,
		.protections = &protections_c6,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-C61",
		.id = 20,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD,
		.spi_base = 0x60003000,
		.spi = &spi_later,
		.mac = 0x600B4844,
		.minor = { { 0x600B484C, 0, 4 } },
		.major = { { 0x600B484C, 4, 2 } },
		.crystal_mhz = 40,
		.stub = "esp32c61",
		.console = { { .below = 3, .address = 0x4084F5EC, .usb_jtag = 3 },
			     { .address = 0x4084F5E4, .usb_jtag = 4 } },
		.watchdogs = &watchdogs_c5,
		.protections = &protections_c61,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-H2",
		.id = 16,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD | FF_CHIP_MAC_EXTENSION,
		.spi_base = 0x60003000,
		.spi = &spi_later,
		.mac = 0x600B0844,
		.minor = { { 0x600B0850, 18, 3 } },
		.major = { { 0x600B0850, 21, 2 } },
		.crystal_mhz = 32,
		.stub = "esp32h2",
		.console = { { .address = 0x4084FEFC, .usb_jtag = 3 } },
		.watchdogs = &watchdogs_h2,
		.protections = &protections_c6,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-H21",
		.id = 25,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD | FF_CHIP_MAC_EXTENSION,
		.spi_base = 0x60003000,
		.spi = &spi_later,
		.mac = 0x600B4044,
		.minor = { { 0x600B4058, 4, 4 } },
		.major = { { 0x600B4058, 8, 2 } },
		.crystal_mhz = 32,
		.watchdogs = &watchdogs_h2,
		.protections = &protections_h21,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-H4",
		.id = 28,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD | FF_CHIP_MAC_EXTENSION,
		.bootloader_at = 0x2000,
		.spi_base = 0x60099000,
		.spi = &spi_later,
		.mac = 0x600B1844,
		.minor = { { 0x600B1850, 18, 4 } },
		.major = { { 0x600B1850, 22, 2 } },
		.crystal_mhz = 32,
		.stub = "esp32h4",
		.watchdogs = &watchdogs_h4,
		.protections = &protections_h4,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-P4",
		.id = 18,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD,
		.bootloader_at = 0x2000,
		.spi_base = 0x5008D000,
		.spi = &spi_later,
		.mac = 0x5012D044,
		.minor = { { 0x5012D04C, 0, 4 } },
		.major = { { 0x5012D04C, 4, 2 }, { 0x5012D04C, 23, 1 } },
		.crystal_mhz = 40,
		.stub = "esp32p4",
		.stub_since = 300,
		.early_stub = "esp32p4-rev1",
		.console = { { .below = 300, .address = 0x4FF3FEC8, .usb_jtag = 6, .usb_otg = 5 },
			     { .address = 0x4FFBFEC8, .usb_jtag = 6, .usb_otg = 5 } },
		.watchdogs = &watchdogs_p4,
		.usb_boot = &usb_boot_watchdog,
		.protections = &protections_p4,
		.encrypted_alignment = 16,
	},
	{
		.name = "ESP32-S31",
		.id = 32,
		.flags = FF_CHIP_BEGIN_FIFTH_WORD,
		.bootloader_at = 0x2000,
		.spi_base = 0x20501000,
		.spi = &spi_later,
		.mac = 0x20715050,
		.minor = { { 0x2071505C, 18, 4 } },
		.major = { { 0x2071505C, 22, 2 } },
		.crystal_mhz = 40,
		.stub = "esp32s31",
		.watchdogs = &watchdogs_s31,
		.usb_boot = &usb_boot_watchdog,
		.protections = &protections_s31,
		.encrypted_alignment = 16,
	},
};

#define CHIP_COUNT (sizeof(chips) / sizeof(chips[0]))

const struct ff_chip *ff_chip_at(size_t index)
{
	return index < CHIP_COUNT ? &chips[index] : NULL;
}

const struct ff_chip *ff_chip_by_magic(uint32_t magic)
{
	for (size_t i = 0; i < CHIP_COUNT; i++) {
		if (chips[i].magic != 0 && chips[i].magic == magic) {
			return &chips[i];
		}
	}
	return NULL;
}

const struct ff_chip *ff_chip_by_id(uint32_t id)
{
	for (size_t i = 0; i < CHIP_COUNT; i++) {
		if (chips[i].id != FF_CHIP_NO_ID && chips[i].id == id) {
			return &chips[i];
		}
	}
	return NULL;
}

const struct ff_chip *ff_chip_by_name(const char *name)
{
	for (size_t i = 0; i < CHIP_COUNT; i++) {
		if (strcmp(chips[i].name, name) == 0) {
			return &chips[i];
		}
	}
	return NULL;
}

const char *ff_chip_stub(const struct ff_chip *chip, unsigned revision)
{
	return revision < chip->stub_since ? chip->early_stub : chip->stub;
}

const struct ff_chip_console *ff_chip_console_of(const struct ff_chip *chip, unsigned revision)
{
	for (size_t i = 0; i < 2; i++) {
		const struct ff_chip_console *console = &chip->console[i];
		if (console->address != 0 && (console->below == 0 || revision < console->below)) {
			return console;
		}
	}
	return NULL;
}

/* esptool 5.3 cmds.py, DETECTED_FLASH_SIZES: most capacity codes are the power of two, and some vendors count on from
 * 0x20 (64 MB) or start again at 0x32 (256 KB). Adesto (manufacturer 1F) keeps the size in the type byte. */
uint32_t ff_chip_flash_size(uint32_t flash_id)
{
	uint32_t capacity = (flash_id >> 16) & 0xFF;
	if ((flash_id & 0xFF) == 0x1F) {
		uint32_t code = (flash_id >> 8) & 0x1F;
		return code >= 0x04 && code <= 0x09 ? 1U << (code + 15) : 0;
	}
	if (capacity >= 0x12 && capacity <= 0x1C) {
		return 1U << capacity;
	}
	if (capacity >= 0x20 && capacity <= 0x22) {
		return 1U << (capacity - 0x20 + 26);
	}
	if (capacity >= 0x32 && capacity <= 0x3A) {
		return 1U << (capacity - 0x20);
	}
	return 0;
}
