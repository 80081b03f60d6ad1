// SPDX-License-Identifier: Apache-2.0
/* The JSON file of a stub flasher: whatever it holds, the segments are consistent or there is a reason. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "stub.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(int holds)
{
	if (!holds) {
		abort();
	}
}

static void check_segment(const struct ff_stub_segment *segment)
{
	uint8_t sum = 0;
	check((segment->bytes == NULL) == (segment->size == 0));
	for (uint32_t i = 0; i < segment->size; i++) {
		sum ^= segment->bytes[i];
	}
	volatile uint8_t kept = sum;
	(void)kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ff_stub stub = { 0 };
	struct ff_error error = FF_ERROR_NONE;
	if (ff_stub_parse(&stub, (const char *)bytes, size, "fuzzed", &error) != FF_OK) {
		check(error.text[0] != '\0');
	} else {
		check(stub.text.size > 0);
		check_segment(&stub.text);
		check_segment(&stub.data);
	}
	ff_stub_release(&stub);
	return 0;
}
