// SPDX-License-Identifier: Apache-2.0
/* ELF: whatever the headers say, every segment lies inside the file and below 4 GiB. */
#include <stdint.h>
#include <stdlib.h>

#include "elf.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct ff_elf elf;

	if (ff_elf_parse(&elf, bytes, size, NULL) != FF_OK) {
		return 0;
	}
	CHECK(elf.count > 0 && elf.count <= FF_ELF_MAX_SEGMENTS);
	for (size_t i = 0; i < elf.count; i++) {
		const struct ff_elf_segment *segment = &elf.segments[i];

		CHECK(segment->size > 0 && segment->size <= size);
		CHECK(segment->bytes >= bytes && segment->bytes - bytes <= (ptrdiff_t)(size - segment->size));
		CHECK((uint64_t)segment->address + segment->size <= UINT64_C(1) << 32);
	}
	return 0;
}
