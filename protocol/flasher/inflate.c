// SPDX-License-Identifier: Apache-2.0
#define ZLIB_CONST
#include "inflate.h"

#include <stdbool.h>
#include <stdlib.h>

#include <zlib.h>

#define OUTPUT_SIZE 1024

struct ff_inflate {
	z_stream in;
	struct ff_sink out;
	uint8_t output[OUTPUT_SIZE];
};

enum ff_status ff_inflate_new(struct ff_inflate **stream, struct ff_error *error)
{
	struct ff_inflate *created = calloc(1, sizeof(*created));
	if (!created || inflateInit(&created->in) != Z_OK) {
		free(created);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory to inflate");
	}
	*stream = created;
	return FF_OK;
}

void ff_inflate_free(struct ff_inflate *stream)
{
	if (stream) {
		inflateEnd(&stream->in);
		free(stream);
	}
}

void ff_inflate_start(struct ff_inflate *stream, const struct ff_sink *out)
{
	inflateReset(&stream->in);
	stream->in.next_in = NULL;
	stream->in.avail_in = 0;
	stream->out = *out;
}

/* Until it neither takes nor gives: a full output buffer may hide more. */
static enum ff_status drain(struct ff_inflate *stream, int *result, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	do {
		stream->in.next_out = stream->output;
		stream->in.avail_out = sizeof(stream->output);
		*result = inflate(&stream->in, Z_NO_FLUSH);
		size_t got = sizeof(stream->output) - stream->in.avail_out;
		if (got > 0) {
			status = stream->out.write(stream->out.context, stream->output, got, error);
		}
	} while (status == FF_OK && *result == Z_OK && (stream->in.avail_in > 0 || stream->in.avail_out == 0));
	return status;
}

enum ff_status ff_inflate_next(struct ff_inflate *stream, const uint8_t *block, size_t size, uint32_t *inflated,
			       struct ff_error *error)
{
	uLong before = stream->in.total_out;
	int result = Z_OK;
	stream->in.next_in = block;
	stream->in.avail_in = (uInt)size;
	enum ff_status status = drain(stream, &result, error);
	if (status != FF_OK) {
		return status;
	}
	if (result == Z_MEM_ERROR) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory to inflate");
	}
	bool good = result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
	if (!good || stream->in.avail_in > 0) {
		return ff_error_set(error, FF_ERR_FORMAT, "the compressed data are damaged");
	}
	*inflated = (uint32_t)(stream->in.total_out - before);
	return FF_OK;
}
