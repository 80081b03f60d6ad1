// SPDX-License-Identifier: Apache-2.0
#include "router.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool matches(const char *pattern, const char *path, char param[FF_ROUTE_PARAM_SIZE])
{
	const char *star = strchr(pattern, '*');
	if (!star) {
		return strcmp(pattern, path) == 0;
	}
	size_t before = (size_t)(star - pattern);
	if (strncmp(pattern, path, before) != 0) {
		return false;
	}
	const char *segment = path + before;
	size_t size = strcspn(segment, "/");
	if (size == 0 || size >= FF_ROUTE_PARAM_SIZE || strcmp(star + 1, segment + size) != 0) {
		return false;
	}
	memcpy(param, segment, size);
	param[size] = 0;
	return true;
}

static void allow(char list[FF_ROUTE_ALLOW_SIZE], const char *method)
{
	size_t used = strlen(list);
	const char *head = strcmp(method, "GET") == 0 ? ", HEAD" : "";
	snprintf(list + used, FF_ROUTE_ALLOW_SIZE - used, "%s%s%s", used ? ", " : "", method, head);
}

void ff_router_find(const struct ff_route *routes, size_t count, const char *method, const char *path,
		    struct ff_route_match *match)
{
	*match = (struct ff_route_match){ 0 };
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
	for (size_t i = 0; i < count; i++) {
		if (!matches(routes[i].pattern, path, match->param)) {
			continue;
		}
		if (strcmp(routes[i].method, wanted) == 0) {
			match->route = &routes[i];
			match->allow[0] = 0;
			return;
		}
		allow(match->allow, routes[i].method);
	}
}
