// SPDX-License-Identifier: Apache-2.0
/* What tells one chip from another: a const table, one row a chip. A new chip is a new row in a file of models/, and its
 * name in model.c.
 *
 * Register addresses and efuse layouts: esptool 5.3, targets/NAME.py; magic words: the same files of esptool 4.8. Clocks
 * of the stub's UART: esp-flasher-stub main.c and esp-stub-lib target/NAME/src/clock.c. USB: esp-stub-lib
 * target/NAME/include/esp_rom_caps.h for the ROM's numbers of the ports, esptool 5.0 for where it keeps the one in use. Boot texts: the chips' own boot
 * logs; what no published log shows is guessed after the ESP32-C3. Values only, any thread. */
#ifndef FF_VB_MODEL_H
#define FF_VB_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_MODEL_EFUSES_MAX 4
#define FF_KEY_BLOCKS_MAX 6

/* How a ROM speaks; each generation knows the commands of those before. */
enum ff_generation {
	FF_GEN_ESP8266, /* two status bytes, no SPI_ATTACH, no deflate, no MD5, no baud change */
	FF_GEN_ESP32,   /* four status bytes, all of these */
	FF_GEN_ESP32S2  /* and security info, and a fifth word in FLASH_BEGIN */
};

enum ff_mac_layout {
	FF_MAC_ESP8266, /* OTP words at mac_reg: 0, 1 and 3 */
	FF_MAC_ESP32,   /* efuse words 1 and 2, with a CRC */
	FF_MAC_BLOCK1   /* two words at mac_reg */
};

enum ff_revision_layout {
	FF_REVISION_NONE,
	FF_REVISION_ESP32,
	FF_REVISION_FIELDS /* where the row says */
};

/* Bits of a word that is counted from mac_reg. */
struct ff_efuse_field {
	uint8_t word, shift, bits;
};

/* The revision's numbers in the efuses; what lies above the low field's bits is in the high one. */
struct ff_revision_fields {
	struct ff_efuse_field minor, minor_high, major, major_high;
};

/* The controller of the flash; offsets from base. */
struct ff_spi_registers {
	uint32_t base;
	uint16_t usr, usr1, usr2, w0;
	uint16_t mosi_dlen, miso_dlen; /* 0: the lengths are fields of usr1, as on the ESP8266 */
	bool address_at_top;           /* of its register; otherwise at the bottom */
};

/* Some revisions leave the flash without power in download mode, until a client switches it on. */
struct ff_flash_power {
	uint32_t first_revision, last_revision;
	uint32_t reg, mask; /* all bits of the mask switch it on; mask 0: it always has power */
};

/* One word as an ordinary chip of its kind has it, besides what MAC and revision make of it. */
struct ff_efuse_word {
	uint32_t address, value;
};

/* Bits of the word at an address of its own; bits 0: the chip has none such. */
struct ff_efuse_bits {
	uint32_t address;
	uint8_t shift, bits;
};

/* Where the efuses keep the security state, and what of it the chip knows. A chip whose crypt count has no place knows
 * nothing of it at all. */
struct ff_security_layout {
	struct ff_efuse_bits crypt_count, secure_boot, secure_boot_v1, no_manual_encrypt;
	struct ff_efuse_bits key_burnt[2];                /* all set once there is a key that nobody can read */
	struct ff_efuse_bits purposes[FF_KEY_BLOCKS_MAX]; /* of the key blocks, where those serve for anything */
	bool esp32_cipher;                                /* its own scheme; the others have XTS-AES */
	bool long_keys;                                   /* XTS-AES-256 as well as -128 */
	bool secure_download;
	bool secure_boot_bars_stub; /* with secure boot its ROM loads no code into RAM */
};

/* The chip's own USB ports. */
struct ff_usb_layout {
	uint8_t jtag_console, otg_console; /* how the ROM calls them; 0: the chip has none */
	/* The ROM's variable that names the port in use, from a revision on; address 0: nobody has published it. */
	struct {
		uint32_t since_revision, address;
	} console[2];
	uint32_t strap_reg;      /* bit 3: IO0 was high; 0: no client reads it */
	uint32_t force_reg;      /* a reset enters download mode while the bit is set, whatever IO0 says */
	uint32_t force_download; /* that bit */
};

/* Registers of the watchdog of the low-power domain, and of the super watchdog; 0: left out. */
struct ff_watchdog_layout {
	uint32_t config0, config1, feed, protect;
	uint32_t swd_config, swd_protect;
	uint32_t swd_key;
	uint32_t swd_auto_feed; /* bit of swd_config */
};

/* What the ROM prints. */
struct ff_boot_texts {
	const char *banner;         /* first line(s) after any reset */
	const char *power_on;       /* how the ROM calls a reset through EN, with its line up to the boot mode */
	const char *software_reset; /* the same after a reset by software */
	const char *watchdog_reset; /* the same after the watchdog has caught a boot loop */
	const char *rtc_reset;      /* the same after the watchdog of the low-power domain has bitten */
	const char *usb_reset;      /* the same after a reset through the lines of USB-Serial-JTAG */
	const char *download_mode;  /* boot mode when it waits for a download */
	const char *flash_mode;     /* boot mode when it starts from flash */
	const char *waiting;        /* last line in download mode */
	const char *leaving;        /* when the loader is left for what is in flash */
	const char *no_image;       /* when the flash holds no image; from the ESP32 on its first word follows */
	unsigned no_image_lines;    /* how many of them per round */
	bool no_image_loops;        /* its watchdog resets it then; otherwise it stays there */
};

struct ff_model {
	const char *name;           /* as in --chip */
	const char *stub_files[2];  /* its stub flashers: NAME.json */
	uint32_t second_stub_since; /* the revision from which on the second one serves, and the first no longer */
	enum ff_generation generation;
	uint8_t status_bytes;
	uint32_t magic;              /* word at 40001000 */
	uint32_t chip_id;            /* in security info and image headers */
	uint8_t security_info_bytes; /* 0: the command is unknown */
	uint8_t begin_bytes;         /* exact payload of the ROM's FLASH_BEGIN */
	uint32_t bootloader_offset;
	uint32_t rom_flash_size; /* what its ROM takes the flash for before SPI_SET_PARAMS */
	uint32_t rom_baud;       /* of the boot log */
	uint32_t uart_divider_reg;
	uint32_t uart_clock;      /* Hz, while the ROM runs */
	uint32_t stub_uart_clock; /* Hz, while the stub runs */
	uint32_t crystal_reg;     /* where the ROM says what it takes its crystal for: MHz from bit 24 on; 0: nowhere */
	uint32_t rom_clock_guess; /* Hz, what the ROM takes its crystal for when it changes the rate; 0: it knows */
	struct ff_spi_registers spi;
	struct ff_flash_power flash_power;
	enum ff_mac_layout mac_layout;
	uint32_t mac_reg;
	uint8_t default_mac[6];
	enum ff_revision_layout revision_layout;
	struct ff_revision_fields revision; /* for FF_REVISION_FIELDS */
	uint32_t default_revision;          /* major * 100 + minor */
	uint32_t max_revision;
	struct ff_efuse_word efuses[FF_MODEL_EFUSES_MAX]; /* package, embedded flash and PSRAM, and so on */
	struct ff_security_layout security;
	struct ff_usb_layout usb;
	struct ff_watchdog_layout watchdog;
	struct ff_boot_texts texts;
};

/* By its name, or NULL. */
const struct ff_model *ff_model_find(const char *name);

/* The rows in order; NULL past the last one. */
const struct ff_model *ff_model_at(size_t index);

#endif
