// SPDX-License-Identifier: Apache-2.0
/* Names of images: what is read from one and written again is the same name, and nothing is one that does not begin like it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_name.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ff_image_name name;
	struct ff_image_name again;
	char text[FF_IMAGE_NAME_SIZE + 1];
	bool begins = ff_image_name_may_begin((const char *)bytes, size);
	if (!ff_image_name_parse((const char *)bytes, size, &name)) {
		return 0;
	}
	CHECK(begins && strlen(name.sha256) == 64);
	int written = snprintf(text, sizeof(text), "sha256:%s%s%s", name.sha256, name.file[0] ? " " : "", name.file);
	CHECK(written > 0 && (size_t)written == size);
	CHECK(ff_image_name_parse(text, (size_t)written, &again));
	CHECK(strcmp(again.sha256, name.sha256) == 0 && strcmp(again.file, name.file) == 0);
	return 0;
}
