// SPDX-License-Identifier: Apache-2.0
/* Values of a query: what is taken for one is one, and an offset that was read is read the same once it is written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "params.h"

#define MAX_INPUT 4096
#define CAPACITY 64

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

static void check_offsets(const char *text)
{
	uint32_t offsets[CAPACITY];
	uint32_t again[CAPACITY];
	char written[CAPACITY * 12] = "";
	size_t count = 0;
	size_t count_again = 0;
	if (!ff_params_offsets(text, offsets, CAPACITY, &count)) {
		return;
	}
	CHECK(count >= 1 && count <= CAPACITY);
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(written);
		snprintf(written + used, sizeof(written) - used, "%s0x%x", i > 0 ? "," : "", offsets[i]);
	}
	CHECK(ff_params_offsets(written, again, CAPACITY, &count_again));
	CHECK(count_again == count && memcmp(offsets, again, count * sizeof(*offsets)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size > MAX_INPUT) {
		return 0;
	}
	char *text = strndup((const char *)bytes, size);
	char word[12];
	uint32_t number = 0;
	bool value = false;
	CHECK(text);
	check_offsets(text);
	if (ff_params_word(text, word, sizeof(word))) {
		CHECK(strcmp(word, text) == 0);
	}
	if (ff_params_baud(text, &number)) {
		CHECK(number == 0 || (number >= 50 && number <= 4000000));
	}
	CHECK(!ff_params_bool(text, &value) || strlen(text) <= 5);
	free(text);
	return 0;
}
