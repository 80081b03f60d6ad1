// SPDX-License-Identifier: Apache-2.0
/* The tokens of a running server. A thread watches their file, so that one that is added or removed counts at once.
 *
 * Tokens are in force as soon as there is one, or if the server requires them; and once they have been in force, they stay so
 * until the process ends: a file that goes away, or is damaged, lets nobody in rather than everybody. new/free; the rest from
 * any thread, and never waits for a disk. */
#ifndef FF_AUTH_KEYRING_H
#define FF_AUTH_KEYRING_H

#include <stdbool.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "scope.h"
#include "selector.h"
#include "tokens.h"

struct ff_keyring;

struct ff_keyring_options {
	const char *path; /* of the file, which need not exist; its directory must; copied */
	bool required;    /* even if there is none */
	const struct ff_log *log;
};

/* Who asks, and for what it is enough. */
struct ff_identity {
	char name[FF_TOKEN_NAME_SIZE]; /* empty: no token is needed */
	ff_scopes scopes;
	bool has_boards;
	struct ff_selector boards;
	uint8_t hash[FF_TOKEN_HASH_SIZE]; /* the token's, of no use without one */
};

enum ff_keyring_answer {
	FF_KEYRING_KNOWN,   /* `identity` says who it is; or no tokens are in force, and anybody may do anything */
	FF_KEYRING_NONE,    /* tokens are in force, and none was given */
	FF_KEYRING_UNKNOWN, /* it is no token, or no more */
	FF_KEYRING_EXPIRED,
};

/* FF_ERR_IO: the directory cannot be watched; FF_ERR_NO_MEMORY. A file that cannot be read is no failure: it lets nobody in, and
 * the log says why. */
FF_WARN_UNUSED enum ff_status ff_keyring_new(struct ff_keyring **keyring, const struct ff_keyring_options *options,
					     struct ff_error *error);

/* NULL is harmless. */
void ff_keyring_free(struct ff_keyring *keyring);

/* Whose token this is; NULL: none is given. */
enum ff_keyring_answer ff_keyring_ask(struct ff_keyring *keyring, const char *text, struct ff_identity *identity);

/* Whether whoever was let in as this identity still would be: the token is there, has not expired, and has the same scopes; or no
 * token was in force then, and none is now. For what lasts: answers that go on, and connections that are no HTTP any more. */
bool ff_keyring_still_admits(struct ff_keyring *keyring, const struct ff_identity *identity);

/* Has `changed` told whenever there are other tokens; it must not wait, nor ask the keyring. NULL: nobody; on return the one before
 * is not told any more. */
void ff_keyring_watch(struct ff_keyring *keyring, void (*changed)(void *context), void *context);

/* Whether nobody gets in without one. */
bool ff_keyring_is_in_force(struct ff_keyring *keyring);

/* How many tokens there are, expired ones included. */
size_t ff_keyring_count(struct ff_keyring *keyring);

#endif
