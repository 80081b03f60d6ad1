// SPDX-License-Identifier: Apache-2.0
/* Code and data into the chip's RAM, through its ROM loader or through a stub. */
#ifndef FF_LOADER_RAM_H
#define FF_LOADER_RAM_H

#include <stddef.h>
#include <stdint.h>

#include "loader.h"

/* Puts bytes at an address. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_ram_write(struct ff_loader *loader, uint32_t address, const uint8_t *bytes,
					   uint32_t size, struct ff_error *error);

/* Tells the loader to jump to `entry`, and waits for nothing. Errors as ff_link_send(). */
FF_WARN_UNUSED enum ff_status ff_ram_jump(struct ff_loader *loader, uint32_t entry, struct ff_error *error);

/* The same, and listens whether the loader takes it. A ROM's reply may be lost, because the code that starts may reset the
 * UART before it has left: silence is no failure there. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_ram_run(struct ff_loader *loader, uint32_t entry, struct ff_error *error);

#endif
