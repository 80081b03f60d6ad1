// SPDX-License-Identifier: Apache-2.0
#include "view.h"

static enum ff_status read_view(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	const struct ff_view *view = context;
	return view->source->read(view->source->context, view->from + offset, bytes, size, error);
}

struct ff_source ff_view_make(struct ff_view *view, const struct ff_source *source, uint64_t from, uint64_t size)
{
	*view = (struct ff_view){ .source = source, .from = from };
	return (struct ff_source){ .size = size, .read = read_view, .context = view };
}
