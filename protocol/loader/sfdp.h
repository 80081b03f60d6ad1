// SPDX-License-Identifier: Apache-2.0
/* What a flash chip tells of itself in its Serial Flash Discoverable Parameters (JEDEC JESD216). Pure: takes bytes, does
 * no I/O; any thread. */
#ifndef FF_LOADER_SFDP_H
#define FF_LOADER_SFDP_H

#include <stdbool.h>
#include <stdint.h>

#define FF_SFDP_HEADER_SIZE 16 /* the header, and the first parameter header, which has to be the basic table's */
#define FF_SFDP_DENSITY_AT 4   /* of that word in the basic table */

/* Where the basic flash parameter table lies, 24 bits. False: these bytes are no SFDP header, or of a major revision that
 * is not known. */
bool ff_sfdp_find_table(const uint8_t header[FF_SFDP_HEADER_SIZE], uint32_t *address);

/* Bytes of flash from the density word: up to 2 GiB, a multiple of 4096. 0: it tells nothing that could be true. */
uint32_t ff_sfdp_size(uint32_t density);

#endif
