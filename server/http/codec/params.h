// SPDX-License-Identifier: Apache-2.0
/* Values that clients write into queries and form field names. Strict: what is not exactly a value is refused, for a
 * misread offset overwrites the wrong flash. Pure functions; any thread. */
#ifndef FF_HTTP_PARAMS_H
#define FF_HTTP_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A flash offset, a size, an address: "0x10000" or "65536", 32 bits, nothing around it. */
bool ff_params_number(const char *text, uint32_t *number);

/* Flash offsets with commas between, none of them twice: 1 to `capacity`. */
bool ff_params_offsets(const char *text, uint32_t *offsets, size_t capacity, size_t *count);

/* One of esptool's words ("dio", "40m", "4MB-c1"): letters, digits and hyphens, room for all of them in `size` bytes. */
bool ff_params_word(const char *text, char *word, size_t size);

/* "true", "1", "yes", "false", "0" or "no". */
bool ff_params_bool(const char *text, bool *value);

/* A baud rate: 0, or 50 to 4000000, decimal. */
bool ff_params_baud(const char *text, uint32_t *baud);

#endif
