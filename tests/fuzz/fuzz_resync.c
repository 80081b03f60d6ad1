// SPDX-License-Identifier: Apache-2.0
/* The answer to SYNC that is sent once more: whatever client and board say, in whatever pieces, it is an answer to SYNC
 * and within its bounds. Each step is a byte of what happens, one of how many bytes follow, and those. */
#include <stdint.h>
#include <stdlib.h>

#include "resync.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ff_resync resync;
	ff_resync_init(&resync, size % 2 == 1);
	while (size >= 2) {
		uint8_t step = bytes[0] & 3;
		size_t count = bytes[1] < size - 2 ? bytes[1] : size - 2;
		bytes += 2;
		size -= 2;
		size_t again = 0;
		if (step == 0) {
			ff_resync_sent(&resync, bytes, count);
		} else if (step == 1) {
			ff_resync_heard(&resync, bytes, count);
		} else {
			count = 0;
			again = ff_resync_request(&resync, step == 2);
		}
		CHECK(again <= FF_RESYNC_ANSWER_MAX && resync.size < FF_RESYNC_ANSWER_MAX);
		if (again > 0) {
			CHECK(step == 3 && again >= 12 && resync.answer[0] == 0xC0 && resync.answer[again - 1] == 0xC0);
			CHECK(resync.answer[1] == 0x01 && resync.answer[2] == 0x08);
		}
		bytes += count;
		size -= count;
	}
	return 0;
}
