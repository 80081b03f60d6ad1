// SPDX-License-Identifier: Apache-2.0
#include "spi.h"

#include <string.h>

#include "bytes.h"

#define CMD_USR (1u << 18)
#define USR_MISO (1u << 28)
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
	READ_JEDEC_ID = 0x9F,
};

#define STATUS_WEL 0x02

/* Fills `out` with what the chip shifts out. */
static void answer(struct ff_spi *spi, uint8_t command, const uint8_t *sent, uint8_t *out)
{
	memset(out, 0xFF, MISO_MAX);
	switch (command) {
	case READ_JEDEC_ID:
		ff_put_le32(out, ff_nor_jedec_id(spi->nor));
		break;
	case READ_STATUS_1:
		memset(out, spi->status[0], MISO_MAX);
		break;
	case READ_STATUS_2:
		memset(out, spi->status[1], MISO_MAX);
		break;
	case READ_STATUS_3:
		memset(out, spi->status[2], MISO_MAX);
		break;
	case WRITE_ENABLE:
	case VOLATILE_WRITE_ENABLE:
		spi->status[0] |= STATUS_WEL;
		break;
	case WRITE_DISABLE:
		spi->status[0] &= (uint8_t)~STATUS_WEL;
		break;
	case WRITE_STATUS_1:
		spi->status[0] = (uint8_t)(sent[0] & ~3u);
		break;
	case WRITE_STATUS_2:
		spi->status[1] = sent[0];
		break;
	case WRITE_STATUS_3:
		spi->status[2] = sent[0];
		break;
	default:
		break;
	}
}

static unsigned miso_bits(const struct ff_spi_registers *r, const uint8_t *registers)
{
	if (!(ff_get_le32(registers + r->usr) & USR_MISO)) {
		return 0;
	}
	/* The ESP8266 has both lengths in USR1, bits 8 and 17 on (esptool 5.3 loader.py). */
	uint32_t field = r->miso_dlen ? ff_get_le32(registers + r->miso_dlen) : ff_get_le32(registers + r->usr1) >> 8;
	unsigned bits = (field & 0x1FF) + 1;
	return bits < MISO_MAX * 8 ? bits : MISO_MAX * 8;
}

void ff_spi_command(struct ff_spi *spi, uint8_t *registers)
{
	const struct ff_spi_registers *r = spi->registers;
	uint32_t command = ff_get_le32(registers);
	ff_put_le32(registers, 0);
	if (!(command & CMD_USR)) {
		return;
	}
	unsigned bits = miso_bits(r, registers);
	uint8_t out[MISO_MAX];
	if (spi->attached) {
		answer(spi, registers[r->usr2], registers + r->w0, out);
	} else {
		memset(out, 0, sizeof(out));
	}
	for (unsigned i = 0; i * 8 < bits; i++) {
		uint8_t mask = bits - i * 8 >= 8 ? 0xFF : (uint8_t)((1u << (bits - i * 8)) - 1);
		registers[r->w0 + i] = out[i] & mask;
	}
}
