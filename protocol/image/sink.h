// SPDX-License-Identifier: Apache-2.0
/* Writing to a caller's sink. */
#ifndef FF_IMAGE_SINK_H
#define FF_IMAGE_SINK_H

#include <farflash/sink.h>

static inline enum ff_status ff_sink_write(const struct ff_sink *sink, const uint8_t *bytes, size_t size,
					   struct ff_error *error)
{
	return sink->write(sink->context, bytes, size, error);
}

#endif
