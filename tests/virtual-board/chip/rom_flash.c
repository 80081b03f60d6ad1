// SPDX-License-Identifier: Apache-2.0
/* The ROM's commands that work on the flash: see rom.c for the sources. */
#include <stdio.h>
#include <string.h>

#include "rom.h"

#define SLOW_READ_SIZE 64u
#define ENCRYPT_UNIT 32u
#define SECTORS_PER_BLOCK 16u

static bool flash_begin_step(struct ff_soc *soc)
{
	if (!ff_flash_io_erase_step(soc)) {
		return false;
	}
	ff_rom_send_done(soc);
	return true;
}

/* How much the ROM erases for a size. The ESP8266 first erases the sectors up to the next block, then forgets to take
 * them off the total (esptool 5.3 targets/esp8266.py, get_erase_size, works around it). */
static uint32_t erase_sectors(const struct ff_soc *soc, uint32_t address, uint32_t size)
{
	uint32_t sectors = (uint32_t)(((uint64_t)size + FF_NOR_SECTOR - 1) / FF_NOR_SECTOR);
	if (soc->model->generation != FF_GEN_ESP8266) {
		return sectors;
	}
	uint32_t head = SECTORS_PER_BLOCK - address / FF_NOR_SECTOR % SECTORS_PER_BLOCK;
	return sectors + (head < sectors ? head : sectors);
}

static bool fits_flash(const struct ff_soc *soc, uint32_t address, uint32_t size)
{
	return ff_bus_flash_attached(soc->bus) && size <= soc->flash_size && address <= soc->flash_size - size;
}

static bool flash_begin(struct ff_soc *soc, const struct ff_request *request)
{
	uint32_t size = ff_rom_word(request, 0);
	uint32_t address = ff_rom_word(request, 3);
	if (soc->model->generation == FF_GEN_ESP8266) {
		ff_bus_attach_flash(soc->bus); /* it has no command of its own for this */
	}
	if (request->size != soc->model->begin_bytes || ff_rom_word(request, 2) > FF_ROM_BLOCK_MAX) {
		ff_rom_send_error(soc, 0, FF_ROM_BAD_FORMAT);
		return false;
	}
	if (address % FF_NOR_SECTOR != 0 || !fits_flash(soc, address, size)) {
		ff_rom_send_error(soc, 0, FF_ROM_BAD_RESULT);
		return false;
	}
	ff_rom_begin_download(&soc->flash, request);
	soc->task = (struct ff_task){
		.step = flash_begin_step,
		.address = address,
		.left = erase_sectors(soc, address, size) * FF_NOR_SECTOR,
	};
	return true;
}

void ff_rom_on_flash_begin(struct ff_soc *soc, const struct ff_request *request)
{
	if (flash_begin(soc, request)) {
		soc->rom.inflating = false;
	}
}

void ff_rom_on_defl_begin(struct ff_soc *soc, const struct ff_request *request)
{
	if (flash_begin(soc, request)) {
		soc->rom.inflating = ff_inflater_start(&soc->inflater);
	}
}

/* Programs and reads back, as the ROM does: one checksum byte decides. */
static enum ff_rom_error write_flash(struct ff_soc *soc, const uint8_t *bytes, size_t size)
{
	uint8_t back[FF_INFLATER_WINDOW], cipher[FF_INFLATER_WINDOW];
	if (!fits_flash(soc, soc->flash.address, (uint32_t)size)) {
		return FF_ROM_FLASH_WRITE;
	}
	if (soc->flash.encrypt) {
		memcpy(cipher, bytes, size);
		if (!ff_flash_io_encrypt(soc, soc->flash.address, cipher, size)) {
			return FF_ROM_FLASH_WRITE;
		}
		bytes = cipher;
	}
	ff_flash_io_program(soc, soc->flash.address, bytes, size);
	ff_flash_io_read(soc, soc->flash.address, back, size);
	if (ff_cpu_checksum(back, size) != ff_cpu_checksum(bytes, size)) {
		return FF_ROM_FLASH_WRITE;
	}
	soc->flash.address += (uint32_t)size;
	soc->flash.left -= (uint32_t)size;
	return FF_ROM_NO_ERROR;
}

void ff_rom_on_flash_data(struct ff_soc *soc, const struct ff_request *request)
{
	enum ff_rom_error error = ff_rom_take_block(&soc->flash, request, 4);
	if (!error) {
		error = write_flash(soc, request->data + FF_ROM_DATA_HEADER, ff_rom_word(request, 0));
	}
	ff_rom_send_result(soc, error);
}

static enum ff_rom_error inflate_data(struct ff_soc *soc, const uint8_t *bytes, size_t size)
{
	struct ff_inflater *inflater = &soc->inflater;
	enum ff_inflate_result result = FF_INFLATE_MORE;
	for (size_t done = 0; done < size && result != FF_INFLATE_DONE;) {
		size_t taken, held = inflater->used;
		result = ff_inflater_run(inflater, bytes + done, size - done, &taken);
		done += taken;
		if (result == FF_INFLATE_BAD) {
			return FF_ROM_BAD_INFLATE;
		}
		ff_cpu_spend(soc, (int64_t)(inflater->used - held) * soc->options.timing->inflate_byte);
		/* What is no whole unit of encryption waits for the next block. */
		bool holds_back = soc->flash.encrypt && result != FF_INFLATE_DONE;
		size_t ready = holds_back ? inflater->used / ENCRYPT_UNIT * ENCRYPT_UNIT : inflater->used;
		enum ff_rom_error error = write_flash(soc, inflater->window, ready);
		inflater->used -= ready;
		memmove(inflater->window, inflater->window + ready, inflater->used);
		if (error) {
			return error;
		}
	}
	return ff_inflater_checksum_wrong(inflater) ? FF_ROM_BAD_ADLER : FF_ROM_NO_ERROR;
}

void ff_rom_on_defl_data(struct ff_soc *soc, const struct ff_request *request)
{
	if (soc->rom.inflating && soc->inflater.done) {
		ff_soc_hang(soc); /* data after the end of the stream: it never comes back */
		return;
	}
	enum ff_rom_error error = soc->rom.inflating ? ff_rom_take_block(&soc->flash, request, 1) : FF_ROM_BAD_FORMAT;
	if (!error) {
		error = inflate_data(soc, request->data + FF_ROM_DATA_HEADER, ff_rom_word(request, 0));
	}
	ff_rom_send_result(soc, error);
}

static void reset_chip(struct ff_soc *soc)
{
	ff_rom_send_empty_frame(soc);
	ff_soc_restart(soc, soc->line_idle > soc->time ? soc->line_idle : soc->time);
}

/* 0 resets the chip, anything else starts what is in flash. The latter happens as well when the bytes that came are not
 * as many as announced. */
void ff_rom_on_flash_end(struct ff_soc *soc, const struct ff_request *request)
{
	bool complete = soc->flash.active && soc->flash.left == 0;
	soc->flash.active = false;
	ff_rom_send_result(soc, complete ? FF_ROM_NO_ERROR : FF_ROM_BAD_RESULT);
	if (complete && ff_rom_word(request, 0) == 0) {
		reset_chip(soc);
	} else {
		ff_boot_run_flash(soc);
	}
}

/* Only a complete stream and 0 reset the chip; everything else stays in the loader. */
void ff_rom_on_defl_end(struct ff_soc *soc, const struct ff_request *request)
{
	bool complete = soc->rom.inflating && soc->inflater.done;
	ff_rom_send_result(soc, complete ? FF_ROM_NO_ERROR : FF_ROM_BAD_RESULT);
	if (complete && ff_rom_word(request, 0) == 0) {
		reset_chip(soc);
	}
}

/* ---- reading ---- */

/* Always answers 64 bytes; what was not read is left over from before. */
void ff_rom_on_read_flash(struct ff_soc *soc, const struct ff_request *request)
{
	uint32_t address = ff_rom_word(request, 0);
	uint32_t size = ff_rom_word(request, 1);
	if (size > SLOW_READ_SIZE) {
		ff_rom_send_error(soc, SLOW_READ_SIZE, FF_ROM_READ_LENGTH);
	} else if (!fits_flash(soc, address, size)) {
		ff_rom_send_error(soc, SLOW_READ_SIZE, FF_ROM_FLASH_READ);
	} else {
		ff_flash_io_read(soc, address, soc->rom.data, size);
		ff_rom_send_clean(soc, SLOW_READ_SIZE);
	}
}

static bool md5_step(struct ff_soc *soc)
{
	uint8_t md5[FF_MD5_SIZE];
	if (!ff_flash_io_md5_step(soc, md5)) {
		return false;
	}
	for (size_t i = 0; i < FF_MD5_SIZE; i++) {
		char hex[3];
		snprintf(hex, sizeof(hex), "%02x", md5[i]);
		memcpy(soc->rom.data + 2 * i, hex, 2);
	}
	ff_rom_send_clean(soc, 2 * FF_MD5_SIZE);
	return true;
}

void ff_rom_on_md5(struct ff_soc *soc, const struct ff_request *request)
{
	uint32_t address = ff_rom_word(request, 0);
	uint32_t size = ff_rom_word(request, 1);
	if (!fits_flash(soc, address, size)) {
		ff_rom_send_error(soc, 2 * FF_MD5_SIZE, FF_ROM_FLASH_READ);
		return;
	}
	ff_flash_io_md5_start(soc);
	soc->task = (struct ff_task){ .step = md5_step, .address = address, .left = size };
}
