// SPDX-License-Identifier: Apache-2.0
#include "list.h"

#include <string.h>

#define SEPARATOR ", "

const char *ff_list_next(const char **rest, size_t *size)
{
	const char *item = *rest;
	if (*item == '\0') {
		return NULL;
	}
	const char *end = strstr(item, SEPARATOR);
	*size = end ? (size_t)(end - item) : strlen(item);
	*rest = end ? end + strlen(SEPARATOR) : item + *size;
	return item;
}
