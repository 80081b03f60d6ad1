// SPDX-License-Identifier: Apache-2.0
#include "packet.h"

#include "bytes.h"
#include "slip.h"

#define CHECKSUM_SEED 0xEF
#define DIRECTION_REQUEST 0x00
#define DIRECTION_REPLY 0x01
#define STATUS_SIZE 2

void ff_packet_start(struct ff_command *command, enum ff_opcode opcode)
{
	*command = (struct ff_command){ .opcode = (uint8_t)opcode };
}

void ff_packet_word(struct ff_command *command, uint32_t word)
{
	if (FF_PACKET_MAX_FIELDS - command->fields_size >= 4) {
		ff_put_le32(command->fields + command->fields_size, word);
		command->fields_size += 4;
	}
}

void ff_packet_data(struct ff_command *command, enum ff_opcode opcode, uint32_t sequence, const uint8_t *block,
		    size_t size)
{
	ff_packet_start(command, opcode);
	ff_packet_word(command, (uint32_t)size);
	ff_packet_word(command, sequence);
	ff_packet_word(command, 0);
	ff_packet_word(command, 0);
	command->block = block;
	command->block_size = size;
}

uint8_t ff_packet_checksum(const uint8_t *bytes, size_t size)
{
	uint8_t sum = CHECKSUM_SEED;
	for (size_t i = 0; i < size; i++) {
		sum ^= bytes[i];
	}
	return sum;
}

size_t ff_packet_encode(const struct ff_command *command, uint8_t *out, size_t capacity)
{
	uint8_t header[FF_PACKET_HEADER_SIZE] = { DIRECTION_REQUEST, command->opcode };
	ff_put_le16(header + 2, (uint16_t)(command->fields_size + command->block_size));
	/* Only DATA commands are summed; the others send 0. */
	ff_put_le32(header + 4, command->block ? ff_packet_checksum(command->block, command->block_size) : 0);

	struct ff_slip_encoder encoder;
	ff_slip_begin(&encoder, out, capacity);
	ff_slip_put(&encoder, header, sizeof(header));
	ff_slip_put(&encoder, command->fields, command->fields_size);
	ff_slip_put(&encoder, command->block, command->block_size);
	return ff_slip_end(&encoder);
}

bool ff_packet_parse(struct ff_reply *reply, const uint8_t *frame, size_t size)
{
	struct ff_cursor cursor = ff_cursor_make(frame, size);
	uint8_t direction = ff_cursor_u8(&cursor);
	uint8_t opcode = ff_cursor_u8(&cursor);
	uint16_t data_size = ff_cursor_le16(&cursor);
	uint32_t value = ff_cursor_le32(&cursor);
	if (cursor.failed || direction != DIRECTION_REPLY || data_size != ff_cursor_left(&cursor)) {
		return false;
	}
	*reply = (struct ff_reply){
		.opcode = opcode,
		.value = value,
		.data = frame + FF_PACKET_HEADER_SIZE,
		.size = data_size,
	};
	return true;
}

bool ff_packet_status(const struct ff_reply *reply, size_t payload, uint16_t *status)
{
	bool whole = reply->size >= STATUS_SIZE && reply->size - STATUS_SIZE >= payload;
	if (!whole && reply->size < STATUS_SIZE) {
		return false;
	}
	/* ROMs append two reserved bytes behind the status, stubs and the ESP8266 ROM do not: counting from the front
	 * reads them all alike. */
	const uint8_t *at = reply->data + (whole ? payload : 0);
	if (!whole && at[0] == 0) {
		return false;
	}
	*status = at[0] == 0 ? 0 : (uint16_t)(at[0] << 8 | at[1]);
	return true;
}

struct text_row {
	uint16_t code;
	const char *text;
};

static const char *find(const struct text_row *rows, size_t count, uint16_t code)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].code == code) {
			return rows[i].text;
		}
	}
	return NULL;
}

const char *ff_packet_opcode_name(uint8_t opcode)
{
	static const struct text_row rows[] = {
		{ FF_OP_FLASH_BEGIN, "FLASH_BEGIN" },
		{ FF_OP_FLASH_DATA, "FLASH_DATA" },
		{ FF_OP_FLASH_END, "FLASH_END" },
		{ FF_OP_MEM_BEGIN, "MEM_BEGIN" },
		{ FF_OP_MEM_END, "MEM_END" },
		{ FF_OP_MEM_DATA, "MEM_DATA" },
		{ FF_OP_SYNC, "SYNC" },
		{ FF_OP_WRITE_REG, "WRITE_REG" },
		{ FF_OP_READ_REG, "READ_REG" },
		{ FF_OP_SPI_SET_PARAMS, "SPI_SET_PARAMS" },
		{ FF_OP_SPI_ATTACH, "SPI_ATTACH" },
		{ FF_OP_READ_FLASH_SLOW, "READ_FLASH_SLOW" },
		{ FF_OP_CHANGE_BAUD, "CHANGE_BAUDRATE" },
		{ FF_OP_DEFLATE_BEGIN, "FLASH_DEFL_BEGIN" },
		{ FF_OP_DEFLATE_DATA, "FLASH_DEFL_DATA" },
		{ FF_OP_DEFLATE_END, "FLASH_DEFL_END" },
		{ FF_OP_FLASH_MD5, "SPI_FLASH_MD5" },
		{ FF_OP_SECURITY_INFO, "GET_SECURITY_INFO" },
		{ FF_OP_ERASE_CHIP, "ERASE_FLASH" },
		{ FF_OP_ERASE_REGION, "ERASE_REGION" },
		{ FF_OP_READ_FLASH, "READ_FLASH" },
		{ FF_OP_RUN_USER_CODE, "RUN_USER_CODE" },
	};
	const char *name = find(rows, sizeof(rows) / sizeof(rows[0]), opcode);
	return name ? name : "unknown command";
}

/* ROM codes 01xx from Espressif's "Serial Protocol" page; stub codes from esp-flasher-stub 1.1, commands.h. */
const char *ff_packet_reason(uint16_t status)
{
	static const struct text_row rows[] = {
		{ 0x0101, "invalid parameter" },
		{ 0x0102, "out of memory on the chip" },
		{ 0x0103, "the chip could not send" },
		{ 0x0104, "the chip could not receive" },
		{ 0x0105, "command unknown or malformed" },
		{ 0x0106, "the operation failed" },
		{ 0x0107, "checksum error" },
		{ 0x0108, "flash write error" },
		{ 0x0109, "flash read error" },
		{ 0x010A, "wrong flash read length" },
		{ 0x010B, "inflating failed" },
		{ 0x010C, "Adler-32 error" },
		{ 0x010D, "deflate parameter error" },
		{ 0x010E, "invalid RAM binary size" },
		{ 0x010F, "invalid RAM binary address" },
		{ 0xC000, "wrong length" },
		{ 0xC100, "checksum error" },
		{ 0xC200, "wrong block size" },
		{ 0xC300, "unknown command" },
		{ 0xC400, "flash operation failed" },
		{ 0xC500, "flash is write protected" },
		{ 0xC600, "no write in progress" },
		{ 0xC700, "inflating failed" },
		{ 0xC800, "not enough data" },
		{ 0xC900, "too much data" },
		{ 0xFF00, "not implemented" },
	};
	const char *text = find(rows, sizeof(rows) / sizeof(rows[0]), status);
	return text ? text : "reason unknown";
}

bool ff_packet_blames_flash(uint16_t status)
{
	return status == 0x0106 || status == 0x0108 || status == 0x0109 || status == 0xC400 || status == 0xC500;
}
