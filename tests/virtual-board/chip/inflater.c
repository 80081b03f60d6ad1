// SPDX-License-Identifier: Apache-2.0
#include "inflater.h"

#include "bytes.h"

#define RAW_DEFLATE (-15)
#define METHOD_DEFLATE 8
#define FLAG_DICTIONARY 0x20

void ff_inflater_init(struct ff_inflater *inflater)
{
	inflater->open = false;
	inflater->used = 0;
}

void ff_inflater_release(struct ff_inflater *inflater)
{
	if (inflater->open) {
		inflateEnd(&inflater->zlib);
		inflater->open = false;
	}
}

bool ff_inflater_start(struct ff_inflater *inflater)
{
	ff_inflater_release(inflater);
	inflater->zlib = (z_stream){ 0 };
	inflater->open = inflateInit2(&inflater->zlib, RAW_DEFLATE) == Z_OK;
	inflater->done = false;
	inflater->header_size = inflater->trailer_size = 0;
	inflater->adler = 1;
	inflater->used = 0;
	return inflater->open;
}

/* Takes header bytes; false when they are not those of a zlib stream (RFC 1950). */
static bool take_header(struct ff_inflater *inflater, const uint8_t *bytes, size_t size, size_t *taken)
{
	while (inflater->header_size < sizeof(inflater->header) && *taken < size) {
		inflater->header[inflater->header_size++] = bytes[(*taken)++];
	}
	if (inflater->header_size < sizeof(inflater->header)) {
		return true;
	}
	const uint8_t *header = inflater->header;
	return (header[0] & 15) == METHOD_DEFLATE && (header[0] << 8 | header[1]) % 31 == 0 &&
	       !(header[1] & FLAG_DICTIONARY);
}

static void take_trailer(struct ff_inflater *inflater, const uint8_t *bytes, size_t size, size_t *taken)
{
	while (inflater->trailer_size < sizeof(inflater->trailer) && *taken < size) {
		inflater->trailer[inflater->trailer_size++] = bytes[(*taken)++];
	}
}

/* Runs zlib over the rest of the input and into the rest of the window. */
static enum ff_inflate_result unpack(struct ff_inflater *inflater, const uint8_t *bytes, size_t size, size_t *taken)
{
	z_stream *zlib = &inflater->zlib;
	zlib->next_in = (Bytef *)bytes + *taken;
	zlib->avail_in = (uInt)(size - *taken);
	zlib->next_out = inflater->window + inflater->used;
	zlib->avail_out = (uInt)(sizeof(inflater->window) - inflater->used);
	int result = inflate(zlib, Z_NO_FLUSH);
	size_t came = sizeof(inflater->window) - inflater->used - zlib->avail_out;
	inflater->adler = (uint32_t)adler32(inflater->adler, inflater->window + inflater->used, (uInt)came);
	inflater->used += came;
	*taken = size - zlib->avail_in;
	inflater->done = result == Z_STREAM_END;
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ? FF_INFLATE_MORE : FF_INFLATE_BAD;
}

enum ff_inflate_result ff_inflater_run(struct ff_inflater *inflater, const uint8_t *bytes, size_t size,
				       size_t *consumed)
{
	*consumed = 0;
	if (!inflater->open || !take_header(inflater, bytes, size, consumed)) {
		return FF_INFLATE_BAD;
	}
	enum ff_inflate_result result = FF_INFLATE_MORE;
	if (!inflater->done && *consumed < size) {
		result = unpack(inflater, bytes, size, consumed);
	}
	if (inflater->done) {
		take_trailer(inflater, bytes, size, consumed);
		return FF_INFLATE_DONE;
	}
	return result;
}

bool ff_inflater_checksum_wrong(const struct ff_inflater *inflater)
{
	return inflater->trailer_size == sizeof(inflater->trailer) && ff_get_be32(inflater->trailer) != inflater->adler;
}
