// SPDX-License-Identifier: Apache-2.0
/* What the flash chip itself knows: its id, its size, its status registers. Needs the flash attached, and register
 * access: not in secure download mode. */
#ifndef FF_LOADER_FLASH_CHIP_H
#define FF_LOADER_FLASH_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "loader.h"

#define FF_FLASH_CHIP_STATUS_BYTES 3

/* The JEDEC id (RDID), as in struct ff_loader; 0 if no chip answers. Errors as ff_spi_command_run(). */
FF_WARN_UNUSED enum ff_status ff_flash_chip_id(struct ff_loader *loader, uint32_t *id, struct ff_error *error);

/* Bytes of flash, as the chip tells them itself (SFDP); 0 if it does not. Errors as ff_spi_command_run(). */
FF_WARN_UNUSED enum ff_status ff_flash_chip_size(struct ff_loader *loader, uint32_t *size, struct ff_error *error);

/* The first `count` status registers, 1 to FF_FLASH_CHIP_STATUS_BYTES, the first in the low byte. A chip that lacks one
 * answers whatever it likes for it. Errors as ff_spi_command_run(). */
FF_WARN_UNUSED enum ff_status ff_flash_chip_read_status(struct ff_loader *loader, unsigned count, uint32_t *value,
							struct ff_error *error);

/* Writes the first `count` status registers, for good or until the chip loses power, and reads them back.
 * FF_ERR_VERIFY: the chip holds something else now (text says what). FF_ERR_TIMEOUT: it stays busy. Others as
 * ff_spi_command_run(). */
FF_WARN_UNUSED enum ff_status ff_flash_chip_write_status(struct ff_loader *loader, unsigned count, uint32_t value,
							 bool non_volatile, struct ff_error *error);

#endif
