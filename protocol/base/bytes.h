// SPDX-License-Identifier: Apache-2.0
/* Little-endian access to byte arrays, and a bounded cursor for parsers. Values only, any thread. */
#ifndef FF_BASE_BYTES_H
#define FF_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t ff_get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | (p[1] << 8));
}

static inline uint32_t ff_get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint32_t ff_get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static inline void ff_put_le16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void ff_put_le32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static inline void ff_put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* Reads forward through `size` bytes. The first read past the end sets `failed`; it and all later ones answer 0, so a
 * parser checks once, at its end. */
struct ff_cursor {
	const uint8_t *bytes;
	size_t size;
	size_t at;
	bool failed;
};

static inline struct ff_cursor ff_cursor_make(const uint8_t *bytes, size_t size)
{
	return (struct ff_cursor){ .bytes = bytes, .size = size };
}

/* The next `count` bytes, or NULL past the end. */
static inline const uint8_t *ff_cursor_take(struct ff_cursor *cursor, size_t count)
{
	if (cursor->failed || count > cursor->size - cursor->at) {
		cursor->failed = true;
		return NULL;
	}
	cursor->at += count;
	return cursor->bytes + cursor->at - count;
}

static inline uint8_t ff_cursor_u8(struct ff_cursor *cursor)
{
	const uint8_t *p = ff_cursor_take(cursor, 1);
	return p ? *p : 0;
}

static inline uint16_t ff_cursor_le16(struct ff_cursor *cursor)
{
	const uint8_t *p = ff_cursor_take(cursor, 2);
	return p ? ff_get_le16(p) : 0;
}

static inline uint32_t ff_cursor_le32(struct ff_cursor *cursor)
{
	const uint8_t *p = ff_cursor_take(cursor, 4);
	return p ? ff_get_le32(p) : 0;
}

static inline size_t ff_cursor_left(const struct ff_cursor *cursor)
{
	return cursor->failed ? 0 : cursor->size - cursor->at;
}

#endif
