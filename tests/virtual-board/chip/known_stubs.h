// SPDX-License-Identifier: Apache-2.0
/* The stub flashers that the board recognises: Espressif's JSON files with base64 code and data.
 *
 * load/release; read-only after loading, any thread. */
#ifndef FF_VB_KNOWN_STUBS_H
#define FF_VB_KNOWN_STUBS_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "bus.h"
#include "model.h"

#define FF_KNOWN_STUBS_MAX 2

struct ff_stub_segment {
	uint32_t address;
	uint8_t *bytes; /* owned */
	size_t size;
};

struct ff_known_stub {
	uint32_t entry;
	struct ff_stub_segment text, data;
};

struct ff_known_stubs {
	struct ff_known_stub at[FF_KNOWN_STUBS_MAX];
	size_t count;
};

/* Reads the stub file of that revision (major * 100 + minor) from `dir`. Missing files are no error: the chip then runs no stub at all. FF_ERR_FORMAT
 * names a file that cannot be understood. */
FF_WARN_UNUSED enum ff_status ff_known_stubs_load(struct ff_known_stubs *stubs, const struct ff_model *model,
						  uint32_t revision, const char *dir, struct ff_error *error);

void ff_known_stubs_release(struct ff_known_stubs *stubs);

/* Whether RAM holds one of them, byte for byte, with this entry point. */
bool ff_known_stubs_match(const struct ff_known_stubs *stubs, const struct ff_bus *bus, uint32_t entry);

/* Whether one of them has this entry point. */
bool ff_known_stubs_have_entry(const struct ff_known_stubs *stubs, uint32_t entry);

#endif
