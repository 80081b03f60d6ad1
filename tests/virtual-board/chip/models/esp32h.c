// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

const struct ff_model ff_model_esp32h2 = {
	.name = "esp32h2",
	.stub_files = { "esp32h2" },
	FF_ROM_SINCE_ESP32S3,
	.magic = 0xD7B73E80,
	.chip_id = 16,
	.bootloader_offset = 0,
	.rom_baud = 115200,
	.uart_divider_reg = 0x60000014,
	.uart_clock = 32000000,
	.stub_uart_clock = 32000000,
	FF_SPI_SINCE_ESP32S2(0x60003000),
	FF_MAC_SINCE_ESP32S2(0x600B0844),
	.default_mac = { 0x74, 0x4D, 0xBD, 0x00, 0x00, 0x01 },
	.revision = { .minor = { 3, 18, 3 }, .major = { 3, 21, 2 } },
	.default_revision = 102,
	.max_revision = 307,
	.security = { FF_SECURITY_SINCE_ESP32S2(0x600B0800, 20) },
	.texts = {
		FF_TEXTS_LP,
		.banner = "ESP-ROM:esp32h2-20221101\r\nBuild:Nov  1 2022\r\n",
		.download_mode = "0x4 (DOWNLOAD(USB/UART0))\r\n",
		.flash_mode = "0xc (SPI_FAST_FLASH_BOOT)\r\n",
	},
};

/* There is no stub flasher for it. */
const struct ff_model ff_model_esp32h21 = {
	.name = "esp32h21",
	FF_ROM_SINCE_ESP32S3,
	.magic = 0,
	.chip_id = 25,
	.bootloader_offset = 0,
	.rom_baud = 115200,
	.uart_divider_reg = 0x60000014,
	.uart_clock = 32000000,
	.stub_uart_clock = 32000000,
	FF_SPI_SINCE_ESP32S2(0x60003000),
	FF_MAC_SINCE_ESP32S2(0x600B4044),
	.default_mac = { 0x74, 0x4D, 0xBD, 0x00, 0x00, 0x02 },
	.revision = { .minor = { 5, 4, 4 }, .major = { 5, 8, 2 } },
	.default_revision = 0,
	.max_revision = 315,
	.security = { FF_SECURITY_SINCE_ESP32S2(0x600B4000, 20) },
	.texts = {
		FF_TEXTS_LP,
		.banner = "ESP-ROM:esp32h21\r\n",
		.download_mode = "0x4 (DOWNLOAD(USB/UART0))\r\n",
		.flash_mode = "0xc (SPI_FAST_FLASH_BOOT)\r\n",
	},
};

/* The UART's address: esp-stub-lib, target/esp32h4/include/soc/reg_base.h. */
const struct ff_model ff_model_esp32h4 = {
	.name = "esp32h4",
	.stub_files = { "esp32h4" },
	FF_ROM_SINCE_ESP32S3,
	.magic = 0,
	.chip_id = 28,
	.bootloader_offset = 0x2000,
	.rom_baud = 115200,
	.uart_divider_reg = 0x60012014,
	.uart_clock = 32000000,
	.stub_uart_clock = 32000000,
	FF_SPI_SINCE_ESP32S2(0x60099000),
	FF_MAC_SINCE_ESP32S2(0x600B1844),
	.default_mac = { 0x74, 0x4D, 0xBD, 0x00, 0x00, 0x03 },
	.revision = { .minor = { 3, 18, 4 }, .major = { 3, 22, 2 } },
	.default_revision = 0,
	.max_revision = 315,
	.security = {
		.crypt_count = { 0x600B1830, 23, 3 },
		.secure_boot = { 0x600B1838, 5, 1 },
		.no_manual_encrypt = { 0x600B1830, 14, 1 },
		.purposes = { { 0x600B1834, 0, 5 },  { 0x600B1834, 5, 5 },  { 0x600B1834, 10, 5 },
			      { 0x600B1834, 15, 5 }, { 0x600B1834, 20, 5 }, { 0x600B1834, 25, 5 } },
		.long_keys = true,
		.secure_download = true,
	},
	.texts = {
		FF_TEXTS_LP,
		.banner = "ESP-ROM:esp32h4\r\n",
		.download_mode = "0x4 (DOWNLOAD(USB/UART0))\r\n",
		.flash_mode = "0xc (SPI_FAST_FLASH_BOOT)\r\n",
	},
};
