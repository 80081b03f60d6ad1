// SPDX-License-Identifier: Apache-2.0
/* Where bytes come from, in any order and as often as wanted. The context is the caller's and outlives the calls that
 * read. */
#ifndef FARFLASH_SOURCE_H
#define FARFLASH_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/sink.h>
#include <farflash/status.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define FF_MEASURE_MD5_SIZE 16

/* What a write has to know of an image before it sends the first byte. */
struct ff_measure {
	uint32_t wire;                    /* bytes that it deflates to */
	uint8_t md5[FF_MEASURE_MD5_SIZE]; /* of its bytes, filled up with 0xFF to a multiple of 4 */
};

/* read() fills exactly `size` bytes from `offset` or fails; it is called from the flasher's thread only; for a write
 * twice for every byte (once to measure, unless `measure` is given, and once to send, unless `deflated` is), and more often for a bootloader, for an image that has to be signed
 * and for what has to be written again. */
struct ff_source {
	uint64_t size;
	enum ff_status (*read)(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error);
	void *context;
	/* Of ff_source_measure(), or NULL; both must outlive the calls that get the source. */
	const struct ff_measure *measure;
	const struct ff_source
		*deflated; /* what it has given to `deflated`, of which a write sends the bytes as they are */
};

/* Goes once through a source, as every write does first. Worth its while where one image goes to many boards: for compiled
 * code it takes 50 to 100 ms a megabyte. `deflated` gets the image as it goes over the wire, measure->wire bytes; whoever
 * keeps them spares each write the time and 170 kB of memory. NULL: nobody wants them. What is given to a write is not believed:
 * content that is not what was measured fails as content that changes does. Any thread; the source belongs to it meanwhile.
 * Errors: FF_ERR_TOO_LARGE (more than 1 GiB), FF_ERR_NO_MEMORY, those of the source and of the sink. */
FF_WARN_UNUSED enum ff_status ff_source_measure(const struct ff_source *source, const struct ff_sink *deflated,
						struct ff_measure *measure, struct ff_error *error);

/* A source that reads `path`. The file stays open until ff_source_close().
 * Errors: FF_ERR_NOT_FOUND, FF_ERR_IO, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_source_open_file(struct ff_source *source, const char *path, struct ff_error *error);

/* Closes a source of ff_source_open_file(); harmless on a zeroed one. */
void ff_source_close(struct ff_source *source);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
