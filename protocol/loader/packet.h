// SPDX-License-Identifier: Apache-2.0
/* Commands and replies of Espressif's serial bootloader protocol, as bytes.
 *
 * Pure functions over buffers of the caller: no I/O, no allocation, any thread. Source: Espressif's "Serial Protocol"
 * page of the esptool documentation. */
#ifndef FF_LOADER_PACKET_H
#define FF_LOADER_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ff_opcode {
	FF_OP_FLASH_BEGIN = 0x02,
	FF_OP_FLASH_DATA = 0x03,
	FF_OP_FLASH_END = 0x04,
	FF_OP_MEM_BEGIN = 0x05,
	FF_OP_MEM_END = 0x06,
	FF_OP_MEM_DATA = 0x07,
	FF_OP_SYNC = 0x08,
	FF_OP_WRITE_REG = 0x09,
	FF_OP_READ_REG = 0x0A,
	FF_OP_SPI_SET_PARAMS = 0x0B,
	FF_OP_SPI_ATTACH = 0x0D,
	FF_OP_READ_FLASH_SLOW = 0x0E, /* ROM only */
	FF_OP_CHANGE_BAUD = 0x0F,
	FF_OP_DEFLATE_BEGIN = 0x10,
	FF_OP_DEFLATE_DATA = 0x11,
	FF_OP_DEFLATE_END = 0x12,
	FF_OP_FLASH_MD5 = 0x13,
	FF_OP_SECURITY_INFO = 0x14,
	FF_OP_ERASE_CHIP = 0xD0,    /* stub only */
	FF_OP_ERASE_REGION = 0xD1,  /* stub only */
	FF_OP_READ_FLASH = 0xD2,    /* stub only */
	FF_OP_RUN_USER_CODE = 0xD3, /* stub only */
};

#define FF_PACKET_HEADER_SIZE 8
#define FF_PACKET_MAX_FIELDS 40
#define FF_PACKET_MAX_BLOCK 0x4000
#define FF_PACKET_MAX_SIZE (FF_PACKET_HEADER_SIZE + FF_PACKET_MAX_FIELDS + FF_PACKET_MAX_BLOCK)

/* Bytes before the payload of FLASH_DATA, DEFLATE_DATA and MEM_DATA: size, sequence number, 0, 0. */
#define FF_PACKET_DATA_FIELDS 16

/* A command under construction: little-endian words, then for the DATA commands a payload, which alone is summed. */
struct ff_command {
	uint8_t opcode;
	uint8_t fields[FF_PACKET_MAX_FIELDS];
	size_t fields_size;
	const uint8_t *block; /* borrowed until it is encoded, NULL for none */
	size_t block_size;    /* at most FF_PACKET_MAX_BLOCK */
};

/* Status byte pair of a reply as 0xSSEE; 0 is success. */
#define FF_REPLY_UNSUPPORTED 0x0105 /* a ROM's answer to commands that it does not know */

/* A reply inside the frame that it was parsed from, valid as long as that. */
struct ff_reply {
	uint8_t opcode;
	uint32_t value;      /* READ_REG's answer; leftovers otherwise */
	const uint8_t *data; /* payload, then status */
	size_t size;
};

/* A command without fields. */
void ff_packet_start(struct ff_command *command, enum ff_opcode opcode);

/* Appends a 32-bit field; at most FF_PACKET_MAX_FIELDS / 4 of them, more are dropped. */
void ff_packet_word(struct ff_command *command, uint32_t word);

/* A DATA command: its four fields and the payload, which is borrowed. */
void ff_packet_data(struct ff_command *command, enum ff_opcode opcode, uint32_t sequence, const uint8_t *block,
		    size_t size);

/* Encodes a command as a SLIP frame. Answers its size, 0 if `capacity` is too small. */
size_t ff_packet_encode(const struct ff_command *command, uint8_t *out, size_t capacity);

/* XOR of the bytes, seeded with 0xEF. */
uint8_t ff_packet_checksum(const uint8_t *bytes, size_t size);

/* Parses a decoded frame. False if it is no reply: wrong direction, too short, or a length that does not match. */
bool ff_packet_parse(struct ff_reply *reply, const uint8_t *frame, size_t size);

/* Reads the status behind `payload` bytes of answer. A reply that is too short for them carries only its status.
 * False if it holds no status, or claims success without the payload. */
bool ff_packet_status(const struct ff_reply *reply, size_t payload, uint16_t *status);

/* Name of an opcode ("FLASH_BEGIN"). Never NULL. */
const char *ff_packet_opcode_name(uint8_t opcode);

/* Whether a status tells of flash that did not do what it should, rather than of bytes that came damaged. */
bool ff_packet_blames_flash(uint16_t status);

/* What a status other than 0 means ("checksum error"). Never NULL. */
const char *ff_packet_reason(uint16_t status);

#endif
