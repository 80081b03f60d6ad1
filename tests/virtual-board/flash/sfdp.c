// SPDX-License-Identifier: Apache-2.0
#include "sfdp.h"

#include <stddef.h>

#define TABLE_AT 0x80u
#define DENSITY_AT 4u /* in the table: bits of the chip, less one */

/* JESD216 6.2 and 6.3: signature, revision 1.0, one header; basic parameters 1.0, nine words, at TABLE_AT. */
static const uint8_t header[] = { 'S', 'F', 'D', 'P', 0, 1, 0, 0xFF, 0, 0, 1, 9, TABLE_AT, 0, 0, 0xFF };

/* JESD216 6.4, in the words of the W25Q32JV datasheet but for the density. */
static const uint8_t table[] = { 0xE5, 0x20, 0xF1, 0xFF, 0,    0,    0,    0,    0x44, 0xEB, 0x08, 0x6B,
				 0x08, 0x3B, 0x42, 0xBB, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00,
				 0xFF, 0xFF, 0x40, 0xEB, 0x0C, 0x20, 0x0F, 0x52, 0x10, 0xD8, 0x00, 0x00 };

uint8_t ff_sfdp_byte(uint32_t flash_size, uint32_t address)
{
	uint32_t at = address % 256;
	if (at < sizeof(header)) {
		return header[at];
	}
	if (at < TABLE_AT || at - TABLE_AT >= sizeof(table)) {
		return 0xFF;
	}
	uint32_t in_table = at - TABLE_AT;
	if (in_table >= DENSITY_AT && in_table < DENSITY_AT + 4) {
		return (uint8_t)((flash_size * UINT64_C(8) - 1) >> 8 * (in_table - DENSITY_AT));
	}
	return table[in_table];
}
