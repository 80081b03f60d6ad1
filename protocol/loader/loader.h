// SPDX-License-Identifier: Apache-2.0
/* A conversation with one chip's ROM loader or stub flasher: what is known of the chip, and the operations that both
 * loaders have. connect.h, identify.h, speed.h and flash.h add theirs.
 *
 * A loader is a value of the caller (about 50 kB: not for a stack) that borrows its transport; nothing to release. It
 * belongs to one thread and allocates nothing. After an error other than FF_ERR_REFUSED the conversation may be out of
 * step: connect again. */
#ifndef FF_LOADER_LOADER_H
#define FF_LOADER_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include <farflash/security.h>
#include <farflash/status.h>
#include <farflash/transport.h>

#include "chip.h"
#include "link.h"

#define FF_LOADER_TIMEOUT_MS 3000
#define FF_LOADER_DESCRIPTION_SIZE 40
#define FF_LOADER_FEATURES_SIZE 256

/* The port that the chip talks on. */
enum ff_loader_console { FF_CONSOLE_UART, FF_CONSOLE_USB_JTAG, FF_CONSOLE_USB_OTG };

struct ff_loader {
	struct ff_link link;
	uint32_t initial_baud; /* rate of the ROM conversation */
	bool stub;             /* the stub is running, and talks its dialect */
	unsigned resets;       /* done by the last connect */
	unsigned syncs;        /* tried by the last connect */
	uint32_t owed_ms;      /* what an acknowledged block may still take; belongs to the next wait */

	/* Set by ff_connect_detect(). */
	const struct ff_chip *chip;
	bool secure_download; /* no registers, no stub */
	bool secure_boot;
	bool security_known; /* the chip told the next */
	struct ff_security_info security;

	/* Set by ff_identify(), as far as the chip tells; 0 where unknown. */
	unsigned revision; /* major * 100 + minor */
	uint8_t mac[6];
	uint32_t crystal_mhz;
	enum ff_loader_console console;
	uint8_t mac_extension[2]; /* makes an EUI-64 of the MAC, where the chip has FF_CHIP_MAC_EXTENSION */
	char description[FF_LOADER_DESCRIPTION_SIZE]; /* "ESP32-C3 (QFN32)"; the family's name where nothing is known */
	char features[FF_LOADER_FEATURES_SIZE];       /* "Wi-Fi, BT 5 (LE)"; empty where nothing is known */

	/* Set by ff_protections_read(). */
	enum ff_secure_boot boot_protection;
	enum ff_flash_encryption encryption;
	bool key_manager; /* encryption is on, with a key that depends on what lies at flash address 0 */

	/* Set by ff_flash_attach(). */
	uint32_t flash_id;
	uint32_t flash_size;

	/* What a command to the flash chip still has to put back: after one that failed, the next one does it. */
	struct {
		bool user; /* usr and usr2 */
		bool lengths;
		uint32_t usr;
		uint32_t usr1;
		uint32_t usr2;
	} spi_saved;
	uint32_t told_size;  /* what the loader on the chip believes, 0: nothing was said */
	uint32_t asked_size; /* the owner's wish, 0: flash_size */
};

/* Prepares a conversation at the transport's present rate, `baud`. */
void ff_loader_init(struct ff_loader *loader, struct ff_transport *transport, uint32_t baud,
		    const struct ff_link_hooks *hooks);

/* Sends a command and waits for its successful reply with `payload` bytes of answer: `timeout_ms`, and what the last
 * block still owes. `reply` may be NULL. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_loader_call(struct ff_loader *loader, const struct ff_command *command, size_t payload,
					     uint32_t timeout_ms, struct ff_reply *reply, struct ff_error *error);

FF_WARN_UNUSED enum ff_status ff_loader_read_register(struct ff_loader *loader, uint32_t address, uint32_t *value,
						      struct ff_error *error);

FF_WARN_UNUSED enum ff_status ff_loader_write_register(struct ff_loader *loader, uint32_t address, uint32_t value,
						       struct ff_error *error);

/* The same, but bits that are 0 in `mask` stay as they are. */
FF_WARN_UNUSED enum ff_status ff_loader_write_bits(struct ff_loader *loader, uint32_t address, uint32_t value,
						   uint32_t mask, struct ff_error *error);

#endif
