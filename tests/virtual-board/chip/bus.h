// SPDX-License-Identifier: Apache-2.0
/* The chip's address space: RAM and registers as a sparse memory, identity words that nothing can change, and the SPI
 * controller, whose user commands reach the flash.
 *
 * new/free; one thread. Addresses that nothing has written read as 0. RAM and registers are one kind of cell: what a
 * bootloader client does to a register it can read back. */
#ifndef FF_VB_BUS_H
#define FF_VB_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "identity.h"
#include "model.h"
#include "nor.h"

struct ff_bus;

/* `model` and `nor` are borrowed. NULL when out of memory. */
struct ff_bus *ff_bus_new(const struct ff_model *model, struct ff_nor *nor, const struct ff_identity *identity);

void ff_bus_free(struct ff_bus *bus);

/* Forgets RAM and registers, as the loss of power does, and the volatile bits of the flash's status. The flash is detached. */
void ff_bus_reset(struct ff_bus *bus);

uint32_t ff_bus_read(struct ff_bus *bus, uint32_t address);

/* Writes to identity words are lost, as they are on the chip. */
void ff_bus_write(struct ff_bus *bus, uint32_t address, uint32_t value);

/* Copies bytes into RAM. FF_ERR_NO_MEMORY past 4 MB of touched pages: more than any of these chips has. */
FF_WARN_UNUSED enum ff_status ff_bus_load(struct ff_bus *bus, uint32_t address, const uint8_t *bytes, size_t size);

/* Whether the byte at `address` has been loaded since the last reset. */
bool ff_bus_is_loaded(const struct ff_bus *bus, uint32_t address);

/* Whether RAM holds exactly these bytes. */
bool ff_bus_holds(const struct ff_bus *bus, uint32_t address, const uint8_t *bytes, size_t size);

/* Connects the flash to the controller (SPI_ATTACH), if it has power. Before, the controller reads zeroes. */
void ff_bus_attach_flash(struct ff_bus *bus);

bool ff_bus_flash_attached(const struct ff_bus *bus);

#endif
