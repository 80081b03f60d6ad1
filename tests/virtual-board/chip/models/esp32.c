// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

const struct ff_model ff_model_esp8266 = {
	.name = "esp8266",
	.stub_files = { "esp8266" },
	.generation = FF_GEN_ESP8266,
	.status_bytes = 2,
	.magic = 0xFFF0C101,
	.begin_bytes = 16,
	.bootloader_offset = 0,
	.rom_flash_size = 4u << 20, /* the ROM's own table of its flash chip: id 1640EF, 4 MB */
	.rom_baud = 74880,          /* 115200 of a 40 MHz crystal, on the usual one of 26 MHz */
	.uart_divider_reg = 0x60000014,
	.uart_clock = 52000000,
	.stub_uart_clock = 52000000,
	.spi = { .base = 0x60000200, .usr = 0x1C, .usr1 = 0x20, .usr2 = 0x24, .w0 = 0x40, .address_at_top = true },
	.mac_layout = FF_MAC_ESP8266,
	.mac_reg = 0x3FF00050,
	.default_mac = { 0x5C, 0xCF, 0x7F, 0x00, 0x00, 0x01 },
	.revision_layout = FF_REVISION_NONE,
	.texts = {
		.banner = "\r\n ets Jan  8 2013,",
		.power_on = "rst cause:2, boot mode:",
		.software_reset = "rst cause:3, boot mode:",
		.watchdog_reset = "rst cause:4, boot mode:",
		.download_mode = "(1,7)\r\n\r\n",
		.flash_mode = "(3,7)\r\n\r\n",
		.waiting = "",
		.leaving = "",
		.no_image = "ets_main.c \r\n",
		.no_image_lines = 1,
	},
};

const struct ff_model ff_model_esp32 = {
	.name = "esp32",
	.stub_files = { "esp32" },
	.generation = FF_GEN_ESP32,
	.status_bytes = 4,
	.magic = 0x00F01D83,
	.begin_bytes = 16,
	.chip_id = 0,
	.bootloader_offset = 0x1000,
	.rom_flash_size = 2u << 20,
	.rom_baud = 115200,
	.uart_divider_reg = 0x3FF40014,
	.uart_clock = 40000000,
	.rom_clock_guess = 40300000, /* as the calibration words of identity.c say */
	.stub_uart_clock = 80000000, /* the stub raises the clock first: esp-flasher-stub main.c */
	.spi = { .base = 0x3FF42000, .usr = 0x1C, .usr1 = 0x20, .usr2 = 0x24, .w0 = 0x80,
		 .mosi_dlen = 0x28, .miso_dlen = 0x2C, .address_at_top = true },
	.mac_layout = FF_MAC_ESP32,
	.mac_reg = 0x3FF5A004,
	.default_mac = { 0x24, 0x0A, 0xC4, 0x00, 0x00, 0x01 },
	.revision_layout = FF_REVISION_ESP32,
	.default_revision = 300,
	.max_revision = 303,
	.efuses = { { 0x3FF5A00C, 1u << 9 | 1u << 13 } }, /* D0WD, rated for 240 MHz */
	.security = {
		.crypt_count = { 0x3FF5A000, 20, 7 },
		.secure_boot = { 0x3FF5A018, 5, 1 },
		.secure_boot_v1 = { 0x3FF5A018, 4, 1 },
		.no_manual_encrypt = { 0x3FF5A018, 7, 1 },
		.key_burnt = { { 0x3FF5A000, 16, 1 }, { 0x3FF5A014, 28, 4 } }, /* no reading; FLASH_CRYPT_CONFIG 0xF */
		.esp32_cipher = true,
	},
	.texts = {
		.banner = "ets Jul 29 2019 12:21:46\r\n\r\n",
		.power_on = "rst:0x1 (POWERON_RESET),boot:",
		.software_reset = "rst:0x3 (SW_RESET),boot:",
		.watchdog_reset = "rst:0x10 (RTCWDT_RTC_RESET),boot:",
		.download_mode = "0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\n",
		.flash_mode = "0x13 (SPI_FAST_FLASH_BOOT)\r\n",
		.waiting = "waiting for download\r\n",
		.leaving = "",
		.no_image = "invalid header: ",
		.no_image_lines = 8,
		.no_image_loops = true,
	},
};
