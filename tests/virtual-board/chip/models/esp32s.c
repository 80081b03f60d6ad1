// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

const struct ff_model ff_model_esp32s2 = {
	.name = "esp32s2",
	.stub_files = { "esp32s2" },
	FF_ROM_SINCE_ESP32S2,
	.magic = 0x000007C6,
	.chip_id = 2,
	.security_info_bytes = 12, /* without chip id and revision */
	.bootloader_offset = 0x1000,
	.rom_baud = 115200,
	.uart_divider_reg = 0x3F400014,
	.uart_clock = 40000000,
	.stub_uart_clock = 80000000, /* the stub raises the clock first: esp-flasher-stub main.c */
	FF_SPI_SINCE_ESP32S2(0x3F402000),
	FF_MAC_SINCE_ESP32S2(0x3F41A044),
	.default_mac = { 0x84, 0xF7, 0x03, 0x00, 0x00, 0x02 },
	.revision = { .minor = { 4, 4, 3 }, .minor_high = { 3, 20, 1 }, .major = { 3, 18, 2 } },
	.default_revision = 100,
	.max_revision = 315,
	.efuses = { { 0x3F41A06C, 2u << 4 } }, /* calibrated; neither flash nor PSRAM inside */
	.security = { FF_SECURITY_SINCE_ESP32S2(0x3F41A000, 19), .long_keys = true },
	.usb = {
		.otg_console = 2,
		.console = { { 0, 0x3FFFFD14 } },
		.strap_reg = 0x3F404038,
		.force_reg = 0x3F408128,
		.force_download = 1,
	},
	.watchdog = { .config0 = 0x3F408094, .config1 = 0x3F408098, .feed = 0x3F4080A8, .protect = 0x3F4080AC },
	.texts = {
		FF_TEXTS_RTC,
		.banner = "ESP-ROM:esp32s2-rc4-20191025\r\nBuild:Oct 25 2019\r\n",
		.download_mode = "0x0 (DOWNLOAD(USB/UART0/1/SPI))\r\n",
		.flash_mode = "0x8 (SPI_FAST_FLASH_BOOT)\r\n",
	},
};

const struct ff_model ff_model_esp32s3 = {
	.name = "esp32s3",
	.stub_files = { "esp32s3" },
	FF_ROM_SINCE_ESP32S3,
	.magic = 0x00000009,
	.chip_id = 9,
	.bootloader_offset = 0,
	.rom_baud = 115200,
	.uart_divider_reg = 0x60000014,
	.uart_clock = 40000000,
	.stub_uart_clock = 40000000,
	FF_SPI_SINCE_ESP32S2(0x60002000),
	FF_MAC_SINCE_ESP32S2(0x60007044),
	.default_mac = { 0x7C, 0xDF, 0xA1, 0x00, 0x00, 0x01 },
	.revision = { .minor = { 3, 18, 3 }, .minor_high = { 5, 23, 1 }, .major = { 5, 24, 2 } },
	.default_revision = 2,
	.max_revision = 315,
	/* 8 MB of PSRAM at 3.3 V inside; efuse block version 1.3 */
	.efuses = { { 0x60007054, 1u << 3 | 1u << 7 }, { 0x60007050, 3u << 24 }, { 0x6000706C, 1 } },
	.security = { FF_SECURITY_SINCE_ESP32S2(0x60007000, 20), .long_keys = true },
	.usb = {
		.jtag_console = 4,
		.otg_console = 3,
		.console = { { 0, 0x3FCEF14C } },
		.strap_reg = 0x60004038,
		.force_reg = 0x6000812C,
		.force_download = 1,
	},
	.watchdog = { .config0 = 0x60008098, .config1 = 0x6000809C, .feed = 0x600080AC, .protect = 0x600080B0,
		      FF_SWD_RTC(0x600080B4) },
	.texts = {
		FF_TEXTS_RTC,
		.banner = "ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021\r\n",
		.download_mode = "0x0 (DOWNLOAD(USB/UART0))\r\n",
		.flash_mode = "0x8 (SPI_FAST_FLASH_BOOT)\r\n",
	},
};

/* Addresses that esptool does not need: esp-stub-lib, target/esp32s31/include/soc/reg_base.h. */
const struct ff_model ff_model_esp32s31 = {
	.name = "esp32s31",
	.stub_files = { "esp32s31" },
	FF_ROM_SINCE_ESP32S3,
	.magic = 0,
	.chip_id = 32,
	.bootloader_offset = 0x2000,
	.rom_baud = 115200,
	.uart_divider_reg = 0x2038A014,
	.uart_clock = 40000000,
	.stub_uart_clock = 40000000,
	FF_SPI_SINCE_ESP32S2(0x20501000),
	FF_MAC_SINCE_ESP32S2(0x20715050),
	.default_mac = { 0x60, 0x55, 0xF9, 0x00, 0x00, 0x03 },
	.revision = { .minor = { 3, 18, 4 }, .major = { 3, 22, 2 } },
	.default_revision = 0,
	.max_revision = 315,
	.security = {
		.crypt_count = { 0x20715034, 21, 3 },
		.secure_boot = { 0x2071503C, 2, 1 },
		.no_manual_encrypt = { 0x20715030, 20, 1 },
		.purposes = { { 0x20715038, 0, 5 }, { 0x20715038, 5, 5 }, { 0x20715038, 10, 5 }, { 0x20715038, 15, 5 },
			      { 0x20715038, 20, 5 } },
		.long_keys = true,
		.secure_download = true,
	},
	.usb = { .jtag_console = 5, .otg_console = 4 },
	FF_LP_WATCHDOG(0x20801000),
	.texts = {
		FF_TEXTS_LP,
		.banner = "ESP-ROM:esp32s31\r\n",
		.download_mode = "0x10 (DOWNLOAD(USB/UART0))\r\n",
		.flash_mode = "0x18 (SPI_FAST_FLASH_BOOT)\r\n",
	},
};
