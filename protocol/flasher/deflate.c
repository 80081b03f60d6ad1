// SPDX-License-Identifier: Apache-2.0
#include "deflate.h"

#include <stdbool.h>
#include <stdlib.h>

#include <zlib.h>

/* zlib's own choice. Level 9 takes two to six times the time for at most 0.4 % fewer bytes, and each image is compressed
 * twice, once before it is sent. */
#define LEVEL 6
#define WINDOW_BITS 15
/* 96 KB less than zlib's own 8, for at most 0.8 % more bytes on the wire, and none where machine code is most of an image: many
 * boards may be flashed at once. */
#define MEMORY_LEVEL 6
#define INPUT_SIZE 4096

struct ff_deflate {
	z_stream out;
	ff_deflate_read read;
	void *context;
	bool input_ended;
	bool ended;
	uint8_t input[INPUT_SIZE];
};

enum ff_status ff_deflate_new(struct ff_deflate **stream, struct ff_error *error)
{
	struct ff_deflate *created = calloc(1, sizeof(*created));
	if (!created) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory to compress");
	}
	/* zlib's own header, as the chips expect it; they have a window of 32 KB. */
	if (deflateInit2(&created->out, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(created);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory to compress");
	}
	*stream = created;
	return FF_OK;
}

void ff_deflate_free(struct ff_deflate *stream)
{
	if (stream) {
		deflateEnd(&stream->out);
		free(stream);
	}
}

void ff_deflate_start(struct ff_deflate *stream, ff_deflate_read read, void *context)
{
	deflateReset(&stream->out);
	stream->out.avail_in = 0;
	stream->read = read;
	stream->context = context;
	stream->input_ended = false;
	stream->ended = false;
}

static enum ff_status refill(struct ff_deflate *stream, struct ff_error *error)
{
	size_t got = 0;
	enum ff_status status = stream->read(stream->context, stream->input, sizeof(stream->input), &got, error);
	if (status == FF_OK) {
		stream->out.next_in = stream->input;
		stream->out.avail_in = (uInt)got;
		stream->input_ended = got == 0;
	}
	return status;
}

enum ff_status ff_deflate_next(struct ff_deflate *stream, uint8_t *block, size_t capacity, size_t *size,
			       struct ff_error *error)
{
	stream->out.next_out = block;
	stream->out.avail_out = (uInt)capacity;
	while (!stream->ended && stream->out.avail_out > 0) {
		if (stream->out.avail_in == 0 && !stream->input_ended) {
			enum ff_status status = refill(stream, error);
			if (status != FF_OK) {
				return status;
			}
		}
		stream->ended = deflate(&stream->out, stream->input_ended ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
	}
	*size = capacity - stream->out.avail_out;
	return FF_OK;
}
