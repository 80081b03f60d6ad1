// SPDX-License-Identifier: Apache-2.0
/* The text of an argument file (`@flash_args`) as words, and a flash offset as a number. Pure: text in, values out. */
#ifndef FF_CLIENT_WORDS_H
#define FF_CLIENT_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_WORDS_MAX 512
#define FF_WORDS_MAX_SIZE 65536

struct ff_words {
	char *items[FF_WORDS_MAX + 1]; /* a NULL behind the last one */
	size_t count;
	char *storage; /* owned; the items point into it */
};

/* Splits a text into words as a POSIX shell would, without expansions: white space separates, '...' is literal, "..."
 * allows \" and \\, a backslash outside quotes takes the next character as it is, # at the start of a word begins a
 * comment. Quotes do not span lines (nor do they in esptool 5.3, which splits each line by itself).
 * Release with ff_words_release().
 *
 * Errors: FF_ERR_FORMAT (with the line number), FF_ERR_TOO_LARGE, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_words_split(struct ff_words *words, const char *text, size_t size,
					     struct ff_error *error);

/* Harmless on a zeroed one. */
void ff_words_release(struct ff_words *words);

/* Reads a word as a flash offset: decimal, or hexadecimal behind 0x; 0 to 0xffffffff. Nothing may stand before or behind it.
 * Errors: FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_words_offset(uint32_t *offset, const char *text, struct ff_error *error);

/* The same for any other number; `what` names it in the message ("a size"). */
FF_WARN_UNUSED enum ff_status ff_words_number(uint32_t *number, const char *text, const char *what,
					      struct ff_error *error);

#endif
