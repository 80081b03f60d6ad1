// SPDX-License-Identifier: Apache-2.0
/* Values that clients write into queries and form field names. Strict: what is not exactly a value is refused, for a
 * misread offset overwrites the wrong flash. Pure functions; any thread. */
#ifndef FF_HTTP_PARAMS_H
#define FF_HTTP_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

/* A flash offset, a size, an address: "0x10000" or "65536", 32 bits, nothing around it. */
bool ff_params_number(const char *text, uint32_t *number);

/* "true", "1", "yes", "false", "0" or "no". */
bool ff_params_bool(const char *text, bool *value);

/* A baud rate: 0, or 50 to 4000000, decimal. */
bool ff_params_baud(const char *text, uint32_t *baud);

#endif
