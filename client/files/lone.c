// SPDX-License-Identifier: Apache-2.0
#include "lone.h"

#include <stdbool.h>

#include "buf.h"
#include "espimage.h"
#include "file.h"
#include "images.h"

#define APPLICATION_AT 0x10000

uint32_t ff_lone_offset(const char *path)
{
	struct ff_buf file;
	struct ff_espimage image;
	struct ff_espimage_app app;
	bool is_app = false;

	ff_buf_init(&file, FF_IMAGES_MAX_CONTENT);
	if (ff_file_read(&file, path, NULL) == FF_OK &&
	    ff_espimage_parse(&image, file.bytes, file.size, NULL, NULL) == FF_OK) {
		is_app = ff_espimage_app(&app, &image, file.bytes);
	}
	ff_buf_release(&file);
	return is_app ? APPLICATION_AT : 0;
}
