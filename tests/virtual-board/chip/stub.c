// SPDX-License-Identifier: Apache-2.0
/* Espressif's stub flasher, as esp-flasher-stub 1.1 behaves (src/command_handler.c): data is acknowledged before it is
 * written, what goes wrong then is told at the next command, which is not carried out. */
#include "stub.h"

#include <string.h>

#define REQUEST 0x00
#define RESPONSE 0x01
#define SYNC_REPLIES 8
#define READ_PACKET_MAX 4096u

void ff_stub_send_reply(struct ff_soc *soc, uint8_t op, const struct ff_stub_reply *reply)
{
	uint8_t frame[FF_STUB_HEADER + FF_STUB_REPLY_MAX + 2] = { RESPONSE, op };
	bool good = reply->code == FF_STUB_SUCCESS;
	size_t size = good ? reply->size : 0;
	ff_put_le16(frame + 2, (uint16_t)(size + 2));
	ff_put_le32(frame + 4, good ? reply->value : 0);
	memcpy(frame + FF_STUB_HEADER, reply->data, size);
	frame[FF_STUB_HEADER + size] = (uint8_t)(reply->code >> 8);
	frame[FF_STUB_HEADER + size + 1] = (uint8_t)reply->code;
	ff_cpu_send_frame(soc, frame, FF_STUB_HEADER + size + 2);
}

void ff_stub_send_code(struct ff_soc *soc, uint8_t op, enum ff_stub_code code)
{
	ff_stub_send_reply(soc, op, &(struct ff_stub_reply){ .code = code });
}

/* ---- the small ones ---- */

static void on_sync(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 36) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	for (int i = 0; i < SYNC_REPLIES - 1; i++) {
		ff_stub_send_code(soc, request->op, FF_STUB_SUCCESS);
	}
}

static void on_write_reg(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size == 0 || request->size % 16 != 0) {
		reply->code = FF_STUB_NOT_ENOUGH_DATA;
		return;
	}
	for (size_t i = 0; i < request->size / 4; i += 4) {
		uint32_t address = ff_stub_word(request, i);
		uint32_t mask = ff_stub_word(request, i + 2);
		ff_cpu_spend(soc, ff_stub_word(request, i + 3) * FF_NS_PER_US);
		ff_cpu_write_register(soc, address, ff_stub_word(request, i + 1), mask);
	}
}

static void on_read_reg(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 4) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	reply->value = ff_bus_read(soc->bus, ff_stub_word(request, 0));
}

static void on_spi_attach(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 4) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	ff_bus_attach_flash(soc->bus);
}

static void on_spi_set_params(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 24) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	soc->flash_size = ff_stub_word(request, 1);
}

static bool change_baudrate_step(struct ff_soc *soc)
{
	ff_cpu_spend(soc, soc->options.timing->baud_settle);
	ff_cpu_set_baud(soc, soc->task.address);
	ff_cpu_spend(soc, soc->options.timing->baud_settle);
	return true;
}

static void on_change_baudrate(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 8) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	soc->task = (struct ff_task){ .step = change_baudrate_step, .address = ff_stub_word(request, 0) };
}

static bool md5_step(struct ff_soc *soc)
{
	struct ff_stub_reply reply = { .size = FF_MD5_SIZE };
	if (!ff_flash_io_md5_step(soc, reply.data)) {
		return false;
	}
	ff_stub_send_reply(soc, soc->task.op, &reply);
	return true;
}

static void on_md5(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 16) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	uint32_t address = ff_stub_word(request, 0);
	uint32_t size = ff_stub_word(request, 1);
	if (!ff_stub_fits_flash(soc, address, size)) {
		reply->code = FF_STUB_FAILED_SPI;
		return;
	}
	ff_flash_io_md5_start(soc);
	soc->task = (struct ff_task){ .step = md5_step, .op = request->op, .address = address, .left = size };
	reply->later = true;
}

static void on_security_info(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 0) {
		reply->code = FF_STUB_BAD_DATA_LEN;
	} else if (soc->model->security_info_bytes == 0) {
		reply->code = FF_STUB_NOT_IMPLEMENTED;
	} else {
		reply->size = soc->model->security_info_bytes;
		ff_security_info(&soc->options.identity.security, soc->model, soc->options.identity.revision,
				 reply->data);
	}
}

/* ---- erase, read ---- */

static bool erase_step(struct ff_soc *soc)
{
	if (!ff_flash_io_erase_step(soc)) {
		return false;
	}
	ff_stub_send_code(soc, soc->task.op, FF_STUB_SUCCESS);
	return true;
}

static void on_erase_region(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 8 || ff_stub_word(request, 0) % FF_NOR_SECTOR != 0 ||
	    ff_stub_word(request, 1) % FF_NOR_SECTOR != 0) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	soc->task = (struct ff_task){
		.step = erase_step,
		.op = request->op,
		.address = ff_stub_word(request, 0),
		.left = ff_stub_word(request, 1),
	};
	reply->later = true;
}

static void on_erase_flash(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
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

/* False: the flash ends before the packet does. */
static bool send_packet(struct ff_soc *soc)
{
	struct ff_reading *reading = &soc->reading;
	uint8_t packet[READ_PACKET_MAX];
	uint32_t size = reading->left < reading->packet_size ? reading->left : reading->packet_size;
	if (!ff_stub_fits_flash(soc, reading->address, size)) {
		return false;
	}
	ff_flash_io_read(soc, reading->address, packet, size);
	EVP_DigestUpdate(soc->md5, packet, size);
	ff_cpu_spend(soc, (int64_t)size * soc->options.timing->md5_byte);
	ff_cpu_send_frame(soc, packet, size);
	reading->address += size;
	reading->left -= size;
	reading->in_flight = true;
	return true;
}

/* Whatever window is asked for, one packet is in flight at a time. */
static bool read_step(struct ff_soc *soc)
{
	struct ff_reading *reading = &soc->reading;
	bool goes_on = take_acknowledgement(soc);
	if (goes_on && reading->left > 0 && !reading->in_flight && !send_packet(soc)) {
		soc->stub_error = FF_STUB_FAILED_SPI;
		return true;
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
	const uint8_t *data = ff_rx_handled(&soc->rx, &size) + FF_STUB_HEADER;
	soc->reading = (struct ff_reading){
		.address = ff_get_le32(data),
		.left = ff_get_le32(data + 4),
		.total = ff_get_le32(data + 4),
		.packet_size = ff_get_le32(data + 8),
	};
	/* Packets of 0 bytes would keep the real stub sending for ever. */
	if (soc->reading.packet_size > READ_PACKET_MAX || soc->reading.packet_size == 0) {
		soc->stub_error = FF_STUB_BAD_DATA_LEN;
		return true;
	}
	ff_rx_release(&soc->rx);
	EVP_DigestInit_ex(soc->md5, EVP_md5(), NULL);
	soc->task = (struct ff_task){ .step = read_step };
	return false;
}

static void on_read_flash(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	if (request->size != 16) {
		reply->code = FF_STUB_BAD_DATA_LEN;
		return;
	}
	soc->task = (struct ff_task){ .step = read_start_step };
}

/* Takes the command and neither answers nor does anything. */
static void on_run_user_code(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply)
{
	(void)soc;
	(void)request;
	reply->later = true;
}

/* ---- dispatch ---- */

static const struct command {
	uint8_t op;
	void (*run)(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply);
} commands[] = {
	{ 0x02, ff_stub_on_flash_begin },
	{ 0x03, ff_stub_on_flash_data },
	{ 0x04, ff_stub_on_flash_end },
	{ 0x05, ff_stub_on_mem_begin },
	{ 0x06, ff_stub_on_mem_end },
	{ 0x07, ff_stub_on_mem_data },
	{ 0x08, on_sync },
	{ 0x09, on_write_reg },
	{ 0x0A, on_read_reg },
	{ 0x0B, on_spi_set_params },
	{ 0x0D, on_spi_attach },
	{ 0x0F, on_change_baudrate },
	{ 0x10, ff_stub_on_defl_begin },
	{ 0x11, ff_stub_on_defl_data },
	{ 0x12, ff_stub_on_flash_end },
	{ 0x13, on_md5 },
	{ 0x14, on_security_info },
	{ 0xD0, on_erase_flash },
	{ 0xD1, on_erase_region },
	{ 0xD2, on_read_flash },
	{ 0xD3, on_run_user_code },
};

static void run_command(struct ff_soc *soc, const struct ff_request *request)
{
	struct ff_stub_reply reply = { .code = FF_STUB_INVALID_COMMAND };
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].op == request->op) {
			reply.code = FF_STUB_SUCCESS;
			commands[i].run(soc, request, &reply);
			break;
		}
	}
	if (!reply.later && soc->mode == FF_MODE_STUB) {
		ff_stub_send_reply(soc, request->op, &reply);
	}
}

void ff_stub_frame(struct ff_soc *soc, const uint8_t *frame, size_t size)
{
	uint8_t op = size > 1 ? frame[1] : 0;
	if (frame[0] != REQUEST) {
		ff_stub_send_code(soc, op, FF_STUB_INVALID_COMMAND);
		return;
	}
	if (size < FF_STUB_HEADER || ff_get_le16(frame + 2) != size - FF_STUB_HEADER) {
		ff_stub_send_code(soc, op, FF_STUB_BAD_DATA_LEN);
		return;
	}
	if (soc->stub_error != FF_STUB_SUCCESS) {
		ff_stub_send_code(soc, op, soc->stub_error);
		soc->stub_error = FF_STUB_SUCCESS;
		return;
	}
	run_command(soc, &(struct ff_request){
				 .op = op,
				 .checksum = ff_get_le32(frame + 4),
				 .data = frame + FF_STUB_HEADER,
				 .size = size - FF_STUB_HEADER,
			 });
}

/* esp-stub-lib, target/common/src/flash.c, stub_target_flash_id_to_flash_size(), and flash.c, stub_lib_flash_init_ex(); and
 * the Winbond chips from 64 MB on, which count on from 20h, so that the board's own flash is known. */
static uint32_t size_by_id(uint32_t id)
{
	uint32_t capacity = id >> 16 & 0xFF;
	if (capacity >= 0x20 && capacity <= 0x22) {
		capacity -= 6;
	}
	if (capacity >= 0x12 && capacity <= 0x1C) {
		return 1u << capacity;
	}
	return capacity == 0x39 ? 32u << 20 : 16u << 20;
}

void ff_stub_start(struct ff_soc *soc)
{
	soc->mode = FF_MODE_STUB;
	soc->flash = soc->ram = (struct ff_download){ 0 };
	soc->stub_error = FF_STUB_SUCCESS;
	soc->flash_size = size_by_id(ff_nor_jedec_id(soc->options.nor));
	ff_rx_init(&soc->rx, FF_RX_STUB);
	ff_bus_attach_flash(soc->bus);
	ff_cpu_set_baud(soc, soc->baud); /* the divider is another one with its clock */
	ff_cpu_spend(soc, soc->options.timing->stub_start);
	ff_cpu_send_frame(soc, (const uint8_t *)"OHAI", 4);
}
