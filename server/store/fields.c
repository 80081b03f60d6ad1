// SPDX-License-Identifier: Apache-2.0
#include "fields.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

#define MOST_BYTES 32

/* Members of any width; all of this runs on machines where the lowest byte is the first, or where a union tells. */
union number {
	uint8_t one;
	uint16_t two;
	uint32_t four;
	uint64_t eight;
};

static uint64_t get_number(const void *at, size_t size)
{
	union number number = { .eight = 0 };
	memcpy(&number, at, size);
	switch (size) {
	case sizeof(uint8_t):
		return number.one;
	case sizeof(uint16_t):
		return number.two;
	case sizeof(uint32_t):
		return number.four;
	default:
		return number.eight;
	}
}

static bool set_number(void *at, size_t size, json_int_t value)
{
	union number number = { .eight = (uint64_t)value };
	if (size < sizeof(uint64_t)) {
		if (value < 0 || (uint64_t)value >> (8 * size) != 0) {
			return false;
		}
		uint64_t small = (uint64_t)value;
		switch (size) {
		case sizeof(uint8_t):
			number.one = (uint8_t)small;
			break;
		case sizeof(uint16_t):
			number.two = (uint16_t)small;
			break;
		default:
			number.four = (uint32_t)small;
		}
	}
	memcpy(at, &number, size);
	return true;
}

static json_t *pack_bytes(const uint8_t *bytes, size_t size)
{
	char text[2 * MOST_BYTES + 1] = "";
	for (size_t i = 0; i < size && i < MOST_BYTES; i++) {
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	}
	return json_string(text);
}

static int digit_of(char text)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = text ? strchr(digits, text) : NULL;
	return at ? (int)(at - digits) : -1;
}

static bool unpack_bytes(uint8_t *bytes, size_t size, const char *text)
{
	uint8_t found[MOST_BYTES];
	if (!text || size > sizeof(found) || strlen(text) != 2 * size) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		int high = digit_of(text[2 * i]);
		int low = digit_of(text[2 * i + 1]);
		if (high < 0 || low < 0) {
			return false;
		}
		found[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(bytes, found, size);
	return true;
}

/* What is too long is cut: a text may have grown when what was no UTF-8 in it was replaced. */
static bool unpack_text(char *to, size_t size, const json_t *value)
{
	const char *text = json_string_value(value);
	if (text) {
		snprintf(to, size, "%s", text);
	}
	return text != NULL;
}

int ff_fields_value(const char *(*name)(int value), int count, const char *text)
{
	for (int value = 0; text && value < count; value++) {
		if (strcmp(name(value), text) == 0) {
			return value;
		}
	}
	return -1;
}

static json_t *pack(const struct ff_field *field, const void *record)
{
	const void *at = (const char *)record + field->offset;
	int value = 0;
	switch (field->type) {
	case FF_FIELD_BOOL:
		return json_boolean(*(const bool *)at);
	case FF_FIELD_NUMBER:
		return json_integer((json_int_t)get_number(at, field->size));
	case FF_FIELD_TEXT:
		return ff_utf8_text(at);
	case FF_FIELD_BYTES:
		return pack_bytes(at, field->size);
	default:
		memcpy(&value, at, sizeof(value));
		return json_string(field->name(value));
	}
}

static bool unpack(const struct ff_field *field, void *record, const json_t *value)
{
	void *at = (char *)record + field->offset;
	int named;
	switch (field->type) {
	case FF_FIELD_BOOL:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value);
	case FF_FIELD_NUMBER:
		return json_is_integer(value) && set_number(at, field->size, json_integer_value(value));
	case FF_FIELD_TEXT:
		return unpack_text(at, field->size, value);
	case FF_FIELD_BYTES:
		return unpack_bytes(at, field->size, json_string_value(value));
	default:
		named = ff_fields_value(field->name, field->count, json_string_value(value));
		if (named >= 0) {
			memcpy(at, &named, sizeof(named));
		}
		return named >= 0;
	}
}

json_t *ff_fields_pack(const struct ff_field *fields, size_t count, const void *record)
{
	json_t *object = json_object();
	for (size_t i = 0; i < count && object; i++) {
		if (json_object_set_new(object, fields[i].key, pack(&fields[i], record)) != 0) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}

bool ff_fields_unpack(const struct ff_field *fields, size_t count, void *record, const json_t *object)
{
	bool right = json_is_object(object);
	for (size_t i = 0; i < count && right; i++) {
		const json_t *value = json_object_get(object, fields[i].key);
		right = !value || unpack(&fields[i], record, value);
	}
	return right;
}
