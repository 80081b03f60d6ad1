// SPDX-License-Identifier: Apache-2.0
#include "comport.h"

#include <string.h>

#include "bytes.h"

#define BAUDRATE_SIZE 4

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const code_names[] = {
#define CODE_NAME(constant, code, name) [code] = (name),
	FF_COMPORT_CODE_MAP(CODE_NAME)
#undef CODE_NAME
};

static const char *const control_names[] = {
#define CONTROL_NAME(constant, value, name) [value] = (name),
	FF_COMPORT_CONTROL_MAP(CONTROL_NAME)
#undef CONTROL_NAME
};

_Static_assert(COUNT(code_names) == FF_COMPORT_CODE_COUNT, "one name for each code");

const char *ff_comport_code_name(enum ff_comport_code code)
{
	return (unsigned)code < COUNT(code_names) ? code_names[code] : "?";
}

const char *ff_comport_control_name(uint32_t value)
{
	return value < COUNT(control_names) ? control_names[value] : "?";
}

static size_t value_size(enum ff_comport_code code)
{
	switch (code) {
	case FF_COMPORT_SIGNATURE:
	case FF_COMPORT_FLOWCONTROL_SUSPEND:
	case FF_COMPORT_FLOWCONTROL_RESUME:
		return 0;
	case FF_COMPORT_SET_BAUDRATE:
		return BAUDRATE_SIZE;
	default:
		return 1;
	}
}

static bool may_be_empty(enum ff_comport_role from, enum ff_comport_code code)
{
	return from == FF_COMPORT_CLIENT &&
	       (code == FF_COMPORT_NOTIFY_LINESTATE || code == FF_COMPORT_NOTIFY_MODEMSTATE);
}

bool ff_comport_parse(struct ff_comport_message *message, const uint8_t *bytes, size_t size)
{
	if (size == 0) {
		return false;
	}
	enum ff_comport_role from = bytes[0] >= FF_COMPORT_SERVER_BASE ? FF_COMPORT_SERVER : FF_COMPORT_CLIENT;
	unsigned number = from == FF_COMPORT_SERVER ? bytes[0] - FF_COMPORT_SERVER_BASE : bytes[0];
	if (number >= FF_COMPORT_CODE_COUNT) {
		return false;
	}
	struct ff_comport_message parsed = { .from = from, .code = (enum ff_comport_code)number };
	const uint8_t *value = bytes + 1;
	size--;
	if (parsed.code == FF_COMPORT_SIGNATURE) {
		parsed.text = value;
		parsed.text_size = size;
	} else if (size == value_size(parsed.code)) {
		parsed.value = size == BAUDRATE_SIZE ? ff_get_be32(value) : size == 1 ? value[0] : 0;
	} else if (size != 0 || !may_be_empty(from, parsed.code)) {
		return false;
	}
	*message = parsed;
	return true;
}

size_t ff_comport_build(uint8_t *out, size_t capacity, const struct ff_comport_message *message)
{
	bool is_text = message->code == FF_COMPORT_SIGNATURE;
	size_t size = is_text ? message->text_size : value_size(message->code);
	if (capacity == 0 || size > capacity - 1) {
		return 0;
	}
	out[0] = (uint8_t)(message->code + (message->from == FF_COMPORT_SERVER ? FF_COMPORT_SERVER_BASE : 0));
	if (is_text && size > 0) {
		memcpy(out + 1, message->text, size);
	} else if (size == BAUDRATE_SIZE) {
		ff_put_be32(out + 1, message->value);
	} else if (size == 1) {
		out[1] = (uint8_t)message->value;
	}
	return size + 1;
}

bool ff_comport_value_known(enum ff_comport_code code, uint32_t value)
{
	switch (code) {
	case FF_COMPORT_SET_DATASIZE:
		return value == 0 || (value >= 5 && value <= 8);
	case FF_COMPORT_SET_PARITY:
		return value <= FF_COMPORT_PARITY_SPACE;
	case FF_COMPORT_SET_STOPSIZE:
		return value <= FF_COMPORT_STOP_1_5;
	case FF_COMPORT_SET_CONTROL:
		return value < COUNT(control_names);
	case FF_COMPORT_PURGE_DATA:
		return value >= FF_COMPORT_PURGE_RX && value <= FF_COMPORT_PURGE_BOTH;
	case FF_COMPORT_SET_BAUDRATE:
		return true;
	default:
		return value <= UINT8_MAX;
	}
}
