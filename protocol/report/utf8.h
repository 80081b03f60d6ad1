// SPDX-License-Identifier: Apache-2.0
/* Bytes of any kind as a JSON string. Pure. */
#ifndef FF_REPORT_UTF8_H
#define FF_REPORT_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* A JSON string of `bytes`, each byte that is not part of valid UTF-8 (RFC 3629) replaced by U+FFFD. A new reference;
 * NULL without memory. */
json_t *ff_utf8_json(const uint8_t *bytes, size_t size);

/* The same of a text that may hold a file's name, or be cut in the middle of a character. */
json_t *ff_utf8_text(const char *text);

/* How many bytes at the end may be the beginning of a character that is still to come: 0 to 3. */
size_t ff_utf8_unfinished(const uint8_t *bytes, size_t size);

#endif
