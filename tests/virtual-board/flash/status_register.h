// SPDX-License-Identifier: Apache-2.0
/* The three status registers of a W25Q flash chip: what writes to them, what survives a loss of power, and what they
 * protect (W25Q32JV datasheet, "Status and Configuration Registers").
 *
 * Plain values; one thread. */
#ifndef FF_VB_STATUS_REGISTER_H
#define FF_VB_STATUS_REGISTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_STATUS_REGISTERS 3

struct ff_status_registers {
	uint8_t now[FF_STATUS_REGISTERS];
	uint8_t kept[FF_STATUS_REGISTERS]; /* the non-volatile bits */
	bool volatile_next;                /* 50h has come: the next write is a volatile one */
};

/* As the chip leaves the factory for boards that use four data lines: Quad Enable is set. */
void ff_status_init(struct ff_status_registers *registers);

/* The power comes back. */
void ff_status_power_up(struct ff_status_registers *registers);

/* 06h, 04h and 50h. */
void ff_status_write_enable(struct ff_status_registers *registers);
void ff_status_write_disable(struct ff_status_registers *registers);
void ff_status_volatile_write_enable(struct ff_status_registers *registers);

/* Writes to the registers from `first` (0 to 2) on, as 01h, 31h and 11h do with one byte and 01h with two. Without the
 * permission nothing happens, as to bits that are read-only. */
void ff_status_write(struct ff_status_registers *registers, size_t first, const uint8_t *bytes, size_t count);

/* Whether the block protection bits guard any of these bytes, in a chip of `flash_size` bytes. */
bool ff_status_protects(const struct ff_status_registers *registers, uint32_t flash_size, uint32_t address,
			uint32_t size);

#endif
