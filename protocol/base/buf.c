// SPDX-License-Identifier: Apache-2.0
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

void ff_buf_init(struct ff_buf *buf, size_t cap)
{
	*buf = (struct ff_buf){ .cap = cap };
}

void ff_buf_release(struct ff_buf *buf)
{
	free(buf->bytes);
	*buf = (struct ff_buf){ .cap = buf->cap };
}

static enum ff_status reserve(struct ff_buf *buf, size_t extra)
{
	if (extra > buf->cap - buf->size) {
		return FF_ERR_TOO_LARGE;
	}
	size_t need = buf->size + extra;
	if (need <= buf->capacity) {
		return FF_OK;
	}
	size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
	while (capacity < need) {
		capacity *= 2;
	}
	uint8_t *bytes = realloc(buf->bytes, capacity);
	if (!bytes) {
		return FF_ERR_NO_MEMORY;
	}
	buf->bytes = bytes;
	buf->capacity = capacity;
	return FF_OK;
}

enum ff_status ff_buf_append(struct ff_buf *buf, const void *bytes, size_t size)
{
	enum ff_status status = reserve(buf, size);
	if (status == FF_OK && size > 0) {
		memcpy(buf->bytes + buf->size, bytes, size);
		buf->size += size;
	}
	return status;
}

enum ff_status ff_buf_printf(struct ff_buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = NULL;
	int length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0) {
		return FF_ERR_NO_MEMORY;
	}
	enum ff_status status = ff_buf_append(buf, text, (size_t)length);
	free(text);
	return status;
}

void ff_buf_consume(struct ff_buf *buf, size_t size)
{
	if (size >= buf->size) {
		buf->size = 0;
		return;
	}
	buf->size -= size;
	memmove(buf->bytes, buf->bytes + size, buf->size);
}

void ff_buf_clear(struct ff_buf *buf)
{
	buf->size = 0;
}
