// SPDX-License-Identifier: Apache-2.0
#include "random.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>

bool ff_random_hex(char *text, size_t count)
{
	uint8_t bytes[FF_RANDOM_MOST];
	text[0] = '\0';
	if (count > sizeof(bytes) || getrandom(bytes, count, 0) != (ssize_t)count) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	}
	return true;
}
