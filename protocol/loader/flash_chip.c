// SPDX-License-Identifier: Apache-2.0
#include "flash_chip.h"

#include <inttypes.h>

#include "bytes.h"
#include "clock.h"
#include "sfdp.h"
#include "spi_command.h"

#define READ_ID 0x9F
#define READ_SFDP 0x5A
#define SFDP_ADDRESS_BITS 24
#define SFDP_DUMMY_CLOCKS 8
#define WRITE_ENABLE 0x06
#define WRITE_ENABLE_VOLATILE 0x50
#define WRITE_DISABLE 0x04

/* esptool 5.3 cmds.py, _verify_flash_connection(): what the lines read when no chip drives them. */
static bool is_silence(uint32_t id)
{
	return id == 0 || id == 0xFFFFFF || id == 0xFFFF3F;
}

enum ff_status ff_flash_chip_id(struct ff_loader *loader, uint32_t *id, struct ff_error *error)
{
	uint8_t bytes[4] = { 0 };
	const struct ff_spi_command command = { .opcode = READ_ID, .read = bytes, .read_size = 3 };
	enum ff_status status = ff_spi_command_run(loader, &command, error);
	if (status == FF_OK) {
		uint32_t found = ff_get_le32(bytes);
		*id = is_silence(found) ? 0 : found;
	}
	return status;
}

static enum ff_status read_sfdp(struct ff_loader *loader, uint32_t address, uint8_t *bytes, size_t size,
				struct ff_error *error)
{
	const struct ff_spi_command command = { .opcode = READ_SFDP,
						.address_bits = SFDP_ADDRESS_BITS,
						.address = address,
						.dummy_clocks = SFDP_DUMMY_CLOCKS,
						.read = bytes,
						.read_size = size };
	return ff_spi_command_run(loader, &command, error);
}

enum ff_status ff_flash_chip_size(struct ff_loader *loader, uint32_t *size, struct ff_error *error)
{
	uint8_t header[FF_SFDP_HEADER_SIZE];
	uint8_t density[4];
	uint32_t table = 0;
	enum ff_status status = read_sfdp(loader, 0, header, sizeof(header), error);
	if (status != FF_OK) {
		return status;
	}
	if (!ff_sfdp_find_table(header, &table)) {
		*size = 0;
		return FF_OK;
	}
	status = read_sfdp(loader, table + FF_SFDP_DENSITY_AT, density, sizeof(density), error);
	if (status == FF_OK) {
		*size = ff_sfdp_size(ff_get_le32(density));
	}
	return status;
}

/* Each status register has its pair of commands. */
static const struct {
	uint8_t read;
	uint8_t write;
} registers[FF_FLASH_CHIP_STATUS_BYTES] = { { 0x05, 0x01 }, { 0x35, 0x31 }, { 0x15, 0x11 } };

#define BUSY 1U               /* WIP, in the first of them */
#define NOT_WRITABLE 3U       /* WIP and WEL */
#define STATUS_WRITE_MS 1000U /* datasheets say up to a few hundred, for the part that never forgets */
#define STATUS_POLL_MS 5

enum ff_status ff_flash_chip_read_status(struct ff_loader *loader, unsigned count, uint32_t *value,
					 struct ff_error *error)
{
	uint32_t found = 0;
	for (unsigned i = 0; i < count && i < FF_FLASH_CHIP_STATUS_BYTES; i++) {
		uint8_t byte = 0;
		const struct ff_spi_command command = { .opcode = registers[i].read, .read = &byte, .read_size = 1 };
		enum ff_status status = ff_spi_command_run(loader, &command, error);
		if (status != FF_OK) {
			return status;
		}
		found |= (uint32_t)byte << (8 * i);
	}
	*value = found;
	return FF_OK;
}

static enum ff_status await_ready(struct ff_loader *loader, struct ff_error *error)
{
	int64_t deadline = ff_deadline_ms(STATUS_WRITE_MS);
	for (;;) {
		uint32_t value = 0;
		bool late = ff_now_us() > deadline;
		enum ff_status status = ff_flash_chip_read_status(loader, 1, &value, error);
		if (status != FF_OK || !(value & BUSY)) {
			return status;
		}
		status = ff_link_pause(&loader->link, STATUS_POLL_MS, error);
		if (status != FF_OK) {
			return status;
		}
		if (late) {
			return ff_error_set(error, FF_ERR_TIMEOUT,
					    "the flash chip of the %s stays busy (status %02" PRIx32 ")",
					    loader->chip->name, value);
		}
	}
}

static enum ff_status send_opcode(struct ff_loader *loader, uint8_t opcode, struct ff_error *error)
{
	return ff_spi_command_run(loader, &(const struct ff_spi_command){ .opcode = opcode }, error);
}

static enum ff_status write_registers(struct ff_loader *loader, uint8_t opcode, const uint8_t *bytes, size_t size,
				      bool non_volatile, struct ff_error *error)
{
	const struct ff_spi_command command = { .opcode = opcode, .write = bytes, .write_size = size };
	enum ff_status status = send_opcode(loader, non_volatile ? WRITE_ENABLE : WRITE_ENABLE_VOLATILE, error);
	if (status == FF_OK) {
		status = ff_spi_command_run(loader, &command, error);
	}
	return status == FF_OK ? await_ready(loader, error) : status;
}

static enum ff_status holds(struct ff_loader *loader, unsigned count, uint32_t value, bool *same, uint32_t *found,
			    struct ff_error *error)
{
	enum ff_status status = ff_flash_chip_read_status(loader, count, found, error);
	if (status == FF_OK) {
		*same = ((*found ^ value) & ~NOT_WRITABLE) == 0;
	}
	return status;
}

static enum ff_status write_each(struct ff_loader *loader, unsigned count, const uint8_t *bytes, bool non_volatile,
				 struct ff_error *error)
{
	enum ff_status status = FF_OK;
	for (unsigned i = 0; status == FF_OK && i < count; i++) {
		status = write_registers(loader, registers[i].write, &bytes[i], 1, non_volatile, error);
	}
	return status;
}

/* esptool 5.3 loader.py, write_status(). Chips disagree on how two registers are written: with one command, or each with
 * its own; both ways are tried until the chip holds what it should. The command for the first alone empties the second
 * of chips that write them together, so that way, if nothing helps, must not be the last. */
enum ff_status ff_flash_chip_write_status(struct ff_loader *loader, unsigned count, uint32_t value, bool non_volatile,
					  struct ff_error *error)
{
	static const bool together[] = { true, false, true };
	size_t way = count == 2 ? 0 : 1;
	size_t end = count == 2 ? 3 : 2;
	int digits = 2 * (int)count;
	uint8_t bytes[4];
	uint32_t found = 0;
	bool same = false;
	enum ff_status status = FF_OK;
	ff_put_le32(bytes, value);
	for (; status == FF_OK && !same && way < end; way++) {
		status = together[way] ? write_registers(loader, registers[0].write, bytes, count, non_volatile, error)
				       : write_each(loader, count, bytes, non_volatile, error);
		if (status == FF_OK) {
			status = holds(loader, count, value, &same, &found, error);
		}
	}
	if (status == FF_OK) {
		status = send_opcode(loader, WRITE_DISABLE, error);
	}
	if (status == FF_OK && !same) {
		return ff_error_set(
			error, FF_ERR_VERIFY,
			"the flash chip did not take the status 0x%0*" PRIx32 ": it holds 0x%0*" PRIx32 "%s", digits,
			value, digits, found, non_volatile ? "" : " (some chips take it for good only)");
	}
	return status;
}
