// SPDX-License-Identifier: Apache-2.0
/* Finds the handler of a method and a path in a constant table. Pure; any thread. */
#ifndef FF_HTTP_ROUTER_H
#define FF_HTTP_ROUTER_H

#include <stddef.h>

#include "scope.h"

#define FF_ROUTE_PARAM_SIZE 65
#define FF_ROUTE_ALLOW_SIZE 64

struct ff_handler;

struct ff_route {
	const char *method;
	const char *pattern; /* one segment may be "*": it matches any segment that is not empty */
	const struct ff_handler *handler;
	enum ff_scope scope; /* what it needs */
};

struct ff_route_match {
	const struct ff_route *route;    /* NULL: none */
	char param[FF_ROUTE_PARAM_SIZE]; /* what "*" stood for */
	char allow
		[FF_ROUTE_ALLOW_SIZE]; /* without a route: the methods that the path has, "GET, HEAD"; empty: no such path */
};

/* HEAD finds the route of GET. A segment longer than FF_ROUTE_PARAM_SIZE - 1 matches nothing. */
void ff_router_find(const struct ff_route *routes, size_t count, const char *method, const char *path,
		    struct ff_route_match *match);

#endif
