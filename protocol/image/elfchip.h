// SPDX-License-Identifier: Apache-2.0
/* What turning an ELF file into an image needs to know of each chip, as data. A new chip is a new row.
 *
 * Constants of the program's whole life; any thread. Facts from esptool 5.3: targets folder (IROM_MAP, DROM_MAP) and
 * bin_image.py (MMU_PAGE_SIZE_CONF). */
#ifndef FF_IMAGE_ELFCHIP_H
#define FF_IMAGE_ELFCHIP_H

#include <stdbool.h>
#include <stdint.h>

#define FF_ELFCHIP_PAGE 65536
#define FF_ELFCHIP_MAX_PAGES 4

struct ff_elfchip {
	uint16_t id;      /* as in struct ff_imagechip */
	uint16_t machine; /* FF_ELF_XTENSA, FF_ELF_RISCV, or 0 where nobody has said */
	uint32_t irom, irom_end;
	uint32_t drom, drom_end;
	uint32_t pages[FF_ELFCHIP_MAX_PAGES]; /* sizes that the MMU can be set to, largest first; all 0: FF_ELFCHIP_PAGE
					       * alone */
};

/* The row of a chip, or NULL: the ESP8266 has none. */
const struct ff_elfchip *ff_elfchip_by_id(uint16_t id);

/* True if the address is one where flash appears in memory. */
bool ff_elfchip_is_flash(const struct ff_elfchip *chip, uint32_t address);

/* True if the MMU can have pages of this size. */
bool ff_elfchip_has_page(const struct ff_elfchip *chip, uint32_t page);

#endif
