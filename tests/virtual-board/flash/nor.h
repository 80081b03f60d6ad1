// SPDX-License-Identifier: Apache-2.0
/* A NOR flash chip whose cells are a file: programming only clears bits, erasing sets them.
 *
 * open/close; one thread. The file is mapped, so that other programs see every change at once. This is the bare chip
 * without times and without a controller; addresses wrap at its size, as they do on the real part. */
#ifndef FF_VB_NOR_H
#define FF_VB_NOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "status_register.h"

#define FF_NOR_PAGE 256u
#define FF_NOR_SECTOR 4096u
#define FF_NOR_BLOCK 65536u
#define FF_NOR_MIN_SIZE (256u * 1024)
#define FF_NOR_MAX_SIZE (128u * 1024 * 1024)
#define FF_NOR_BAD_CELLS_MAX 8

struct ff_nor;

/* Maps and locks `path` as the content of a chip of `size` bytes (a power of two, FF_NOR_MIN_SIZE to FF_NOR_MAX_SIZE). A missing
 * file is created erased. FF_ERR_ARGUMENT: the size is not one of a chip, or the file has another one; FF_ERR_BUSY: another
 * board uses it; FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_nor_open(struct ff_nor **nor, const char *path, uint32_t size, struct ff_error *error);

/* Unmaps the file, which keeps the content. NULL is harmless. */
void ff_nor_close(struct ff_nor *nor);

uint32_t ff_nor_size(const struct ff_nor *nor);

/* JEDEC id as READ_ID (9F) shifts it out: manufacturer, type, log2 of the size, first byte lowest. */
uint32_t ff_nor_jedec_id(const struct ff_nor *nor);

/* Gives it another one, 0 for its own again. */
void ff_nor_set_jedec_id(struct ff_nor *nor, uint32_t id);

/* Its status registers. A program or an erase that touches what they protect has no effect at all. */
struct ff_status_registers *ff_nor_registers(struct ff_nor *nor);

void ff_nor_read(const struct ff_nor *nor, uint32_t address, void *bytes, size_t size);

/* ANDs `bytes` into the cells. */
void ff_nor_program(struct ff_nor *nor, uint32_t address, const uint8_t *bytes, size_t size);

/* Sets `size` bytes to FF. Both are multiples of FF_NOR_SECTOR; whatever else is rounded outwards. */
void ff_nor_erase(struct ff_nor *nor, uint32_t address, uint32_t size);

/* Whether all of it is FF. */
bool ff_nor_is_blank(const struct ff_nor *nor, uint32_t address, uint32_t size);

/* The cell at `address` ignores programming: once, or always. False when FF_NOR_BAD_CELLS_MAX cells are bad already or
 * the address is past the end. */
FF_WARN_UNUSED bool ff_nor_break_cell(struct ff_nor *nor, uint32_t address, bool always);

#endif
