// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

const struct ff_model ff_model_esp32p4 = {
	.name = "esp32p4",
	.stub_files = { "esp32p4-rev1", "esp32p4" },
	.second_stub_since = 300,
	FF_ROM_SINCE_ESP32S3,
	.magic = 0,
	.chip_id = 18,
	.bootloader_offset = 0x2000,
	.rom_baud = 115200,
	.uart_divider_reg = 0x500CA014,
	.uart_clock = 40000000,
	.stub_uart_clock = 40000000,
	/* esptool 5.3 targets/esp32p4.py, power_on_flash: PMU_DATE_FLASH_FORCE_ON */
	.flash_power = { .first_revision = 301, .last_revision = 302, .reg = 0x501153FC, .mask = 3 },
	FF_SPI_SINCE_ESP32S2(0x5008D000),
	FF_MAC_SINCE_ESP32S2(0x5012D044),
	.default_mac = { 0x60, 0x55, 0xF9, 0x00, 0x00, 0x02 },
	.revision = { .minor = { 2, 0, 4 }, .major = { 2, 4, 2 }, .major_high = { 2, 23, 1 } },
	.default_revision = 103,
	.max_revision = 715,
	.security = { FF_SECURITY_SINCE_ESP32S2(0x5012D000, 20), .long_keys = true },
	.usb = {
		.jtag_console = 6,
		.otg_console = 5,
		.console = { { 0, 0x4FF3FEC8 }, { 300, 0x4FFBFEC8 } },
		.strap_reg = 0x500E0038,
		.force_reg = 0x50110008,
		.force_download = 4,
	},
	FF_LP_WATCHDOG(0x50116000),
	.texts = {
		FF_TEXTS_SINCE_ESP32S2,
		.software_reset = "rst:0x3 (SW_SYS_RESET),boot:",
		.watchdog_reset = "rst:0x7 (HP_SYS_HP_WDT_RESET),boot:",
		.rtc_reset = "rst:0x10 (CHIP_LP_WDT_RESET),boot:",
		.usb_reset = "rst:0x16 (HP_USB_RESET),boot:",
		.banner = "ESP-ROM:esp32p4-eco2-20240710\r\nBuild:Jul 10 2024\r\n",
		.download_mode = "0x307 (DOWNLOAD(USB/UART0/SPI))\r\n",
		.flash_mode = "0x30f (SPI_FAST_FLASH_BOOT)\r\n",
	},
};
