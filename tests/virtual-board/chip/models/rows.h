// SPDX-License-Identifier: Apache-2.0
/* What the files of this folder share: the parts of a row that whole generations of chips have in common, and the rows'
 * names for the table in model.c. */
#ifndef FF_VB_MODEL_ROWS_H
#define FF_VB_MODEL_ROWS_H

#include "model.h"

extern const struct ff_model ff_model_esp8266, ff_model_esp32;
extern const struct ff_model ff_model_esp32s2, ff_model_esp32s3, ff_model_esp32s31;
extern const struct ff_model ff_model_esp32c2, ff_model_esp32c3, ff_model_esp32c5, ff_model_esp32c6, ff_model_esp32c61;
extern const struct ff_model ff_model_esp32h2, ff_model_esp32h21, ff_model_esp32h4;
extern const struct ff_model ff_model_esp32p4;

/* How all ROMs since the ESP32-S2's speak. */
#define FF_ROM_SINCE_ESP32S2 \
	.generation = FF_GEN_ESP32S2, .status_bytes = 4, .begin_bytes = 20, .rom_flash_size = 2u << 20

/* And all since the ESP32-S3's. */
#define FF_ROM_SINCE_ESP32S3 FF_ROM_SINCE_ESP32S2, .security_info_bytes = 20

#define FF_SPI_SINCE_ESP32S2(address) \
	.spi = { \
		.base = (address), \
		.usr = 0x18, \
		.usr1 = 0x1C, \
		.usr2 = 0x20, \
		.w0 = 0x58, \
		.mosi_dlen = 0x24, \
		.miso_dlen = 0x28, \
	}

#define FF_MAC_SINCE_ESP32S2(address) \
	.mac_layout = FF_MAC_BLOCK1, .mac_reg = (address), .revision_layout = FF_REVISION_FIELDS

/* The purposes of six key blocks from one word's bit on, `bits` wide, as most chips have them: two at the end of a word and
 * four at the start of the next. */
#define FF_PURPOSES_SINCE_ESP32S2(efuses) \
	.purposes = { \
		{ (efuses) + 0x34, 24, 4 }, { (efuses) + 0x34, 28, 4 }, { (efuses) + 0x38, 0, 4 }, \
		{ (efuses) + 0x38, 4, 4 },  { (efuses) + 0x38, 8, 4 },  { (efuses) + 0x38, 12, 4 }, \
	}

/* The security state of all chips that have kept the places of the ESP32-S2, but for the one bit that wandered. */
#define FF_SECURITY_SINCE_ESP32S2(efuses, manual_encrypt_bit) \
	.crypt_count = { (efuses) + 0x34, 18, 3 }, .secure_boot = { (efuses) + 0x38, 20, 1 }, \
	.no_manual_encrypt = { (efuses) + 0x30, (manual_encrypt_bit), 1 }, .secure_download = true, \
	FF_PURPOSES_SINCE_ESP32S2(efuses)

/* The words around the boot modes, which are the chip's own. */
#define FF_TEXTS_SINCE_ESP32S2 \
	.power_on = "rst:0x1 (POWERON),boot:", .waiting = "waiting for download\r\n", .leaving = "user code done\r\n", \
	.no_image = "invalid header: ", .no_image_lines = 8, .no_image_loops = true

/* Reset causes of the chips with an RTC domain, and of those whose low-power domain has another name. */
#define FF_TEXTS_RTC \
	FF_TEXTS_SINCE_ESP32S2, \
		.software_reset = "rst:0x3 (RTC_SW_SYS_RST),boot:", \
		.watchdog_reset = "rst:0x7 (TG0WDT_SYS_RST),boot:", .rtc_reset = "rst:0x10 (RTCWDT_RTC_RST),boot:", \
		.usb_reset = "rst:0x15 (USB_UART_CHIP_RESET),boot:"
#define FF_TEXTS_LP \
	FF_TEXTS_SINCE_ESP32S2, \
		.software_reset = "rst:0x3 (LP_SW_HPSYS),boot:", .watchdog_reset = "rst:0x7 (TG0_WDT_HPSYS),boot:", \
		.rtc_reset = "rst:0x10 (LP_WDT_SYS),boot:", .usb_reset = "rst:0x15 (USB_UART_HPSYS),boot:"

/* Registers, key and auto-feed bit of the super watchdog: as in the ESP32-C3, and as in all chips whose low-power domain has
 * a watchdog block of its own. */
#define FF_SWD_RTC(config) \
	.swd_config = (config), .swd_protect = (config) + 4, .swd_key = 0x8F1D312A, .swd_auto_feed = 1u << 31
#define FF_SWD_LP(config) \
	.swd_config = (config), .swd_protect = (config) + 4, .swd_key = 0x50D83AA1, .swd_auto_feed = 1u << 18

/* That block, from its base on. */
#define FF_LP_WATCHDOG(base) \
	.watchdog = { \
		.config0 = (base), \
		.config1 = (base) + 4, \
		.feed = (base) + 0x14, \
		.protect = (base) + 0x18, \
		FF_SWD_LP((base) + 0x1C), \
	}

#endif
