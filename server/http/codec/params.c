// SPDX-License-Identifier: Apache-2.0
#include "params.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_BAUD 50
#define LARGEST_BAUD 4000000

static bool parse_u32(const char *text, int base, uint32_t *value)
{
	/* strtoull() takes blanks, signs and a second prefix; we do not. */
	uint64_t number = 0;
	if (!*text) {
		return false;
	}
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (base == 16 ? !isxdigit(c) : !isdigit(c)) {
			return false;
		}
		unsigned digit = (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
		number = number * (unsigned)base + digit;
		if (number > UINT32_MAX) {
			return false;
		}
	}
	*value = (uint32_t)number;
	return true;
}

bool ff_params_number(const char *text, uint32_t *number)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		return parse_u32(text + 2, 16, number);
	}
	return parse_u32(text, 10, number);
}

#define LONGEST_OFFSET 10 /* "0xffffffff", "4294967295" */

static bool holds(const uint32_t *offsets, size_t count, uint32_t offset)
{
	for (size_t i = 0; i < count; i++) {
		if (offsets[i] == offset) {
			return true;
		}
	}
	return false;
}

bool ff_params_offsets(const char *text, uint32_t *offsets, size_t capacity, size_t *count)
{
	size_t found = 0;
	for (;;) {
		char word[LONGEST_OFFSET + 1];
		size_t length = strcspn(text, ",");
		uint32_t offset = 0;
		if (length > LONGEST_OFFSET || found == capacity) {
			return false;
		}
		memcpy(word, text, length);
		word[length] = '\0';
		if (!ff_params_number(word, &offset) || holds(offsets, found, offset)) {
			return false;
		}
		offsets[found++] = offset;
		if (text[length] == '\0') {
			*count = found;
			return true;
		}
		text += length + 1;
	}
}

bool ff_params_word(const char *text, char *word, size_t size)
{
	size_t length = strlen(text);
	if (length == 0 || length >= size) {
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '-') {
			return false;
		}
	}
	memcpy(word, text, length + 1);
	return true;
}

bool ff_params_bool(const char *text, bool *value)
{
	static const char *const words[] = { "false", "true", "0", "1", "no", "yes" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			*value = i % 2 == 1;
			return true;
		}
	}
	return false;
}

bool ff_params_baud(const char *text, uint32_t *baud)
{
	uint32_t value;
	if (!parse_u32(text, 10, &value) || (value != 0 && (value < LEAST_BAUD || value > LARGEST_BAUD))) {
		return false;
	}
	*baud = value;
	return true;
}
