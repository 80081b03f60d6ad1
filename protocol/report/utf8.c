// SPDX-License-Identifier: Apache-2.0
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd";
#define REPLACEMENT_SIZE (sizeof(replacement) - 1)

static int is_tail(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Size of the valid sequence at the start of `bytes`, 0 if there is none. */
static size_t sequence_size(const uint8_t *bytes, size_t left)
{
	uint8_t first = bytes[0];

	if (first < 0x80) {
		return 1;
	}
	if (first >= 0xc2 && first <= 0xdf && left >= 2) {
		return is_tail(bytes[1]) ? 2 : 0;
	}
	if (first >= 0xe0 && first <= 0xef && left >= 3 && is_tail(bytes[1]) && is_tail(bytes[2])) {
		/* no overlong forms, no surrogates */
		return (first == 0xe0 && bytes[1] < 0xa0) || (first == 0xed && bytes[1] > 0x9f) ? 0 : 3;
	}
	if (first >= 0xf0 && first <= 0xf4 && left >= 4 && is_tail(bytes[1]) && is_tail(bytes[2]) &&
	    is_tail(bytes[3])) {
		return (first == 0xf0 && bytes[1] < 0x90) || (first == 0xf4 && bytes[1] > 0x8f) ? 0 : 4;
	}
	return 0;
}

json_t *ff_utf8_json(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size * REPLACEMENT_SIZE + 1);
	size_t used = 0;
	json_t *value;

	if (text == NULL) {
		return NULL;
	}
	for (size_t at = 0; at < size;) {
		size_t taken = sequence_size(bytes + at, size - at);

		if (taken > 0) {
			memcpy(text + used, bytes + at, taken);
			used += taken;
			at += taken;
		} else {
			memcpy(text + used, replacement, REPLACEMENT_SIZE);
			used += REPLACEMENT_SIZE;
			at++;
		}
	}
	value = json_stringn(text, used);
	free(text);
	return value;
}

json_t *ff_utf8_text(const char *text)
{
	return ff_utf8_json((const uint8_t *)text, strlen(text));
}

size_t ff_utf8_unfinished(const uint8_t *bytes, size_t size)
{
	for (size_t back = 1; back <= 3 && back <= size; back++) {
		uint8_t first = bytes[size - back];

		if (!is_tail(first)) {
			size_t whole = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;

			return first <= 0xf4 && back < whole ? back : 0;
		}
	}
	return 0;
}
