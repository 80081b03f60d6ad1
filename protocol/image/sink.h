// SPDX-License-Identifier: Apache-2.0
/* Where a writer's bytes go, piece by piece. The context is the caller's and outlives the writer. */
#ifndef FF_IMAGE_SINK_H
#define FF_IMAGE_SINK_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

struct ff_sink {
	enum ff_status (*write)(void *context, const uint8_t *bytes, size_t size, struct ff_error *error);
	void *context;
};

static inline enum ff_status ff_sink_write(const struct ff_sink *sink, const uint8_t *bytes, size_t size,
					   struct ff_error *error)
{
	return sink->write(sink->context, bytes, size, error);
}

#endif
