// SPDX-License-Identifier: Apache-2.0
/* Server-sent events, as far as a job's stream needs them: bytes in, (event, data) out. Follows the WHATWG HTML
 * standard's "Interpreting an event stream"; id and retry are read over. Pure, bounded; belongs to one thread. */
#ifndef FF_CLIENT_SSE_H
#define FF_CLIENT_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/status.h>

#include "buf.h"

#define FF_SSE_MAX_LINE (1024 * 1024)
#define FF_SSE_MAX_DATA (1024 * 1024)

/* `event` is "message" where the stream gives no name; `data` is zero-terminated and may hold newlines. Both are valid
 * during the call only. */
typedef void (*ff_sse_handler)(void *context, const char *event, const char *data);

struct ff_sse {
	struct ff_buf line;
	struct ff_buf data;
	char event[32];
	bool has_data;
	bool after_cr; /* the last line ended with CR: an LF that follows belongs to it */
	ff_sse_handler handler;
	void *context;
};

void ff_sse_init(struct ff_sse *sse, ff_sse_handler handler, void *context);

void ff_sse_release(struct ff_sse *sse);

/* Takes the next bytes, cut anywhere, and calls the handler for each event that they complete.
 * Errors: FF_ERR_TOO_LARGE (a line or an event past its bound), FF_ERR_NO_MEMORY. The stream is of no use after one. */
FF_WARN_UNUSED enum ff_status ff_sse_feed(struct ff_sse *sse, const char *bytes, size_t size);

#endif
