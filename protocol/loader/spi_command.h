// SPDX-License-Identifier: Apache-2.0
/* Any command to the flash chip, sent by hand through the registers of the SPI controller: for what the loaders have no
 * command for. Needs the flash attached, and register access: not in secure download mode. */
#ifndef FF_LOADER_SPI_COMMAND_H
#define FF_LOADER_SPI_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "loader.h"

/* What the controller's data registers hold. */
#define FF_SPI_MAX_DATA 64

/* Opcode, address, dummy clocks and data follow each other; what is 0 is left out. Buffers are the caller's. */
struct ff_spi_command {
	uint8_t opcode;
	uint8_t address_bits; /* up to 32 */
	uint8_t dummy_clocks;
	uint32_t address;
	const uint8_t *write;
	size_t write_size; /* up to FF_SPI_MAX_DATA */
	uint8_t *read;     /* filled on success only */
	size_t read_size;  /* up to FF_SPI_MAX_DATA */
};

/* Errors: FF_ERR_ARGUMENT (too much data), FF_ERR_PROTOCOL (the controller does not finish), others as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_spi_command_run(struct ff_loader *loader, const struct ff_spi_command *command,
						 struct ff_error *error);

#endif
