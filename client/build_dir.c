// SPDX-License-Identifier: Apache-2.0
#include "build_dir.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"

enum ff_status ff_build_dir_read(struct ff_flasher_args *args, const char *folder, struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	struct ff_buf text;
	char *path = ff_file_join(folder, "flasher_args.json");
	enum ff_status status = FF_ERR_NO_MEMORY;

	ff_buf_init(&text, FF_FLASHER_ARGS_MAX_SIZE);
	if (path != NULL) {
		status = ff_file_read(&text, path, &why);
	}
	if (status == FF_OK) {
		status = ff_flasher_args_parse(args, (const char *)text.bytes, text.size, &why);
	}
	if (status != FF_OK) {
		ff_error_set(error, status, "%.150s: %s", path ? path : "flasher_args.json", why.text);
	}
	ff_buf_release(&text);
	free(path);
	return status;
}

void ff_build_dir_settings(struct ff_flash_settings *to, const struct ff_flash_settings *from)
{
	if (to->mode[0] == '\0') {
		memcpy(to->mode, from->mode, sizeof(to->mode));
	}
	if (to->freq[0] == '\0') {
		memcpy(to->freq, from->freq, sizeof(to->freq));
	}
	if (to->size[0] == '\0') {
		memcpy(to->size, from->size, sizeof(to->size));
	}
}
