// SPDX-License-Identifier: Apache-2.0
#include "spi.h"

#include <string.h>

#include "bytes.h"
#include "sfdp.h"

#define CMD_USR (1u << 18)
#define ADDRESS_REG 4u
#define USR_ADDRESS (1u << 30)
#define USR_DUMMY (1u << 29)
#define USR_MISO (1u << 28)
#define USR_MOSI (1u << 27)
#define USR1_ADDRESS_SHIFT 26
#define USR1_DUMMY_MASK 0xFFu
#define SFDP_DUMMY_BITS 8u
#define MISO_MAX 64

/* Commands of the W25Q family (W25Q32JV datasheet, "Instruction Set Table"). */
enum {
	WRITE_STATUS_1 = 0x01,
	WRITE_DISABLE = 0x04,
	READ_STATUS_1 = 0x05,
	WRITE_ENABLE = 0x06,
	WRITE_STATUS_3 = 0x11,
	READ_STATUS_3 = 0x15,
	WRITE_STATUS_2 = 0x31,
	READ_STATUS_2 = 0x35,
	VOLATILE_WRITE_ENABLE = 0x50,
	READ_SFDP = 0x5A,
	READ_JEDEC_ID = 0x9F,
};

/* One transfer, as the registers describe it. */
struct transfer {
	uint8_t command;
	uint32_t address;
	unsigned dummy_bits;
	const uint8_t *out; /* what the chip is sent */
	size_t out_size;
	uint8_t in[MISO_MAX]; /* what it answers */
};

static void read_sfdp(const struct ff_spi *spi, struct transfer *transfer)
{
	if (transfer->dummy_bits != SFDP_DUMMY_BITS) {
		return; /* it would be out of step */
	}
	for (uint32_t i = 0; i < MISO_MAX; i++) {
		transfer->in[i] = ff_sfdp_byte(ff_nor_size(spi->nor), transfer->address + i);
	}
}

static void run(struct ff_spi *spi, struct transfer *transfer)
{
	struct ff_status_registers *status = ff_nor_registers(spi->nor);
	memset(transfer->in, 0xFF, MISO_MAX);
	switch (transfer->command) {
	case READ_JEDEC_ID:
		ff_put_le32(transfer->in, ff_nor_jedec_id(spi->nor));
		break;
	case READ_SFDP:
		read_sfdp(spi, transfer);
		break;
	case READ_STATUS_1:
		memset(transfer->in, status->now[0], MISO_MAX);
		break;
	case READ_STATUS_2:
		memset(transfer->in, status->now[1], MISO_MAX);
		break;
	case READ_STATUS_3:
		memset(transfer->in, status->now[2], MISO_MAX);
		break;
	case WRITE_ENABLE:
		ff_status_write_enable(status);
		break;
	case VOLATILE_WRITE_ENABLE:
		ff_status_volatile_write_enable(status);
		break;
	case WRITE_DISABLE:
		ff_status_write_disable(status);
		break;
	case WRITE_STATUS_1:
		ff_status_write(status, 0, transfer->out, transfer->out_size < 2 ? transfer->out_size : 2);
		break;
	case WRITE_STATUS_2:
		ff_status_write(status, 1, transfer->out, transfer->out_size < 1 ? transfer->out_size : 1);
		break;
	case WRITE_STATUS_3:
		ff_status_write(status, 2, transfer->out, transfer->out_size < 1 ? transfer->out_size : 1);
		break;
	default:
		break;
	}
}

/* The length of a phase that is part of the transfer only if USR says so. The ESP8266 has the lengths of the data in USR1,
 * bits 8 and 17 on (esptool 5.3 loader.py). */
static unsigned data_bits(const struct ff_spi_registers *r, const uint8_t *registers, uint32_t flag,
			  uint16_t length_reg, unsigned usr1_shift)
{
	if (!(ff_get_le32(registers + r->usr) & flag)) {
		return 0;
	}
	uint32_t field =
		length_reg ? ff_get_le32(registers + length_reg) : ff_get_le32(registers + r->usr1) >> usr1_shift;
	unsigned bits = (field & 0x1FF) + 1;
	return bits < MISO_MAX * 8 ? bits : MISO_MAX * 8;
}

static struct transfer describe(const struct ff_spi_registers *r, const uint8_t *registers)
{
	uint32_t usr = ff_get_le32(registers + r->usr), usr1 = ff_get_le32(registers + r->usr1);
	unsigned address_bits = usr & USR_ADDRESS ? (usr1 >> USR1_ADDRESS_SHIFT) + 1 : 0;
	uint32_t address = ff_get_le32(registers + ADDRESS_REG);
	if (r->address_at_top && address_bits > 0) {
		address >>= 32 - (address_bits < 32 ? address_bits : 32);
	}
	return (struct transfer){
		.command = registers[r->usr2],
		.address = address_bits > 0 ? address : 0,
		.dummy_bits = usr & USR_DUMMY ? (usr1 & USR1_DUMMY_MASK) + 1 : 0,
		.out = registers + r->w0,
		.out_size = data_bits(r, registers, USR_MOSI, r->mosi_dlen, 17) / 8,
	};
}

void ff_spi_command(struct ff_spi *spi, uint8_t *registers)
{
	const struct ff_spi_registers *r = spi->registers;
	uint32_t command = ff_get_le32(registers);
	ff_put_le32(registers, 0);
	if (!(command & CMD_USR)) {
		return;
	}
	unsigned bits = data_bits(r, registers, USR_MISO, r->miso_dlen, 8);
	struct transfer transfer = describe(r, registers);
	if (spi->attached) {
		run(spi, &transfer);
	}
	for (unsigned i = 0; i * 8 < bits; i++) {
		uint8_t mask = bits - i * 8 >= 8 ? 0xFF : (uint8_t)((1u << (bits - i * 8)) - 1);
		registers[r->w0 + i] = transfer.in[i] & mask;
	}
}
