// SPDX-License-Identifier: Apache-2.0
/* A zlib stream unpacked through the 32 KB window that ROM and stub have for it.
 *
 * init/release; one thread. Header and checksum are handled apart from the deflate data, because the loaders differ in
 * what they check. */
#ifndef FF_VB_INFLATER_H
#define FF_VB_INFLATER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

#define FF_INFLATER_WINDOW 32768u

enum ff_inflate_result {
	FF_INFLATE_MORE, /* wants input, or room in the window */
	FF_INFLATE_DONE, /* the end of the data has been reached */
	FF_INFLATE_BAD,
};

struct ff_inflater {
	z_stream zlib;
	bool open; /* zlib holds memory */
	bool done;
	uint8_t header[2];
	size_t header_size;
	uint8_t trailer[4]; /* Adler-32 of the output, big endian */
	size_t trailer_size;
	uint32_t adler; /* of what came out */
	uint8_t window[FF_INFLATER_WINDOW];
	size_t used; /* bytes in the window that nobody has taken */
};

void ff_inflater_init(struct ff_inflater *inflater);

void ff_inflater_release(struct ff_inflater *inflater);

/* Starts a new stream. False when out of memory. */
bool ff_inflater_start(struct ff_inflater *inflater);

/* Unpacks from `bytes` until they are used up, the window is full or the data ends; says in *consumed how many were
 * taken. */
enum ff_inflate_result ff_inflater_run(struct ff_inflater *inflater, const uint8_t *bytes, size_t size,
				       size_t *consumed);

/* Whether the checksum has arrived and is wrong. */
bool ff_inflater_checksum_wrong(const struct ff_inflater *inflater);

#endif
