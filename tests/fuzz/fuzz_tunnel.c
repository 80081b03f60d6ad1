// SPDX-License-Identifier: Apache-2.0
/* The local end of a tunnel between any client and any server. The input is a list of steps: a byte that says who speaks and
 * how much of it is moved, a byte of length, and the bytes. Nothing is lost on the local side unless the tunnel says that it
 * is broken, and every buffer stays within its bound. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "tunnel.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

static struct ff_tunnel tunnel;
static struct ff_pipe server;

static void carry(struct ff_pipe *from, struct ff_pipe *to)
{
	uint8_t frame[FF_PIPE_FRAME_MAX];
	struct ff_error error = FF_ERROR_NONE;
	size_t size = ff_pipe_build(from, frame);
	CHECK(size == 0 || ff_pipe_receive(to, frame, size, &error) == FF_OK);
}

static void check(void)
{
	CHECK(tunnel.out_at <= tunnel.out_end && tunnel.out_end <= FF_TUNNEL_OUT_SIZE);
	for (unsigned i = 0; i < FF_TUNNEL_GROUPS; i++) {
		const struct ff_tunnel_open *open = &tunnel.settings.open[i];
		CHECK(open->count <= 32);
		CHECK(open->count == 32 || (open->waits | open->changes) >> open->count == 0);
	}
}

static void step(struct ff_cursor *cursor)
{
	uint8_t what = ff_cursor_u8(cursor);
	size_t size = ff_cursor_u8(cursor);
	size = size < ff_cursor_left(cursor) ? size : ff_cursor_left(cursor);
	const uint8_t *bytes = ff_cursor_take(cursor, size);
	if (what & 1) {
		CHECK(ff_tunnel_take(&tunnel, bytes, size) <= size);
	} else {
		(void)!ff_pipe_put(&server, bytes, size);
	}
	if (what & 2) {
		carry(&tunnel.pipe, &server);
	}
	if (what & 4) {
		ff_pipe_consume(&server, ff_pipe_peek(&server, &bytes));
	}
	if (what & 8) {
		carry(&server, &tunnel.pipe);
	}
	if (what & 16) {
		(void)!ff_tunnel_move(&tunnel);
	}
	if (what & 32) {
		ff_tunnel_sent(&tunnel, (tunnel.out_end - tunnel.out_at) / (what & 64 ? 2 : 1));
	}
	check();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ff_cursor cursor = ff_cursor_make(bytes, size);
	if (size < 1 || size > 8192) {
		return 0;
	}
	ff_pipe_init(&server);
	ff_tunnel_init(&tunnel, ff_cursor_u8(&cursor) & 1, "fuzz");
	while (ff_cursor_left(&cursor) > 0) {
		step(&cursor);
	}
	return 0;
}
