// SPDX-License-Identifier: Apache-2.0
/* What a token allows. Plain values; any thread. */
#ifndef FF_AUTH_SCOPE_H
#define FF_AUTH_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/status.h>

/* What a request needs. X(constant, name); the first two are no words for a token. */
#define FF_SCOPE_MAP(X) \
	X(FF_SCOPE_UNSET, "unset")     /* nobody has said: refused */ \
	X(FF_SCOPE_OPEN, "open")       /* nothing, not even a token */ \
	X(FF_SCOPE_READ, "read")       /* boards, jobs, leases, metrics: to see them */ \
	X(FF_SCOPE_CONSOLE, "console") /* the board's console, its tunnel, resets */ \
	X(FF_SCOPE_FLASH, "flash")     /* jobs, leases */ \
	X(FF_SCOPE_ADMIN, "admin")     /* everything, other people's jobs and leases too */

enum ff_scope {
#define FF_SCOPE_ENUM(constant, name) constant,
	FF_SCOPE_MAP(FF_SCOPE_ENUM)
#undef FF_SCOPE_ENUM
		FF_SCOPE_COUNT
};

/* What a token has: bit 1 << scope for each. */
typedef unsigned ff_scopes;

#define FF_SCOPES_TEXT_SIZE 32

/* "read", ... Never NULL. */
const char *ff_scope_name(enum ff_scope scope);

/* Reads "flash,console". FF_ERR_ARGUMENT with the reason: a word that is no scope, or none at all. */
FF_WARN_UNUSED enum ff_status ff_scopes_parse(ff_scopes *scopes, const char *text, struct ff_error *error);

/* The same back: "console,flash". */
void ff_scopes_text(ff_scopes scopes, char text[FF_SCOPES_TEXT_SIZE]);

/* Whether they are enough: admin is for everything, and any of them for FF_SCOPE_READ. Never for FF_SCOPE_UNSET. */
bool ff_scopes_allow(ff_scopes scopes, enum ff_scope needed);

#endif
