// SPDX-License-Identifier: Apache-2.0
/* Single values, as all objects of the interface show them. present.c has jobs, batches and problems, present_boards.c boards and
 * those who have or want them. For these two only. Each function returns a new reference, NULL when out of memory. Any thread. */
#ifndef FF_HTTP_PRESENT_INNER_H
#define FF_HTTP_PRESENT_INNER_H

#include <stdint.h>

#include <jansson.h>

/* jansson's pack: "s?" is null for a NULL string, "o?" for a NULL object (which must not hide a lack of memory, so that
 * "o" is used for objects that were made on the spot). */

/* As ff_text_time() has it; null for 0, a time that has not come. */
json_t *ff_present_time(int64_t unix_ms);

/* A place in flash, in hexadecimal. */
json_t *ff_present_offset(uint32_t offset);

/* A word of memory, or its address: eight hexadecimal digits. */
json_t *ff_present_word(uint32_t value);

/* The status of a flash chip with `bytes` status registers, with as many digits as these have. */
json_t *ff_present_status(uint32_t value, uint64_t bytes);

/* null for NULL. */
json_t *ff_present_known(const char *text);

/* null for 0. */
json_t *ff_present_count(uint64_t count);

#endif
