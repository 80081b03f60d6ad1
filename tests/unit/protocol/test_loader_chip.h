// SPDX-License-Identifier: Apache-2.0
/* A few hundred lines' worth of a chip behind a scripted transport: just enough of ROM and stub to answer the loader, and
 * a record of what it was asked. Written from Espressif's "Serial Protocol" page; it shares nothing with the loader. */
#ifndef TEST_LOADER_CHIP_H
#define TEST_LOADER_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include <zlib.h>

#include "test_link_script.h"

#define CHIP_FLASH_SIZE (1024 * 1024)
#define CHIP_REGISTERS 64
#define CHIP_COMMANDS 4096
#define CHIP_CIPHER 0xA5

enum chip_kind { CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32C3 };

struct chip_register {
	uint32_t address;
	uint32_t value;
};

/* A command as it came: its first five words, and how long it was. */
struct chip_command {
	uint8_t opcode;
	uint16_t size;
	uint32_t words[5];
};

struct chip {
	struct script script;
	enum chip_kind kind;
	bool stub;
	bool deaf;                                      /* answers nothing */
	uint8_t ignored;                                /* answers no command with this opcode; 0: none */
	uint32_t flags;                                 /* of GET_SECURITY_INFO */
	uint8_t keys[8];                                /* the same: crypt count, then seven key purposes */
	struct chip_register registers[CHIP_REGISTERS]; /* the rest reads as 0 */
	size_t register_count;
	struct chip_command commands[CHIP_COMMANDS];
	size_t command_count;

	uint8_t *flash; /* CHIP_FLASH_SIZE, owned */
	uint32_t write_at;
	uint32_t write_left;
	bool inflating;
	bool encrypting; /* turns every bit of CHIP_CIPHER in what it programs */
	z_stream inflate;

	uint32_t read_at;
	uint32_t read_size; /* 0: no READ_FLASH is at work */
	uint32_t read_done;
	uint32_t read_packet;

	/* The flash chip behind the SPI controller. */
	uint32_t flash_id; /* a Winbond of 1 MB */
	const uint8_t *sfdp;
	size_t sfdp_size;
	uint8_t status[3];
	uint8_t status_enable; /* the command that allowed the next write */
	bool status_pairs;     /* writes the second register with the first: by two bytes, or empties it by one */
	uint8_t status_fixed;  /* bits of the second that stay 0 */
	bool status_locked;    /* takes no writes */
	unsigned status_slow;  /* for so many questions a write keeps it busy */
	unsigned status_busy;

	unsigned spi_stuck; /* so many commands to it do not finish */

	/* Accidents, counted in DATA commands from 1; 0: none. */
	unsigned data_count;
	unsigned refuse_data;   /* answers this one with `refuse_status` */
	bool refuse_ever_after; /* and all that follow */
	uint32_t deaf_above;    /* at higher rates it hears nothing; 0: none is too high */
	uint32_t noisy_above;   /* at higher rates all are refused, and read packets damaged */
	uint16_t refuse_status;
	unsigned lose_data;     /* the port goes away with this one */
	unsigned refuse_erases; /* so many ERASE_REGION are refused */
	unsigned packet_count;  /* packets of READ_FLASH, from 1 */
	unsigned damage_packet; /* from this one, one bit of each is wrong */
	unsigned damage_end;    /* up to, but not with, this one */
	unsigned cut_packet;    /* this one is a byte short */
	unsigned bad_md5;       /* so many MD5 answers are wrong */
	uint32_t bad_cell;      /* this byte of flash reads as 0 */
};

/* A chip in its ROM loader with dirty flash (all 0x5A). */
void chip_init(struct chip *chip, enum chip_kind kind);

void chip_release(struct chip *chip);

void chip_set_register(struct chip *chip, uint32_t address, uint32_t value);
uint32_t chip_register(const struct chip *chip, uint32_t address);

/* Runs a command of the SPI controller, if this is the write to a register that starts one. */
bool chip_spi_start(struct chip *chip, uint32_t address, uint32_t value);

/* How many commands with this opcode came. */
unsigned chip_count(const struct chip *chip, uint8_t opcode);

/* The n-th of them, from 0; fails the test if there is none. */
const struct chip_command *chip_find(const struct chip *chip, uint8_t opcode, unsigned index);

#endif
