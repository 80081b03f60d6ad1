// SPDX-License-Identifier: Apache-2.0
/* The loader in the chip's mask ROM: one answer to each command, after the work is done.
 *
 * Sources: Espressif's "Serial Protocol" page; esptool 5.3 loader.py for what ROMs accept. */
#include <stdio.h>
#include <string.h>

#include "cpu.h"

#define HEADER_SIZE 8u
#define REQUEST 0x00
#define RESPONSE 0x01
#define DATA_HEADER_SIZE 16u
#define SLOW_READ_SIZE 64u
#define REPLY_DATA_MAX 64u
#define SYNC_SIZE 36u
#define SYNC_REPLIES 8
#define SYNC_PATTERN 0x20120707u
#define SECTORS_PER_BLOCK 16u

/* Second status byte ("ROM Loader Errors"). */
enum {
	ERROR_NONE = 0,
	ERROR_PARAMETER = 0x01,
	ERROR_FORMAT = 0x05,
	ERROR_RESULT = 0x06,
	ERROR_CHECKSUM = 0x07,
	ERROR_FLASH_WRITE = 0x08,
	ERROR_FLASH_READ = 0x09,
	ERROR_FLASH_READ_LENGTH = 0x0A,
	ERROR_INFLATE = 0x0B,
	ERROR_ADLER = 0x0C,
};

enum {
	FLASH_BEGIN = 0x02,
	FLASH_DATA = 0x03,
	FLASH_END = 0x04,
	MEM_BEGIN = 0x05,
	MEM_END = 0x06,
	MEM_DATA = 0x07,
	SYNC = 0x08,
	WRITE_REG = 0x09,
	READ_REG = 0x0A,
	SPI_SET_PARAMS = 0x0B,
	SPI_ATTACH = 0x0D,
	READ_FLASH_SLOW = 0x0E,
	CHANGE_BAUDRATE = 0x0F,
	FLASH_DEFL_BEGIN = 0x10,
	FLASH_DEFL_DATA = 0x11,
	FLASH_DEFL_END = 0x12,
	SPI_FLASH_MD5 = 0x13,
	GET_SECURITY_INFO = 0x14,
};

struct reply {
	uint32_t value;
	uint8_t data[REPLY_DATA_MAX];
	size_t size;
	uint8_t error;
};

static void send_reply(struct ff_soc *soc, uint8_t op, const struct reply *reply)
{
	uint8_t frame[HEADER_SIZE + REPLY_DATA_MAX + 4] = { RESPONSE, op };
	size_t size = reply->error ? 0 : reply->size;
	ff_put_le16(frame + 2, (uint16_t)(size + soc->model->status_bytes));
	ff_put_le32(frame + 4, reply->value);
	memcpy(frame + HEADER_SIZE, reply->data, size);
	frame[HEADER_SIZE + size] = reply->error != ERROR_NONE;
	frame[HEADER_SIZE + size + 1] = reply->error;
	ff_cpu_send_frame(soc, frame, HEADER_SIZE + size + soc->model->status_bytes);
}

static void send_status(struct ff_soc *soc, uint8_t op, uint8_t error)
{
	send_reply(soc, op, &(struct reply){ .error = error });
}

static uint32_t word(const struct ff_request *request, size_t index)
{
	return ff_get_le32(request->data + 4 * index);
}

/* ---- flash download ---- */

static bool flash_begin_step(struct ff_soc *soc)
{
	if (!ff_flash_io_erase_step(soc)) {
		return false;
	}
	send_status(soc, soc->task.op, ERROR_NONE);
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
	return size <= soc->flash_size && address <= soc->flash_size - size;
}

static void flash_begin(struct ff_soc *soc, const struct ff_request *request, bool compressed)
{
	uint32_t size = word(request, 0);
	uint32_t address = word(request, 3);
	if (soc->model->generation == FF_GEN_ESP8266) {
		ff_bus_attach_flash(soc->bus); /* it has no command of its own for this */
	}
	if (!ff_bus_flash_attached(soc->bus) || !fits_flash(soc, address, size)) {
		send_status(soc, request->op, ERROR_RESULT);
		return;
	}
	if (compressed && !ff_inflater_start(&soc->inflater)) {
		send_status(soc, request->op, ERROR_INFLATE);
		return;
	}
	soc->flash = (struct ff_download){
		.active = true,
		.left = compressed ? size : UINT32_MAX,
		.address = address,
		.block_size = word(request, 2),
	};
	soc->task = (struct ff_task){
		.step = flash_begin_step,
		.op = request->op,
		.address = address,
		.left = erase_sectors(soc, address, size) * FF_NOR_SECTOR,
	};
}

static void on_flash_begin(struct ff_soc *soc, const struct ff_request *request)
{
	flash_begin(soc, request, false);
}

static void on_defl_begin(struct ff_soc *soc, const struct ff_request *request)
{
	flash_begin(soc, request, true);
}

/* Programs and reads back, as the ROM does: one checksum byte decides. */
static uint8_t write_flash(struct ff_soc *soc, const uint8_t *bytes, size_t size)
{
	uint8_t back[FF_RX_FRAME_MAX];
	for (size_t done = 0; done < size;) {
		size_t run = size - done < sizeof(back) ? size - done : sizeof(back);
		uint32_t at = soc->flash.address + (uint32_t)done;
		ff_flash_io_program(soc, at, bytes + done, run);
		ff_flash_io_read(soc, at, back, run);
		if (ff_cpu_checksum(back, run) != ff_cpu_checksum(bytes + done, run)) {
			return ERROR_FLASH_WRITE;
		}
		done += run;
	}
	soc->flash.address += (uint32_t)size;
	return ERROR_NONE;
}

/* What all data commands share: declared length and checksum. */
static uint8_t check_data(const struct ff_request *request)
{
	if (request->size < DATA_HEADER_SIZE || word(request, 0) != request->size - DATA_HEADER_SIZE) {
		return ERROR_FORMAT;
	}
	const uint8_t *bytes = request->data + DATA_HEADER_SIZE;
	return ff_cpu_checksum(bytes, request->size - DATA_HEADER_SIZE) == (request->checksum & 0xFF) ? ERROR_NONE
												      : ERROR_CHECKSUM;
}

static void on_flash_data(struct ff_soc *soc, const struct ff_request *request)
{
	uint8_t error = check_data(request);
	size_t size = request->size - DATA_HEADER_SIZE;
	if (!error && (!soc->flash.active || !fits_flash(soc, soc->flash.address, (uint32_t)size))) {
		error = ERROR_RESULT;
	}
	if (!error) {
		error = write_flash(soc, request->data + DATA_HEADER_SIZE, size);
	}
	send_status(soc, request->op, error);
}

/* Writes out the window: what the BEGIN command announced, and no more. */
static uint8_t flush_window(struct ff_soc *soc)
{
	struct ff_inflater *inflater = &soc->inflater;
	ff_cpu_spend(soc, (int64_t)inflater->used * soc->options.timing->inflate_byte);
	if (inflater->used > soc->flash.left) {
		return ERROR_INFLATE;
	}
	uint8_t error = write_flash(soc, inflater->window, inflater->used);
	soc->flash.left -= (uint32_t)inflater->used;
	inflater->used = 0;
	return error;
}

static uint8_t inflate_data(struct ff_soc *soc, const uint8_t *bytes, size_t size)
{
	struct ff_inflater *inflater = &soc->inflater;
	for (size_t done = 0; done < size;) {
		size_t taken;
		enum ff_inflate_result result = ff_inflater_run(inflater, bytes + done, size - done, &taken);
		done += taken;
		if (result == FF_INFLATE_BAD) {
			return ERROR_INFLATE;
		}
		uint8_t error = flush_window(soc);
		if (error) {
			return error;
		}
		if (result == FF_INFLATE_DONE) {
			return ff_inflater_checksum_wrong(inflater) ? ERROR_ADLER : ERROR_NONE;
		}
	}
	return ERROR_NONE;
}

static void on_defl_data(struct ff_soc *soc, const struct ff_request *request)
{
	uint8_t error = check_data(request);
	if (!error && (!soc->flash.active || !soc->inflater.open)) {
		error = ERROR_RESULT;
	}
	if (!error) {
		error = inflate_data(soc, request->data + DATA_HEADER_SIZE, request->size - DATA_HEADER_SIZE);
	}
	send_status(soc, request->op, error);
}

/* 0 resets the chip, anything else leaves the loader for the application. */
static void on_flash_end(struct ff_soc *soc, const struct ff_request *request)
{
	send_status(soc, request->op, ERROR_NONE);
	soc->flash.active = false;
	if (word(request, 0) == 0) {
		int64_t now = soc->line_idle > soc->time ? soc->line_idle : soc->time;
		ff_soc_restart(soc, now);
	} else {
		ff_boot_run_flash(soc);
	}
}

/* ---- RAM download ---- */

static void on_mem_begin(struct ff_soc *soc, const struct ff_request *request)
{
	soc->ram = (struct ff_download){
		.active = true,
		.left = word(request, 0),
		.block_size = word(request, 2),
		.address = word(request, 3),
	};
	send_status(soc, request->op, ERROR_NONE);
}

static void on_mem_data(struct ff_soc *soc, const struct ff_request *request)
{
	uint8_t error = check_data(request);
	size_t size = request->size - DATA_HEADER_SIZE;
	if (!error && !soc->ram.active) {
		error = ERROR_RESULT;
	}
	if (!error) {
		/* The block's own number says where it goes, so that a block that is sent again lands in its place. */
		uint32_t at = soc->ram.address + word(request, 1) * soc->ram.block_size;
		if (ff_bus_load(soc->bus, at, request->data + DATA_HEADER_SIZE, size) != FF_OK) {
			error = ERROR_PARAMETER;
		}
	}
	send_status(soc, request->op, error);
}

static void on_mem_end(struct ff_soc *soc, const struct ff_request *request)
{
	soc->ram.active = false;
	send_status(soc, request->op, ERROR_NONE);
	if (word(request, 0) == 0) {
		ff_soc_jump(soc, word(request, 1));
	}
}

/* ---- the small ones ---- */

static void on_sync(struct ff_soc *soc, const struct ff_request *request)
{
	soc->autobaud = false;
	for (int i = 0; i < SYNC_REPLIES; i++) {
		send_reply(soc, request->op, &(struct reply){ .value = SYNC_PATTERN });
	}
}

static void on_write_reg(struct ff_soc *soc, const struct ff_request *request)
{
	uint32_t address = word(request, 0);
	uint32_t mask = word(request, 2);
	uint32_t kept = mask == UINT32_MAX ? 0 : ff_bus_read(soc->bus, address) & ~mask;
	ff_cpu_spend(soc, word(request, 3) * FF_NS_PER_US);
	ff_bus_write(soc->bus, address, kept | (word(request, 1) & mask));
	send_status(soc, request->op, ERROR_NONE);
}

static void on_read_reg(struct ff_soc *soc, const struct ff_request *request)
{
	send_reply(soc, request->op, &(struct reply){ .value = ff_bus_read(soc->bus, word(request, 0)) });
}

static void on_spi_set_params(struct ff_soc *soc, const struct ff_request *request)
{
	soc->flash_size = word(request, 1);
	send_status(soc, request->op, ERROR_NONE);
}

static void on_spi_attach(struct ff_soc *soc, const struct ff_request *request)
{
	ff_bus_attach_flash(soc->bus);
	send_status(soc, request->op, ERROR_NONE);
}

static void on_read_flash_slow(struct ff_soc *soc, const struct ff_request *request)
{
	uint32_t size = word(request, 1);
	struct reply reply = { .size = SLOW_READ_SIZE };
	if (size > SLOW_READ_SIZE) {
		reply.error = ERROR_FLASH_READ_LENGTH;
	} else if (!ff_bus_flash_attached(soc->bus) || !fits_flash(soc, word(request, 0), size)) {
		reply.error = ERROR_FLASH_READ;
	} else {
		ff_flash_io_read(soc, word(request, 0), reply.data, size);
	}
	send_reply(soc, request->op, &reply);
}

static void on_change_baudrate(struct ff_soc *soc, const struct ff_request *request)
{
	send_status(soc, request->op, ERROR_NONE);
	ff_cpu_set_baud(soc, word(request, 0));
}

static bool md5_step(struct ff_soc *soc)
{
	uint8_t md5[FF_MD5_SIZE];
	if (!ff_flash_io_md5_step(soc, md5)) {
		return false;
	}
	struct reply reply = { .size = 2 * FF_MD5_SIZE };
	for (size_t i = 0; i < FF_MD5_SIZE; i++) {
		char hex[3];
		snprintf(hex, sizeof(hex), "%02x", md5[i]);
		memcpy(reply.data + 2 * i, hex, 2);
	}
	send_reply(soc, soc->task.op, &reply);
	return true;
}

static void on_md5(struct ff_soc *soc, const struct ff_request *request)
{
	uint32_t address = word(request, 0);
	uint32_t size = word(request, 1);
	if (!ff_bus_flash_attached(soc->bus) || !fits_flash(soc, address, size)) {
		send_status(soc, request->op, ERROR_FLASH_READ);
		return;
	}
	ff_flash_io_md5_start(soc);
	soc->task = (struct ff_task){ .step = md5_step, .op = request->op, .address = address, .left = size };
}

static void on_security_info(struct ff_soc *soc, const struct ff_request *request)
{
	/* flags, crypt count and key purposes are zero: nothing is locked */
	struct reply reply = { .size = soc->model->security_info_bytes };
	ff_put_le32(reply.data + 12, soc->model->chip_id);
	ff_put_le32(reply.data + 16, soc->options.identity.revision);
	send_reply(soc, request->op, &reply);
}

/* ---- dispatch ---- */

static const struct command {
	uint8_t op;
	uint8_t min_size; /* of the payload */
	enum ff_generation since;
	void (*run)(struct ff_soc *soc, const struct ff_request *request);
} commands[] = {
	{ FLASH_BEGIN, 16, FF_GEN_ESP8266, on_flash_begin },
	{ FLASH_DATA, 16, FF_GEN_ESP8266, on_flash_data },
	{ FLASH_END, 4, FF_GEN_ESP8266, on_flash_end },
	{ MEM_BEGIN, 16, FF_GEN_ESP8266, on_mem_begin },
	{ MEM_END, 8, FF_GEN_ESP8266, on_mem_end },
	{ MEM_DATA, 16, FF_GEN_ESP8266, on_mem_data },
	{ SYNC, SYNC_SIZE, FF_GEN_ESP8266, on_sync },
	{ WRITE_REG, 16, FF_GEN_ESP8266, on_write_reg },
	{ READ_REG, 4, FF_GEN_ESP8266, on_read_reg },
	{ SPI_SET_PARAMS, 24, FF_GEN_ESP32, on_spi_set_params },
	{ SPI_ATTACH, 8, FF_GEN_ESP32, on_spi_attach },
	{ READ_FLASH_SLOW, 8, FF_GEN_ESP32, on_read_flash_slow },
	{ CHANGE_BAUDRATE, 8, FF_GEN_ESP32, on_change_baudrate },
	{ FLASH_DEFL_BEGIN, 16, FF_GEN_ESP32, on_defl_begin },
	{ FLASH_DEFL_DATA, 16, FF_GEN_ESP32, on_defl_data },
	{ FLASH_DEFL_END, 4, FF_GEN_ESP32, on_flash_end },
	{ SPI_FLASH_MD5, 16, FF_GEN_ESP32, on_md5 },
	{ GET_SECURITY_INFO, 0, FF_GEN_ESP32S2, on_security_info },
};

static const struct command *find_command(const struct ff_soc *soc, uint8_t op)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].op == op && commands[i].since <= soc->model->generation) {
			return &commands[i];
		}
	}
	return NULL;
}

void ff_rom_frame(struct ff_soc *soc, const uint8_t *frame, size_t size)
{
	if (size < HEADER_SIZE || frame[0] != REQUEST) {
		return; /* noise */
	}
	struct ff_request request = {
		.op = frame[1],
		.checksum = ff_get_le32(frame + 4),
		.data = frame + HEADER_SIZE,
		.size = size - HEADER_SIZE,
	};
	const struct command *command = find_command(soc, request.op);
	if (!command || ff_get_le16(frame + 2) != request.size || request.size < command->min_size) {
		send_status(soc, request.op, ERROR_FORMAT);
		return;
	}
	command->run(soc, &request);
}
