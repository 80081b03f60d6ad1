// SPDX-License-Identifier: Apache-2.0
/* Reading the flash behind a chip: fast through a stub, 64 bytes at a time through a ROM.
 *
 * Packets carry no checksum. The MD5 that comes with each read is the caller's to compare with what has arrived. */
#ifndef FF_LOADER_FLASH_READ_H
#define FF_LOADER_FLASH_READ_H

#include <stddef.h>
#include <stdint.h>

#include "flash.h"
#include "loader.h"

/* Told how many bytes have arrived so far. */
typedef void (*ff_flash_read_arrived)(void *context, uint32_t arrived);

struct ff_flash_read {
	uint32_t offset;
	uint32_t size;  /* not 0 */
	uint8_t *bytes; /* room for `size` bytes, the caller's */
	ff_flash_read_arrived arrived;
	void *context;
};

/* FF_ERR_UNSUPPORTED if this loader cannot read flash: the ESP8266's ROM, and all in secure download mode. */
FF_WARN_UNUSED enum ff_status ff_flash_check_read(const struct ff_loader *loader, struct ff_error *error);

/* Reads flash, and the chip's MD5 of it: of a stub, of what it sent; of a ROM, of its flash.
 * Errors: FF_ERR_PROTOCOL (a packet of the wrong length), others as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_flash_read(struct ff_loader *loader, const struct ff_flash_read *read,
					    uint8_t md5[FF_FLASH_MD5_SIZE], struct ff_error *error);

#endif
