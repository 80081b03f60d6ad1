// SPDX-License-Identifier: Apache-2.0
#include "hex.h"

#include <stdio.h>

#define MAX_DATA 255
#define HEAD_SIZE 4 /* length, address, type */
#define RECORD_DATA 16

enum record_type {
	TYPE_DATA = 0,
	TYPE_END = 1,
	TYPE_SEGMENT = 2,       /* bits 4 to 19 of the base */
	TYPE_START_SEGMENT = 3, /* CS:IP */
	TYPE_LINEAR = 4,        /* bits 16 to 31 of the base */
	TYPE_START_LINEAR = 5,  /* EIP */
};

struct reader {
	struct ff_segments *segments;
	struct ff_error *error;
	unsigned line;
	uint32_t base;
	bool segmented; /* addresses wrap inside 64 KiB */
	bool ended;
};

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool ff_hex_is(const uint8_t *bytes, size_t size)
{
	if (size < 1 + 2 * HEAD_SIZE || bytes[0] != ':') {
		return false;
	}
	for (size_t i = 1; i <= (size_t)2 * HEAD_SIZE; i++) {
		if (digit(bytes[i]) < 0) {
			return false;
		}
	}
	return true;
}

static enum ff_status fail(struct reader *reader, const char *what)
{
	return ff_error_set(reader->error, FF_ERR_FORMAT, "Intel HEX, line %u: %s", reader->line, what);
}

static enum ff_status take_data(struct reader *reader, uint32_t offset, const uint8_t *data, size_t size)
{
	if (reader->segmented && offset + size > 0x10000) {
		return fail(reader, "its data wraps around at the end of a 64 KiB segment");
	}
	if ((uint64_t)reader->base + offset > UINT32_MAX) {
		return fail(reader, "its address is beyond 4 GiB");
	}
	return ff_segments_add(reader->segments, reader->base + offset, data, size, reader->error);
}

static enum ff_status take_base(struct reader *reader, const uint8_t *data, bool segmented)
{
	uint32_t value = (uint32_t)data[0] << 8 | data[1];

	reader->base = value << (segmented ? 4 : 16);
	reader->segmented = segmented;
	return FF_OK;
}

static enum ff_status take_record(struct reader *reader, const uint8_t *record)
{
	static const uint8_t lengths[] = {
		[TYPE_END] = 0, [TYPE_SEGMENT] = 2, [TYPE_START_SEGMENT] = 4, [TYPE_LINEAR] = 2, [TYPE_START_LINEAR] = 4
	};
	uint8_t length = record[0], type = record[3];
	const uint8_t *data = record + HEAD_SIZE;

	if (reader->ended) {
		return fail(reader, "there is more behind the end record");
	}
	if (type > TYPE_START_LINEAR) {
		return fail(reader, "there is no such type of record");
	}
	if (type != TYPE_DATA && length != lengths[type]) {
		return fail(reader, "its length is not that of its type");
	}
	switch (type) {
	case TYPE_DATA:
		return take_data(reader, (uint32_t)record[1] << 8 | record[2], data, length);
	case TYPE_END:
		reader->ended = true;
		return FF_OK;
	case TYPE_SEGMENT:
	case TYPE_LINEAR:
		return take_base(reader, data, type == TYPE_SEGMENT);
	default:
		return FF_OK;
	}
}

/* `text` is one line without its end and without white space around it. */
static enum ff_status take_line(struct reader *reader, const uint8_t *text, size_t size)
{
	uint8_t record[HEAD_SIZE + MAX_DATA + 1];
	size_t count = (size - 1) / 2;
	uint8_t sum = 0;

	if (text[0] != ':') {
		return fail(reader, "no colon at its start");
	}
	if (size % 2 == 0 || count < HEAD_SIZE + 1 || count > sizeof(record)) {
		return fail(reader, "its length is not that of a record");
	}
	for (size_t i = 0; i < count; i++) {
		int high = digit(text[1 + 2 * i]), low = digit(text[2 + 2 * i]);

		if (high < 0 || low < 0) {
			return fail(reader, "something in it is no hexadecimal digit");
		}
		record[i] = (uint8_t)(high << 4 | low);
		sum = (uint8_t)(sum + record[i]);
	}
	if (count != HEAD_SIZE + (size_t)record[0] + 1) {
		return fail(reader, "it says another length than it has");
	}
	if (sum != 0) {
		return fail(reader, "its checksum is wrong");
	}
	return take_record(reader, record);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

enum ff_status ff_hex_read(struct ff_segments *segments, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct reader reader = { .segments = segments, .error = error };

	for (size_t at = 0; at < size;) {
		size_t from = at, to;

		while (at < size && bytes[at] != '\n') {
			at++;
		}
		to = at;
		at++;
		reader.line++;
		while (from < to && is_blank(bytes[from])) {
			from++;
		}
		while (to > from && is_blank(bytes[to - 1])) {
			to--;
		}
		if (from < to) {
			enum ff_status status = take_line(&reader, bytes + from, to - from);

			if (status != FF_OK) {
				return status;
			}
		}
	}
	if (!reader.ended) {
		return fail(&reader, "the end record is missing, the file is not complete");
	}
	return ff_segments_finish(segments, error);
}

static enum ff_status put_record(struct ff_hex_writer *writer, enum record_type type, uint16_t offset,
				 const uint8_t *data, size_t size, struct ff_error *error)
{
	char line[1 + 2 * (HEAD_SIZE + RECORD_DATA + 1) + 2];
	unsigned sum = (unsigned)size + (offset >> 8) + (offset & 0xFF) + type;
	int used = snprintf(line, sizeof(line), ":%02X%04X%02X", (unsigned)size, offset, (unsigned)type);

	for (size_t i = 0; i < size; i++) {
		used += snprintf(line + used, sizeof(line) - (size_t)used, "%02X", data[i]);
		sum += data[i];
	}
	used += snprintf(line + used, sizeof(line) - (size_t)used, "%02X\n", (0U - sum) & 0xFF);
	return ff_sink_write(&writer->sink, (const uint8_t *)line, (size_t)used, error);
}

static enum ff_status put_base(struct ff_hex_writer *writer, uint32_t address, struct ff_error *error)
{
	const uint8_t upper[2] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16) };

	if (writer->begun && writer->base == address >> 16) {
		return FF_OK;
	}
	writer->begun = true;
	writer->base = address >> 16;
	return put_record(writer, TYPE_LINEAR, 0, upper, sizeof(upper), error);
}

enum ff_status ff_hex_write(struct ff_hex_writer *writer, uint32_t address, const uint8_t *bytes, size_t size,
			    struct ff_error *error)
{
	if (size > (UINT64_C(1) << 32) - address) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%zu bytes at 0x%08x go past the last address", size,
				    address);
	}
	for (size_t at = 0; at < size;) {
		uint32_t here = address + (uint32_t)at;
		size_t room = 0x10000 - (here & 0xFFFF);
		size_t part = size - at < RECORD_DATA ? size - at : RECORD_DATA;
		enum ff_status status = put_base(writer, here, error);

		part = part < room ? part : room;
		if (status == FF_OK) {
			status = put_record(writer, TYPE_DATA, (uint16_t)here, bytes + at, part, error);
		}
		if (status != FF_OK) {
			return status;
		}
		at += part;
	}
	return FF_OK;
}

enum ff_status ff_hex_end(struct ff_hex_writer *writer, struct ff_error *error)
{
	return put_record(writer, TYPE_END, 0, NULL, 0, error);
}
