// SPDX-License-Identifier: Apache-2.0
/* Text that came from outside, made fit for JSON, logs and terminals. Pure functions; any thread. */
#ifndef FF_HTTP_TEXT_H
#define FF_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Replaces control characters and whatever is not valid UTF-8 (RFC 3629) by '?', in place. */
void ff_text_clean(char *text);

/* Whether JSON text has at most `depth` arrays and objects inside each other; to be asked before it is parsed, because jansson
 * goes 2048 deep, for which the stack of a connection's thread is too small. */
bool ff_text_is_shallow(const char *json, size_t size, size_t depth);

/* The last component of a path in either notation: browsers on Windows used to send whole paths. */
const char *ff_text_base_name(const char *path);

#define FF_TEXT_TIME_SIZE 32

/* "2026-01-31T12:00:00.000Z" from Unix time in milliseconds. */
void ff_text_time(char text[FF_TEXT_TIME_SIZE], long long unix_ms);

/* "v3.1" from major * 100 + minor. */
#define FF_TEXT_REVISION_SIZE 24
void ff_text_revision(char text[FF_TEXT_REVISION_SIZE], unsigned revision);

/* "24:0a:c4:00:00:01" */
#define FF_TEXT_MAC_SIZE 18
void ff_text_mac(char text[FF_TEXT_MAC_SIZE], const unsigned char mac[6]);

#endif
