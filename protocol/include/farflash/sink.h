// SPDX-License-Identifier: Apache-2.0
/* Where bytes go, piece by piece and in order. The context is the caller's and outlives the call that writes. */
#ifndef FARFLASH_SINK_H
#define FARFLASH_SINK_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

struct ff_sink {
	/* Takes all `size` bytes, which are the writer's, or fails; a failure ends the call that writes with it. */
	enum ff_status (*write)(void *context, const uint8_t *bytes, size_t size, struct ff_error *error);
	void *context;
};

#endif
