// SPDX-License-Identifier: Apache-2.0
#include "segments.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESS_END (UINT64_C(1) << 32)

void ff_segments_init(struct ff_segments *segments, size_t cap)
{
	segments->count = 0;
	ff_buf_init(&segments->data, cap);
}

void ff_segments_release(struct ff_segments *segments)
{
	ff_buf_release(&segments->data);
	segments->count = 0;
}

static uint64_t end_of(const struct ff_segment *segment)
{
	return (uint64_t)segment->address + segment->size;
}

enum ff_status ff_segments_add(struct ff_segments *segments, uint32_t address, const uint8_t *bytes, size_t size,
			       struct ff_error *error)
{
	struct ff_segment *last = segments->count > 0 ? &segments->items[segments->count - 1] : NULL;
	bool joins = last != NULL && end_of(last) == address;

	if (size == 0) {
		return FF_OK;
	}
	if (size > ADDRESS_END - address) {
		return ff_error_set(error, FF_ERR_FORMAT, "%zu bytes at 0x%08x go past the last address", size,
				    address);
	}
	if (!joins && segments->count == FF_SEGMENTS_MAX) {
		return ff_error_set(error, FF_ERR_FORMAT, "more than %d separate pieces", FF_SEGMENTS_MAX);
	}
	struct ff_segment fresh = { .address = address, .at = segments->data.size };
	enum ff_status status = ff_buf_append(&segments->data, bytes, size);
	if (status != FF_OK) {
		return status == FF_ERR_TOO_LARGE
			       ? ff_error_set(error, status, "more than %zu bytes of content", segments->data.cap)
			       : ff_error_set(error, status, "out of memory");
	}
	if (!joins) {
		last = &segments->items[segments->count++];
		*last = fresh;
	}
	last->size += size;
	return FF_OK;
}

static int by_address(const void *a, const void *b)
{
	const struct ff_segment *left = a, *right = b;

	return left->address < right->address ? -1 : left->address > right->address;
}

/* Copies the data in the order of the (sorted) pieces, which joins those that touch. */
static enum ff_status rebuild(struct ff_segments *segments, struct ff_error *error)
{
	struct ff_buf old = segments->data;
	size_t count = segments->count;
	enum ff_status status = FF_OK;

	ff_buf_init(&segments->data, old.cap);
	segments->count = 0;
	/* Writing at `count` never overtakes reading at i: joining only makes them fewer. */
	for (size_t i = 0; i < count && status == FF_OK; i++) {
		struct ff_segment piece = segments->items[i];

		status = ff_segments_add(segments, piece.address, old.bytes + piece.at, piece.size, error);
	}
	ff_buf_release(&old);
	return status;
}

enum ff_status ff_segments_finish(struct ff_segments *segments, struct ff_error *error)
{
	bool touching = false;

	if (segments->count == 0) {
		return ff_error_set(error, FF_ERR_EMPTY, "it holds no data");
	}
	qsort(segments->items, segments->count, sizeof(segments->items[0]), by_address);
	for (size_t i = 1; i < segments->count; i++) {
		const struct ff_segment *before = &segments->items[i - 1], *after = &segments->items[i];

		if (end_of(before) > after->address) {
			return ff_error_set(error, FF_ERR_OVERLAP, "it gives the bytes at 0x%08x twice",
					    after->address);
		}
		touching |= end_of(before) == after->address;
	}
	return touching ? rebuild(segments, error) : FF_OK;
}

static enum ff_status add_blank(struct ff_segments *segments, uint32_t address, size_t size, struct ff_error *error)
{
	uint8_t blank[256];
	enum ff_status status = FF_OK;

	memset(blank, 0xFF, sizeof(blank));
	while (size > 0 && status == FF_OK) {
		size_t part = size < sizeof(blank) ? size : sizeof(blank);

		status = ff_segments_add(segments, address, blank, part, error);
		address += (uint32_t)part;
		size -= part;
	}
	return status;
}

/* Where the blank bytes before `piece` begin, if it is added next; its own address for none. */
static uint32_t blank_from(const struct ff_segments *segments, const struct ff_segment *piece, uint32_t sector,
			   bool from_start)
{
	const struct ff_segment *last = segments->count > 0 ? &segments->items[segments->count - 1] : NULL;
	uint32_t start = piece->address - piece->address % sector;

	if (last != NULL && end_of(last) > start) {
		return (uint32_t)end_of(last);
	}
	return from_start ? start : piece->address;
}

enum ff_status ff_segments_fill_sectors(struct ff_segments *segments, uint32_t sector, bool from_start,
					struct ff_error *error)
{
	struct ff_buf old = segments->data;
	size_t count = segments->count;
	enum ff_status status = FF_OK;

	ff_buf_init(&segments->data, old.cap);
	segments->count = 0;
	/* As in rebuild(), each piece is read before its place in the list is written. */
	for (size_t i = 0; i < count && status == FF_OK; i++) {
		struct ff_segment piece = segments->items[i];
		uint32_t from = blank_from(segments, &piece, sector, from_start);

		status = add_blank(segments, from, piece.address - from, error);
		if (status == FF_OK) {
			status = ff_segments_add(segments, piece.address, old.bytes + piece.at, piece.size, error);
		}
	}
	ff_buf_release(&old);
	return status;
}
