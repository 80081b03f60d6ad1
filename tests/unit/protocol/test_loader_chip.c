// SPDX-License-Identifier: Apache-2.0
#include "test_loader_chip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#define SECTOR 4096

static uint32_t word_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void reply(struct chip *chip, uint8_t opcode, uint32_t value, const void *payload, size_t size, uint16_t status)
{
	uint8_t tail[4] = { (uint8_t)(status >> 8), (uint8_t)status, 0xAA, 0xBB };
	size_t tail_size = chip->stub || chip->kind == CHIP_ESP8266 ? 2 : 4;
	script_put_reply(&chip->script, opcode, value, payload, size, tail, tail_size);
}

static void refuse_unknown(struct chip *chip, uint8_t opcode)
{
	reply(chip, opcode, 0, NULL, 0, chip->stub ? 0xC300 : 0x0105);
}

uint32_t chip_register(const struct chip *chip, uint32_t address)
{
	for (size_t i = 0; i < chip->register_count; i++) {
		if (chip->registers[i].address == address) {
			return chip->registers[i].value;
		}
	}
	return 0;
}

void chip_set_register(struct chip *chip, uint32_t address, uint32_t value)
{
	for (size_t i = 0; i < chip->register_count; i++) {
		if (chip->registers[i].address == address) {
			chip->registers[i].value = value;
			return;
		}
	}
	assert_true(chip->register_count < CHIP_REGISTERS);
	chip->registers[chip->register_count++] = (struct chip_register){ address, value };
}

static void write_register(struct chip *chip, uint32_t address, uint32_t value)
{
	if (!chip_spi_start(chip, address, value)) {
		chip_set_register(chip, address, value);
	}
}

static bool is_above(const struct chip *chip, uint32_t rate)
{
	return rate > 0 && chip->script.baud > rate;
}

static void begin_write(struct chip *chip, const struct chip_command *command, bool deflated)
{
	uint32_t size = command->words[0];
	uint32_t offset = command->words[3];
	chip->write_at = offset;
	chip->write_left = size;
	if (deflated) {
		inflateReset(&chip->inflate);
	}
	chip->inflating = deflated;
	chip->encrypting = command->size == 20 && command->words[4] != 0;
	if (chip->kind == CHIP_ESP8266 && !chip->stub) {
		/* Its first word is only for the erase, which is tested with plain numbers elsewhere. */
		chip->write_left = command->words[1] * command->words[2];
		size = CHIP_FLASH_SIZE;
		offset = 0;
	}
	for (uint32_t at = offset; at < offset + size && at < CHIP_FLASH_SIZE; at += SECTOR) {
		memset(chip->flash + at, 0xFF, SECTOR);
	}
	reply(chip, command->opcode, 0, NULL, 0, 0);
}

static void program(struct chip *chip, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size && chip->write_at < CHIP_FLASH_SIZE; i++) {
		/* NOR flash only clears bits. */
		chip->flash[chip->write_at] &= bytes[i] ^ (chip->encrypting ? CHIP_CIPHER : 0);
		if (chip->bad_cell != 0 && chip->write_at == chip->bad_cell) {
			chip->flash[chip->write_at] = 0;
		}
		chip->write_at++;
	}
}

static bool program_deflated(struct chip *chip, const uint8_t *bytes, size_t size)
{
	uint8_t plain[4096];
	int result = Z_OK;
	chip->inflate.next_in = (Bytef *)(uintptr_t)bytes;
	chip->inflate.avail_in = (uInt)size;
	do {
		chip->inflate.next_out = plain;
		chip->inflate.avail_out = sizeof(plain);
		result = inflate(&chip->inflate, Z_NO_FLUSH);
		program(chip, plain, sizeof(plain) - chip->inflate.avail_out);
	} while (result == Z_OK && (chip->inflate.avail_in > 0 || chip->inflate.avail_out == 0));
	return (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) && chip->inflate.avail_in == 0;
}

static void take_data(struct chip *chip, const struct chip_command *command, const uint8_t *frame)
{
	const uint8_t *bytes = frame + 24;
	uint32_t size = command->words[0];
	uint8_t sum = 0xEF;
	for (uint32_t i = 0; i < size; i++) {
		sum ^= bytes[i];
	}
	assert_int_equal(command->size, size + 16);
	assert_int_equal(word_at(frame + 4), sum);
	chip->data_count++;
	if (chip->data_count == chip->lose_data) {
		chip->script.silence = FF_ERR_LOST;
		return;
	}
	if (chip->data_count == chip->refuse_data ||
	    (chip->refuse_ever_after && chip->data_count > chip->refuse_data)) {
		reply(chip, command->opcode, 0, NULL, 0, chip->refuse_status);
		return;
	}
	if (is_above(chip, chip->noisy_above)) {
		reply(chip, command->opcode, 0, NULL, 0, chip->stub ? 0xC100 : 0x0107);
		return;
	}
	bool ok = true;
	if (chip->inflating) {
		ok = program_deflated(chip, bytes, size);
	} else {
		program(chip, bytes, size < chip->write_left ? size : chip->write_left);
		chip->write_left -= size < chip->write_left ? size : chip->write_left;
	}
	reply(chip, command->opcode, 0, NULL, 0, ok ? 0 : chip->stub ? 0xC700 : 0x010B);
}

static void md5_of_flash(const struct chip *chip, uint32_t offset, uint32_t size, uint8_t md5[EVP_MAX_MD_SIZE])
{
	assert_true(offset + size <= CHIP_FLASH_SIZE);
	assert_int_equal(EVP_Digest(chip->flash + offset, size, md5, NULL, EVP_md5(), NULL), 1);
}

static void answer_md5(struct chip *chip, const struct chip_command *command)
{
	uint8_t md5[EVP_MAX_MD_SIZE];
	char text[33];
	md5_of_flash(chip, command->words[0], command->words[1], md5);
	if (chip->bad_md5 > 0) {
		chip->bad_md5--;
		md5[0] ^= 1;
	}
	if (chip->stub) {
		reply(chip, command->opcode, 0, md5, 16, 0);
		return;
	}
	for (int i = 0; i < 16; i++) {
		snprintf(text + 2 * i, 3, "%02x", md5[i]);
	}
	reply(chip, command->opcode, 0, text, 32, 0);
}

static void answer_security_info(struct chip *chip, uint8_t opcode)
{
	if (chip->kind == CHIP_ESP32C3) {
		uint8_t info[20] = { (uint8_t)chip->flags, (uint8_t)(chip->flags >> 8), [12] = 5, [16] = 3 };
		memcpy(info + 4, chip->keys, sizeof(chip->keys));
		reply(chip, opcode, 0, info, sizeof(info), 0);
		return;
	}
	if (chip->stub) {
		reply(chip, opcode, 0, NULL, 0, 0xFF00);
		return;
	}
	/* The ROMs of ESP8266 and ESP32 repeat themselves, with the opcode of the SYNC before. */
	for (int i = 0; i < 8; i++) {
		reply(chip, 0x08, 0x20120707, NULL, 0, 0x0105);
	}
}

static void answer_sync(struct chip *chip)
{
	for (int i = 0; i < 8; i++) {
		reply(chip, 0x08, chip->stub ? 0 : 0x20120707, NULL, 0, 0);
	}
}

static void erase_region(struct chip *chip, const struct chip_command *command)
{
	assert_true(command->words[0] + command->words[1] <= CHIP_FLASH_SIZE);
	if (chip->refuse_erases > 0) {
		chip->refuse_erases--;
		reply(chip, command->opcode, 0, NULL, 0, 0xC400);
		return;
	}
	memset(chip->flash + command->words[0], 0xFF, command->words[1]);
	reply(chip, command->opcode, 0, NULL, 0, 0);
}

/* The next packet, as sound as the accidents let it be, or at the end the MD5. */
static void send_packet(struct chip *chip)
{
	uint32_t left = chip->read_size - chip->read_done;
	uint32_t size = left < chip->read_packet ? left : chip->read_packet;
	uint8_t packet[4096];
	if (left == 0) {
		uint8_t md5[EVP_MAX_MD_SIZE];
		md5_of_flash(chip, chip->read_at, chip->read_size, md5);
		script_put_frame(&chip->script, md5, 16);
		chip->read_size = 0;
		return;
	}
	memcpy(packet, chip->flash + chip->read_at + chip->read_done, size);
	chip->read_done += size;
	chip->packet_count++;
	packet[size / 2] ^= chip->packet_count >= chip->damage_packet && chip->packet_count < chip->damage_end;
	packet[size / 3] ^= is_above(chip, chip->noisy_above);
	script_put_frame(&chip->script, packet, size - (chip->packet_count == chip->cut_packet));
}

static void begin_read(struct chip *chip, const struct chip_command *command)
{
	assert_int_equal(command->size, 16);
	assert_true(command->words[2] <= 4096);
	chip->read_at = command->words[0];
	chip->read_size = command->words[1];
	chip->read_packet = command->words[2];
	chip->read_done = 0;
	reply(chip, command->opcode, 0, NULL, 0, 0);
	send_packet(chip);
}

/* Each packet is acknowledged with the bytes so far. Anything else ends the read. */
static void take_acknowledgement(struct chip *chip, const uint8_t *frame, size_t size)
{
	if (size != 4) {
		chip->read_size = 0;
		return;
	}
	assert_int_equal(word_at(frame), chip->read_done);
	send_packet(chip);
}

static void read_slowly(struct chip *chip, const struct chip_command *command)
{
	assert_true(command->words[1] <= 64 && command->words[0] + command->words[1] <= CHIP_FLASH_SIZE);
	uint8_t answer[64] = { 0 };
	memcpy(answer, chip->flash + command->words[0], command->words[1]);
	reply(chip, command->opcode, 0, answer, sizeof(answer), 0);
}

/* Commands that only a stub has. False if there is no such command. */
static bool answer_stub(struct chip *chip, const struct chip_command *command)
{
	switch (command->opcode) {
	case 0xD0:
		memset(chip->flash, 0xFF, CHIP_FLASH_SIZE);
		reply(chip, command->opcode, 0, NULL, 0, 0);
		return true;
	case 0xD1:
		erase_region(chip, command);
		return true;
	case 0xD2:
		begin_read(chip, command);
		return true;
	default:
		return false;
	}
}

/* What every loader knows. False: none of that. */
static bool answer_any(struct chip *chip, const struct chip_command *command, const uint8_t *frame)
{
	switch (command->opcode) {
	case 0x08:
		answer_sync(chip);
		return true;
	case 0x0A:
		reply(chip, 0x0A, chip_register(chip, command->words[0]), NULL, 0, 0);
		return true;
	case 0x09:
		write_register(chip, command->words[0], command->words[1]);
		reply(chip, 0x09, 0, NULL, 0, 0);
		return true;
	case 0x02:
		begin_write(chip, command, false);
		return true;
	case 0x03:
	case 0x11:
		take_data(chip, command, frame);
		return true;
	case 0x05:
	case 0x07:
		reply(chip, command->opcode, 0, NULL, 0, 0);
		return true;
	case 0x06:
		reply(chip, 0x06, 0, NULL, 0, 0);
		script_put_frame(&chip->script, "OHAI", 4);
		chip->stub = true;
		return true;
	case 0x14:
		answer_security_info(chip, 0x14);
		return true;
	default:
		return false;
	}
}

/* What the ESP8266's ROM does not know. */
static bool answer_later(struct chip *chip, const struct chip_command *command)
{
	switch (command->opcode) {
	case 0x10:
		begin_write(chip, command, true);
		return true;
	case 0x13:
		answer_md5(chip, command);
		return true;
	case 0x0E:
		if (!chip->stub) {
			read_slowly(chip, command);
		}
		return !chip->stub;
	case 0x04:
	case 0x12:
	case 0x0B:
	case 0x0D:
	case 0x0F:
		reply(chip, command->opcode, 0, NULL, 0, 0);
		return true;
	default:
		return false;
	}
}

static void answer(struct chip *chip, const struct chip_command *command, const uint8_t *frame)
{
	bool minimal = chip->kind == CHIP_ESP8266 && !chip->stub;
	if (answer_any(chip, command, frame) || (!minimal && answer_later(chip, command)) ||
	    (chip->stub && answer_stub(chip, command))) {
		return;
	}
	refuse_unknown(chip, command->opcode);
}

static void on_frame(struct script *script, const uint8_t *frame, size_t size)
{
	struct chip *chip = script->context;
	if (chip->read_size > 0) {
		take_acknowledgement(chip, frame, size);
		return;
	}
	if (size < 8 || frame[0] != 0 || chip->deaf || is_above(chip, chip->deaf_above)) {
		return;
	}
	assert_true(chip->command_count < CHIP_COMMANDS);
	struct chip_command *command = &chip->commands[chip->command_count++];
	*command = (struct chip_command){ .opcode = frame[1], .size = (uint16_t)(frame[2] | frame[3] << 8) };
	assert_int_equal(command->size, size - 8);
	for (size_t i = 0; i < 5 && 8 + 4 * i + 4 <= size; i++) {
		command->words[i] = word_at(frame + 8 + 4 * i);
	}
	if (command->opcode != chip->ignored) {
		answer(chip, command, frame);
	}
}

void chip_init(struct chip *chip, enum chip_kind kind)
{
	static const uint32_t magics[] = { 0xFFF0C101, 0x00F01D83, 0x1B31506F };
	memset(chip, 0, sizeof(*chip));
	script_init(&chip->script, on_frame, chip);
	chip->kind = kind;
	chip->flash_id = 0x1440EF;
	chip->flash = malloc(CHIP_FLASH_SIZE);
	assert_non_null(chip->flash);
	memset(chip->flash, 0x5A, CHIP_FLASH_SIZE);
	assert_int_equal(inflateInit(&chip->inflate), Z_OK);
	chip_set_register(chip, 0x40001000, magics[kind]);
}

void chip_release(struct chip *chip)
{
	inflateEnd(&chip->inflate);
	free(chip->flash);
}

unsigned chip_count(const struct chip *chip, uint8_t opcode)
{
	unsigned count = 0;
	for (size_t i = 0; i < chip->command_count; i++) {
		count += chip->commands[i].opcode == opcode;
	}
	return count;
}

const struct chip_command *chip_find(const struct chip *chip, uint8_t opcode, unsigned index)
{
	for (size_t i = 0; i < chip->command_count; i++) {
		if (chip->commands[i].opcode == opcode && index-- == 0) {
			return &chip->commands[i];
		}
	}
	fail_msg("there is no command %02x", opcode);
	return NULL;
}
