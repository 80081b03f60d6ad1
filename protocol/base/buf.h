// SPDX-License-Identifier: Apache-2.0
/* A byte buffer that grows up to a cap. init/release; belongs to one thread at a time. */
#ifndef FF_BASE_BUF_H
#define FF_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

struct ff_buf {
	uint8_t *bytes; /* owned */
	size_t size;
	size_t capacity;
	size_t cap; /* size never exceeds this */
};

/* An empty buffer that will hold at most `cap` bytes; allocates nothing yet. */
void ff_buf_init(struct ff_buf *buf, size_t cap);

void ff_buf_release(struct ff_buf *buf);

/* Appends all or nothing. FF_ERR_TOO_LARGE past the cap, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_buf_append(struct ff_buf *buf, const void *bytes, size_t size);

/* Appends formatted text without its terminating zero. Errors as ff_buf_append. */
FF_WARN_UNUSED enum ff_status ff_buf_printf(struct ff_buf *buf, const char *format, ...) FF_PRINTF(2, 3);

/* Drops `size` bytes (at most all) from the front. */
void ff_buf_consume(struct ff_buf *buf, size_t size);

/* Empties it and keeps the memory. */
void ff_buf_clear(struct ff_buf *buf);

#endif
