// SPDX-License-Identifier: Apache-2.0
/* Programs for RAM: whatever is taken lies within the file, and is judged for every chip. */
#include <stdlib.h>
#include <string.h>

#include "imagechip.h"
#include "program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const chips[] = { "ESP8266", "ESP32", "ESP32-S3", "ESP32-C3", "ESP32-P4", "unknown" };
	struct ff_program program = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;
	uint64_t sum = 0;
	volatile uint8_t last = 0;
	if (ff_program_parse(&program, data, size, &error) != FF_OK) {
		if (error.text[0] == '\0') {
			abort();
		}
		return 0;
	}
	if (program.count == 0 || program.count > FF_MAX_RAM_SEGMENTS) {
		abort();
	}
	for (size_t i = 0; i < program.count; i++) {
		const struct ff_ram_segment *segment = &program.segments[i];
		if (segment->size == 0 || segment->bytes < data || segment->size > size ||
		    (size_t)(segment->bytes - data) > size - segment->size) {
			abort();
		}
		last = segment->bytes[segment->size - 1];
		sum += segment->size;
	}
	(void)last;
	if (sum != program.bytes) {
		abort();
	}
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		(void)!ff_program_check(&program, chips[i], &error);
	}
	return 0;
}
