// SPDX-License-Identifier: Apache-2.0
/* What a flash chip says of itself: the Serial Flash Discoverable Parameters of JESD216, revision 1.0, as a W25Q chip has
 * them. */
#ifndef FF_VB_SFDP_H
#define FF_VB_SFDP_H

#include <stdint.h>

/* The byte at `address`, which wraps at 256, of a chip of `flash_size` bytes. */
uint8_t ff_sfdp_byte(uint32_t flash_size, uint32_t address);

#endif
