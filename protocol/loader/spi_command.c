// SPDX-License-Identifier: Apache-2.0
#include "spi_command.h"

#include <string.h>

#include "bytes.h"

/* In USR: which parts the command has. */
#define USER_COMMAND (1U << 31)
#define USER_ADDRESS (1U << 30)
#define USER_DUMMY (1U << 29)
#define USER_READ (1U << 28)
#define USER_WRITE (1U << 27)
/* In USR1: lengths, each less one; those of the data on the ESP8266 only. */
#define ADDRESS_LENGTH_SHIFT 26
#define WRITE_LENGTH_SHIFT 17
#define READ_LENGTH_SHIFT 8
/* In USR2 */
#define OPCODE_OF_8_BITS (7U << 28)
/* The first registers of every controller */
#define START_USER (1U << 18)
#define ADDRESS_OFFSET 4

#define POLLS 10
#define WORD 4

static uint32_t length_field(size_t count)
{
	return count > 0 ? (uint32_t)count - 1 : 0;
}

static bool lengths_in_usr1(const struct ff_loader *loader)
{
	return loader->chip->spi->miso_dlen == 0;
}

/* USR1 matters, and is changed, for these only. */
static bool needs_usr1(const struct ff_loader *loader, const struct ff_spi_command *command)
{
	return lengths_in_usr1(loader) || command->address_bits > 0 || command->dummy_clocks > 0;
}

static enum ff_status read_at(struct ff_loader *loader, uint32_t offset, uint32_t *value, struct ff_error *error)
{
	return ff_loader_read_register(loader, loader->chip->spi_base + offset, value, error);
}

static enum ff_status write_at(struct ff_loader *loader, uint32_t offset, uint32_t value, struct ff_error *error)
{
	return ff_loader_write_register(loader, loader->chip->spi_base + offset, value, error);
}

/* Keeps what is there, unless a command that failed has left its own there. */
static enum ff_status save(struct ff_loader *loader, const struct ff_spi_command *command, struct ff_error *error)
{
	const struct ff_chip_spi *spi = loader->chip->spi;
	enum ff_status status = FF_OK;
	if (!loader->spi_saved.user) {
		status = read_at(loader, spi->usr, &loader->spi_saved.usr, error);
		if (status == FF_OK) {
			status = read_at(loader, spi->usr2, &loader->spi_saved.usr2, error);
		}
		loader->spi_saved.user = status == FF_OK;
	}
	if (status == FF_OK && needs_usr1(loader, command) && !loader->spi_saved.lengths) {
		status = read_at(loader, spi->usr1, &loader->spi_saved.usr1, error);
		loader->spi_saved.lengths = status == FF_OK;
	}
	return status;
}

static enum ff_status restore(struct ff_loader *loader, struct ff_error *error)
{
	const struct ff_chip_spi *spi = loader->chip->spi;
	enum ff_status status = write_at(loader, spi->usr, loader->spi_saved.usr, error);
	if (status == FF_OK) {
		status = write_at(loader, spi->usr2, loader->spi_saved.usr2, error);
	}
	if (status == FF_OK && loader->spi_saved.lengths) {
		status = write_at(loader, spi->usr1, loader->spi_saved.usr1, error);
	}
	if (status == FF_OK) {
		loader->spi_saved.user = false;
		loader->spi_saved.lengths = false;
	}
	return status;
}

static enum ff_status set_lengths(struct ff_loader *loader, const struct ff_spi_command *command,
				  struct ff_error *error)
{
	const struct ff_chip_spi *spi = loader->chip->spi;
	uint32_t write_bits = length_field(8 * command->write_size);
	uint32_t read_bits = length_field(8 * command->read_size);
	uint32_t lengths =
		length_field(command->address_bits) << ADDRESS_LENGTH_SHIFT | length_field(command->dummy_clocks);
	enum ff_status status = FF_OK;
	if (lengths_in_usr1(loader)) {
		lengths |= write_bits << WRITE_LENGTH_SHIFT | read_bits << READ_LENGTH_SHIFT;
	} else if (command->write_size > 0) {
		status = write_at(loader, spi->mosi_dlen, write_bits, error);
	}
	if (status == FF_OK && !lengths_in_usr1(loader) && command->read_size > 0) {
		status = write_at(loader, spi->miso_dlen, read_bits, error);
	}
	if (status == FF_OK && needs_usr1(loader, command)) {
		status = write_at(loader, spi->usr1, lengths, error);
	}
	return status;
}

static enum ff_status set_parts(struct ff_loader *loader, const struct ff_spi_command *command, struct ff_error *error)
{
	const struct ff_chip_spi *spi = loader->chip->spi;
	uint32_t parts = USER_COMMAND;
	parts |= command->address_bits > 0 ? USER_ADDRESS : 0;
	parts |= command->dummy_clocks > 0 ? USER_DUMMY : 0;
	parts |= command->write_size > 0 ? USER_WRITE : 0;
	parts |= command->read_size > 0 ? USER_READ : 0;
	enum ff_status status = write_at(loader, spi->usr, parts, error);
	if (status == FF_OK) {
		status = write_at(loader, spi->usr2, OPCODE_OF_8_BITS | command->opcode, error);
	}
	if (status == FF_OK && command->address_bits > 0) {
		unsigned shift = spi->address_high ? 32U - command->address_bits : 0;
		status = write_at(loader, ADDRESS_OFFSET, command->address << shift, error);
	}
	return status;
}

/* Without anything to write, the first word is emptied: a chip that does not answer must not look as if it had. */
static enum ff_status put_data(struct ff_loader *loader, const struct ff_spi_command *command, struct ff_error *error)
{
	uint8_t data[FF_SPI_MAX_DATA] = { 0 };
	enum ff_status status = FF_OK;
	if (command->write_size > 0) {
		memcpy(data, command->write, command->write_size);
	}
	for (size_t at = 0; status == FF_OK && (at == 0 || at < command->write_size); at += WORD) {
		status = write_at(loader, loader->chip->spi->w0 + (uint32_t)at, ff_get_le32(data + at), error);
	}
	return status;
}

static enum ff_status take_data(struct ff_loader *loader, const struct ff_spi_command *command,
				uint8_t data[FF_SPI_MAX_DATA], struct ff_error *error)
{
	enum ff_status status = FF_OK;
	for (size_t at = 0; status == FF_OK && at < command->read_size; at += WORD) {
		uint32_t word = 0;
		status = read_at(loader, loader->chip->spi->w0 + (uint32_t)at, &word, error);
		ff_put_le32(data + at, word);
	}
	return status;
}

static enum ff_status start(struct ff_loader *loader, struct ff_error *error)
{
	enum ff_status status = write_at(loader, 0, START_USER, error);
	for (int i = 0; status == FF_OK && i < POLLS; i++) {
		uint32_t state = 0;
		status = read_at(loader, 0, &state, error);
		if (status == FF_OK && !(state & START_USER)) {
			return FF_OK;
		}
	}
	if (status != FF_OK) {
		return status;
	}
	return ff_error_set(error, FF_ERR_PROTOCOL, "the SPI controller of the %s does not finish a command",
			    loader->chip->name);
}

/* esptool 5.3 loader.py, run_spiflash_command(). */
enum ff_status ff_spi_command_run(struct ff_loader *loader, const struct ff_spi_command *command,
				  struct ff_error *error)
{
	uint8_t data[FF_SPI_MAX_DATA];
	if (command->write_size > FF_SPI_MAX_DATA || command->read_size > FF_SPI_MAX_DATA ||
	    command->address_bits > 32) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the SPI controller takes no more than %d bytes at once",
				    FF_SPI_MAX_DATA);
	}
	enum ff_status status = save(loader, command, error);
	if (status == FF_OK) {
		status = set_lengths(loader, command, error);
	}
	if (status == FF_OK) {
		status = set_parts(loader, command, error);
	}
	if (status == FF_OK) {
		status = put_data(loader, command, error);
	}
	if (status == FF_OK) {
		status = start(loader, error);
	}
	if (status == FF_OK) {
		status = take_data(loader, command, data, error);
	}
	if (status == FF_OK) {
		status = restore(loader, error);
	}
	if (status == FF_OK && command->read_size > 0) {
		memcpy(command->read, data, command->read_size);
	}
	return status;
}
