// SPDX-License-Identifier: Apache-2.0
#include "pipe.h"

#include <string.h>

#include "bytes.h"

#define MASK ((uint64_t)FF_PIPE_RING - 1)
/* An acknowledgement goes out by itself when so much has been taken out since the last one, or when nothing is left. */
#define ACKNOWLEDGE_AFTER (FF_PIPE_RING / 8)

static void put_be64(uint8_t *p, uint64_t value)
{
	ff_put_be32(p, (uint32_t)(value >> 32));
	ff_put_be32(p + 4, (uint32_t)value);
}

static uint64_t get_be64(const uint8_t *p)
{
	return (uint64_t)ff_get_be32(p) << 32 | ff_get_be32(p + 4);
}

/* ---- rings ---- */

static size_t smaller(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

static void ring_write(uint8_t *ring, uint64_t at, const uint8_t *bytes, size_t size)
{
	size_t start = (size_t)(at & MASK);
	size_t first = smaller(size, FF_PIPE_RING - start);
	memcpy(ring + start, bytes, first);
	memcpy(ring, bytes + first, size - first);
}

static void ring_read(const uint8_t *ring, uint64_t at, uint8_t *bytes, size_t size)
{
	size_t start = (size_t)(at & MASK);
	size_t first = smaller(size, FF_PIPE_RING - start);
	memcpy(bytes, ring + start, first);
	memcpy(bytes + first, ring, size - first);
}

/* ---- the owner's side ---- */

void ff_pipe_init(struct ff_pipe *pipe)
{
	/* The rings need no content, and memory that is not touched is not used. */
	memset(pipe, 0, offsetof(struct ff_pipe, out));
}

size_t ff_pipe_room(const struct ff_pipe *pipe)
{
	return FF_PIPE_RING - (size_t)(pipe->put - pipe->acknowledged);
}

size_t ff_pipe_put(struct ff_pipe *pipe, const uint8_t *bytes, size_t size)
{
	size_t taken = smaller(size, ff_pipe_room(pipe));
	if (taken > 0) {
		ring_write(pipe->out, pipe->put, bytes, taken);
		pipe->put += taken;
	}
	return taken;
}

size_t ff_pipe_peek(const struct ff_pipe *pipe, const uint8_t **bytes)
{
	size_t start = (size_t)(pipe->taken & MASK);
	*bytes = pipe->in + start;
	return smaller(pipe->received - pipe->taken, FF_PIPE_RING - start);
}

void ff_pipe_consume(struct ff_pipe *pipe, size_t size)
{
	pipe->taken += size;
}

/* ---- the connection's side ---- */

bool ff_pipe_has_frame(const struct ff_pipe *pipe)
{
	uint64_t untold = pipe->taken - pipe->told;
	return pipe->sent < pipe->put || untold >= ACKNOWLEDGE_AFTER || (untold > 0 && pipe->taken == pipe->received);
}

size_t ff_pipe_build(struct ff_pipe *pipe, uint8_t *frame)
{
	if (!ff_pipe_has_frame(pipe)) {
		return 0;
	}
	size_t size = smaller(pipe->put - pipe->sent, FF_PIPE_DATA_MAX);
	put_be64(frame, pipe->sent);
	put_be64(frame + 8, pipe->taken);
	ring_read(pipe->out, pipe->sent, frame + FF_PIPE_HEADER_SIZE, size);
	pipe->sent += size;
	pipe->told = pipe->taken;
	return FF_PIPE_HEADER_SIZE + size;
}

static enum ff_status refuse(struct ff_error *error, const char *what)
{
	return ff_error_set(error, FF_ERR_PROTOCOL, "the other end of the tunnel sent %s", what);
}

enum ff_status ff_pipe_receive(struct ff_pipe *pipe, const uint8_t *frame, size_t size, struct ff_error *error)
{
	if (size < FF_PIPE_HEADER_SIZE || size > FF_PIPE_FRAME_MAX) {
		return refuse(error, "a frame of a size that there is not");
	}
	uint64_t at = get_be64(frame);
	uint64_t acknowledged = get_be64(frame + 8);
	const uint8_t *data = frame + FF_PIPE_HEADER_SIZE;
	size -= FF_PIPE_HEADER_SIZE;
	if (acknowledged < pipe->acknowledged || acknowledged > pipe->sent) {
		return refuse(error, "an acknowledgement of what it has not been sent, or has acknowledged before");
	}
	if (at > pipe->received) {
		return refuse(error, "data with a gap before it");
	}
	uint64_t known = pipe->received - at;
	if (known < size) {
		size_t fresh = size - (size_t)known;
		if (fresh > FF_PIPE_RING - (pipe->received - pipe->taken)) {
			return refuse(error, "more data than there is room for");
		}
		ring_write(pipe->in, pipe->received, data + known, fresh);
		pipe->received += fresh;
	}
	pipe->acknowledged = acknowledged;
	return FF_OK;
}

uint64_t ff_pipe_received(const struct ff_pipe *pipe)
{
	return pipe->received;
}

enum ff_status ff_pipe_resume(struct ff_pipe *pipe, uint64_t peer_received, struct ff_error *error)
{
	if (peer_received < pipe->acknowledged || peer_received > pipe->sent) {
		return refuse(error, "a count of bytes that it cannot have received");
	}
	pipe->sent = peer_received;
	pipe->told = 0;
	return FF_OK;
}

bool ff_pipe_is_sent(const struct ff_pipe *pipe)
{
	return pipe->sent == pipe->put;
}
