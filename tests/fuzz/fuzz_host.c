// SPDX-License-Identifier: Apache-2.0
/* Host fields as anybody may send them: a name that is taken is taken again as itself. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char name[FF_HOST_NAME_SIZE];
	char again[FF_HOST_NAME_SIZE];
	char field[FF_HOST_NAME_SIZE + 2];
	if (!text) {
		abort();
	}
	if (ff_host_parse(text, name)) {
		bool brackets = strchr(name, ':') != NULL;
		snprintf(field, sizeof(field), "%s%s%s", brackets ? "[" : "", name, brackets ? "]" : "");
		if (name[strlen(name) - 1] != '.' && (!ff_host_parse(field, again) || strcmp(name, again) != 0)) {
			abort();
		}
		volatile bool plain = ff_host_is_plain(name);
		(void)plain;
	}
	free(text);
	return 0;
}
