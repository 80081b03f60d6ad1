// SPDX-License-Identifier: Apache-2.0
#include "sfdp.h"

#include <string.h>

#include "bytes.h"

/* JESD216: signature, minor, major, number of parameter headers, access protocol; then each parameter header: low byte of
 * its id, minor, major, length in words, three bytes of address, high byte of its id. */
#define MAJOR_AT 5
#define TABLE_ID_AT 8
#define TABLE_MAJOR_AT 10
#define TABLE_WORDS_AT 11
#define TABLE_ADDRESS_AT 12
#define TABLE_ID_HIGH_AT 15
#define BASIC_TABLE_ID 0xFF00
#define KNOWN_MAJOR 1
#define DENSITY_WORDS 2 /* a table of so many holds the density */

/* Of the density word: a power of two, rather than the last bit's number. */
#define IS_EXPONENT (1U << 31)
#define MAX_EXPONENT 34 /* 2^34 bits are 2 GiB */
#define SECTOR 4096

bool ff_sfdp_find_table(const uint8_t header[FF_SFDP_HEADER_SIZE], uint32_t *address)
{
	uint32_t id = (uint32_t)header[TABLE_ID_HIGH_AT] << 8 | header[TABLE_ID_AT];
	if (memcmp(header, "SFDP", 4) != 0 || header[MAJOR_AT] != KNOWN_MAJOR || id != BASIC_TABLE_ID ||
	    header[TABLE_MAJOR_AT] != KNOWN_MAJOR || header[TABLE_WORDS_AT] < DENSITY_WORDS) {
		return false;
	}
	*address = ff_get_le32(header + TABLE_ADDRESS_AT) & 0xFFFFFF;
	return true;
}

uint32_t ff_sfdp_size(uint32_t density)
{
	uint64_t bits = (uint64_t)density + 1;
	if (density & IS_EXPONENT) {
		uint32_t exponent = density & ~IS_EXPONENT;
		if (exponent > MAX_EXPONENT) {
			return 0;
		}
		bits = (uint64_t)1 << exponent;
	}
	return bits % (8 * SECTOR) == 0 ? (uint32_t)(bits / 8) : 0;
}
