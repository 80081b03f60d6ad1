// SPDX-License-Identifier: Apache-2.0
#include "elfchip.h"

#include <stddef.h>

#include "elf.h"

#define KB UINT32_C(1024)
#define PAGES_16_64 \
	{ \
		64 * KB, 32 * KB, 16 * KB \
	}
#define PAGES_8_64 \
	{ \
		64 * KB, 32 * KB, 16 * KB, 8 * KB \
	}
#define PAGES_32_256 \
	{ \
		256 * KB, 128 * KB, 64 * KB, 32 * KB \
	}

static const struct ff_elfchip chips[] = {
	{ 0, FF_ELF_XTENSA, 0x400D0000, 0x40400000, 0x3F400000, 0x3F800000, { 0 } },        /* ESP32 */
	{ 2, FF_ELF_XTENSA, 0x40080000, 0x40B80000, 0x3F000000, 0x3F3F0000, { 0 } },        /* S2 */
	{ 9, FF_ELF_XTENSA, 0x42000000, 0x44000000, 0x3C000000, 0x3E000000, { 0 } },        /* S3 */
	{ 12, FF_ELF_RISCV, 0x42000000, 0x42400000, 0x3C000000, 0x3C400000, PAGES_16_64 },  /* C2 */
	{ 5, FF_ELF_RISCV, 0x42000000, 0x42800000, 0x3C000000, 0x3C800000, { 0 } },         /* C3 */
	{ 23, FF_ELF_RISCV, 0x42000000, 0x44000000, 0x42000000, 0x44000000, { 0 } },        /* C5 */
	{ 13, FF_ELF_RISCV, 0x42000000, 0x42800000, 0x42800000, 0x43000000, PAGES_8_64 },   /* C6 */
	{ 20, FF_ELF_RISCV, 0x42000000, 0x42800000, 0x42800000, 0x43000000, PAGES_8_64 },   /* C61 */
	{ 16, FF_ELF_RISCV, 0x42000000, 0x42800000, 0x42800000, 0x43000000, PAGES_8_64 },   /* H2 */
	{ 25, FF_ELF_RISCV, 0x42000000, 0x42800000, 0x42800000, 0x43000000, PAGES_8_64 },   /* H21 */
	{ 28, FF_ELF_RISCV, 0x42000000, 0x42800000, 0x42800000, 0x43000000, PAGES_8_64 },   /* H4 */
	{ 18, FF_ELF_RISCV, 0x40000000, 0x4C000000, 0x40000000, 0x4C000000, { 0 } },        /* P4 */
	{ 32, FF_ELF_RISCV, 0x40000000, 0x54000000, 0x40000000, 0x54000000, PAGES_32_256 }, /* S31 */
	{ 31, 0, 0x3C000000, 0x40000000, 0x3C000000, 0x40000000, { 0 } },                   /* E22 */
};

const struct ff_elfchip *ff_elfchip_by_id(uint16_t id)
{
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		if (chips[i].id == id) {
			return &chips[i];
		}
	}
	return NULL;
}

bool ff_elfchip_is_flash(const struct ff_elfchip *chip, uint32_t address)
{
	return (address >= chip->irom && address < chip->irom_end) ||
	       (address >= chip->drom && address < chip->drom_end);
}

bool ff_elfchip_has_page(const struct ff_elfchip *chip, uint32_t page)
{
	if (chip->pages[0] == 0) {
		return page == FF_ELFCHIP_PAGE;
	}
	for (size_t i = 0; i < FF_ELFCHIP_MAX_PAGES; i++) {
		if (page != 0 && chip->pages[i] == page) {
			return true;
		}
	}
	return false;
}
