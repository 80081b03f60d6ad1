// SPDX-License-Identifier: Apache-2.0
/* The stub's flash and RAM downloads: see stub.c for the source. */
#include "stub.h"

#include <string.h>

/* ---- erase and write, after the acknowledgement ---- */

/* Starts the next erase, unless the flash is still busy with the one before. Sectors that are blank already are skipped
 * until the first that is not; looking at one past the end of the flash fails. */
static enum ff_stub_code conditional_erase(struct ff_soc *soc)
{
	struct ff_download *flash = &soc->flash;
	if (flash->erase_left == 0 || ff_flash_io_busy(soc)) {
		return FF_STUB_SUCCESS;
	}
	bool block = false;
	if (!flash->dirty_seen) {
		uint8_t sector[FF_NOR_SECTOR];
		if (!ff_stub_fits_flash(soc, flash->erase_address, sizeof(sector))) {
			return FF_STUB_FAILED_SPI;
		}
		ff_flash_io_read(soc, flash->erase_address, sector, sizeof(sector));
		flash->dirty_seen = !ff_nor_is_blank(soc->options.nor, flash->erase_address, FF_NOR_SECTOR);
	}
	if (flash->dirty_seen) {
		block = flash->erase_address % FF_NOR_BLOCK == 0 && flash->erase_left >= FF_NOR_BLOCK;
		ff_flash_io_start_erase(soc, flash->erase_address, block ? FF_NOR_BLOCK : FF_NOR_SECTOR);
	}
	uint32_t step = block ? FF_NOR_BLOCK : FF_NOR_SECTOR;
	flash->erase_address += step;
	flash->erase_left -= step < flash->erase_left ? step : flash->erase_left;
	return FF_STUB_SUCCESS;
}

static enum ff_stub_code write_flash(struct ff_soc *soc, const uint8_t *bytes, uint32_t size)
{
	struct ff_download *flash = &soc->flash;
	while (flash->erase_address < flash->address + size) {
		if (flash->erase_left == 0) {
			/* More came out than was announced: the stub waits for an erase that never starts. */
			ff_soc_hang(soc);
			return FF_STUB_SUCCESS;
		}
		ff_flash_io_wait(soc);
		enum ff_stub_code code = conditional_erase(soc);
		if (code != FF_STUB_SUCCESS) {
			return code;
		}
	}
	uint8_t cipher[FF_INFLATER_WINDOW];
	if (!ff_stub_fits_flash(soc, flash->address, size)) {
		return FF_STUB_FAILED_SPI;
	}
	if (flash->encrypt) {
		memcpy(cipher, bytes, size);
		if (!ff_flash_io_encrypt(soc, flash->address, cipher, size)) {
			return FF_STUB_FAILED_SPI;
		}
		bytes = cipher;
	}
	ff_flash_io_program(soc, flash->address, bytes, size);
	flash->left -= size;
	flash->address += size;
	return FF_STUB_SUCCESS;
}

/* One window of compressed data at most; answers whether the block is used up, with the outcome in soc->stub_error. */
static bool inflate_some(struct ff_soc *soc, const uint8_t *bytes, size_t size, size_t *done, bool first)
{
	struct ff_inflater *inflater = &soc->inflater;
	bool more_to_come = soc->flash.compressed_left > size - *done;
	size_t before = inflater->used;
	size_t taken;
	soc->stub_error = conditional_erase(soc);
	if (soc->stub_error != FF_STUB_SUCCESS) {
		return true;
	}
	enum ff_inflate_result result = ff_inflater_run(inflater, bytes + *done, size - *done, &taken);
	*done += taken;
	soc->flash.compressed_left -= (uint32_t)taken;
	ff_cpu_spend(soc, (int64_t)(inflater->used - before) * soc->options.timing->inflate_byte);
	bool full = inflater->used == FF_INFLATER_WINDOW;
	bool starved = result == FF_INFLATE_MORE && !full && !more_to_come;
	/* It looks at the checksum only if the whole stream came in one block: the flag is lost on the way to the next. */
	bool mismatch = result == FF_INFLATE_DONE && first && ff_inflater_checksum_wrong(inflater);
	if (result == FF_INFLATE_BAD || starved || mismatch) {
		soc->stub_error = FF_STUB_INFLATE_ERROR;
		return true;
	}
	if (result == FF_INFLATE_DONE || full) {
		soc->stub_error = write_flash(soc, inflater->window, (uint32_t)inflater->used);
		inflater->used = 0;
	}
	return result == FF_INFLATE_DONE || soc->stub_error != FF_STUB_SUCCESS || *done == size;
}

/* ---- flash download ---- */

static void flash_begin(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply,
			bool compressed)
{
	if (request->size != 16 && request->size != 20) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	uint32_t size = ff_stub_word(request, 0);
	uint32_t address = ff_stub_word(request, 3);
	uint32_t start = address / FF_NOR_SECTOR * FF_NOR_SECTOR;
	uint32_t end = (address + size + FF_NOR_SECTOR - 1) / FF_NOR_SECTOR * FF_NOR_SECTOR;
	soc->flash = (struct ff_download){
		.active = true,
		.left = size,
		.address = address,
		.compressed_left = ff_stub_word(request, 1) * ff_stub_word(request, 2),
		.encrypt = request->size == 20 && ff_stub_word(request, 4) != 0,
		.erase_address = start,
		.erase_left = end - start,
	};
	if (compressed && !ff_inflater_start(&soc->inflater)) {
		reply->code = FF_STUB_INFLATE_ERROR;
		return;
	}
	reply->code = conditional_erase(soc);
}

void ff_stub_on_flash_begin(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	flash_begin(soc, request, reply, false);
}

void ff_stub_on_defl_begin(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	flash_begin(soc, request, reply, true);
}

static bool flash_data_step(struct ff_soc *soc)
{
	size_t size;
	const uint8_t *frame = ff_rx_handled(&soc->rx, &size);
	uint32_t bytes = (uint32_t)(size - FF_STUB_HEADER - FF_STUB_DATA_HEADER);
	bytes = bytes < soc->flash.left ? bytes : soc->flash.left;
	soc->stub_error = write_flash(soc, frame + FF_STUB_HEADER + FF_STUB_DATA_HEADER, bytes);
	return true;
}

void ff_stub_on_flash_data(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size < FF_STUB_DATA_HEADER) {
		reply->code = FF_STUB_NOT_ENOUGH_DATA;
	} else if (!soc->flash.active) {
		reply->code = FF_STUB_NOT_IN_FLASH_MODE;
	} else if (ff_stub_word(request, 0) != request->size - FF_STUB_DATA_HEADER) {
		reply->code = FF_STUB_TOO_MUCH_DATA;
	} else if (ff_cpu_checksum(request->data + FF_STUB_DATA_HEADER, request->size - FF_STUB_DATA_HEADER) !=
		   request->checksum) {
		reply->code = FF_STUB_BAD_CHECKSUM;
	} else {
		soc->task = (struct ff_task){ .step = flash_data_step };
	}
}

/* task.left counts what of the block is still packed. */
static bool defl_data_step(struct ff_soc *soc)
{
	size_t size;
	const uint8_t *frame = ff_rx_handled(&soc->rx, &size);
	const uint8_t *data = frame + FF_STUB_HEADER;
	size_t packed = size - FF_STUB_HEADER - FF_STUB_DATA_HEADER;
	size_t done = packed - soc->task.left;
	bool first = ff_get_le32(data + 4) == 0 && done == 0;
	if (first) {
		soc->inflater.used = 0;
	}
	bool finished = packed == 0 || inflate_some(soc, data + FF_STUB_DATA_HEADER, packed, &done, first);
	soc->task.left = (uint32_t)(packed - done);
	return finished;
}

void ff_stub_on_defl_data(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size < FF_STUB_DATA_HEADER) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	size_t packed = request->size - FF_STUB_DATA_HEADER;
	if (!soc->flash.active) {
		reply->code = FF_STUB_NOT_IN_FLASH_MODE;
	} else if (ff_stub_word(request, 0) != packed ||
		   ff_cpu_checksum(request->data + FF_STUB_DATA_HEADER, packed) != request->checksum) {
		/* The real stub trusts the length and would sum whatever lies behind a short frame. */
		reply->code = FF_STUB_BAD_CHECKSUM;
	} else {
		soc->task = (struct ff_task){ .step = defl_data_step, .left = (uint32_t)packed };
	}
}

/* It stays in the loader whatever the flag says. */
void ff_stub_on_flash_end(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 4) {
		reply->code = FF_STUB_BAD_DATA_LEN;
	} else if (!soc->flash.active) {
		reply->code = FF_STUB_NOT_IN_FLASH_MODE;
	} else if (soc->flash.left != 0) {
		reply->code = FF_STUB_BAD_DATA_LEN;
	} else {
		soc->flash = (struct ff_download){ 0 };
	}
}

/* ---- RAM download ---- */

void ff_stub_on_mem_begin(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 16) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	soc->ram = (struct ff_download){
		.active = true,
		.left = ff_stub_word(request, 0),
		.address = ff_stub_word(request, 3),
	};
}

void ff_stub_on_mem_data(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size < FF_STUB_DATA_HEADER) {
		reply->code = FF_STUB_NOT_ENOUGH_DATA;
		return;
	}
	uint32_t size = (uint32_t)(request->size - FF_STUB_DATA_HEADER);
	if (!soc->ram.active) {
		reply->code = FF_STUB_NOT_IN_FLASH_MODE;
	} else if (soc->ram.left < ff_stub_word(request, 0) || ff_stub_word(request, 0) != size) {
		reply->code = FF_STUB_TOO_MUCH_DATA;
	} else if (ff_bus_load(soc->bus, soc->ram.address, request->data + FF_STUB_DATA_HEADER, size) != FF_OK) {
		ff_soc_hang(soc); /* wrote where no RAM is */
		reply->later = true;
	} else {
		soc->ram.address += size;
		soc->ram.left -= size;
	}
}

static bool jump_step(struct ff_soc *soc)
{
	ff_soc_jump(soc, soc->task.address);
	return true;
}

void ff_stub_on_mem_end(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 8) {
		reply->code = FF_STUB_BAD_DATA_LEN;
	} else if (!soc->ram.active) {
		reply->code = FF_STUB_NOT_IN_FLASH_MODE;
	} else {
		soc->ram = (struct ff_download){ 0 };
		if (ff_stub_word(request, 0) == 0) {
			soc->task = (struct ff_task){ .step = jump_step, .address = ff_stub_word(request, 1) };
		}
	}
}
