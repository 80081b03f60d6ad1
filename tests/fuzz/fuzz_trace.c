// SPDX-License-Identifier: Apache-2.0
/* Whatever goes over the wire becomes lines of printable text that end within their buffer. */
#include <stdlib.h>
#include <string.h>

#include "trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char line[FF_TRACE_LINE_SIZE])
{
	size_t length = strnlen(line, FF_TRACE_LINE_SIZE);
	if (length == FF_TRACE_LINE_SIZE) {
		abort();
	}
	for (size_t i = 0; i < length; i++) {
		if (line[i] < ' ' || line[i] > '~') {
			abort();
		}
	}
}

static void check_command(const uint8_t *data, size_t size)
{
	char line[FF_TRACE_LINE_SIZE];
	struct ff_command command;
	ff_packet_start(&command, data[0]);
	command.fields_size = size - 1 < sizeof(command.fields) ? size - 1 : sizeof(command.fields);
	memcpy(command.fields, data + 1, command.fields_size);
	command.block = size > 50 ? data + 50 : NULL;
	command.block_size = size > 50 ? size - 50 : 0;
	ff_trace_command(line, &command);
	check(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[FF_TRACE_LINE_SIZE];
	memset(line, 0x55, sizeof(line));
	ff_trace_received(line, data, size);
	check(line);
	ff_trace_frame(line, data, size);
	check(line);
	ff_trace_raw(line, data, size);
	check(line);
	if (size >= 4) {
		struct ff_line_step step = { (int8_t)data[0], (int8_t)data[1], (uint16_t)(data[2] | data[3] << 8) };
		ff_trace_step(line, &step);
		check(line);
		check_command(data, size);
	}
	return 0;
}
