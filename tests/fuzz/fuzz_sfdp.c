// SPDX-License-Identifier: Apache-2.0
/* SFDP: whatever a flash chip tells, its table lies where 24 bits reach, and its size is whole sectors up to 2 GiB. */
#include <stdint.h>
#include <stdlib.h>

#include "bytes.h"
#include "sfdp.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uint32_t address = UINT32_MAX;

	if (size < FF_SFDP_HEADER_SIZE + 4) {
		return 0;
	}
	CHECK(ff_sfdp_find_table(bytes, &address) == (address != UINT32_MAX));
	CHECK(address == UINT32_MAX || (address <= 0xFFFFFF && bytes[0] == 'S'));
	uint32_t flash = ff_sfdp_size(ff_get_le32(bytes + FF_SFDP_HEADER_SIZE));
	CHECK(flash % 4096 == 0 && flash <= UINT32_C(1) << 31);
	return 0;
}
