// SPDX-License-Identifier: Apache-2.0
/* Image headers, and the plan that looks for them at the start of a file and where the bootloader of a merged one is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imageheader.h"
#include "plan.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

struct file {
	const uint8_t *bytes;
	size_t size;
};

static enum ff_status read_file(void *context, uint64_t offset, uint8_t *bytes, size_t size, struct ff_error *error)
{
	const struct file *file = context;
	(void)error;
	CHECK(offset <= file->size && size <= file->size - offset);
	memcpy(bytes, file->bytes + offset, size);
	return FF_OK;
}

static void check_plan(const uint8_t *bytes, size_t size, uint32_t offset, unsigned revision)
{
	struct file file = { .bytes = bytes, .size = size };
	struct ff_region region = { .offset = offset, .source = { .size = size, .read = read_file, .context = &file } };
	for (size_t i = 0; ff_chip_at(i); i++) {
		struct ff_error error = FF_ERROR_NONE;
		enum ff_status status = ff_plan_check_images(&region, 1, ff_chip_at(i), revision, true, &error);
		CHECK(status == FF_OK || status == FF_ERR_WRONG_CHIP || status == FF_ERR_WRONG_REVISION);
		CHECK(status == error.status && (status == FF_OK) == (error.text[0] == '\0'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 2 || size > 16384) {
		return 0;
	}
	/* A copy of the right size, so that a step beyond it is seen. */
	uint8_t *copy = malloc(size);
	CHECK(copy);
	memcpy(copy, bytes + 2, size - 2);
	struct ff_imageheader image;
	if (ff_imageheader_recognise(&image, copy, size - 2)) {
		CHECK(size - 2 >= FF_IMAGEHEADER_FULL_SIZE);
		CHECK(image.extended || image.chip_id == 0);
	}
	check_plan(copy, size - 2, bytes[0] % 3 * 0x1000U, bytes[1] * 2U);
	free(copy);
	return 0;
}
