// SPDX-License-Identifier: Apache-2.0
/* One end of a tunnel's pipe under any peer. The input is a list of steps, a byte each with what belongs to it: put, take,
 * build, resume, receive any frame, receive a frame that fits. Counts stay in order, and what comes out is what fitting
 * frames carried, once and in order. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "pipe.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

static struct ff_pipe pipe_end;
static uint64_t read_count;

static void check(const struct ff_pipe *pipe)
{
	CHECK(pipe->acknowledged <= pipe->sent && pipe->sent <= pipe->put);
	CHECK(pipe->put - pipe->acknowledged <= FF_PIPE_RING);
	CHECK(pipe->told <= pipe->taken && pipe->taken <= pipe->received);
	CHECK(pipe->received - pipe->taken <= FF_PIPE_RING);
}

static uint32_t number(struct ff_cursor *cursor, size_t size)
{
	uint32_t value = 0;
	while (size-- > 0) {
		value = value << 8 | ff_cursor_u8(cursor);
	}
	return value;
}

static void put_be64(uint8_t *p, uint64_t value)
{
	ff_put_be32(p, (uint32_t)(value >> 32));
	ff_put_be32(p + 4, (uint32_t)value);
}

/* Any bytes as a frame, padded to the length that the input asks for. Its data is the count, so that a frame which happens
 * to be accepted does not disturb the check of order. */
static void receive(struct ff_cursor *cursor, bool fits)
{
	static uint8_t frame[FF_PIPE_FRAME_MAX + 8];
	struct ff_error error = FF_ERROR_NONE;
	size_t size = number(cursor, 2) % (sizeof(frame) + 1);
	uint64_t at = fits ? pipe_end.received - (pipe_end.received ? number(cursor, 2) % pipe_end.received : 0)
			   : (uint64_t)number(cursor, 4) << 32 | number(cursor, 4);
	uint64_t acknowledged = fits ? pipe_end.acknowledged + number(cursor, 1)
				     : (uint64_t)number(cursor, 4) << 32 | number(cursor, 4);
	put_be64(frame, at);
	put_be64(frame + 8, acknowledged);
	for (size_t i = FF_PIPE_HEADER_SIZE; i < size; i++) {
		uint64_t place = at + i - FF_PIPE_HEADER_SIZE;
		frame[i] = (uint8_t)(place ^ place >> 8);
	}
	struct ff_pipe before;
	memcpy(&before, &pipe_end, offsetof(struct ff_pipe, out));
	if (ff_pipe_receive(&pipe_end, frame, size, &error) != FF_OK) {
		CHECK(memcmp(&before, &pipe_end, offsetof(struct ff_pipe, out)) == 0);
	}
}

static void take(size_t most)
{
	const uint8_t *bytes;
	size_t size = ff_pipe_peek(&pipe_end, &bytes);
	size = size < most ? size : most;
	for (size_t i = 0; i < size; i++) {
		uint64_t place = read_count + i;
		CHECK(bytes[i] == (uint8_t)(place ^ place >> 8));
	}
	ff_pipe_consume(&pipe_end, size);
	read_count += size;
}

static void step(struct ff_cursor *cursor)
{
	static uint8_t bytes[FF_PIPE_FRAME_MAX + FF_PIPE_RING];
	struct ff_error error = FF_ERROR_NONE;
	size_t size;
	switch (ff_cursor_u8(cursor) % 6) {
	case 0:
		(void)!ff_pipe_put(&pipe_end, bytes, number(cursor, 2) * 5);
		break;
	case 1:
		take(number(cursor, 2));
		break;
	case 2:
		size = ff_pipe_build(&pipe_end, bytes);
		CHECK(size == 0 || (size >= FF_PIPE_HEADER_SIZE && size <= FF_PIPE_FRAME_MAX));
		break;
	case 3:
		(void)!ff_pipe_resume(&pipe_end, pipe_end.acknowledged + number(cursor, 3) - 2, &error);
		break;
	case 4:
		receive(cursor, false);
		break;
	default:
		receive(cursor, true);
	}
	check(&pipe_end);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ff_cursor cursor = ff_cursor_make(bytes, size);
	if (size > 2048) {
		return 0;
	}
	ff_pipe_init(&pipe_end);
	read_count = 0;
	while (ff_cursor_left(&cursor) > 0) {
		step(&cursor);
	}
	return 0;
}
