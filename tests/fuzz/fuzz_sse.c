// SPDX-License-Identifier: Apache-2.0
/* The client's event stream: any split gives the same events. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sse.h"

/* What the parser told, folded into one number. */
struct story {
	uint64_t digest;
	enum ff_status status;
};

static void tell(struct story *story, const char *text)
{
	do {
		story->digest = (story->digest ^ (uint8_t)*text) * 0x100000001B3;
	} while (*text++ != '\0');
}

static void take_event(void *context, const char *event, const char *data)
{
	tell(context, event);
	tell(context, data);
}

static struct story read_stream(const char *bytes, size_t size, size_t piece)
{
	struct story story = { .digest = 0xCBF29CE484222325, .status = FF_OK };
	struct ff_sse sse;

	ff_sse_init(&sse, take_event, &story);
	for (size_t at = 0; at < size && story.status == FF_OK; at += piece) {
		story.status = ff_sse_feed(&sse, bytes + at, size - at < piece ? size - at : piece);
	}
	ff_sse_release(&sse);
	return story;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct story whole, split;

	if (size < 1) {
		return 0;
	}
	whole = read_stream((const char *)bytes + 1, size - 1, size);
	split = read_stream((const char *)bytes + 1, size - 1, bytes[0] % 16 + 1);
	if (whole.digest != split.digest || whole.status != split.status) {
		abort();
	}
	return 0;
}
