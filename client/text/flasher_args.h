// SPDX-License-Identifier: Apache-2.0
/* flasher_args.json, which ESP-IDF (4 and 5) leaves in a project's build directory: which file belongs at which flash
 * offset, and with which options esptool would be called. Pure: text in, values out; opens no file. */
#ifndef FF_CLIENT_FLASHER_ARGS_H
#define FF_CLIENT_FLASHER_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/flasher.h>
#include <farflash/status.h>

#include "flash_settings.h"

#define FF_FLASHER_ARGS_MAX_SIZE (256 * 1024)
#define FF_FLASHER_ARGS_MAX_PATH 4096

struct ff_flasher_args_file {
	uint32_t offset;
	char *path;     /* as written: relative to the build directory, or absolute */
	bool encrypted; /* its entry says that flash encryption applies to it */
};

struct ff_flasher_args {
	struct ff_flasher_args_file files[FF_MAX_REGIONS];
	size_t count;
	struct ff_flash_settings settings;
	char chip[24];       /* "esp32c3", "" where not given */
	bool no_stub;        /* extra_esptool_args.stub is false */
	bool no_compress;    /* write_flash_args holds --no-compress */
	bool force;          /* write_flash_args holds --force */
	bool encrypt;        /* write_flash_args holds --encrypt */
	bool no_reset_after; /* extra_esptool_args.after is no_reset or no_reset_stub */
};

/* Reads the file's text. Release with ff_flasher_args_release().
 * Errors: FF_ERR_FORMAT (not JSON, no flash_files, a bad offset or path, an option that farflash does not have),
 * FF_ERR_TOO_LARGE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_flasher_args_parse(struct ff_flasher_args *args, const char *text, size_t size,
						    struct ff_error *error);

/* Harmless on a zeroed one. */
void ff_flasher_args_release(struct ff_flasher_args *args);

#endif
