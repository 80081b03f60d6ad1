// SPDX-License-Identifier: Apache-2.0
/* A part of a source as a source of its own. Belongs to whom the source belongs to. */
#ifndef FF_FLASHER_VIEW_H
#define FF_FLASHER_VIEW_H

#include <farflash/source.h>

struct ff_view {
	const struct ff_source *source;
	uint64_t from;
};

/* The `size` bytes from `from` on, which are inside. `view` and `source` stay where they are while it is read. */
struct ff_source ff_view_make(struct ff_view *view, const struct ff_source *source, uint64_t from, uint64_t size);

#endif
