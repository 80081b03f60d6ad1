// SPDX-License-Identifier: Apache-2.0
/* Espressif's stub flasher, as esp-flasher-stub 1.1 behaves (src/command_handler.c): data is acknowledged before it is
 * written, what goes wrong then is told at the next command, which is not carried out. */
#include <string.h>

#include "cpu.h"

#define HEADER_SIZE 8u
#define REQUEST 0x00
#define RESPONSE 0x01
#define DATA_HEADER_SIZE 16u
#define REPLY_DATA_MAX 64u
#define SYNC_REPLIES 8
#define READ_PACKET_MAX 4096u
#define BAUD_SETTLE_NS (5 * FF_NS_PER_MS)
#define START_NS (10 * FF_NS_PER_MS)
#define MAX_FLASH_SIZE (16u << 20) /* taken for an id that it does not know */

/* commands.h; on the wire the high byte comes first */
enum {
	SUCCESS = 0,
	BAD_DATA_LEN = 0xC000,
	BAD_DATA_CHECKSUM = 0xC100,
	INVALID_COMMAND = 0xC300,
	FAILED_SPI_OP = 0xC400,
	NOT_IN_FLASH_MODE = 0xC600,
	INFLATE_ERROR = 0xC700,
	NOT_ENOUGH_DATA = 0xC800,
	TOO_MUCH_DATA = 0xC900,
	CMD_NOT_IMPLEMENTED = 0xFF00,
};

struct reply {
	uint32_t value;
	uint8_t data[REPLY_DATA_MAX];
	size_t size;
	uint16_t code;
	bool later; /* a task will answer */
};

static void send_reply(struct ff_soc *soc, uint8_t op, const struct reply *reply)
{
	uint8_t frame[HEADER_SIZE + REPLY_DATA_MAX + 2] = { RESPONSE, op };
	bool good = reply->code == SUCCESS;
	size_t size = good ? reply->size : 0;
	ff_put_le16(frame + 2, (uint16_t)(size + 2));
	ff_put_le32(frame + 4, good ? reply->value : 0);
	memcpy(frame + HEADER_SIZE, reply->data, size);
	frame[HEADER_SIZE + size] = (uint8_t)(reply->code >> 8);
	frame[HEADER_SIZE + size + 1] = (uint8_t)reply->code;
	ff_cpu_send_frame(soc, frame, HEADER_SIZE + size + 2);
}

static void send_status(struct ff_soc *soc, uint8_t op, uint16_t code)
{
	send_reply(soc, op, &(struct reply){ .code = code });
}

static uint32_t word(const struct ff_request *request, size_t index)
{
	return ff_get_le32(request->data + 4 * index);
}

/* ---- erase and write, after the acknowledgement ---- */

/* Starts the next erase. Sectors that are blank already are skipped until the first that is not. */
static void conditional_erase(struct ff_soc *soc)
{
	struct ff_download *flash = &soc->flash;
	if (flash->erase_left == 0) {
		return;
	}
	bool block = false;
	if (!flash->dirty_seen) {
		uint8_t sector[FF_NOR_SECTOR];
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
}

static uint16_t write_flash(struct ff_soc *soc, const uint8_t *bytes, uint32_t size)
{
	struct ff_download *flash = &soc->flash;
	while (flash->erase_address < flash->address + size) {
		if (flash->erase_left == 0) {
			/* More came out than was announced: the stub waits for an erase that never starts. */
			ff_soc_hang(soc);
			return SUCCESS;
		}
		conditional_erase(soc);
	}
	bool refused = flash->encrypt; /* no key is burnt */
	if (refused || size > soc->flash_size || flash->address > soc->flash_size - size) {
		return FAILED_SPI_OP;
	}
	ff_flash_io_program(soc, flash->address, bytes, size);
	flash->left -= size;
	flash->address += size;
	return SUCCESS;
}

/* One window of compressed data at most; answers whether the block is used up, with the outcome in soc->stub_error. */
static bool inflate_some(struct ff_soc *soc, const uint8_t *bytes, size_t size, size_t *done, bool first)
{
	struct ff_inflater *inflater = &soc->inflater;
	bool more_to_come = soc->flash.compressed_left > size - *done;
	size_t before = inflater->used;
	size_t taken;
	conditional_erase(soc);
	enum ff_inflate_result result = ff_inflater_run(inflater, bytes + *done, size - *done, &taken);
	*done += taken;
	soc->flash.compressed_left -= (uint32_t)taken;
	ff_cpu_spend(soc, (int64_t)(inflater->used - before) * soc->options.timing->inflate_byte);
	bool full = inflater->used == FF_INFLATER_WINDOW;
	bool starved = result == FF_INFLATE_MORE && !full && !more_to_come;
	/* It looks at the checksum only if the whole stream came in one block: the flag is lost on the way to the next. */
	bool mismatch = result == FF_INFLATE_DONE && first && ff_inflater_checksum_wrong(inflater);
	if (result == FF_INFLATE_BAD || starved || mismatch) {
		soc->stub_error = INFLATE_ERROR;
		return true;
	}
	if (result == FF_INFLATE_DONE || full) {
		soc->stub_error = write_flash(soc, inflater->window, (uint32_t)inflater->used);
		inflater->used = 0;
	}
	return result == FF_INFLATE_DONE || soc->stub_error != SUCCESS || *done == size;
}

/* ---- flash download ---- */

static void flash_begin(struct ff_soc *soc, const struct ff_request *request, struct reply *reply, bool compressed)
{
	if (request->size != 16 && request->size != 20) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	uint32_t size = word(request, 0);
	uint32_t address = word(request, 3);
	uint32_t start = address / FF_NOR_SECTOR * FF_NOR_SECTOR;
	uint32_t end = (address + size + FF_NOR_SECTOR - 1) / FF_NOR_SECTOR * FF_NOR_SECTOR;
	soc->flash = (struct ff_download){
		.active = true,
		.left = size,
		.address = address,
		.block_size = word(request, 2),
		.compressed_left = word(request, 1) * word(request, 2),
		.encrypt = request->size == 20 && word(request, 4) != 0,
		.erase_address = start,
		.erase_left = end - start,
	};
	if (compressed && !ff_inflater_start(&soc->inflater)) {
		reply->code = INFLATE_ERROR;
		return;
	}
	conditional_erase(soc);
}

static void on_flash_begin(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	flash_begin(soc, request, reply, false);
}

static void on_defl_begin(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	flash_begin(soc, request, reply, true);
}

static bool flash_data_step(struct ff_soc *soc)
{
	size_t size;
	const uint8_t *frame = ff_rx_handled(&soc->rx, &size);
	uint32_t bytes = (uint32_t)(size - HEADER_SIZE - DATA_HEADER_SIZE);
	bytes = bytes < soc->flash.left ? bytes : soc->flash.left;
	soc->stub_error = write_flash(soc, frame + HEADER_SIZE + DATA_HEADER_SIZE, bytes);
	return true;
}

static void on_flash_data(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size < DATA_HEADER_SIZE) {
		reply->code = NOT_ENOUGH_DATA;
	} else if (!soc->flash.active) {
		reply->code = NOT_IN_FLASH_MODE;
	} else if (word(request, 0) != request->size - DATA_HEADER_SIZE) {
		reply->code = TOO_MUCH_DATA;
	} else if (ff_cpu_checksum(request->data + DATA_HEADER_SIZE, request->size - DATA_HEADER_SIZE) !=
		   request->checksum) {
		reply->code = BAD_DATA_CHECKSUM;
	} else {
		soc->task = (struct ff_task){ .step = flash_data_step };
	}
}

/* task.left counts what of the block is still packed. */
static bool defl_data_step(struct ff_soc *soc)
{
	size_t size;
	const uint8_t *frame = ff_rx_handled(&soc->rx, &size);
	const uint8_t *data = frame + HEADER_SIZE;
	size_t packed = size - HEADER_SIZE - DATA_HEADER_SIZE;
	size_t done = packed - soc->task.left;
	bool first = ff_get_le32(data + 4) == 0 && done == 0;
	if (first) {
		soc->inflater.used = 0;
	}
	bool finished = packed == 0 || inflate_some(soc, data + DATA_HEADER_SIZE, packed, &done, first);
	soc->task.left = (uint32_t)(packed - done);
	return finished;
}

static void on_defl_data(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size < DATA_HEADER_SIZE) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	size_t packed = request->size - DATA_HEADER_SIZE;
	if (!soc->flash.active) {
		reply->code = NOT_IN_FLASH_MODE;
	} else if (word(request, 0) != packed ||
		   ff_cpu_checksum(request->data + DATA_HEADER_SIZE, packed) != request->checksum) {
		/* The real stub trusts the length and would sum whatever lies behind a short frame. */
		reply->code = BAD_DATA_CHECKSUM;
	} else {
		soc->task = (struct ff_task){ .step = defl_data_step, .left = (uint32_t)packed };
	}
}

/* It stays in the loader whatever the flag says. */
static void on_flash_end(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 4) {
		reply->code = BAD_DATA_LEN;
	} else if (!soc->flash.active) {
		reply->code = NOT_IN_FLASH_MODE;
	} else if (soc->flash.left != 0) {
		reply->code = BAD_DATA_LEN;
	} else {
		soc->flash = (struct ff_download){ 0 };
	}
}

/* ---- RAM download ---- */

static void on_mem_begin(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 16) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	soc->ram = (struct ff_download){
		.active = true,
		.left = word(request, 0),
		.block_size = word(request, 2),
		.address = word(request, 3),
	};
}

static void on_mem_data(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size < DATA_HEADER_SIZE) {
		reply->code = NOT_ENOUGH_DATA;
		return;
	}
	uint32_t size = (uint32_t)(request->size - DATA_HEADER_SIZE);
	if (!soc->ram.active) {
		reply->code = NOT_IN_FLASH_MODE;
	} else if (soc->ram.left < word(request, 0) || word(request, 0) != size) {
		reply->code = TOO_MUCH_DATA;
	} else if (ff_bus_load(soc->bus, soc->ram.address, request->data + DATA_HEADER_SIZE, size) != FF_OK) {
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

static void on_mem_end(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 8) {
		reply->code = BAD_DATA_LEN;
	} else if (!soc->ram.active) {
		reply->code = NOT_IN_FLASH_MODE;
	} else {
		soc->ram = (struct ff_download){ 0 };
		if (word(request, 0) == 0) {
			soc->task = (struct ff_task){ .step = jump_step, .address = word(request, 1) };
		}
	}
}

/* ---- the small ones ---- */

static void on_sync(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 36) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	for (int i = 0; i < SYNC_REPLIES - 1; i++) {
		send_status(soc, request->op, SUCCESS);
	}
}

static void on_write_reg(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size == 0 || request->size % 16 != 0) {
		reply->code = NOT_ENOUGH_DATA;
		return;
	}
	for (size_t i = 0; i < request->size / 4; i += 4) {
		uint32_t address = word(request, i);
		uint32_t mask = word(request, i + 2);
		ff_cpu_spend(soc, word(request, i + 3) * FF_NS_PER_US);
		uint32_t kept = mask == UINT32_MAX ? 0 : ff_bus_read(soc->bus, address) & ~mask;
		ff_bus_write(soc->bus, address, kept | (word(request, i + 1) & mask));
	}
}

static void on_read_reg(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 4) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	reply->value = ff_bus_read(soc->bus, word(request, 0));
}

static void on_spi_attach(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 4) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	ff_bus_attach_flash(soc->bus);
}

static void on_spi_set_params(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 24) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	soc->flash_size = word(request, 1);
}

static bool change_baudrate_step(struct ff_soc *soc)
{
	int64_t settle = soc->options.timing->page_program > 0 ? BAUD_SETTLE_NS : 0;
	ff_cpu_spend(soc, settle);
	ff_cpu_set_baud(soc, soc->task.address);
	ff_cpu_spend(soc, settle);
	return true;
}

static void on_change_baudrate(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 8) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	soc->task = (struct ff_task){ .step = change_baudrate_step, .address = word(request, 0) };
}

static bool md5_step(struct ff_soc *soc)
{
	struct reply reply = { .size = FF_MD5_SIZE };
	if (!ff_flash_io_md5_step(soc, reply.data)) {
		return false;
	}
	send_reply(soc, soc->task.op, &reply);
	return true;
}

static void on_md5(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 16) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	uint32_t address = word(request, 0);
	uint32_t size = word(request, 1);
	if (size > soc->flash_size || address > soc->flash_size - size) {
		reply->code = FAILED_SPI_OP;
		return;
	}
	ff_flash_io_md5_start(soc);
	soc->task = (struct ff_task){ .step = md5_step, .op = request->op, .address = address, .left = size };
	reply->later = true;
}

static void on_security_info(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 0) {
		reply->code = BAD_DATA_LEN;
	} else if (soc->model->security_info_bytes == 0) {
		reply->code = CMD_NOT_IMPLEMENTED;
	} else {
		reply->size = soc->model->security_info_bytes;
		ff_put_le32(reply->data + 12, soc->model->chip_id);
		ff_put_le32(reply->data + 16, soc->options.identity.revision);
	}
}

/* ---- erase, read ---- */

static bool erase_step(struct ff_soc *soc)
{
	if (!ff_flash_io_erase_step(soc)) {
		return false;
	}
	send_status(soc, soc->task.op, SUCCESS);
	return true;
}

static void on_erase_region(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 8 || word(request, 0) % FF_NOR_SECTOR != 0 || word(request, 1) % FF_NOR_SECTOR != 0) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	soc->task = (struct ff_task){
		.step = erase_step,
		.op = request->op,
		.address = word(request, 0),
		.left = word(request, 1),
	};
	reply->later = true;
}

static void on_erase_flash(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	(void)request;
	(void)reply;
	ff_flash_io_erase_chip(soc);
}

/* Takes an acknowledgement if one is there: the total that the host has received. False: it gives up. */
static bool take_acknowledgement(struct ff_soc *soc)
{
	struct ff_reading *reading = &soc->reading;
	size_t size;
	const uint8_t *frame = ff_rx_poll(&soc->rx, &size);
	if (!frame) {
		return true;
	}
	bool good = size == 4;
	if (good) {
		reading->acknowledged = ff_get_le32(frame);
		reading->in_flight = false;
	}
	ff_rx_release(&soc->rx);
	return good;
}

static void send_packet(struct ff_soc *soc)
{
	struct ff_reading *reading = &soc->reading;
	uint8_t packet[READ_PACKET_MAX];
	uint32_t size = reading->left < reading->packet_size ? reading->left : reading->packet_size;
	ff_flash_io_read(soc, reading->address, packet, size);
	EVP_DigestUpdate(soc->md5, packet, size);
	ff_cpu_spend(soc, (int64_t)size * soc->options.timing->md5_byte);
	ff_cpu_send_frame(soc, packet, size);
	reading->address += size;
	reading->left -= size;
	reading->in_flight = true;
}

/* Whatever window is asked for, one packet is in flight at a time. */
static bool read_step(struct ff_soc *soc)
{
	struct ff_reading *reading = &soc->reading;
	bool goes_on = take_acknowledgement(soc);
	if (goes_on && reading->left > 0 && !reading->in_flight) {
		if (reading->packet_size > soc->flash_size ||
		    reading->address > soc->flash_size - reading->packet_size) {
			soc->stub_error = FAILED_SPI_OP;
			return true;
		}
		send_packet(soc);
	}
	if (goes_on && (reading->left > 0 || reading->acknowledged < reading->total)) {
		soc->task.waits_for_frame = true;
		return false;
	}
	uint8_t md5[FF_MD5_SIZE];
	EVP_DigestFinal_ex(soc->md5, md5, NULL);
	ff_cpu_send_frame(soc, md5, sizeof(md5));
	return true;
}

static bool read_start_step(struct ff_soc *soc)
{
	size_t size;
	const uint8_t *data = ff_rx_handled(&soc->rx, &size) + HEADER_SIZE;
	soc->reading = (struct ff_reading){
		.address = ff_get_le32(data),
		.left = ff_get_le32(data + 4),
		.total = ff_get_le32(data + 4),
		.packet_size = ff_get_le32(data + 8),
	};
	if (soc->reading.packet_size > READ_PACKET_MAX || soc->reading.packet_size == 0) {
		soc->stub_error = BAD_DATA_LEN;
		return true;
	}
	ff_rx_release(&soc->rx);
	EVP_DigestInit_ex(soc->md5, EVP_md5(), NULL);
	soc->task = (struct ff_task){ .step = read_step };
	return false;
}

static void on_read_flash(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	if (request->size != 16) {
		reply->code = BAD_DATA_LEN;
		return;
	}
	soc->task = (struct ff_task){ .step = read_start_step };
}

/* Takes the command and neither answers nor does anything. */
static void on_run_user_code(struct ff_soc *soc, const struct ff_request *request, struct reply *reply)
{
	(void)soc;
	(void)request;
	reply->later = true;
}

/* ---- dispatch ---- */

static const struct command {
	uint8_t op;
	void (*run)(struct ff_soc *soc, const struct ff_request *request, struct reply *reply);
} commands[] = {
	{ 0x02, on_flash_begin },   { 0x03, on_flash_data },
	{ 0x04, on_flash_end },     { 0x05, on_mem_begin },
	{ 0x06, on_mem_end },       { 0x07, on_mem_data },
	{ 0x08, on_sync },          { 0x09, on_write_reg },
	{ 0x0A, on_read_reg },      { 0x0B, on_spi_set_params },
	{ 0x0D, on_spi_attach },    { 0x0F, on_change_baudrate },
	{ 0x10, on_defl_begin },    { 0x11, on_defl_data },
	{ 0x12, on_flash_end },     { 0x13, on_md5 },
	{ 0x14, on_security_info }, { 0xD0, on_erase_flash },
	{ 0xD1, on_erase_region },  { 0xD2, on_read_flash },
	{ 0xD3, on_run_user_code },
};

static void run_command(struct ff_soc *soc, const struct ff_request *request)
{
	struct reply reply = { .code = INVALID_COMMAND };
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].op == request->op) {
			reply.code = SUCCESS;
			commands[i].run(soc, request, &reply);
			break;
		}
	}
	if (!reply.later && soc->mode == FF_MODE_STUB) {
		send_reply(soc, request->op, &reply);
	}
}

void ff_stub_frame(struct ff_soc *soc, const uint8_t *frame, size_t size)
{
	uint8_t op = size > 1 ? frame[1] : 0;
	if (frame[0] != REQUEST) {
		send_status(soc, op, INVALID_COMMAND);
		return;
	}
	if (size < HEADER_SIZE || ff_get_le16(frame + 2) != size - HEADER_SIZE) {
		send_status(soc, op, BAD_DATA_LEN);
		return;
	}
	if (soc->stub_error != SUCCESS) {
		send_status(soc, op, soc->stub_error);
		soc->stub_error = SUCCESS;
		return;
	}
	run_command(soc, &(struct ff_request){
				 .op = op,
				 .checksum = ff_get_le32(frame + 4),
				 .data = frame + HEADER_SIZE,
				 .size = size - HEADER_SIZE,
			 });
}

void ff_stub_start(struct ff_soc *soc)
{
	uint32_t size = ff_nor_size(soc->options.nor);
	soc->mode = FF_MODE_STUB;
	soc->flash = soc->ram = (struct ff_download){ 0 };
	soc->stub_error = SUCCESS;
	soc->flash_size = size <= MAX_FLASH_SIZE ? size : MAX_FLASH_SIZE;
	ff_rx_init(&soc->rx, true);
	ff_bus_attach_flash(soc->bus);
	ff_cpu_set_baud(soc, soc->baud); /* the divider is another one with its clock */
	if (soc->options.timing->page_program > 0) {
		ff_cpu_spend(soc, START_NS);
	}
	ff_cpu_send_frame(soc, (const uint8_t *)"OHAI", 4);
}
