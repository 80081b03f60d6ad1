// SPDX-License-Identifier: Apache-2.0
/* The loader in the chip's mask ROM: one answer to each command, after the work is done.
 *
 * Sources: Espressif's "Serial Protocol" page; esptool 5.3 loader.py for what ROMs accept; and the mask ROMs themselves:
 * those of an ESP32 (banner of July 29 2019) and of an ESP32-C3 (February 7 2021) were asked in an emulator. What the
 * page does not tell, or tells otherwise, and what clients stumble over:
 *
 * - A reply carries the opcode of the last command that the ROM knew. To an unknown one it so repeats an error of that
 *   command, and eight times if that was a SYNC.
 * - The value field holds what SYNC or READ_REG put there last.
 * - On success the second status byte may still be that of an earlier failure, and the reserved two are left over from
 *   earlier replies.
 * - Lengths are checked by few commands. A short frame is completed by what the frame before it left in the buffer.
 * - A block with a wrong checksum uses up its sequence number: it cannot be sent again.
 * - FLASH_END leaves the loader even when it answers with an error. */
#include "rom.h"

#include <string.h>

#define HEADER_SIZE 8u
#define REQUEST 0x00
#define RESPONSE 0x01
#define SYNC_REPLIES 8
#define LOWEST_ADDRESS 0x20000000u /* nothing that answers lies below, on any of the chips */

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

/* ---- replies ---- */

/* Sends the reply buffer's first `size` bytes and the status after them. */
static void send_reply(struct ff_soc *soc, size_t size, bool failed)
{
	const struct ff_model *model = soc->model;
	struct ff_rom_state *rom = &soc->rom;
	rom->data[size] = failed;
	rom->data[size + 1] = rom->error;
	uint8_t frame[HEADER_SIZE + sizeof(rom->data)] = { RESPONSE, rom->op };
	ff_put_le16(frame + 2, (uint16_t)(size + model->status_bytes));
	ff_put_le32(frame + 4, rom->value);
	memcpy(frame + HEADER_SIZE, rom->data, size + model->status_bytes);
	int times = rom->op == SYNC ? SYNC_REPLIES : 1;
	for (int i = 0; i < times; i++) {
		ff_cpu_send_frame(soc, frame, HEADER_SIZE + size + model->status_bytes);
	}
}

void ff_rom_send_done(struct ff_soc *soc)
{
	send_reply(soc, 0, false);
}

void ff_rom_send_clean(struct ff_soc *soc, size_t size)
{
	soc->rom.error = FF_ROM_NO_ERROR;
	send_reply(soc, size, false);
}

void ff_rom_send_data(struct ff_soc *soc, size_t size)
{
	send_reply(soc, size, false);
}

void ff_rom_send_error(struct ff_soc *soc, size_t size, enum ff_rom_error error)
{
	soc->rom.error = error;
	send_reply(soc, size, true);
}

void ff_rom_send_result(struct ff_soc *soc, enum ff_rom_error error)
{
	if (error) {
		ff_rom_send_error(soc, 0, error);
	} else {
		ff_rom_send_done(soc);
	}
}

void ff_rom_send_empty_frame(struct ff_soc *soc)
{
	ff_cpu_send_frame(soc, NULL, 0);
}

/* ---- what the downloads share ---- */

void ff_rom_reset(struct ff_soc *soc)
{
	soc->rom = (struct ff_rom_state){ 0 };
	soc->flash = soc->ram = (struct ff_download){ 0 };
	if (soc->model->generation >= FF_GEN_ESP32S2) {
		/* The ESP32-C3 takes data without a BEGIN, and puts it wherever its uninitialised state says. */
		soc->flash = soc->ram = (struct ff_download){ .active = true, .block_size = FF_ROM_BLOCK_MAX };
		soc->flash.address = 0x31B900;
		soc->ram.address = 0x3FCA0000;
	}
}

enum ff_rom_error ff_rom_take_block(struct ff_download *download, const struct ff_request *request, uint32_t multiple)
{
	uint32_t size = ff_rom_word(request, 0);
	if (!download->active || ff_rom_word(request, 1) != download->sequence || size > download->block_size ||
	    size % multiple != 0) {
		return FF_ROM_BAD_FORMAT;
	}
	download->sequence++;
	if (ff_cpu_checksum(request->data + FF_ROM_DATA_HEADER, size) != (request->checksum & 0xFF)) {
		return FF_ROM_BAD_CHECKSUM;
	}
	return FF_ROM_NO_ERROR;
}

void ff_rom_begin_download(struct ff_download *download, const struct ff_request *request)
{
	*download = (struct ff_download){
		.active = true,
		.left = ff_rom_word(request, 0),
		.block_size = ff_rom_word(request, 2),
		.address = ff_rom_word(request, 3),
		.encrypt = request->size > FF_ROM_BEGIN_WORDS * 4 && ff_rom_word(request, FF_ROM_BEGIN_WORDS) != 0,
	};
}

/* ---- RAM download ---- */

static void on_mem_begin(struct ff_soc *soc, const struct ff_request *request)
{
	if (request->size != 16 || ff_rom_word(request, 2) > FF_ROM_BLOCK_MAX) {
		ff_rom_send_error(soc, 0, FF_ROM_BAD_FORMAT);
		return;
	}
	ff_rom_begin_download(&soc->ram, request);
	ff_rom_send_done(soc);
}

static void on_mem_data(struct ff_soc *soc, const struct ff_request *request)
{
	enum ff_rom_error error = ff_rom_take_block(&soc->ram, request, 1);
	uint32_t size = ff_rom_word(request, 0);
	if (error) {
		ff_rom_send_error(soc, 0, error);
		return;
	}
	if (ff_bus_load(soc->bus, soc->ram.address, request->data + FF_ROM_DATA_HEADER, size) != FF_OK) {
		ff_soc_hang(soc);
		return;
	}
	soc->ram.address += size;
	ff_rom_send_done(soc);
}

static void on_mem_end(struct ff_soc *soc, const struct ff_request *request)
{
	ff_rom_send_done(soc);
	if (ff_rom_word(request, 0) == 0) {
		ff_soc_jump(soc, ff_rom_word(request, 1));
	}
}

/* ---- the small ones ---- */

static void on_sync(struct ff_soc *soc, const struct ff_request *request)
{
	soc->autobaud = false;
	soc->rom.value = ff_rom_word(request, 0);
	ff_rom_send_clean(soc, 0);
}

static void on_write_reg(struct ff_soc *soc, const struct ff_request *request)
{
	for (size_t i = 0; i + 16 <= request->size && i + 16 <= FF_RX_FRAME_MAX - HEADER_SIZE; i += 16) {
		uint32_t address = ff_rom_word(request, i / 4);
		uint32_t mask = ff_rom_word(request, i / 4 + 2);
		ff_cpu_spend(soc, ff_rom_word(request, i / 4 + 3) * FF_NS_PER_US);
		ff_cpu_write_register(soc, address, ff_rom_word(request, i / 4 + 1), mask);
	}
	ff_rom_send_clean(soc, 0);
}

static void on_read_reg(struct ff_soc *soc, const struct ff_request *request)
{
	uint32_t address = ff_rom_word(request, 0);
	if (address % 4 != 0 || address < LOWEST_ADDRESS) {
		ff_soc_hang(soc); /* an exception from which it does not return */
		return;
	}
	soc->rom.value = ff_bus_read(soc->bus, address);
	ff_rom_send_clean(soc, 0);
}

static void on_spi_set_params(struct ff_soc *soc, const struct ff_request *request)
{
	if (request->size != 24) {
		ff_rom_send_error(soc, 0, FF_ROM_BAD_FORMAT);
		return;
	}
	soc->flash_size = ff_rom_word(request, 1);
	ff_rom_send_done(soc);
}

static void on_spi_attach(struct ff_soc *soc, const struct ff_request *request)
{
	(void)request;
	ff_bus_attach_flash(soc->bus);
	ff_rom_send_clean(soc, 0);
}

static void on_change_baudrate(struct ff_soc *soc, const struct ff_request *request)
{
	uint32_t baud = ff_rom_word(request, 0);
	ff_rom_send_clean(soc, 0);
	if (request->size == 0) {
		return;
	}
	ff_rom_send_empty_frame(soc);
	if (soc->model->rom_clock_guess) {
		/* It takes its crystal for a little faster than it is (esptool 5.3 targets/esp32.py, change_baud). */
		baud = (uint32_t)((uint64_t)baud * soc->model->uart_clock / soc->model->rom_clock_guess);
	}
	ff_cpu_set_baud(soc, baud);
}

static void on_security_info(struct ff_soc *soc, const struct ff_request *request)
{
	(void)request;
	size_t size = soc->model->security_info_bytes;
	ff_security_info(&soc->options.identity.security, soc->model, soc->options.identity.revision, soc->rom.data);
	ff_rom_send_data(soc, size);
}

/* ---- dispatch ---- */

static const struct command {
	uint8_t op;
	enum ff_generation since;
	bool open; /* in secure download mode as well */
	void (*run)(struct ff_soc *soc, const struct ff_request *request);
} commands[] = {
	{ FLASH_BEGIN, FF_GEN_ESP8266, true, ff_rom_on_flash_begin },
	{ FLASH_DATA, FF_GEN_ESP8266, true, ff_rom_on_flash_data },
	{ FLASH_END, FF_GEN_ESP8266, true, ff_rom_on_flash_end },
	{ MEM_BEGIN, FF_GEN_ESP8266, false, on_mem_begin },
	{ MEM_END, FF_GEN_ESP8266, false, on_mem_end },
	{ MEM_DATA, FF_GEN_ESP8266, false, on_mem_data },
	{ SYNC, FF_GEN_ESP8266, true, on_sync },
	{ WRITE_REG, FF_GEN_ESP8266, false, on_write_reg },
	{ READ_REG, FF_GEN_ESP8266, false, on_read_reg },
	{ SPI_SET_PARAMS, FF_GEN_ESP32, true, on_spi_set_params },
	{ SPI_ATTACH, FF_GEN_ESP32, true, on_spi_attach },
	{ READ_FLASH_SLOW, FF_GEN_ESP32, false, ff_rom_on_read_flash },
	{ CHANGE_BAUDRATE, FF_GEN_ESP32, true, on_change_baudrate },
	{ FLASH_DEFL_BEGIN, FF_GEN_ESP32, true, ff_rom_on_defl_begin },
	{ FLASH_DEFL_DATA, FF_GEN_ESP32, true, ff_rom_on_defl_data },
	{ FLASH_DEFL_END, FF_GEN_ESP32, true, ff_rom_on_defl_end },
	{ SPI_FLASH_MD5, FF_GEN_ESP32, false, ff_rom_on_md5 },
	{ GET_SECURITY_INFO, FF_GEN_ESP32S2, true, on_security_info },
};

/* What the security state leaves of it. A closed command is answered like an unknown one. */
static bool is_closed(const struct ff_soc *soc, const struct command *command)
{
	const struct ff_security *security = &soc->options.identity.security;
	bool loads_ram = command->op == MEM_BEGIN || command->op == MEM_DATA || command->op == MEM_END;
	return (security->secure_download && !command->open) ||
	       (security->secure_boot && soc->model->security.secure_boot_bars_stub && loads_ram);
}

static const struct command *find_command(const struct ff_soc *soc, uint8_t op)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].op == op && commands[i].since <= soc->model->generation) {
			if (is_closed(soc, &commands[i])) {
				return NULL;
			}
			return &commands[i];
		}
	}
	return NULL;
}

void ff_rom_frame(struct ff_soc *soc, const uint8_t *frame, size_t size)
{
	(void)size; /* the ROM does not look at it either: the buffer behind the frame holds older bytes */
	struct ff_request request = {
		.op = frame[1],
		.checksum = ff_get_le32(frame + 4),
		.data = frame + HEADER_SIZE,
		.size = ff_get_le16(frame + 2),
	};
	const struct command *command = find_command(soc, request.op);
	if (!command || frame[0] != REQUEST) {
		ff_rom_send_error(soc, 0, FF_ROM_BAD_FORMAT);
		return;
	}
	soc->rom.op = request.op;
	command->run(soc, &request);
}
