// SPDX-License-Identifier: Apache-2.0
/* The table of everything that the server answers. */
#ifndef FF_HTTP_ROUTES_H
#define FF_HTTP_ROUTES_H

#include <stddef.h>

#include "router.h"

/* Constant; any thread. */
const struct ff_route *ff_routes(size_t *count);

#endif
