// SPDX-License-Identifier: Apache-2.0
/* The SPI controller of the scripted chip, and the flash chip behind it. From esptool 5.3 loader.py,
 * run_spiflash_command(), and from the W25Q32JV's datasheet. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "test_loader_chip.h"

/* The registers of the SPI controller, as offsets. */
struct spi {
	uint32_t base;
	uint32_t usr;
	uint32_t usr1;
	uint32_t usr2;
	uint32_t mosi; /* 0: USR1 holds the lengths */
	uint32_t miso;
	uint32_t w0;
	unsigned address_shift;
};

static const struct spi spis[] = {
	[CHIP_ESP8266] = { 0x60000200, 0x1C, 0x20, 0x24, 0, 0, 0x40, 8 },
	[CHIP_ESP32] = { 0x3FF42000, 0x1C, 0x20, 0x24, 0x28, 0x2C, 0x80, 8 },
	[CHIP_ESP32C3] = { 0x60002000, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x58, 0 },
};

static void write_status(struct chip *chip, unsigned index, uint8_t value)
{
	if (chip->status_enable != 0 && !chip->status_locked) {
		chip->status[index] = index == 0 ? value & 0xFC : index == 1 ? value & ~chip->status_fixed : value;
		chip->status_busy = chip->status_slow;
	}
}

/* What the flash chip does with a command and `sent` bytes; `out` is what it shifts out. */
static void run_flash_command(struct chip *chip, uint8_t opcode, const uint8_t *sent, size_t sent_size, uint8_t *out)
{
	switch (opcode) {
	case 0x06:
	case 0x50:
		chip->status_enable = opcode;
		return;
	case 0x05:
		out[0] = chip->status[0] | (chip->status_busy > 0) | (chip->status_enable == 0x06) << 1;
		chip->status_busy -= chip->status_busy > 0;
		return;
	case 0x35:
		out[0] = chip->status[1];
		return;
	case 0x15:
		out[0] = chip->status[2];
		return;
	case 0x01:
		write_status(chip, 0, sent[0]);
		if (chip->status_pairs) {
			write_status(chip, 1, sent_size == 2 ? sent[1] : 0);
		}
		break;
	case 0x31:
		if (!chip->status_pairs) {
			write_status(chip, 1, sent[0]);
		}
		break;
	case 0x11:
		write_status(chip, 2, sent[0]);
		break;
	default:
		break;
	}
	chip->status_enable = 0;
}

static size_t data_size(const struct chip *chip, uint32_t part, uint32_t length_register, unsigned usr1_shift)
{
	const struct spi *spi = &spis[chip->kind];
	if (!(chip_register(chip, spi->base + spi->usr) & part)) {
		return 0;
	}
	uint32_t bits = length_register != 0 ? chip_register(chip, spi->base + length_register)
					     : chip_register(chip, spi->base + spi->usr1) >> usr1_shift & 0x1FF;
	return (bits + 1) / 8;
}

/* A user command of the SPI controller. SFDP wants an address of 24 bits and 8 dummy clocks. */
static void run(struct chip *chip)
{
	const struct spi *spi = &spis[chip->kind];
	uint8_t opcode = chip_register(chip, spi->base + spi->usr2) & 0xFF;
	uint32_t parts = chip_register(chip, spi->base + spi->usr);
	uint32_t lengths = chip_register(chip, spi->base + spi->usr1);
	uint32_t address = chip_register(chip, spi->base + 4) >> spi->address_shift;
	uint8_t sent[64];
	uint8_t out[64];
	memset(out, 0xFF, sizeof(out));
	for (uint32_t at = 0; at < sizeof(sent); at += 4) {
		uint32_t word = chip_register(chip, spi->base + spi->w0 + at);
		for (unsigned i = 0; i < 4; i++) {
			sent[at + i] = (uint8_t)(word >> (8 * i));
		}
	}
	if (opcode == 0x9F) {
		for (unsigned i = 0; i < 3; i++) {
			out[i] = (uint8_t)(chip->flash_id >> (8 * i));
		}
	} else if (opcode == 0x5A && parts >> 29 == 7 && lengths >> 26 == 23 && (lengths & 0xFF) == 7) {
		for (uint32_t i = 0; i < sizeof(out) && address + i < chip->sfdp_size; i++) {
			out[i] = chip->sfdp[address + i];
		}
	} else {
		run_flash_command(chip, opcode, sent, data_size(chip, 1U << 27, spi->mosi, 17), out);
	}
	size_t size = data_size(chip, 1U << 28, spi->miso, 8);
	assert_true(size <= sizeof(out));
	memset(out + size, 0, sizeof(out) - size);
	for (uint32_t at = 0; at < size; at += 4) {
		chip_set_register(chip, spi->base + spi->w0 + at,
				  (uint32_t)out[at] | (uint32_t)out[at + 1] << 8 | (uint32_t)out[at + 2] << 16 |
					  (uint32_t)out[at + 3] << 24);
	}
}

bool chip_spi_start(struct chip *chip, uint32_t address, uint32_t value)
{
	if (address != spis[chip->kind].base || value != 1U << 18) {
		return false;
	}
	if (chip->spi_stuck > 0) {
		chip->spi_stuck--;
		chip_set_register(chip, address, value);
		return true;
	}
	chip_set_register(chip, address, 0);
	run(chip);
	return true;
}
