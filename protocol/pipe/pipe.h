// SPDX-License-Identifier: Apache-2.0
/* A stream of bytes, each way, that outlives the connections which carry it. What the peer has not acknowledged is kept and
 * goes out again on the next connection; what comes twice is passed over. So no byte is lost or repeated, wherever a
 * connection is cut. Both ends are the same.
 *
 * The stream is cut into frames, which a connection carries whole, unchanged and in order (WebSocket messages):
 *
 *     8 bytes  place of the first data byte in the sender's stream, big endian
 *     8 bytes  acknowledgement: so much of the other stream has been taken out, big endian
 *     n bytes  data, 0 to FF_PIPE_DATA_MAX
 *
 * Nobody sends more than FF_PIPE_RING bytes beyond what has been acknowledged, so there is always room for what comes, and
 * a reader that is slow holds up the stream towards it and not the other one.
 *
 * No I/O, no clock, no allocation, nothing to release. One thread at a time. */
#ifndef FF_PIPE_PIPE_H
#define FF_PIPE_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_PIPE_RING 262144 /* bytes on their way in each direction; a power of two */
#define FF_PIPE_HEADER_SIZE 16
#define FF_PIPE_DATA_MAX 4096 /* short enough to get through where connections are cut every few thousand bytes */
#define FF_PIPE_FRAME_MAX (FF_PIPE_HEADER_SIZE + FF_PIPE_DATA_MAX)

/* All counts are bytes since the beginning. Read it through the functions. */
struct ff_pipe {
	uint64_t acknowledged; /* the peer has taken these; what lies behind is kept */
	uint64_t sent;         /* these have gone out on this connection or have arrived by an earlier one */
	uint64_t put;
	uint64_t received;
	uint64_t taken;
	uint64_t told; /* of `taken`, in the last frame that went out */
	uint8_t out[FF_PIPE_RING];
	uint8_t in[FF_PIPE_RING];
};

/* Nothing sent, nothing received. */
void ff_pipe_init(struct ff_pipe *pipe);

/* ---- the owner's side ---- */

/* How many bytes ff_pipe_put takes now. */
size_t ff_pipe_room(const struct ff_pipe *pipe);

/* Appends as many of the bytes as there is room for, and answers how many that were. */
size_t ff_pipe_put(struct ff_pipe *pipe, const uint8_t *bytes, size_t size);

/* Answers how many bytes that have been received lie together at *bytes; 0: there are none. They stay until they are
 * consumed; behind the end of the ring there may be more. */
size_t ff_pipe_peek(const struct ff_pipe *pipe, const uint8_t **bytes);

/* The first `size` of them, at most as many as ff_pipe_peek answered, have been taken out. */
void ff_pipe_consume(struct ff_pipe *pipe, size_t size);

/* ---- the connection's side ---- */

/* Whether ff_pipe_build has a frame to make. */
bool ff_pipe_has_frame(const struct ff_pipe *pipe);

/* Makes the next frame and answers its size; 0: there is nothing to tell. `frame` has FF_PIPE_FRAME_MAX bytes. */
size_t ff_pipe_build(struct ff_pipe *pipe, uint8_t *frame);

/* Takes a frame. FF_ERR_PROTOCOL: it cannot come from a peer that keeps to the above; the pipe is as it was. */
FF_WARN_UNUSED enum ff_status ff_pipe_receive(struct ff_pipe *pipe, const uint8_t *frame, size_t size,
					      struct ff_error *error);

/* How many bytes of the peer's stream have arrived: what it needs to know to go on over a new connection. */
uint64_t ff_pipe_received(const struct ff_pipe *pipe);

/* Goes on over a new connection: the peer has received so many bytes of this end's stream, and the rest goes out again.
 * FF_ERR_PROTOCOL: that cannot be, the pipe is as it was. */
FF_WARN_UNUSED enum ff_status ff_pipe_resume(struct ff_pipe *pipe, uint64_t peer_received, struct ff_error *error);

/* Whether everything that was put has gone out on this connection. */
bool ff_pipe_is_sent(const struct ff_pipe *pipe);

#endif
