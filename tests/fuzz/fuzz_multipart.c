// SPDX-License-Identifier: Apache-2.0
/* Multipart forms. The first byte of the input says how the body is cut into pieces: the parts, their contents and the
 * verdict must not depend on it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "multipart.h"

#define TYPE "multipart/form-data; boundary=X"
#define MAX_PARTS 8

/* What a form amounts to, with its contents as a running hash (FNV-1a). */
struct summary {
	uint64_t hash;
	unsigned parts;
	unsigned ended;
	enum ff_status status;
	struct ff_error error;
};

static void mix(struct summary *summary, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < size; i++) {
		summary->hash = (summary->hash ^ p[i]) * UINT64_C(0x100000001B3);
	}
}

static void feed(struct ff_multipart *form, const uint8_t *bytes, size_t size, struct summary *summary)
{
	/* On the heap and exactly as long, so that a read past the piece is seen. */
	uint8_t *piece = malloc(size);
	if (!piece) {
		abort();
	}
	memcpy(piece, bytes, size);
	const uint8_t *at = piece;
	struct ff_multipart_event event = { .kind = FF_MULTIPART_PART };
	while (summary->status == FF_OK && event.kind != FF_MULTIPART_MORE) {
		summary->status = ff_multipart_next(form, &at, &size, &event, &summary->error);
		if (summary->status != FF_OK) {
			break;
		}
		if (event.kind == FF_MULTIPART_PART) {
			summary->parts++;
			mix(summary, form->name, strlen(form->name) + 1);
			mix(summary, form->filename, strlen(form->filename) + 1);
		} else if (event.kind == FF_MULTIPART_DATA) {
			mix(summary, event.bytes, event.size);
		} else if (event.kind == FF_MULTIPART_PART_END) {
			summary->ended++;
		}
	}
	free(piece);
}

static struct summary parse(const uint8_t *bytes, size_t size, size_t piece)
{
	struct ff_multipart form;
	struct summary summary = { .hash = UINT64_C(0xCBF29CE484222325), .error = FF_ERROR_NONE };
	summary.status = ff_multipart_init(&form, TYPE, MAX_PARTS, &summary.error);
	for (size_t at = 0; at < size && summary.status == FF_OK; at += piece) {
		feed(&form, bytes + at, piece < size - at ? piece : size - at, &summary);
	}
	if (summary.status == FF_OK) {
		summary.status = ff_multipart_finish(&form, &summary.error);
	}
	return summary;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1) {
		return 0;
	}
	size_t piece = (size_t)data[0] % 32 + 1;
	struct summary whole = parse(data + 1, size - 1, size);
	struct summary pieces = parse(data + 1, size - 1, piece);
	bool same = whole.hash == pieces.hash && whole.parts == pieces.parts && whole.ended == pieces.ended &&
		    whole.status == pieces.status && strcmp(whole.error.text, pieces.error.text) == 0;
	bool sane = whole.parts <= MAX_PARTS && whole.ended <= whole.parts &&
		    (whole.status != FF_OK || (whole.parts > 0 && whole.ended == whole.parts));
	if (!same || !sane) {
		abort();
	}
	return 0;
}
