// SPDX-License-Identifier: Apache-2.0
/* Files of flash content in memory, whatever their format: plain bytes, Intel HEX or UF2. init/release; belongs to one
 * thread. */
#ifndef FF_CLIENT_INPUTS_H
#define FF_CLIENT_INPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/flasher.h>
#include <farflash/status.h>

#include "buf.h"
#include "merge.h"
#include "segments.h"

/* Of one file's content: the largest flash. An Intel HEX or UF2 file itself may be three times as large. */
#define FF_INPUTS_MAX_CONTENT ((size_t)128 << 20)
#define FF_INPUTS_MAX_FILE (3 * FF_INPUTS_MAX_CONTENT)
#define FF_INPUTS_MAX_PARTS FF_SEGMENTS_MAX

enum ff_input_format { FF_INPUT_RAW, FF_INPUT_HEX, FF_INPUT_UF2 };

/* The memory behind the parts of one file. */
struct ff_input {
	char *name; /* owned */
	enum ff_input_format format;
	uint32_t family; /* of a UF2 file, 0 for none */
	struct ff_segments content;
};

struct ff_inputs {
	struct ff_input *items[FF_MAX_REGIONS]; /* owned */
	size_t count;
	struct ff_part parts[FF_INPUTS_MAX_PARTS]; /* their bytes and names are the items' */
	size_t part_count;
};

void ff_inputs_init(struct ff_inputs *inputs);

void ff_inputs_release(struct ff_inputs *inputs);

/* Reads a file and adds its parts: plain bytes as one at `address`, the other formats as they say themselves.
 * Errors, with the path in the text: FF_ERR_ARGUMENT (not readable, too many), FF_ERR_EMPTY, FF_ERR_TOO_LARGE, those of
 * ff_hex_read() and ff_uf2_read(), FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_inputs_add(struct ff_inputs *inputs, const char *path, uint32_t address,
					    struct ff_error *error);

/* The same memory as the part's bytes, to be changed in place. */
uint8_t *ff_inputs_bytes(struct ff_inputs *inputs, const struct ff_part *part);

#endif
