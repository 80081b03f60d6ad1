// SPDX-License-Identifier: Apache-2.0
/* The SPI controller's "user" commands: a client sets up its registers by WRITE_REG and so talks to the flash chip
 * directly, to ask for its JEDEC id and its parameters, and to read and write its status (esptool 5.3 loader.py,
 * run_spiflash_command). Programming and erasing are left to the loaders' commands.
 *
 * A plain value; one thread. */
#ifndef FF_VB_SPI_H
#define FF_VB_SPI_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"
#include "nor.h"

struct ff_spi {
	struct ff_nor *nor;                       /* borrowed */
	const struct ff_spi_registers *registers; /* borrowed */
	bool attached;
};

/* Runs what was written to the command register. `registers`: the controller's registers from its base on, 256 bytes;
 * the answer goes to W0 and on, and the command register clears to say that it is done. */
void ff_spi_command(struct ff_spi *spi, uint8_t *registers);

#endif
