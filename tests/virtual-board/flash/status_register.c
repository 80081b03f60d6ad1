// SPDX-License-Identifier: Apache-2.0
#include "status_register.h"

#include <string.h>

/* register 1 */
#define WRITE_ENABLED 0x02u
#define BLOCK_PROTECT_SHIFT 2
#define BLOCK_PROTECT_MASK 7u
#define TOP_BOTTOM 0x20u
#define SECTORS 0x40u
/* register 2 */
#define QUAD_ENABLE 0x02u
#define COMPLEMENT 0x40u

#define ALL_BLOCKS 7u
#define SECTOR 4096u
#define SECTORS_MAX 8u /* 32 KB */

static const uint8_t writable[FF_STATUS_REGISTERS] = { 0xFC, 0x7B, 0xE4 };

void ff_status_init(struct ff_status_registers *registers)
{
	*registers = (struct ff_status_registers){ .kept = { 0, QUAD_ENABLE, 0 } };
	ff_status_power_up(registers);
}

void ff_status_power_up(struct ff_status_registers *registers)
{
	memcpy(registers->now, registers->kept, sizeof(registers->now));
	registers->volatile_next = false;
}

void ff_status_write_enable(struct ff_status_registers *registers)
{
	registers->now[0] |= WRITE_ENABLED;
}

void ff_status_write_disable(struct ff_status_registers *registers)
{
	registers->now[0] &= (uint8_t)~WRITE_ENABLED;
	registers->volatile_next = false;
}

void ff_status_volatile_write_enable(struct ff_status_registers *registers)
{
	registers->volatile_next = true; /* does not show in the register */
}

void ff_status_write(struct ff_status_registers *registers, size_t first, const uint8_t *bytes, size_t count)
{
	bool for_good = registers->now[0] & WRITE_ENABLED;
	if (!for_good && !registers->volatile_next) {
		return;
	}
	for (size_t i = 0; i < count && first + i < FF_STATUS_REGISTERS; i++) {
		uint8_t mask = writable[first + i];
		uint8_t *now = &registers->now[first + i];
		*now = (uint8_t)((*now & ~mask) | (bytes[i] & mask));
		if (for_good) {
			registers->kept[first + i] = *now & mask;
		}
	}
	ff_status_write_disable(registers);
}

/* How many bytes the bits name, at the top or at the bottom. */
static uint32_t named_bytes(uint8_t register1, uint32_t flash_size)
{
	unsigned level = register1 >> BLOCK_PROTECT_SHIFT & BLOCK_PROTECT_MASK;
	if (level == 0 || level == ALL_BLOCKS) {
		return level == 0 ? 0 : flash_size;
	}
	if (register1 & SECTORS) {
		uint32_t sectors = 1u << (level - 1);
		return (sectors < SECTORS_MAX ? sectors : SECTORS_MAX) * SECTOR;
	}
	return flash_size >> (ALL_BLOCKS - level); /* from 1/64 to 1/2 */
}

bool ff_status_protects(const struct ff_status_registers *registers, uint32_t flash_size, uint32_t address,
			uint32_t size)
{
	uint32_t named = named_bytes(registers->now[0], flash_size);
	bool at_bottom = registers->now[0] & TOP_BOTTOM;
	uint32_t start = at_bottom ? 0 : flash_size - named;
	uint32_t end = start + named;
	if (registers->now[1] & COMPLEMENT) {
		/* All but what is named: the other end. */
		end = at_bottom ? flash_size : start;
		start = at_bottom ? named : 0;
	}
	return start < end && size > 0 && address < end && address + size > start;
}
