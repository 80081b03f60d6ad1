// SPDX-License-Identifier: Apache-2.0
/* The flash behind a chip: attach and identify it, write, check and erase.
 *
 * A write is one begin, then for each block a send and an acknowledge, then one end; between send and acknowledge the
 * caller can prepare the next block. Blocks are never sent twice: a stub acknowledges a block before it writes it and
 * does not look at the sequence number, so after any error a write starts again from begin. */
#ifndef FF_LOADER_FLASH_H
#define FF_LOADER_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader.h"

#define FF_FLASH_SECTOR 4096
#define FF_FLASH_MD5_SIZE 16

struct ff_flash_write {
	uint32_t offset; /* multiple of FF_FLASH_SECTOR */
	uint32_t size;   /* bytes of flash */
	uint32_t wire;   /* bytes to send: of the zlib stream if deflated, or `size` */
	bool deflated;
	bool encrypted; /* by the chip, while it programs */
};

/* Makes the flash usable, reads its JEDEC id, where that does not say how large it is its SFDP, and tells the loader its
 * size. Sets flash_id and flash_size.
 * In secure download mode the flash stays unknown. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_flash_attach(struct ff_loader *loader, struct ff_error *error);

/* True if this loader can encrypt what it writes, whatever the chip's eFuses say. */
bool ff_flash_can_encrypt(const struct ff_loader *loader);

/* Tells the loader on the chip the size that it should believe in, unless it has been told. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_flash_tell_size(struct ff_loader *loader, struct ff_error *error);

/* Bytes per block that this loader takes; every block but the last has this size. */
uint32_t ff_flash_block_size(const struct ff_loader *loader);

/* True if the loader inflates. */
bool ff_flash_can_inflate(const struct ff_loader *loader);

/* True if the loader can tell the MD5 of flash. */
bool ff_flash_can_md5(const struct ff_loader *loader);

/* Starts a write. ROMs erase here, stubs while they write. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_flash_begin(struct ff_loader *loader, const struct ff_flash_write *write,
					     struct ff_error *error);

/* Sends one block, which is borrowed during the call. Plain blocks must be padded to the block size with 0xFF, deflated
 * ones must not be padded: a ROM hangs on bytes behind the end of a zlib stream. */
FF_WARN_UNUSED enum ff_status ff_flash_send(struct ff_loader *loader, const struct ff_flash_write *write,
					    uint32_t sequence, const uint8_t *block, size_t size,
					    struct ff_error *error);

/* Waits for the acknowledgement of the block just sent, which fills `programmed` bytes of flash (what it inflates to).
 * Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_flash_acknowledge(struct ff_loader *loader, const struct ff_flash_write *write,
						   uint32_t programmed, struct ff_error *error);

/* Ends a write: a stub finishes the last block and says whether bytes are missing. A ROM is left alone, because the
 * command would make it leave the loader. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_flash_end(struct ff_loader *loader, const struct ff_flash_write *write,
					   struct ff_error *error);

/* The chip's MD5 of a range. FF_ERR_UNSUPPORTED (see ff_flash_can_md5); FF_ERR_PROTOCOL (no digits); others as
 * ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_flash_md5(struct ff_loader *loader, uint32_t offset, uint32_t size,
					   uint8_t md5[FF_FLASH_MD5_SIZE], struct ff_error *error);

/* Erases whole sectors. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_flash_erase(struct ff_loader *loader, uint32_t offset, uint32_t size,
					     struct ff_error *error);

/* Erases everything with one command. FF_ERR_UNSUPPORTED without a stub; others as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_flash_erase_chip(struct ff_loader *loader, struct ff_error *error);

/* The size to give the ESP8266 ROM's FLASH_BEGIN so that it erases `size` bytes from `offset`: it erases more than it is
 * told. With an odd number of sectors before the second next 64 KB boundary nothing fits, and it erases one more. */
uint32_t ff_flash_esp8266_erase_size(uint32_t offset, uint32_t size);

/* Where flash that a write of `size` bytes at `offset` erases ends: a sector boundary. */
uint64_t ff_flash_erase_end(const struct ff_loader *loader, uint32_t offset, uint32_t size);

/* Has a ROM loader leave for the application in flash, as at the end of a write, of nothing. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_flash_run(struct ff_loader *loader, struct ff_error *error);

#endif
