// SPDX-License-Identifier: Apache-2.0
#include "image_name.h"

#include <string.h>

#define PREFIX "sha256:"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)
#define HASH_SIZE 64

static char lower_digit(char digit)
{
	if ((digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f')) {
		return digit;
	}
	return digit >= 'A' && digit <= 'F' ? (char)(digit - 'A' + 'a') : '\0';
}

bool ff_image_name_hash(const char *text, size_t size, char sha256[65])
{
	char hash[HASH_SIZE + 1] = "";
	if (size != HASH_SIZE) {
		return false;
	}
	for (size_t i = 0; i < HASH_SIZE; i++) {
		hash[i] = lower_digit(text[i]);
		if (!hash[i]) {
			return false;
		}
	}
	memcpy(sha256, hash, sizeof(hash));
	return true;
}

bool ff_image_name_may_begin(const char *bytes, size_t size)
{
	return memcmp(bytes, PREFIX, size < PREFIX_SIZE ? size : PREFIX_SIZE) == 0;
}

bool ff_image_name_parse(const char *text, size_t size, struct ff_image_name *name)
{
	struct ff_image_name parsed = { .file = "" };
	size_t before = PREFIX_SIZE + HASH_SIZE;
	if (size < before || size > FF_IMAGE_NAME_SIZE || !ff_image_name_may_begin(text, size) ||
	    !ff_image_name_hash(text + PREFIX_SIZE, HASH_SIZE, parsed.sha256)) {
		return false;
	}
	if (size > before) {
		size_t file_size = size - before - 1;
		if (text[before] != ' ' || file_size == 0 || memchr(text + before, '\0', file_size + 1)) {
			return false;
		}
		memcpy(parsed.file, text + before + 1, file_size);
	}
	*name = parsed;
	return true;
}
