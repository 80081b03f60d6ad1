// SPDX-License-Identifier: Apache-2.0
/* Tokens: 256 random bits as text, each with a name, with what it allows and for which boards. Only hashes of them are kept,
 * so that who reads the file cannot use what stands there. Pure but for the random bits; a set belongs to one thread at a time. */
#ifndef FF_AUTH_TOKENS_H
#define FF_AUTH_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "scope.h"
#include "selector.h"

#define FF_TOKEN_PREFIX "ff_"      /* so that people and scanners of repositories recognise one */
#define FF_TOKEN_TEXT_SIZE 68      /* the prefix, 64 hexadecimal digits and a zero */
#define FF_TOKEN_NAME_SIZE 33      /* 1 to 32 letters, digits, '.', '_', '-' */
#define FF_TOKEN_HASH_SIZE 32      /* SHA-256 of the whole text */
#define FF_TOKENS_MAX 1024         /* in one file */
#define FF_TOKENS_FILE_MAX 1048576 /* bytes of it */

struct ff_token {
	char name[FF_TOKEN_NAME_SIZE];
	uint8_t hash[FF_TOKEN_HASH_SIZE];
	ff_scopes scopes;
	bool has_boards; /* it is good for these boards alone */
	struct ff_selector boards;
	char boards_text[FF_SELECTOR_MAX_TEXT + 1]; /* as it was given */
	int64_t created_s;                          /* Unix time */
	int64_t expires_s;                          /* the same; 0: never */
};

struct ff_tokens {
	struct ff_token *list; /* owned */
	size_t count;
};

void ff_tokens_release(struct ff_tokens *tokens);

/* A new text. FF_ERR_IO: the system has no random bits. */
FF_WARN_UNUSED enum ff_status ff_token_make(char text[FF_TOKEN_TEXT_SIZE], struct ff_error *error);

/* FF_ERR_ARGUMENT with the reason. */
FF_WARN_UNUSED enum ff_status ff_token_check_name(const char *name, struct ff_error *error);

/* False: the library refuses, which it has no reason to. */
bool ff_token_hash(uint8_t hash[FF_TOKEN_HASH_SIZE], const char *text);

/* Reads a file's content. Anything that is not as this program writes it is an error, because whoever takes half a file for a
 * whole one forgets who may not get in. FF_ERR_FORMAT with the reason, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_tokens_parse(struct ff_tokens *tokens, const char *text, size_t size,
					      struct ff_error *error);

/* The same back, to be freed; NULL: out of memory. */
char *ff_tokens_print(const struct ff_tokens *tokens);

/* Adds a copy. FF_ERR_ARGUMENT: the name is there already, or there are too many; FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_tokens_add(struct ff_tokens *tokens, const struct ff_token *token,
					    struct ff_error *error);

/* False: there is none of this name. */
bool ff_tokens_remove(struct ff_tokens *tokens, const char *name);

/* The token of this text, whether or not it has expired; NULL: there is none. Takes as long for every text. */
const struct ff_token *ff_tokens_find(const struct ff_tokens *tokens, const char *text);

#endif
