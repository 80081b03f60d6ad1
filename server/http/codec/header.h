// SPDX-License-Identifier: Apache-2.0
/* Values of HTTP and MIME header fields: tokens, parameters, media ranges, preferences (RFC 9110, RFC 7240). Pure
 * functions of their arguments; any thread. */
#ifndef FF_HTTP_HEADER_H
#define FF_HTTP_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/status.h>

/* Moves `*at` behind spaces and tabs. */
void ff_header_skip_blanks(const char **at);

/* Takes a token (RFC 9110 section 5.6.2) and moves `*at` behind it; its length, 0 if there is none. */
size_t ff_header_take_token(const char **at);

enum ff_header_param {
	FF_HEADER_END,   /* nothing follows */
	FF_HEADER_PARAM, /* name and value were taken */
	FF_HEADER_BAD,   /* malformed, or the value does not fit */
};

/* Takes `; name=value`, whose value is a token or a quoted string with the escapes \" and \\, and moves `*at` behind it.
 * `*name` points into the text. */
enum ff_header_param ff_header_take_param(const char **at, const char **name, size_t *name_size, char *value,
					  size_t value_capacity);

/* Whether `text` of `size` bytes equals `word`, case ignored. */
bool ff_header_equals(const char *text, size_t size, const char *word);

/* Whether an Accept value prefers text/plain to JSON: it names it, and with a higher weight than JSON or earlier.
 * Wildcards ask for nothing in particular. NULL: no. */
bool ff_header_prefers_text(const char *accept);

/* Whether a Prefer value holds the preference `name` without a value. NULL: no. */
bool ff_header_has_preference(const char *prefer, const char *name);

/* Whether a comma separated list (Connection, Upgrade) holds this word, case ignored. NULL: no. */
bool ff_header_lists(const char *list, const char *word);

/* Whether an Origin is the very server that the Host field names, so that the page which asks came from there. */
bool ff_header_is_own_origin(const char *origin, const char *host);

#endif
