// SPDX-License-Identifier: Apache-2.0
/* COM-PORT messages: what parses builds again byte for byte; nothing is written past its end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "comport.h"

#define MAX_INPUT 300

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

static void check_build(const struct ff_comport_message *message, const uint8_t *bytes, size_t size)
{
	uint8_t out[MAX_INPUT + 1];
	memset(out, 0xA5, sizeof(out));
	size_t built = ff_comport_build(out, MAX_INPUT, message);
	CHECK(built >= 1 && built <= MAX_INPUT && out[built] == 0xA5);
	/* A client's empty poll is the one message with two forms. */
	int is_poll =
		size == 1 && (bytes[0] == FF_COMPORT_NOTIFY_LINESTATE || bytes[0] == FF_COMPORT_NOTIFY_MODEMSTATE);
	CHECK(built == size || (is_poll && built == 2 && out[1] == 0));
	CHECK(memcmp(out, bytes, size) == 0);
	CHECK(ff_comport_build(out, built - 1, message) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size > MAX_INPUT) {
		return 0;
	}
	struct ff_comport_message message;
	if (!ff_comport_parse(&message, bytes, size)) {
		return 0;
	}
	CHECK((unsigned)message.code < FF_COMPORT_CODE_COUNT);
	CHECK(ff_comport_code_name(message.code)[0] != '?');
	CHECK(message.text_size < size && (message.code == FF_COMPORT_SIGNATURE || message.text_size == 0));
	if (message.code == FF_COMPORT_SET_CONTROL) {
		CHECK(ff_comport_value_known(message.code, message.value) ==
		      (ff_comport_control_name(message.value)[0] != '?'));
	}
	check_build(&message, bytes, size);
	return 0;
}
