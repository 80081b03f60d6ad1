// SPDX-License-Identifier: Apache-2.0
/* Espressif's stub flashers, from their JSON files: text and data in base64, and where they go in RAM.
 *
 * init (by load or parse) / release. A loaded stub is read-only and may be shared between threads. */
#ifndef FF_LOADER_STUB_H
#define FF_LOADER_STUB_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

/* No chip has more RAM than this to load into. */
#define FF_STUB_MAX_SEGMENT (512 * 1024)

struct ff_stub_segment {
	uint32_t address;
	uint32_t size;
	uint8_t *bytes; /* owned; NULL where there is none */
};

struct ff_stub {
	uint32_t entry;
	struct ff_stub_segment text;
	struct ff_stub_segment data;
	uint32_t bss; /* where the memory begins that it zeroes itself; 0 where the file does not say */
};

/* Parses the content of a file. `name` is for messages. FF_ERR_FORMAT, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_stub_parse(struct ff_stub *stub, const char *json, size_t size, const char *name,
					    struct ff_error *error);

/* Loads `name`.json from `dir`; a NULL `dir` means the folder in FARFLASH_STUB_DIR, or share/farflash/stubs of the
 * tree of the program, or of the shared library, or of the installation, whichever has the file first.
 * Errors: FF_ERR_NOT_FOUND (there is none), FF_ERR_IO, FF_ERR_FORMAT, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_stub_load(struct ff_stub *stub, const char *dir, const char *name,
					   struct ff_error *error);

/* Frees what it owns; harmless on a zeroed one. */
void ff_stub_release(struct ff_stub *stub);

#endif
