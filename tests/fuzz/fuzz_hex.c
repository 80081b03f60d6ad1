// SPDX-License-Identifier: Apache-2.0
/* Intel HEX: pieces are sorted, apart and within bounds; written and read again they are the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"

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

static void check_order(const struct ff_segments *segments)
{
	CHECK(segments->count > 0 && segments->count <= FF_SEGMENTS_MAX && segments->data.size <= CAP);
	for (size_t i = 0; i < segments->count; i++) {
		const struct ff_segment *item = &segments->items[i];

		CHECK(item->size > 0 && item->at + item->size <= segments->data.size);
		CHECK(i + 1 == segments->count ||
		      (uint64_t)item->address + item->size < segments->items[i + 1].address);
	}
}

static void check_again(const struct ff_segments *segments)
{
	static struct ff_segments again;
	struct ff_buf text;
	struct ff_hex_writer writer = { .sink = { collect, &text } };

	ff_buf_init(&text, 64 * CAP);
	ff_segments_init(&again, CAP);
	for (size_t i = 0; i < segments->count; i++) {
		const struct ff_segment *item = &segments->items[i];

		CHECK(ff_hex_write(&writer, item->address, ff_segments_bytes(segments, i), item->size, NULL) == FF_OK);
	}
	CHECK(ff_hex_end(&writer, NULL) == FF_OK);
	CHECK(ff_hex_read(&again, text.bytes, text.size, NULL) == FF_OK);
	CHECK(again.count == segments->count);
	for (size_t i = 0; i < again.count; i++) {
		CHECK(again.items[i].address == segments->items[i].address);
		CHECK(again.items[i].size == segments->items[i].size);
		CHECK(memcmp(ff_segments_bytes(&again, i), ff_segments_bytes(segments, i), again.items[i].size) == 0);
	}
	ff_segments_release(&again);
	ff_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct ff_segments segments;

	ff_segments_init(&segments, CAP);
	if (ff_hex_read(&segments, bytes, size, NULL) == FF_OK) {
		check_order(&segments);
		check_again(&segments);
	}
	ff_segments_release(&segments);
	return 0;
}
