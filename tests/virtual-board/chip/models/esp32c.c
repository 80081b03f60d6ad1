// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

const struct ff_model ff_model_esp32c2 = {
	.name = "esp32c2",
	.stub_files = { "esp32c2" },
	FF_ROM_SINCE_ESP32S3,
	.magic = 0x7C41A06F,
	.chip_id = 12,
	.bootloader_offset = 0,
	.rom_baud = 74880, /* 115200 of a 40 MHz crystal, on the usual one of 26 MHz */
	.uart_divider_reg = 0x60000014,
	.uart_clock = 26000000,
	.stub_uart_clock = 26000000,
	.rom_clock_guess = 40000000, /* esptool 5.3 targets/esp32c2.py, change_baud */
	FF_SPI_SINCE_ESP32S2(0x60002000),
	FF_MAC_SINCE_ESP32S2(0x60008840),
	.default_mac = { 0x10, 0x97, 0xBD, 0x00, 0x00, 0x01 },
	.revision = { .minor = { 1, 16, 4 }, .major = { 1, 20, 2 } },
	.default_revision = 102,
	.max_revision = 315,
	.efuses = { { 0x60008844, 1u << 22 }, { 0x6000885C, 1u << 29 | 5u << 24 } }, /* ESP8684H4: 4 MB inside */
	.security = {
		.crypt_count = { 0x60008830, 7, 3 },
		.secure_boot = { 0x60008830, 21, 1 },
		.no_manual_encrypt = { 0x60008830, 6, 1 },
		.key_burnt = { { 0x60008830, 0, 2 }, { 0x60008830, 10, 1 } }, /* no reading; all 256 bits of its one block */
		.secure_download = true,
	},
	.texts = {
		FF_TEXTS_RTC,
		.banner = "ESP-ROM:esp8684-api2-20220127\r\nBuild:Jan 27 2022\r\n",
		.download_mode = "0x4 (DOWNLOAD(UART0))\r\n",
		.flash_mode = "0xc (SPI_FAST_FLASH_BOOT)\r\n",
	},
};

const struct ff_model ff_model_esp32c3 = {
	.name = "esp32c3",
	.stub_files = { "esp32c3" },
	FF_ROM_SINCE_ESP32S3,
	.magic = 0x1B31506F, /* revisions 0.3 and on: the ROM of February 2021 */
	.chip_id = 5,
	.bootloader_offset = 0,
	.rom_baud = 115200,
	.uart_divider_reg = 0x60000014,
	.uart_clock = 40000000,
	.stub_uart_clock = 40000000,
	FF_SPI_SINCE_ESP32S2(0x60002000),
	FF_MAC_SINCE_ESP32S2(0x60008844),
	.default_mac = { 0x84, 0xF7, 0x03, 0x00, 0x00, 0x01 },
	.revision = { .minor = { 3, 18, 3 }, .minor_high = { 5, 23, 1 }, .major = { 5, 24, 2 } },
	.default_revision = 3,
	.max_revision = 399,
	.efuses = { { 0x60008850, 1u << 27 }, { 0x60008854, 1 } }, /* QFN32 with 4 MB of XMC inside */
	.security = { FF_SECURITY_SINCE_ESP32S2(0x60008800, 20), .secure_boot_bars_stub = true },
	.texts = {
		FF_TEXTS_RTC,
		.banner = "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n",
		.download_mode = "0x4 (DOWNLOAD(USB/UART0/1))\r\n",
		.flash_mode = "0xc (SPI_FAST_FLASH_BOOT)\r\n",
	},
};

const struct ff_model ff_model_esp32c5 = {
	.name = "esp32c5",
	.stub_files = { "esp32c5" },
	FF_ROM_SINCE_ESP32S3,
	.magic = 0x63E1406F,
	.chip_id = 23,
	.bootloader_offset = 0x2000,
	.rom_baud = 115200,
	.uart_divider_reg = 0x60000014,
	.uart_clock = 48000000,
	.stub_uart_clock = 48000000,
	.crystal_reg = 0x60096110,
	FF_SPI_SINCE_ESP32S2(0x60003000),
	FF_MAC_SINCE_ESP32S2(0x600B4844),
	.default_mac = { 0xD0, 0xCF, 0x13, 0x00, 0x00, 0x01 },
	.revision = { .minor = { 2, 0, 4 }, .major = { 2, 4, 2 } },
	.default_revision = 100,
	.max_revision = 315,
	.security = {
		.crypt_count = { 0x600B4834, 16, 3 },
		.secure_boot = { 0x600B4838, 25, 1 },
		.no_manual_encrypt = { 0x600B4830, 20, 1 },
		.purposes = { { 0x600B4834, 22, 5 }, { 0x600B4834, 27, 5 }, { 0x600B4838, 0, 5 },
			      { 0x600B4838, 5, 5 },  { 0x600B4838, 10, 5 }, { 0x600B4838, 15, 5 } },
		.secure_download = true,
	},
	.texts = {
		FF_TEXTS_LP,
		.banner = "ESP-ROM:esp32c5-eco2-20250121\r\nBuild:Jan 21 2025\r\n",
		.download_mode = "0x10 (DOWNLOAD(USB/UART0))\r\n",
		.flash_mode = "0x18 (SPI_FAST_FLASH_BOOT)\r\n",
	},
};

const struct ff_model ff_model_esp32c6 = {
	.name = "esp32c6",
	.stub_files = { "esp32c6" },
	FF_ROM_SINCE_ESP32S3,
	.magic = 0x2CE0806F,
	.chip_id = 13,
	.bootloader_offset = 0,
	.rom_baud = 115200,
	.uart_divider_reg = 0x60000014,
	.uart_clock = 40000000,
	.stub_uart_clock = 40000000,
	FF_SPI_SINCE_ESP32S2(0x60003000),
	FF_MAC_SINCE_ESP32S2(0x600B0844),
	.default_mac = { 0x60, 0x55, 0xF9, 0x00, 0x00, 0x01 },
	.revision = { .minor = { 3, 18, 4 }, .major = { 3, 22, 2 } },
	.default_revision = 1,
	.max_revision = 315,
	.efuses = { { 0x600B0850, 1u << 24 }, { 0x600B0854, 1 } }, /* C6FH4: QFN32 with 4 MB inside */
	.security = { FF_SECURITY_SINCE_ESP32S2(0x600B0800, 20) },
	.texts = {
		FF_TEXTS_LP,
		.banner = "ESP-ROM:esp32c6-20220919\r\nBuild:Sep 19 2022\r\n",
		.download_mode = "0x4 (DOWNLOAD(USB/UART0/SDIO_FEI_FEO))\r\n",
		.flash_mode = "0xc (SPI_FAST_FLASH_BOOT)\r\n",
	},
};

const struct ff_model ff_model_esp32c61 = {
	.name = "esp32c61",
	.stub_files = { "esp32c61" },
	FF_ROM_SINCE_ESP32S3,
	.magic = 0x2421606F,
	.chip_id = 20,
	.bootloader_offset = 0,
	.rom_baud = 115200,
	.uart_divider_reg = 0x60000014,
	.uart_clock = 40000000,
	.stub_uart_clock = 40000000,
	FF_SPI_SINCE_ESP32S2(0x60003000),
	FF_MAC_SINCE_ESP32S2(0x600B4844),
	.default_mac = { 0x30, 0xED, 0xA0, 0x00, 0x00, 0x01 },
	.revision = { .minor = { 2, 0, 4 }, .major = { 2, 4, 2 } },
	.default_revision = 100,
	.max_revision = 315,
	.security = {
		.crypt_count = { 0x600B4830, 23, 3 },
		.secure_boot = { 0x600B4834, 26, 1 },
		.no_manual_encrypt = { 0x600B4830, 14, 1 },
		.purposes = { { 0x600B4834, 0, 4 },  { 0x600B4834, 4, 4 },  { 0x600B4834, 8, 4 },
			      { 0x600B4834, 12, 4 }, { 0x600B4834, 16, 4 }, { 0x600B4834, 20, 4 } },
		.secure_download = true,
	},
	.texts = {
		FF_TEXTS_LP,
		.banner = "ESP-ROM:esp32c61-eco3-20250228\r\nBuild:Feb 28 2025\r\n",
		.download_mode = "0x4 (DOWNLOAD(USB/UART0))\r\n",
		.flash_mode = "0xc (SPI_FAST_FLASH_BOOT)\r\n",
	},
};
