// SPDX-License-Identifier: Apache-2.0
/* Structs as JSON objects and back, by tables that say what their members are called. Enumerations are kept by name, because
 * their values may change from one version to the next. Pure; any thread. */
#ifndef FF_STORE_FIELDS_H
#define FF_STORE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum ff_field_type {
	FF_FIELD_BOOL,
	FF_FIELD_NUMBER, /* an integer of `size` bytes */
	FF_FIELD_TEXT,   /* an array of `size` characters */
	FF_FIELD_BYTES,  /* an array of `size` bytes, as hexadecimal digits */
	FF_FIELD_NAME    /* an enumeration of `count` values, which `name` tells */
};

struct ff_field {
	const char *key;
	enum ff_field_type type;
	size_t offset;
	size_t size;
	const char *(*name)(int value);
	int count;
};

#define FF_FIELD_SIZE(record, member) sizeof(((struct record *)0)->member)

/* A row of a table. */
#define FF_FIELD(how, record, member) \
	{ \
		.key = #member, .type = (how), .offset = offsetof(struct record, member), \
		.size = FF_FIELD_SIZE(record, member) \
	}
#define FF_FIELD_OF(record, member, name_function, values) \
	{ \
		.key = #member, .type = FF_FIELD_NAME, .offset = offsetof(struct record, member), \
		.size = FF_FIELD_SIZE(record, member), .name = (name_function), .count = (values) \
	}

/* A new reference; NULL: out of memory. */
json_t *ff_fields_pack(const struct ff_field *fields, size_t count, const void *record);

/* Sets the members that `object` has, and leaves the others alone. False: one of them cannot be what it says. */
bool ff_fields_unpack(const struct ff_field *fields, size_t count, void *record, const json_t *object);

/* The value of this name; -1: there is none. */
int ff_fields_value(const char *(*name)(int value), int count, const char *text);

#endif
