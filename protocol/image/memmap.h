// SPDX-License-Identifier: Apache-2.0
/* Which kind of memory an address is, for each chip. Ranges may overlap: one address can be several kinds.
 *
 * Constants of the program's whole life; any thread. Facts from esptool 5.3, targets folder (MEMORY_MAP), with its
 * names. */
#ifndef FF_IMAGE_MEMMAP_H
#define FF_IMAGE_MEMMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ff_memmap_range {
	uint32_t from;
	uint32_t to;      /* the first address behind it */
	const char *name; /* "DROM"; NULL ends a list */
};

extern const struct ff_memmap_range ff_memmap_esp8266[];
extern const struct ff_memmap_range ff_memmap_esp32[];
extern const struct ff_memmap_range ff_memmap_esp32s2[];
extern const struct ff_memmap_range ff_memmap_esp32s3[];
extern const struct ff_memmap_range ff_memmap_esp32c2[];
extern const struct ff_memmap_range ff_memmap_esp32c3[];
extern const struct ff_memmap_range ff_memmap_esp32c5[];
extern const struct ff_memmap_range ff_memmap_esp32c6[]; /* of H2 and H21 too */
extern const struct ff_memmap_range ff_memmap_esp32c61[];
extern const struct ff_memmap_range ff_memmap_esp32h4[];
extern const struct ff_memmap_range ff_memmap_esp32p4[];
extern const struct ff_memmap_range ff_memmap_esp32s31[];
extern const struct ff_memmap_range ff_memmap_esp32e22[];

/* True if the address lies in a range of this name. */
bool ff_memmap_is(const struct ff_memmap_range *map, uint32_t address, const char *name);

/* Writes the names of all ranges that hold the address, as "DRAM, IRAM"; "" for none. Cut at `size`. */
void ff_memmap_names(const struct ff_memmap_range *map, uint32_t address, char *text, size_t size);

#endif
