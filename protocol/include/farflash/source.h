// SPDX-License-Identifier: Apache-2.0
/* Where bytes come from, in any order and as often as wanted. The context is the caller's and outlives the calls that
 * read. */
#ifndef FARFLASH_SOURCE_H
#define FARFLASH_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* read() fills exactly `size` bytes from `offset` or fails; it is called from the flasher's thread only; for a write
 * twice for every byte (once to measure, once to send), and more often for a bootloader, for an image that has to be signed
 * and for what has to be written again. */
struct ff_source {
	uint64_t size;
	enum ff_status (*read)(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error);
	void *context;
};

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
