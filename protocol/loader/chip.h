// SPDX-License-Identifier: Apache-2.0
/* What is known of each Espressif chip, as data. A new chip is a new row.
 *
 * Constants of the program's whole life; any thread. Facts from esptool 5.3, targets folder; the console
 * variables (which port the ROM talks on) from esptool 4.9, which still read them. */
#ifndef FF_LOADER_CHIP_H
#define FF_LOADER_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Chip id of ESP8266 in struct ff_chip: its images carry none. */
#define FF_CHIP_NO_ID 0xFFFF

/* Opens rtc_protect of a chip's watchdogs. */
#define FF_CHIP_WATCHDOG_KEY 0x50D83AA1

/* Register that holds a different constant in the ROM of each early chip. */
#define FF_CHIP_MAGIC_REGISTER 0x40001000

/* `width` bits of a register from bit `shift` up. Width 0: no such field. */
struct ff_chip_bits {
	uint32_t address;
	uint8_t shift;
	uint8_t width;
};

/* Offsets from the SPI controller's base; mosi_dlen and miso_dlen are 0 where USR1 holds the lengths (ESP8266). */
struct ff_chip_spi {
	uint8_t usr;
	uint8_t usr1;
	uint8_t usr2;
	uint8_t mosi_dlen;
	uint8_t miso_dlen;
	uint8_t w0;
	bool address_high; /* an address is at the top of its word, not at the bottom */
};

/* Which rate CHANGE_BAUD makes in a ROM depends on what that ROM believes of its crystal. */
enum ff_chip_clock {
	FF_CHIP_CLOCK_TRUE,       /* believes the truth */
	FF_CHIP_CLOCK_40MHZ,      /* believes in 40 MHz whatever is fitted */
	FF_CHIP_CLOCK_CALIBRATED, /* measures it against its internal 8 MHz oscillator, badly (ESP32) */
	FF_CHIP_CLOCK_REGISTER,   /* believes what rom_crystal says */
	FF_CHIP_CLOCK_FIXED_RATE, /* has no CHANGE_BAUD (ESP8266) */
};

/* Where the ROM keeps the number of the port it talks on, and what it says on USB. Address 0: unknown. */
struct ff_chip_console {
	uint16_t below;   /* holds for revisions below this; 0: for all */
	uint32_t address; /* the low byte is the number */
	uint8_t usb_jtag; /* number of the USB-Serial-JTAG peripheral, 0 for none */
	uint8_t usb_otg;  /* number of USB-OTG, 0 for none */
};

/* The watchdogs that go on running when a chip resets over USB-Serial-JTAG; the first of them can also reset the chip. */
struct ff_chip_watchdogs {
	uint32_t rtc_protect;
	uint32_t rtc_config;
	uint32_t rtc_timeout;   /* 0: this chip is not to be reset by it */
	uint32_t super_protect; /* 0: no need to stop either */
	uint32_t super_config;
	uint32_t super_key;
	uint32_t super_feed; /* bit that feeds it automatically */
};

/* How a chip whose loader talks on USB-OTG gets into its application. Its control lines cannot while its strapping pins
 * say "download": then, or always where `strap` is 0, by the watchdog. */
struct ff_chip_usb_boot {
	uint32_t strap;          /* register of the strapping pins: bit 3 is low for download mode */
	uint32_t force_download; /* register in which software forces download mode */
	uint32_t force_bit;
};

/* The eFuses that say what is protected. What GET_SECURITY_INFO tells is not looked up here. */
struct ff_chip_protections {
	struct ff_chip_bits no_manual_encrypt; /* set: the loader may not encrypt */
	struct ff_chip_bits key_manager;       /* set: the key is not in the eFuses, but made anew from data at 0x0 */
	bool aes_256;                          /* two key blocks may make one key */

	/* of chips without key purposes (ESP32, ESP32-C2): the block itself tells whether it holds a key */
	uint32_t key_block;
	struct ff_chip_bits
		key_hidden; /* all bits set: it cannot be read; of two, the first alone hides its lower half */
	struct ff_chip_bits key_whole; /* clear: only the lower half of the block is the key; width 0: never so */

	/* of the ESP32, which has no GET_SECURITY_INFO */
	struct ff_chip_bits secure_boot_v1;
	struct ff_chip_bits secure_boot_v2; /* counts since v3.0 */
	struct ff_chip_bits crypt_count;
	struct ff_chip_bits crypt_config;
	struct ff_chip_bits crypt_config_hidden;
};

enum {
	/* The ROM knows only memory, registers and plain flash writes, and appends two status bytes (ESP8266). */
	FF_CHIP_MINIMAL_ROM = 1 << 0,
	/* BEGIN takes a fifth word (encrypt) from the ROM as well. */
	FF_CHIP_BEGIN_FIFTH_WORD = 1 << 1,
	/* The major revision counts bits that are set one after the other (ESP32). */
	FF_CHIP_MAJOR_IS_COUNT = 1 << 2,
	/* An image's one-byte minimum revision means the minor one (ESP32-C3), not the major one. */
	FF_CHIP_MIN_REVISION_IS_MINOR = 1 << 3,
	/* A stub cannot be started with secure boot enabled. */
	FF_CHIP_SECURE_BOOT_BARS_STUB = 1 << 4,
	/* The word of the MAC's upper half holds two bytes more, which make an EUI-64 of it (IEEE 802.15.4). */
	FF_CHIP_MAC_EXTENSION = 1 << 5,
	/* Download mode that an application forced outlasts a reset, unless it is taken back (ESP32-S3,
	 * https://github.com/espressif/arduino-esp32/issues/6762). */
	FF_CHIP_UNFORCE_DOWNLOAD = 1 << 12,
	/* A reset over USB-Serial-JTAG takes as long as one over USB-OTG (ESP32-C5). */
	FF_CHIP_SLOW_USB_JTAG_RESET = 1 << 13,
};

struct ff_chip {
	const char *name;
	uint16_t id;    /* in GET_SECURITY_INFO and in image headers, or FF_CHIP_NO_ID */
	uint32_t magic; /* in FF_CHIP_MAGIC_REGISTER; 0 where the id tells */
	unsigned flags;
	uint32_t bootloader_at; /* flash address of the second stage bootloader */
	uint32_t spi_base;
	const struct ff_chip_spi *spi;
	uint32_t mac;                         /* first of two registers; the ESP8266's are special */
	struct ff_chip_bits minor[2];         /* low bits first */
	struct ff_chip_bits major[3];         /* the same */
	struct ff_chip_bits block_version[2]; /* both 1 and minor a multiple of 8: revision 0.0 (early ESP32-S3) */
	uint8_t crystal_mhz;                  /* 0: estimated from the UART divider */
	uint32_t uart_divider;                /* register, 0 where crystal_mhz is fixed */
	uint8_t clock_multiplier;             /* UART clock in crystals */
	enum ff_chip_clock rom_clock;
	struct ff_chip_bits rom_crystal; /* for FF_CHIP_CLOCK_REGISTER, in MHz */
	const char *stub;                /* base name of its JSON file, NULL for none */
	uint16_t stub_since;             /* for revisions from this one */
	const char *early_stub;          /* for those before, NULL for none */
	struct ff_chip_console console[2];
	const struct ff_chip_watchdogs *watchdogs;     /* NULL where none needs care */
	const struct ff_chip_usb_boot *usb_boot;       /* NULL without USB-OTG */
	const struct ff_chip_protections *protections; /* NULL where there are none (ESP8266) */
	uint8_t encrypted_alignment;                   /* of a write that the chip encrypts, in bytes */
};

/* The chip with this magic constant, or NULL. */
const struct ff_chip *ff_chip_by_magic(uint32_t magic);

/* The chip with this id in its security info or in an image header, or NULL. FF_CHIP_NO_ID finds none. */
const struct ff_chip *ff_chip_by_id(uint32_t id);

/* The chip of this name ("ESP32-C3"), or NULL. */
const struct ff_chip *ff_chip_by_name(const char *name);

/* The n-th chip, NULL past the end. */
const struct ff_chip *ff_chip_at(size_t index);

/* Base name of the stub for a revision (major * 100 + minor), or NULL. */
const char *ff_chip_stub(const struct ff_chip *chip, unsigned revision);

/* The console variable of a revision, or NULL where it is not known. */
const struct ff_chip_console *ff_chip_console_of(const struct ff_chip *chip, unsigned revision);

/* Bytes of a flash chip from its JEDEC id (manufacturer in bits 0-7, type 8-15, capacity 16-23); 0 where unknown. */
uint32_t ff_chip_flash_size(uint32_t flash_id);

#endif
