// SPDX-License-Identifier: Apache-2.0
/* UF2: pieces are sorted, apart and within bounds; written and read again they are the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "uf2.h"

#define CAP 65536

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

static enum ff_status collect(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	(void)error;
	return ff_buf_append(context, bytes, size);
}

static void check_again(const struct ff_segments *segments, uint32_t family)
{
	static struct ff_segments again;
	const struct ff_uf2_options options = { .family = family, .chunk = segments->count % 2 ? 256 : 0 };
	struct ff_buf file;
	const struct ff_sink sink = { collect, &file };
	uint32_t found = ~family;

	ff_buf_init(&file, 16 * CAP);
	ff_segments_init(&again, CAP);
	for (size_t i = 0; i < segments->count; i++) {
		const struct ff_segment *item = &segments->items[i];

		CHECK(item->size > 0 && item->at + item->size <= segments->data.size);
		CHECK(i + 1 == segments->count ||
		      (uint64_t)item->address + item->size < segments->items[i + 1].address);
		CHECK(ff_uf2_write(&options, &sink, item->address, ff_segments_bytes(segments, i), item->size, NULL) ==
		      FF_OK);
	}
	CHECK(ff_uf2_read(&again, &found, file.bytes, file.size, NULL) == FF_OK);
	CHECK(found == family && again.count == segments->count);
	for (size_t i = 0; i < again.count; i++) {
		CHECK(again.items[i].address == segments->items[i].address);
		CHECK(again.items[i].size == segments->items[i].size);
		CHECK(memcmp(ff_segments_bytes(&again, i), ff_segments_bytes(segments, i), again.items[i].size) == 0);
	}
	ff_segments_release(&again);
	ff_buf_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct ff_segments segments;
	uint32_t family;

	ff_segments_init(&segments, CAP);
	if (ff_uf2_read(&segments, &family, bytes, size, NULL) == FF_OK) {
		check_again(&segments, family);
	}
	ff_segments_release(&segments);
	return 0;
}
