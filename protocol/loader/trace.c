// SPDX-License-Identifier: Apache-2.0
#include "trace.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"

#define UNKNOWN_OPCODE 0xFF
#define WORD 4
#define MAX_NAMES 6
#define MD5_SIZE 16
#define SLOW_READ_SIZE 64

/* A line that is being written; what does not fit is left out. */
struct text {
	char *line;
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
	size_t left = FF_TRACE_LINE_SIZE - text->used;
	va_list args;
	va_start(args, format);
	int size = vsnprintf(text->line + text->used, left, format, args);
	va_end(args);
	if (size > 0) {
		text->used += (size_t)size < left ? (size_t)size : left - 1;
	}
}

static void put_hex(struct text *text, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size && i < FF_TRACE_SHOWN; i++) {
		put(text, "%02x", bytes[i]);
	}
	if (size > FF_TRACE_SHOWN) {
		put(text, "... (%zu bytes)", size);
	}
}

struct fields {
	uint8_t opcode;
	const char *names
		[MAX_NAMES]; /* of its words in turn; numbers of bytes and addresses in hex, others marked with a # */
};

static const struct fields *find_fields(uint8_t opcode)
{
	static const struct fields rows[] = {
		{ FF_OP_FLASH_BEGIN, { "size", "#blocks", "block_size", "offset", "#encrypt" } },
		{ FF_OP_FLASH_DATA, { "size", "#seq" } },
		{ FF_OP_FLASH_END, { "#stay" } },
		{ FF_OP_MEM_BEGIN, { "size", "#blocks", "block_size", "address" } },
		{ FF_OP_MEM_END, { "#stay", "entry" } },
		{ FF_OP_MEM_DATA, { "size", "#seq" } },
		{ FF_OP_WRITE_REG, { "address", "value", "mask", "#delay_us" } },
		{ FF_OP_READ_REG, { "address" } },
		{ FF_OP_SPI_SET_PARAMS, { "#id", "size", "block_size", "sector_size", "page_size", "status_mask" } },
		{ FF_OP_SPI_ATTACH, { "pins" } },
		{ FF_OP_READ_FLASH_SLOW, { "offset", "size" } },
		{ FF_OP_CHANGE_BAUD, { "#new", "#old" } },
		{ FF_OP_DEFLATE_BEGIN, { "size", "#blocks", "block_size", "offset", "#encrypt" } },
		{ FF_OP_DEFLATE_DATA, { "size", "#seq" } },
		{ FF_OP_DEFLATE_END, { "#stay" } },
		{ FF_OP_FLASH_MD5, { "offset", "size" } },
		{ FF_OP_ERASE_REGION, { "offset", "size" } },
		{ FF_OP_READ_FLASH, { "offset", "size", "block_size", "#window" } },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].opcode == opcode) {
			return &rows[i];
		}
	}
	return NULL;
}

/* Writes the words that have a name; answers how many bytes those were. */
static size_t put_fields(struct text *text, uint8_t opcode, const uint8_t *bytes, size_t size)
{
	const struct fields *fields = find_fields(opcode);
	size_t at = 0;
	for (size_t i = 0; fields && i < MAX_NAMES && fields->names[i] && size - at >= WORD; i++, at += WORD) {
		const char *name = fields->names[i];
		uint32_t word = ff_get_le32(bytes + at);
		if (name[0] == '#') {
			put(text, " %s=%u", name + 1, word);
		} else {
			put(text, " %s=0x%x", name, word);
		}
	}
	return at;
}

static void put_name(struct text *text, uint8_t opcode)
{
	const char *name = ff_packet_opcode_name(opcode);
	put(text, "%s", name);
	if (strcmp(name, ff_packet_opcode_name(UNKNOWN_OPCODE)) == 0) {
		put(text, " %02x", opcode);
	}
}

void ff_trace_command(char line[FF_TRACE_LINE_SIZE], const struct ff_command *command)
{
	struct text text = { .line = line };
	line[0] = '\0';
	put_name(&text, command->opcode);
	size_t named = put_fields(&text, command->opcode, command->fields, command->fields_size);
	if (command->block) {
		put(&text, " checksum=%02x data=", ff_packet_checksum(command->block, command->block_size));
		put_hex(&text, command->block, command->block_size);
	} else if (named < command->fields_size) {
		put(&text, " ");
		put_hex(&text, command->fields + named, command->fields_size - named);
	}
}

/* How many bytes of a reply's data are an answer; its status follows, and behind that a ROM's two reserved bytes. */
static size_t answer_size(const struct ff_reply *reply)
{
	switch (reply->opcode) {
	case FF_OP_FLASH_MD5:
		return reply->size >= 2 * MD5_SIZE + 2 ? 2 * MD5_SIZE : reply->size >= MD5_SIZE + 2 ? MD5_SIZE : 0;
	case FF_OP_SECURITY_INFO:
		return reply->size >= 22 ? 20 : reply->size >= 14 ? 12 : 0;
	case FF_OP_READ_FLASH_SLOW:
		return reply->size >= SLOW_READ_SIZE + 2 ? SLOW_READ_SIZE : 0;
	default:
		return 0;
	}
}

static void put_reply(struct text *text, const struct ff_reply *reply)
{
	size_t answer = answer_size(reply);
	uint16_t status = 0;
	put_name(text, reply->opcode);
	put(text, " value=0x%08x", reply->value);
	if (answer > 0) {
		put(text, " data=");
		put_hex(text, reply->data, answer);
	}
	if (!ff_packet_status(reply, answer, &status)) {
		put(text, " without a status");
	} else if (status == 0) {
		put(text, " ok");
	} else {
		put(text, " %04x %s", status, ff_packet_reason(status));
	}
}

void ff_trace_received(char line[FF_TRACE_LINE_SIZE], const uint8_t *frame, size_t size)
{
	struct text text = { .line = line };
	struct ff_reply reply;
	line[0] = '\0';
	if (ff_packet_parse(&reply, frame, size)) {
		put_reply(&text, &reply);
	} else {
		ff_trace_frame(line, frame, size);
	}
}

void ff_trace_frame(char line[FF_TRACE_LINE_SIZE], const uint8_t *frame, size_t size)
{
	struct text text = { .line = line };
	line[0] = '\0';
	put(&text, "frame of %zu: ", size);
	put_hex(&text, frame, size);
}

static void put_character(struct text *text, uint8_t byte)
{
	switch (byte) {
	case '\r':
		put(text, "\\r");
		break;
	case '\n':
		put(text, "\\n");
		break;
	case '"':
	case '\\':
		put(text, "\\%c", byte);
		break;
	default:
		if (byte >= 0x20 && byte < 0x7F) {
			put(text, "%c", byte);
		} else {
			put(text, "\\x%02x", byte);
		}
	}
}

void ff_trace_raw(char line[FF_TRACE_LINE_SIZE], const uint8_t *bytes, size_t size)
{
	struct text text = { .line = line };
	line[0] = '\0';
	put(&text, "outside frames \"");
	for (size_t i = 0; i < size && i < FF_TRACE_SHOWN; i++) {
		put_character(&text, bytes[i]);
	}
	put(&text, "\"");
	if (size > FF_TRACE_SHOWN) {
		put(&text, "... (%zu bytes)", size);
	}
}

static void put_line(struct text *text, const char *name, int8_t state)
{
	if (state < 0) {
		put(text, "%s=-", name);
	} else {
		put(text, "%s=%d", name, state);
	}
}

void ff_trace_step(char line[FF_TRACE_LINE_SIZE], const struct ff_line_step *step)
{
	struct text text = { .line = line };
	line[0] = '\0';
	put_line(&text, "DTR", step->dtr);
	put_line(&text, " RTS", step->rts);
	if (step->hold_ms > 0) {
		put(&text, " hold=%ums", step->hold_ms);
	}
}
